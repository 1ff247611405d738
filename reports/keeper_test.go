package reports

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// kept is a simulation with next to no room for its history, and what that gives when it
// is judged again.
func kept(ctx context.Context, t *testing.T, s Simulation) (played, again Run) {
	t.Helper()
	var file bytes.Buffer
	s.History, s.Keep = &file, 1
	played, _, err := Simulate(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	rd, err := history.NewReader(&file, "kept")
	if err != nil {
		t.Fatal(err)
	}
	if again, err = FromHistory(rd); err != nil {
		t.Fatal(err)
	}
	return played, again
}

// TestKeeperAfterAnInterrupt: what had violated before is kept, though the run's context
// has ended when it is played again.
func TestKeeperAfterAnInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := simulation(t, "burst", "unlocked", 3, 400, 1)
	s.Progress = func(done int, _ Counts) {
		if done == 30 {
			cancel() // others have ended meanwhile, and are not kept yet
		}
	}
	played, again := kept(ctx, t, s)
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
	s := simulation(t, "burst", "production", 3, 200, 2)
	all, _, err := Simulate(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	// What holds of all repetitions together only.
	s.Header.MinConflicts = all.Counts.Conflicts412 + all.Counts.Conflicts409
	s.Header.Thresholds = []string{fmt.Sprintf("counts.puts==%d", all.Counts.Puts), "attempts.max<1", fmt.Sprintf("counts.operations>=%d", all.Counts.Operations)}
	played, again := kept(t.Context(), t, s)
	if again.Judged == 0 || again.Judged >= again.Repetitions || again.Counts.Operations >= played.Counts.Operations {
		t.Fatalf("%d of %d repetitions are kept", again.Judged, again.Repetitions)
	}
	if played.Verdict != check.OK || again.Verdict != check.OK {
		t.Errorf("the run's verdict is %s %v, that of its history %s %v", played.Verdict, played.Reasons, again.Verdict, again.Reasons)
	}
	if diff := cmp.Diff(played.Thresholds, again.Thresholds); diff != "" || len(played.Missed()) != 1 {
		t.Errorf("%v %s", played.Missed(), diff)
	}
	var text strings.Builder
	Text{W: &text}.Run(&again)
	if want := fmt.Sprintf("holds %d of 200 repetitions", again.Judged); !strings.Contains(text.String(), want) {
		t.Errorf("the report does not say %q:\n%s", want, text.String())
	}

	met := again
	met.Demand([]scenarios.Threshold{must(scenarios.ParseThreshold("attempts.max<1000"))})
	if met.Verdict != check.Inconclusive || len(met.Missed()) != 1 || !strings.Contains(met.Reasons[0], "says nothing of the others") {
		t.Errorf("a threshold that a part meets: %s %v", met.Verdict, met.Reasons)
	}
	missed := again
	missed.Demand([]scenarios.Threshold{must(scenarios.ParseThreshold("attempts.mean<1"))})
	if missed.Verdict != check.OK || len(missed.Missed()) != 2 {
		t.Errorf("a threshold that a part misses: %s %v", missed.Verdict, missed.Missed())
	}
	own := again
	own.Demand([]scenarios.Threshold{must(scenarios.ParseThreshold("attempts.max<1"))})
	if own.Verdict != check.OK || len(own.Thresholds) != 3 {
		t.Errorf("the run's own threshold, asked for again: %s %v", own.Verdict, own.Thresholds)
	}
}

// TestMissedStepsAreKept, however late they come.
func TestMissedStepsAreKept(t *testing.T) {
	s := simulation(t, "two-users", "production", 3, 400, 2)
	timeline := s.Run.Scenario.Timeline
	timeline[len(timeline)-1].Expect = "conflict"
	played, again := kept(t.Context(), t, s)
	if len(played.Missed()) != 1 || !slices.Equal(played.Missed(), again.Missed()) {
		t.Errorf("missed %v, in the history %v", played.Missed(), again.Missed())
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
