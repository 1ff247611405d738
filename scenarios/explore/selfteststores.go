package explore

import (
	"context"
	"fmt"

	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/stores"
)

// Doubted is a planted store, and what came to light of it under the production core.
type Doubted struct {
	Store  stores.Planted
	Found  int // the first repetition that shows its own kind of fault; 0: none did
	Played int // repetitions
	// Blamed is what the core was wrongly accused of; empty: nothing.
	Blamed string
}

// fewestSeeds show each of the planted stores.
const fewestSeeds = 30

// doubt lets the production core work with a planted store in virtual time, seed after seed.
func (t *SelfTest) doubt(ctx context.Context, p stores.Planted) (Doubted, error) {
	d := Doubted{Store: p}
	spec, err := cores.Find("production")
	if err != nil {
		return d, err
	}
	run, err := inTime(p.Scenario, spec, max(share(t.Seeds, 100), fewestSeeds))
	if err != nil {
		return d, err
	}
	run.Between = p.Around
	_, err = measure.Play(ctx, measure.Plan{Points: []measure.Point{{Run: *run}}}, measure.Config{
		Workers: 1,
		Each: func(_, n int, r *check.Report) bool {
			d.Played = n
			for _, f := range r.StoreFindings {
				if f.Kind == p.Kind && d.Found == 0 {
					d.Found = n
				}
			}
			if len(r.Violations) > 0 && d.Blamed == "" {
				v := r.Violations[0]
				d.Blamed = fmt.Sprintf("repetition %d: %s %s: %s", n, v.Invariant, v.Anomaly, v.Summary)
			}
			return true
		},
	})
	if err != nil {
		return d, fmt.Errorf("play %s on the store %s: %w", p.Scenario, p.Name, err)
	}
	t.tell("%s: %d seeds of %s", p.Name, d.Played, p.Scenario)
	return d, nil
}

// accusesStore is what the judge wrongly says of the model of a store, which is sound; empty:
// nothing.
func accusesStore(r *check.Report) string {
	if len(r.StoreFindings) == 0 {
		return ""
	}
	f := r.StoreFindings[0]
	return fmt.Sprintf("the store is found to be at fault: %s: %s", f.Kind, f.Summary)
}
