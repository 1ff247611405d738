package scenarios

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios/network"
)

// TestARunIsReadAsItWasWritten: it plays the same events.
func TestARunIsReadAsItWasWritten(t *testing.T) {
	for _, name := range Names() {
		for _, c := range []Choice{{Seed: 1<<63 + 1, Repetitions: 3}, {Layout: "order", Core: "unlocked", Policy: "equal(base=3ms,cap=9ms,retries=2,deadline=9s)", Latency: "lognormal(10ms,50ms)"}} {
			run := must(Prepare(name, c))
			text := must(json.Marshal(run))
			var again Run
			if err := json.Unmarshal(text, &again); err != nil {
				t.Errorf("%s: %v\n%s", name, err, text)
				continue
			}
			var want, got memory
			if err := run.PlayAgain(t.Context(), 1, &want); err != nil {
				t.Fatal(err)
			}
			if err := again.PlayAgain(t.Context(), 1, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.events, got.events); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if twice, err := json.Marshal(&again); err != nil || string(twice) != string(text) {
				t.Errorf("%s is written as\n%s\nand then as\n%s, %v", name, text, twice, err)
			}
		}
	}
}

// TestARunOnAMeasuredStoreNeedsNoFile where it is read, and is called the same there.
func TestARunOnAMeasuredStoreNeedsNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	profile := "schema: " + network.ProfileSchema + "\nrequest: constant(1ms)\nreply: constant(1ms)\nread:\n  small: constant(1ms)\nwrite:\n  small: constant(1ms)\n"
	if err := os.WriteFile("store.yaml", []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	run := must(Prepare("two-users", Choice{Latency: "store.yaml"}))
	text, settings := must(json.Marshal(run)), must(run.Settings(VirtualWorld))
	if err := os.Remove("store.yaml"); err != nil {
		t.Fatal(err)
	}
	var again Run
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(settings, must(again.Settings(VirtualWorld))); diff != "" || !strings.Contains(fmt.Sprint(settings), "store.yaml") {
		t.Errorf("%v\n%s", settings, diff)
	}
}

// TestARunThatIsAnotherElsewhereIsRefused: a file that it names has changed, or it was
// damaged.
func TestARunThatIsAnotherElsewhereIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "latencies.txt")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("5ms\n9ms\n")
	run := must(Prepare("two-users", Choice{Latency: "empirical(" + file + ")"}))
	text := must(json.Marshal(run))
	var again Run
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	write("5ms\n10ms\n")
	if err := json.Unmarshal(text, &again); err == nil || !strings.Contains(err.Error(), "differs") {
		t.Errorf("with another latency: %v", err)
	}
	write("5ms\n9ms\n")
	for from, to := range map[string]string{`"core":"production"`: `"core":"mine"`, `"repetitions":1`: `"repetitions":0`, `changeTitle`: `changedTitle`, `"policy":"full`: `"policy":"fool`} {
		if err := json.Unmarshal([]byte(strings.Replace(string(text), from, to, 1)), &again); err == nil {
			t.Errorf("%s is taken", to)
		}
	}
}
