package reports

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/reports/page"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// toldOf plays a planted bug, and tells the first violation of an invariant with what happened
// around it.
func toldOf(t *testing.T, scenario, bug string, of check.Invariant) page.Lanes {
	t.Helper()
	run := must(scenarios.NewRun(must(scenarios.Open(scenario)), must(cores.Find(bug))))
	run.Repetitions = 5
	m := must(measure.Play(t.Context(), measure.Plan{Points: []measure.Point{{Run: *run}}}, measure.Config{
		Workers: 1, History: func(int) (string, error) { return filepath.Join(t.TempDir(), "history.ndjson.zst"), nil }, // of which windows are made
	}))[0]
	i := slices.IndexFunc(m.Violations, func(v check.Violation) bool { return v.Invariant == of })
	if i < 0 {
		t.Fatalf("%s did not violate %s", bug, of)
	}
	s := story{id: "s", Violation: m.Violations[i], scenario: scenario}
	s.around(m.Windows, i, -1)
	return s.lanes()
}

// TestNewcomersAreToldWhoDidIt: the sentence above a story names who did what, and which step it
// is; nobody has to know how the core under test is made.
func TestNewcomersAreToldWhoDidIt(t *testing.T) {
	for bug, c := range map[string]struct {
		scenario string
		of       check.Invariant
		title    []string
		wrong    string
		where    string
	}{
		"settled-by-last-entry": {
			"lost-reply", check.ExactlyOnce, []string{"once more, so that it stands twice", "and got no answer, and others have written since"}, "writes version v", "the load of backend (append by backend-",
		},
		"cached-load": {
			"two-users-same-field", check.RealTime, []string{"alice had written v2, and bob's load made no call of the store"}, "bob is shown version v1", "step T6 (bob: load)",
		},
		"trigger-deleted-on-failure": {
			"queue-redelivers", check.ArchiveFirst, []string{" deleted the trigger though it had stored nothing of what that asks for: its append had ended as exhausted"}, "deletes the trigger for cust01", "the load of backend (append by ",
		},
		"handler-drops-one": {
			"service-batches", check.ArchiveFirst, []string{"backend-4 acknowledged the message though it had stored nothing of what that asks for, without having tried to"}, "backend-4 acknowledges the message", "the load of backend (messages by backend-4)",
		},
		"last-try-forced": {
			"persistent-conflict", check.NothingLost, []string{"bob wrote v5 on top of v2, without others' modification"}, "bob writes version v5", "which overwrites, and the load of others (append)",
		},
		"group-drops-follower": {
			"poisoned-group", check.NothingLost, []string{" as v3; no version that anybody read holds it; process wrote v3 without it"}, "is told: committed as version v3", "the load of backend (append by ",
		},
		"exhaustion-is-success": {
			"persistent-conflict", check.NothingLost, []string{"no version that anybody read holds it, nor was bob told in which it is"}, "is told: committed, but not as which version", "step T2",
		},
		"value-cut-at-64k": {
			"large-document", check.ForeignDataIntact, []string{"changed x_attachment to another long value, which begins alike", "which it was not asked to do"}, "adds ", "the load of backend",
		},
		"edit-dropped-on-retry": {
			"two-users", check.AsAsked, []string{"bob wanted testPlan"}, ", and leaves testPlan as it was", "step T3 (bob: save testPlan)",
		},
		"create-upserts": {
			"create-race", check.OneCreator, []string{"creator-03, creator-06, "}, "creator-06 is told: committed as version v2", "the load of creator (create by ",
		},
	} {
		t.Run(bug, func(t *testing.T) {
			l := toldOf(t, c.scenario, bug, c.of)
			for _, want := range c.title {
				if !strings.Contains(l.Title, want) {
					t.Errorf("%q lacks %q", l.Title, want)
				}
			}
			if !strings.Contains(l.Where, c.where) {
				t.Errorf("%q lacks %q", l.Where, c.where)
			}
			wrong := slices.IndexFunc(l.Steps, func(s page.LaneStep) bool { return s.Weight == page.Wrong })
			if wrong < 0 || !strings.Contains(l.Steps[wrong].Text, c.wrong) {
				t.Errorf("where it goes wrong is not %q: step %d of %+v", c.wrong, wrong, l.Steps)
			}
		})
	}
}

// TestNobodyIsAccusedForBeingAnsweredLast: who overwrote whom is as the judge says, also if the
// write that was overwritten was answered after the one that replaced it.
func TestNobodyIsAccusedForBeingAnsweredLast(t *testing.T) {
	l := toldOf(t, "storm", "documented", check.NoSilentOverwrite)
	if !strings.Contains(l.Title, "user-2 wrote v5 on top of v4 and replaced user-1's implementationPlan of v4") {
		t.Error(l.Title)
	}
	for _, s := range l.Steps {
		if s.Weight == page.Wrong && !strings.HasPrefix(s.Text, "user-2 writes version v5") {
			t.Error(s.Text)
		}
	}
}

// TestTriggersOfTheSameKeyAreKeptApart: who deletes a later trigger is not blamed for the first.
func TestTriggersOfTheSameKeyAreKeptApart(t *testing.T) {
	l := toldOf(t, "redelivery", "trigger-deleted-first", check.ArchiveFirst)
	if !strings.HasSuffix(l.Title, "; backend-1 deleted it before it had tried to store that") {
		t.Error(l.Title)
	}
	sent := history.Event{Kind: history.Queue, Do: history.Sent, Trigger: "customers/hts/CHG-1.json@e1"}
	s := story{Violation: check.Violation{Anomaly: triggerVanished, Witness: []history.Event{sent}}}
	for etag, want := range map[string]bool{"e1": true, "e2": false, "": true} {
		e := history.Event{Kind: history.Delete, Key: "customers/hts/CHG-1.json", IfETag: etag, Answer: history.OK}
		if s.removesTrigger(&e) != want {
			t.Errorf("a deletion of %q is of another trigger: %v", etag, want)
		}
	}
}

// TestTimesAreLegible: a time is not told to the nanosecond.
func TestTimesAreLegible(t *testing.T) {
	for said, want := range map[string]string{
		"waited 473.631697ms before, at most 2s": "waited 473.63ms before, at most 2s",
		"after 1.2s, 50ms and 7.5µs of v1.25678": "after 1.2s, 50ms and 7.5µs of v1.25678",
		"of 1.000000001s #0123456789abcdef":      "of 1.00s",
	} {
		if got := legible(said); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestSeveralEntriesAreNamed, of which one may be the one that is missing; and who stored what
// should not have been.
func TestSeveralEntriesAreNamed(t *testing.T) {
	l := toldOf(t, "several-entries", "one-entry-stored", check.NothingLost)
	if !slices.ContainsFunc(l.Steps, func(s page.LaneStep) bool {
		return strings.Contains(s.Text, "with modifications m-v32tbgx… and m-fr5ky6c…")
	}) {
		t.Errorf("%+v", l.Steps)
	}
	l = toldOf(t, "poisoned-batches", "batch-answers-all-for-one", check.HonestAnswers)
	if !strings.Contains(l.Title, "is stored: consumer-") {
		t.Error(l.Title)
	}
}

// TestAnomaliesAreCalledAsTheJudgeDoes: of one by another name nothing more would be said.
func TestAnomaliesAreCalledAsTheJudgeDoes(t *testing.T) {
	for _, name := range []string{
		appendedAgain, staleRead, neverWritten, triggerVanished, triggerDeleted, processedTwice, changedUnasked, editDropped, failureThatCommitted,
	} {
		if !slices.ContainsFunc(check.Anomalies(), func(a check.Anomaly) bool { return a.Name == name }) {
			t.Errorf("there is no %q", name)
		}
	}
}

// TestLongStoriesKeepWhatTells: of more than can be drawn the writes and what people were told
// stay, the first creator among them, and who has a lane of his own is who came first.
func TestLongStoriesKeepWhatTells(t *testing.T) {
	l := toldOf(t, "create-race", "create-upserts", check.OneCreator)
	said := ""
	for _, s := range l.Steps {
		said += s.Text + "\n"
	}
	for _, want := range []string{"creator-03 writes version v1", "creator-03 is told: committed as version v1", "writes version v10"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is left out", want)
		}
	}
	for _, name := range []string{"creator-03", "creator-06", "creator-02"} {
		if !slices.ContainsFunc(l.Across, func(l page.Lane) bool { return l.Name == name }) {
			t.Errorf("%s has no lane", name)
		}
	}
}

// TestVersionsStandInTheirOrder: one that came when nobody looked is not drawn above the first,
// and the first is, though it was made at the time at which the story begins.
func TestVersionsStandInTheirOrder(t *testing.T) {
	l := toldOf(t, "queue-redelivers", "trigger-deleted-on-failure", check.ArchiveFirst)
	for _, v := range l.Before {
		if v.Name != "v1" {
			t.Errorf("%s is drawn above the first", v.Name)
		}
	}
	l = toldOf(t, "persistent-conflict", "exhaustion-is-success", check.NothingLost)
	if len(l.Before) != 1 || l.Before[0].Name != "v1" {
		t.Errorf("%+v were there at first", l.Before)
	}
}
