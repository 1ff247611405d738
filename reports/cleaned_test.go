package reports

import (
	"errors"
	"strings"
	"testing"

	"holdfast/scenarios/sandbox"
)

// TestWordsOfAManifest are those of whoever wrote it: no terminal obeys them.
func TestWordsOfAManifest(t *testing.T) {
	const bad = "rm\x1b]0;x\a\nsimulate: all is well\u202e \u009b2J"
	left := NewLeft(&sandbox.Leaving{ID: "0123456789", Place: "s3://b/simulate-0123456789/", Objects: 1, Manifest: &sandbox.Manifest{Program: bad, Command: bad}})
	failed := NewLeft(&sandbox.Leaving{ID: "1123456789", Place: "s3://b/simulate-1123456789/", Err: errors.New(bad)})
	left.Fail(errors.New(bad))
	var out strings.Builder
	Cleaned{Store: "s3://b", Runs: []Left{left, failed}}.Text(Text{W: &out})
	if strings.ContainsAny(out.String(), "\x1b\a\u202e\u009b") || strings.Contains(out.String(), "\nsimulate:") {
		t.Errorf("%q", out.String())
	}
	for _, want := range []string{"in the words of its manifest: rm", "it could not be looked at"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
}
