package scenarios

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const storeProfile = `schema: holdfast.profile/v1
request: constant(1ms)
reply: constant(1ms)
read:
  small: constant(3ms)
write:
  small: quantiles(8ms,8ms,8ms,9ms,9ms,10ms,11ms,12ms,12ms,15ms,20ms)
  large: constant(40ms)
`

func storeFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.yaml")
	if err := os.WriteFile(path, []byte(storeProfile), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestASavedScenarioHoldsItsProfile: played elsewhere, where there is no such file, it is the
// same run.
func TestASavedScenarioHoldsItsProfile(t *testing.T) {
	path := storeFile(t)
	byFlag := must(Prepare("two-users", Choice{Latency: path}))
	text := must(byFlag.Scenario.Encode())
	asJSON := must(json.Marshal(byFlag))
	identity := must(byFlag.Identity())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s, err := Parse("saved.yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	saved := must(NewRun(s, byFlag.Core))
	saved.Policy = byFlag.Policy
	if again := must(saved.Identity()); !bytes.Equal(again, identity) {
		t.Errorf("the saved scenario is another run:\n%s\n%s", identity, again)
	}
	var elsewhere Run
	if err := json.Unmarshal(asJSON, &elsewhere); err != nil {
		t.Errorf("as JSON: %v", err)
	}
}

// TestAScenarioCanNameAProfile, by its path.
func TestAScenarioCanNameAProfile(t *testing.T) {
	path := storeFile(t)
	file := filepath.Join(t.TempDir(), "mine.yaml")
	text := strings.Replace(string(must(os.ReadFile("library/two-users.yaml"))), "\nactors:", "\nlatency: "+path+"\nactors:", 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := must(Prepare(file, Choice{}))
	if l := run.Latency(); l.String() != path || l.Read.Mean() != 3*time.Millisecond {
		t.Errorf("%+v", l)
	}
	if err := os.WriteFile(path, []byte(storeProfile+"speed: high\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(file, Choice{}); err == nil || !strings.Contains(err.Error(), path+`:9:1: unknown field "speed"`) {
		t.Error(err)
	}
}

// TestLatencyFollowsTheDocument: what a store takes longer for large objects counts for large
// documents.
func TestLatencyFollowsTheDocument(t *testing.T) {
	run := must(Prepare("two-users", Choice{Latency: storeFile(t)}))
	small := run.Latency().Write.Mean()
	field := must(json.Marshal(strings.Repeat("x", 50<<10)))
	run.Document = must(run.Document.With("changeTitle", field))
	if large := run.Latency().Write.Mean(); large < small+10*time.Millisecond || large > small+20*time.Millisecond {
		t.Errorf("a document of 50 KB is written in %v, a small one in %v", large, small)
	}
}
