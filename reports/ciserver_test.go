package reports

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// TestSummariesAreAppended: of each command that says whether something is well, whole if it
// did not pass or was not to be brief; and at once, whatever others write meanwhile.
func TestSummariesAreAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary")
	for _, c := range []struct {
		d     Document
		brief bool
	}{
		{complete(), true}, {inevitably(), true}, {NewResult(Environment{}, passed()), false}, {NewBuilt(), false}, {Intended{}, false}, {Library{}, false},
	} {
		if err := AppendSummary(path, c.d, c.brief); err != nil {
			t.Fatal(err)
		}
	}
	text := summary(t, path)
	if n := strings.Count(text, "\n## ") + strings.Count(text[:3], "## "); n != 3 {
		t.Errorf("%d headings, want one of each that judges\n%s", n, text)
	}
	for _, want := range []string{"PASS: explore two-users, production core\n", "FAIL: explore two-users, unlocked core\n", "modification vanished"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q\n%s", want, text)
		}
	}
	if head, _, _ := strings.Cut(text, "FAIL"); strings.Contains(head, "###") {
		t.Errorf("what passed and was to be brief has sections:\n%s", head)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := AppendSummary(path, inevitably(), false); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	one, err := markdown(inevitably(), false)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(summary(t, path), string(one)); n != 21 {
		t.Errorf("%d whole ones of 21", n)
	}
}

func summary(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestSummariesHaveABound: of what is larger than 1 MiB GitHub shows nothing.
func TestSummariesHaveABound(t *testing.T) {
	whole, err := markdown(inevitably(), false)
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := markdown(inevitably(), true)
	if err != nil {
		t.Fatal(err)
	}
	for left, want := range map[int]string{len(whole): string(whole), len(whole) - 1: string(verdict), len(verdict) - 1: ""} {
		path := filepath.Join(t.TempDir(), "summary")
		before := strings.Repeat(".", mostSummary-left)
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		err := AppendSummary(path, inevitably(), false)
		if got := strings.TrimPrefix(summary(t, path), before); got != want || (err == nil) != (want != "") {
			t.Errorf("%d bytes are left: %v, added %q", left, err, got)
		}
	}
	if err := AppendSummary(t.TempDir(), complete(), false); err == nil {
		t.Error("a directory is written to")
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := AppendSummary(pipe, complete(), false); err == nil { // at once: nobody reads it
		t.Error("a pipe is written to that nobody reads")
	}
}

// TestAnnotations: what is red, three at most, each in a line that GitHub takes for one.
func TestAnnotations(t *testing.T) {
	nasty := passed()
	nasty.Scenario, nasty.Verdict, nasty.Replay = "a:b,c%d\r\n::warning::e", check.Violated, "simulate run x --fault '100%'"
	nasty.Violated = map[string]int{"I1": 1, "I2": 1, "I3": 1, "I4": 1, "I5": 1}
	nasty.Violations = []check.Violation{{Invariant: check.NothingLost, Anomaly: "gone", Summary: "50 %\n::set-output name=x::y"}}
	var b strings.Builder
	if err := Annotate(&b, NewResult(Environment{}, nasty)); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines\n%s", len(lines), b.String())
	}
	const title = "::error title=a%3Ab%2Cc%25d%0D%0A%3A%3Awarning%3A%3Ae / I1 nothing lost::"
	if want := title + "gone: 50 %25%0A::set-output name=x::y%0Areplay: simulate run x --fault '100%25'"; lines[0] != want {
		t.Errorf("got  %s\nwant %s", lines[0], want)
	}
	if !strings.HasSuffix(lines[2], "%0Aand 2 more") {
		t.Errorf("the others are not counted: %s", lines[2])
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "::error title=") || strings.ContainsRune(line, '\r') {
			t.Errorf("no command: %q", line)
		}
	}
	lacking := NewResult(Environment{}, passed())
	lacking.Lacks([]string{"storm"})
	for name, c := range map[string]struct {
		d    Document
		want int
	}{
		"passed": {NewResult(Environment{}, passed()), 0}, "not run": {lacking, 1}, "inconclusive": {NewResult(Environment{}, inconclusive()), 3},
		"version": {NewBuilt(), 0}, "a limit": {diagnosed(limited()), 0}, "interrupted": {NewResult(Environment{}, interrupted()), 3},
		"threshold": {NewResult(Environment{}, measure.Measurement{Scenario: "s", Verdict: check.OK, Thresholds: []measure.ThresholdResult{{Expression: "x"}}}), 1},
	} {
		var b strings.Builder
		if err := Annotate(&b, c.d); err != nil || strings.Count(b.String(), "\n") != c.want {
			t.Errorf("%s: %v, want %d lines\n%s", name, err, c.want, b.String())
		}
	}
	if err := Annotate(failing{}, inevitably()); err == nil {
		t.Error("an error is kept back")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, fmt.Errorf("full") }
