package scenarios

import (
	"context"
	"slices"
	"testing"

	"holdfast/archive"
	"holdfast/archive/web"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// TestEveryStatusIsSeen: the gate plays the scenarios of the library in virtual time,
// and in some of them the API answers by each status that it can.
func TestEveryStatusIsSeen(t *testing.T) {
	seen := map[int]int{}
	for _, name := range Names() {
		if must(Open(name)).Via != ViaAPI {
			continue
		}
		for seed := range uint64(30) {
			played, report, events := playVirtually(t, name, "production", seed)
			if report.Verdict == check.Violated {
				t.Errorf("%s, seed %d: %v", name, seed, report.Violations)
			}
			for _, s := range played.Steps {
				if s.AsAsked {
					continue
				}
				t.Errorf("%s: want %s, got %s", s.Step, s.Want, s.Got)
			}
			for _, e := range events {
				if e.Kind == history.Return && e.Status != 0 {
					seen[e.Status]++
				}
			}
		}
	}
	for _, s := range web.Statuses() {
		if seen[s.Code] == 0 && !s.Unseen {
			t.Errorf("no gated scenario brings about %d (%s)", s.Code, s.Means)
		}
		delete(seen, s.Code)
	}
	for code, n := range seen {
		t.Errorf("%d was answered %d times and is not in the API's list", code, n)
	}
}

// TestAWrongStatusIsInTheHistory: verdicts are made from the history, so an answer by
// another status than its request must have is no use in memory alone.
func TestAWrongStatusIsInTheHistory(t *testing.T) {
	run := interruptible(t, "bad-requests", "production", ViaAPI, 1)
	run.Core.Uploads = func(archive.UploaderOptions) (cores.Uploads, error) { return missing{}, nil }
	sink := &memory{}
	_, err := playVirtual(t.Context(), run, into(sink), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range sink.events {
		if e.Kind == history.Step && e.Expected.Missed {
			got = append(got, e.Do+": want "+e.Expected.Want+", got "+e.Expected.Got)
		}
	}
	for _, want := range []string{"a create of what is there", "a stale version"} {
		if want = "stranger sends " + want + ": want 409, got 404"; !slices.Contains(got, want) {
			t.Errorf("%q is not among %q", want, got)
		}
	}
}

// missing are uploads of which it is always said that there is no such object.
type missing struct{}

func (missing) Upload(context.Context, archive.Upload) (archive.Uploaded, error) {
	return archive.Uploaded{}, archive.ErrNotFound
}
