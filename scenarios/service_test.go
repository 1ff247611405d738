package scenarios

import (
	"slices"
	"strings"
	"testing"

	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// viaAPI are the scenarios that are also played through the service.
var viaAPI = []string{
	"two-users", "two-users-same-field", "user-vs-backend", "backend-fan-in", "create-race", "sustained-contention",
}

func throughTheAPI(r *Run) { r.Scenario.Via = ViaAPI }

// TestServiceKeepsEveryInvariant over sockets, with goroutines.
func TestServiceKeepsEveryInvariant(t *testing.T) {
	for _, name := range viaAPI {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played, report, events := play(t, name, "production", throughTheAPI)
			expectOK(t, played, report)
			expectTriggers(t, events)
		})
	}
}

// TestServiceInVirtualTime plays each a few times, and the scenarios that are about
// the queue.
func TestServiceInVirtualTime(t *testing.T) {
	for _, name := range append(slices.Clone(viaAPI), "redelivery", "queue-redelivers", "service-batches", "storm") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(5) {
				played, report, events := playVirtually(t, name, "production", seed)
				expectOK(t, played, report)
				expectTriggers(t, events)
			}
		})
	}
}

// playVirtually plays a scenario once through the service.
func playVirtually(t *testing.T, name, core string, seed uint64) (Played, check.Report, []*history.Event) {
	t.Helper()
	s := must(Open(name))
	s.Via = ViaAPI
	if s.Duration > 0 {
		if err := s.Bound(5); err != nil {
			t.Fatal(err)
		}
	}
	run := must(NewRun(s, must(cores.Find(core))))
	run.Seed = seed
	m := &memory{}
	played, err := playVirtual(t.Context(), run, into(m), nil)
	if err != nil {
		t.Fatal(err)
	}
	judge := check.New(history.Header{Grace: s.Queue.GraceOf().Nanoseconds()})
	for _, e := range m.events {
		judge.Add(e)
	}
	return played, judge.Finish(), m.events
}

func expectOK(t *testing.T, played Played, report check.Report) {
	t.Helper()
	if report.Verdict != check.OK {
		t.Errorf("verdict %s: %v", report.Verdict, report.Reasons)
	}
	for _, v := range report.Violations {
		t.Errorf("%s %s: %s", v.Invariant, v.Anomaly, v.Summary)
	}
	for _, s := range played.Steps {
		if !s.AsAsked {
			t.Errorf("%s: want %s, got %s", s.Step, s.Want, s.Got)
		}
	}
}

// expectTriggers: whatever else happened, messages were sent and each has its end.
func expectTriggers(t *testing.T, events []*history.Event) {
	t.Helper()
	sent, ended := map[string]bool{}, map[string]bool{}
	for _, e := range events {
		switch {
		case e.Kind != history.Queue:
		case e.Do == history.Sent:
			sent[e.Trigger] = true
		case e.Do != history.Delivered:
			ended[e.Trigger] = true
		}
	}
	if len(sent) == 0 {
		t.Error("no message was sent")
	}
	for trigger := range sent {
		if !ended[trigger] {
			t.Errorf("nothing became of the message of %s", trigger)
		}
	}
}

// TestWhatBefallsTheService: the scenarios about the queue are not idle.
func TestWhatBefallsTheService(t *testing.T) {
	happened := map[string]int{}
	for seed := range uint64(20) {
		for _, name := range []string{"redelivery", "queue-redelivers"} {
			_, _, events := playVirtually(t, name, "production", seed)
			for _, e := range events {
				switch {
				case e.Kind == history.Queue && e.Do == history.Delivered && e.Attempt > 1:
					happened["delivered again"]++
				case e.Kind == history.Return && e.Outcome == history.Crashed && strings.HasPrefix(e.Actor, "user"):
					happened["the server died"]++
				case e.Kind == history.Return && e.Outcome == history.Crashed:
					happened["a worker died"]++
				case e.Kind == history.Put && e.Op == 0 && e.Answer == history.UnknownAnswer:
					happened["a trigger without an answer"]++
				}
			}
		}
	}
	for _, what := range []string{"delivered again", "the server died", "a worker died", "a trigger without an answer"} {
		if happened[what] == 0 {
			t.Errorf("never: %s (%v)", what, happened)
		}
	}
}

// TestServicesThatAreBroken are caught by their invariant, also over sockets where that is not a
// matter of luck; the unlocked core is caught through the API as without it.
func TestServicesThatAreBroken(t *testing.T) {
	for _, b := range cores.Bugs() {
		if b.Uploads == nil && b.Backend == nil {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			for seed := range uint64(50) {
				_, report, _ := playVirtually(t, b.Scenario, b.Name, seed)
				if report.Found[check.Invariant(b.Invariant)] > 0 {
					return
				}
			}
			t.Errorf("%s was not caught in 50 repetitions of %s", b.Name, b.Scenario)
		})
	}
	_, report, _ := play(t, "two-users", "unlocked", throughTheAPI)
	if report.Found[check.NothingLost] == 0 {
		t.Errorf("the unlocked core: %v", report.Found)
	}
	_, report, _ = play(t, "two-users", "trigger-before-archive", throughTheAPI)
	if report.Found[check.ArchiveFirst] == 0 {
		t.Errorf("triggers before the archive: %v", report.Found)
	}
}
