package tuning

import (
	"testing"

	"holdfast/scenarios/cores"
)

// TestComparators are played with their own waits, on the seeds of the validation, and shown
// beside what is in use.
func TestComparators(t *testing.T) {
	c := six(t)
	bounds, core, err := cores.ParsePolicy("client-go-retry")
	if err != nil {
		t.Fatal(err)
	}
	c.Comparators = []Comparator{{Core: *core, Bounds: bounds}}
	s := &search{Config: c, player: c.player(), result: &Result{}}
	s.batch = 20
	if err := s.validateComparators(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	if len(s.result.Incumbents) != 1 {
		t.Fatalf("%+v", s.result.Incumbents)
	}
	got := s.result.Incumbents[0]
	hurried := s.measure(bounds) // as production does with bounds alone
	if err := s.batches(t.Context(), hurried, streamValidate, 4, s.batch); err != nil {
		t.Fatal(err)
	}
	if got.Name != "client-go-retry" || got.Core != got.Name || got.Policy != bounds || got.Operations != hurried.pooled().Counts.Operations {
		t.Errorf("%+v", got)
	}
	// Six writers: four retries after ten milliseconds each are hardly enough.
	if got.Exhaustion.Value < 0.05 || got.Exhaustion.Value == hurried.value(exhaustedRate) {
		t.Errorf("%v of the calls give up; without waits %v", got.Exhaustion.Value, hurried.value(exhaustedRate))
	}
}
