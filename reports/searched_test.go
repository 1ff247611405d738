package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/history"
)

// golden compares a report with the file of its name.
func golden(t *testing.T, name, report string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(report), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go test ./reports -update", err)
	}
	if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(report, "\n")); diff != "" {
		t.Errorf("if it is meant, run go test ./reports -update: %s", diff)
	}
	checkWidth(t, report)
}

// complete is a search of every schedule that found nothing.
func complete() Explored {
	return Explored{
		Schema: ExploreSchema, Passed: true, Scenario: "two-users", Core: "production", Policy: "full(base=50ms,cap=2s,retries=16)", Seed: 1,
		Strategy: explore.Exhaustive, Faults: 1, Schedules: 174, Complete: true, SchedulesPerSecond: 13204.5, Elapsed: 13.177,
		Acknowledged: 987, Conflicts: 117, Verdict: check.OK, Violations: []check.Violation{}, Replay: "simulate explore two-users --faults 1",
	}
}

// allExplored are searches of each kind.
func allExplored() map[string]Explored {
	stopped := complete()
	stopped.Passed, stopped.Complete, stopped.Verdict, stopped.Stopped = false, false, check.Inconclusive, "the number of schedules is reached"
	sampled := complete()
	sampled.Strategy, sampled.Complete, sampled.Faults = explore.PCT, false, 0
	violated := complete()
	violated.Passed, violated.Complete, violated.Verdict, violated.Core = false, false, check.Violated, "unlocked"
	violated.Schedule, violated.FoundAfter = "alice bob bob!reply-lost alice", 17
	violated.Violations = []check.Violation{
		{Invariant: check.NothingLost, Anomaly: "modification vanished", Summary: "alice was told that m-1 is stored; bob wrote version \"e3\" without it", Witness: everyAnswer()},
		{Invariant: check.OneChain, Anomaly: "fork", Summary: "alice and bob both replaced version \"e1\""},
	}
	violated.Replay = "simulate run two-users --core unlocked --schedule 'alice bob bob!reply-lost alice'"
	violated.Saved = "simulate run witness.yaml"
	return map[string]Explored{
		"explored": complete(), "explored-stopped": stopped, "explored-sampled": sampled, "explored-violated": violated,
	}
}

func TestExploredReports(t *testing.T) {
	for name, e := range allExplored() {
		var b strings.Builder
		e.Text(Text{W: &b})
		golden(t, name, b.String())
	}
}

// TestInterruptedSearchProvesNothing, whatever it had seen; one whose time is over has.
func TestInterruptedSearchProvesNothing(t *testing.T) {
	run, err := scenarios.Prepare("two-users", scenarios.Choice{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, strategy := range []explore.Strategy{explore.Exhaustive, explore.PCT} {
		found := explore.Result{Strategy: strategy, Schedules: 100, Acknowledged: 200, Conflicts: 50, Stopped: explore.Interrupted}
		e := NewExplored(explore.Config{Run: run}, found, "")
		if e.Passed || e.Class() != Inconclusive {
			t.Errorf("%s, interrupted: %s", strategy, e.word())
		}
		found.Stopped = "the time is over"
		if e := NewExplored(explore.Config{Run: run}, found, ""); e.Passed != (strategy == explore.PCT) {
			t.Errorf("%s, stopped: %s", strategy, e.word())
		}
	}
}

// everyAnswer has every kind of answer that a call can get.
func everyAnswer() []history.Event {
	tick := explore.Tick.Nanoseconds()
	doc := &history.Doc{N: 6, Of: `"e1"`, Keep: 5, Add: []string{"m-1"}}
	events := []history.Event{{Kind: history.Invoke, Actor: "alice", Do: "append", IDs: []string{"m-1"}}}
	add := func(e history.Event) {
		e.Actor, e.At = "alice", int64(len(events))*tick
		events = append(events, e)
	}
	add(history.Event{Kind: history.Get, Answer: history.Throttled})
	add(history.Event{Kind: history.Put, If: history.IfMatch, IfETag: `"e1"`, Answer: history.PreconditionFailed, Doc: doc})
	add(history.Event{Kind: history.Put, If: history.IfMatch, IfETag: `"e1"`, Answer: history.Conflict, Doc: doc})
	add(history.Event{Kind: history.Put, If: history.IfMatch, IfETag: `"e1"`, Answer: history.UnknownAnswer, Doc: doc})
	add(history.Event{Kind: history.Put, If: history.IfNone, ETag: `"e2"`, Answer: history.UnknownAnswer, Doc: doc})
	add(history.Event{Kind: history.Put, If: history.IfAbsent, Answer: history.PreconditionFailed, Doc: &history.Doc{N: 1}})
	add(history.Event{Kind: history.Delete, Answer: history.NotFound})
	add(history.Event{Kind: history.Return, Outcome: history.Crashed})
	return events
}

// TestEveryAnswerIsTold: whatever a call meets is told in words of its own.
func TestEveryAnswerIsTold(t *testing.T) {
	for _, kind := range []history.Kind{history.Get, history.Head, history.Put, history.Delete} {
		told := map[string]string{}
		for _, answer := range []string{
			history.OK, history.NotFound, history.PreconditionFailed, history.Conflict, history.Throttled, history.Unavailable,
			history.UnknownAnswer, history.OtherError,
		} {
			e := history.Event{Kind: kind, Answer: answer, If: history.IfMatch, IfETag: `"e1"`, Doc: &history.Doc{N: 1, Of: `"e1"`}}
			if answer == history.OK {
				e.ETag = `"e2"`
			}
			text := tell(&e)
			if was, twice := told[text]; twice || text == string(kind) {
				if kind == history.Put || kind == history.Delete || !strings.Contains(text, "no answer") { // to a read it is all the same
					t.Errorf("%s: %s and %s are both told as %q", kind, was, answer, text)
				}
			}
			told[text] = answer
			if (answer != history.OK && answer != history.UnknownAnswer) && (strings.HasPrefix(text, "writes ") || strings.HasPrefix(text, "deletes ")) {
				t.Errorf("%s that met %s is told as %q", kind, answer, text)
			}
		}
	}
	for _, e := range []history.Event{
		{Kind: history.Put, Answer: history.OK, ETag: `"e2"`, If: history.IfNone, Doc: &history.Doc{Bad: "no JSON"}},
		{Kind: history.Put, Answer: history.OK, ETag: `"e2"`, If: history.IfNone},
	} {
		if text := tell(&e); !strings.Contains(text, "no document") {
			t.Errorf("a write of no document is told as %q", text)
		}
	}
}

// allSelfTested are self-tests that caught all, and not.
func allSelfTested() map[string]SelfTested {
	s := SelfTested{
		Schema: SelfTestSchema, Passed: true, Elapsed: 8123.4,
		Bugs: []PlantedBug{
			{Name: "unlocked", Fault: "no condition on any write", Invariant: "I1", Scenario: "two-users", Caught: true, CaughtBy: "simulate run two-users --core unlocked --schedule 'bob alice alice bob'", Schedules: 2, Calls: 4},
			{Name: "same-length-is-success", Invariant: "I10", Scenario: "persistent-conflict", Caught: true, Schedules: 12345, Calls: 18},
		},
		Sound: []SoundCore{
			{Core: "production", Where: "explore two-users --faults 1", Schedules: 174, Complete: true},
			{Core: "production", Where: "storm", Schedules: 10_000, Complete: true},
		},
		Stores: []PlantedStore{{Name: "two-winners", Fault: "of ten writers that lose a race one is told that it has won", Kind: "two-winners", Scenario: "storm", Found: true, Seeds: 3, Played: 100}},
	}
	failed := s
	failed.Passed = false
	failed.Bugs = append([]PlantedBug{{Name: "slipped-through", Invariant: "I7", Scenario: "two-users", CaughtBy: "simulate explore two-users --core slipped-through --faults 0", Schedules: 6}}, s.Bugs...)
	failed.Sound = append([]SoundCore{{
		Core: "reference", Where: "explore lost-reply --faults 1", Schedules: 12,
		Accused: "I2 doubled modification: bob wrote version \"e3\" of archive/CHG-12345.json, in which modification m-1 stands twice",
	}}, s.Sound...)
	failed.Stores = append([]PlantedStore{{Name: "stale-read", Kind: "stale-read", Scenario: "three-writers", Seeds: 100, Played: 100, Blamed: "repetition 4: I7 stale read: bob read version v1"}}, s.Stores...)
	return map[string]SelfTested{"selftested": s, "selftested-failed": failed}
}

func TestSelfTestedReports(t *testing.T) {
	for name, s := range allSelfTested() {
		var b strings.Builder
		s.Text(Text{W: &b})
		golden(t, name, b.String())
	}
}

// TestVirtualTimeIsNotTakenForReal: the summary tells the two apart.
func TestVirtualTimeIsNotTakenForReal(t *testing.T) {
	virtual := passed()
	virtual.World = "virtual"
	r := NewResult(Environment{}, virtual, virtual)
	r.TookMS = 1_234
	var b strings.Builder
	r.Text(Text{W: &b})
	if want := "PASS  2 of 2 runs passed in 1.2s (30.4s of virtual time)\n"; !strings.HasPrefix(b.String(), want) {
		t.Errorf("%s\nwant %s", b.String(), want)
	}
}
