package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
)

// little is a simulation with next to no room for its history, and what that gives when it
// is judged again.
func little(ctx context.Context, t *testing.T, s simulation) (played, again *Measured) {
	t.Helper()
	s.keep = 1
	played, events := s.play(ctx, t)
	return played, judged(t, events)
}

// TestKeeperAfterAnInterrupt: what had violated before is kept, though the run's context
// has ended when it is played again.
func TestKeeperAfterAnInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := simulated(t, "burst", "unlocked", 3, 400, 1)
	s.each = func(n int, _ *check.Report) bool {
		if n == 30 {
			cancel() // others have ended meanwhile, and are not kept yet
		}
		return true
	}
	played, again := little(ctx, t, s)
	if !played.Interrupted || !again.Interrupted || played.Verdict != check.Violated {
		t.Fatalf("%s, interrupted: %v and %v", played.Verdict, played.Interrupted, again.Interrupted)
	}
	if diff := cmp.Diff(played.Violated, again.Violated); diff != "" {
		t.Error(diff)
	}
}

// TestCutHistoryClaimsNoMore: the verdict and the run's own thresholds are those of all
// repetitions; others are of a part, and so prove nothing.
func TestCutHistoryClaimsNoMore(t *testing.T) {
	s := simulated(t, "burst", "production", 3, 200, 2)
	all, _ := s.play(t.Context(), t)
	expect := &s.run.Scenario.Expect
	// What holds of all repetitions together only.
	expect.MinConflicts = all.Counts.Conflicts412 + all.Counts.Conflicts409
	expect.Thresholds = nil
	for _, text := range []string{fmt.Sprintf("counts.puts==%d", all.Counts.Puts), "attempts.max<1", fmt.Sprintf("counts.operations>=%d", all.Counts.Operations)} {
		expect.Thresholds = append(expect.Thresholds, must(scenarios.ParseThreshold(text)))
	}
	played, again := little(t.Context(), t, s)
	if again.Judged == 0 || again.Judged >= again.Repetitions || again.Counts.Operations >= played.Counts.Operations {
		t.Fatalf("%d of %d repetitions are kept", again.Judged, again.Repetitions)
	}
	if played.Verdict != check.OK || again.Verdict != check.OK {
		t.Errorf("the run's verdict is %s %v, that of its history %s %v", played.Verdict, played.Reasons, again.Verdict, again.Reasons)
	}
	if diff := cmp.Diff(played.Thresholds, again.Thresholds); diff != "" || missedOf(&played.Measurement) != 1 {
		t.Errorf("%v %s", played.Thresholds, diff)
	}
	met := again.Measurement
	met.Demand([]scenarios.Threshold{must(scenarios.ParseThreshold("attempts.max<1000"))})
	if met.Verdict != check.Inconclusive || missedOf(&met) != 1 || !strings.Contains(met.Reasons[0], "says nothing of the others") {
		t.Errorf("a threshold that a part meets: %s %v", met.Verdict, met.Reasons)
	}
	missed := again.Measurement
	missed.Demand([]scenarios.Threshold{must(scenarios.ParseThreshold("attempts.mean<1"))})
	if missed.Verdict != check.OK || missedOf(&missed) != 2 {
		t.Errorf("a threshold that a part misses: %s %v", missed.Verdict, missed.Thresholds)
	}
	own := again.Measurement
	own.Demand([]scenarios.Threshold{must(scenarios.ParseThreshold("attempts.max<1"))})
	if own.Verdict != check.OK || len(own.Thresholds) != 3 {
		t.Errorf("the run's own threshold, asked for again: %s %v", own.Verdict, own.Thresholds)
	}
}

// TestMissedStepsAreKept, however late they come.
func TestMissedStepsAreKept(t *testing.T) {
	s := simulated(t, "two-users", "production", 3, 400, 2)
	timeline := s.run.Scenario.Timeline
	timeline[len(timeline)-1].Expect = "conflict"
	played, again := little(t.Context(), t, s)
	if missedOf(&played.Measurement) != 1 || played.Met() || !slices.Equal(played.Steps, again.Steps) {
		t.Errorf("steps %v, in the history %v", played.Steps, again.Steps)
	}
}

// missedOf counts what did not come out as it was to.
func missedOf(m *Measurement) (n int) {
	for _, t := range m.Thresholds {
		if !t.Passed {
			n++
		}
	}
	for _, s := range m.Steps {
		if !s.Passed {
			n++
		}
	}
	return n
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestHeldCalls: a call that is held back, also one at the very beginning, is judged by when
// its core made it, and so it is in a history of several repetitions.
func TestHeldCalls(t *testing.T) {
	s := simulated(t, "burst", "production", 1, 6, 2)
	f, err := network.ParseFault("delete(rate=0.1,call=any)")
	if err != nil {
		t.Fatal(err)
	}
	s.run.Scenario.Faults = append(s.run.Scenario.Faults, scenarios.Fault(f))
	r, all := s.play(t.Context(), t)
	if kept := judged(t, all); len(r.Violated)+len(kept.Violated) > 0 {
		t.Errorf("%v, as it was kept %v", r.Violated, kept.Violated)
	}
}

// TestAHistoryThatCouldNotBeWritten to its end has numbers, and proves nothing: what it lacks
// may have been stored.
func TestAHistoryThatCouldNotBeWritten(t *testing.T) {
	_, events := simulated(t, "burst", "unlocked", 3, 2, 1).play(t.Context(), t)
	full := errors.New("the disk is full")
	rd, err := history.NewReader(bytes.NewReader(events[:len(events)*3/4]), "h")
	if err != nil {
		t.Fatal(err)
	}
	m, err := fromHistory(rd, rd.Header, full)
	if err != nil {
		t.Fatal(err)
	}
	if m.Verdict != check.Inconclusive || len(m.Violations)+len(m.Violated) > 0 || len(m.Reasons) != 1 || m.Failure != full.Error() || m.Passed() {
		t.Errorf("%s %v %v, failure %q", m.Verdict, m.Violated, m.Reasons, m.Failure)
	}
	if m.Counts.Operations == 0 || len(m.Each) != 2 || !m.Each[1].Cut || m.Each[0].Violated != nil {
		t.Errorf("%d operations, %+v", m.Counts.Operations, m.Each)
	}
}
