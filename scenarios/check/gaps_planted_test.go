package check_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/history"
)

// caught is a history in which a planted bug shows; nil: none of so many seeds is one.
func caught(t *testing.T, b cores.Bug, seeds int) (history.Header, []*history.Event) {
	t.Helper()
	broken := func(r check.Report) bool { return r.Found[check.Invariant(b.Invariant)] > 0 }
	for seed := range seeds {
		h, events := played(t, b.Scenario, b.Spec, uint64(seed))
		if broken(judge(apart{h, events})) {
			return h, events
		}
	}
	run, _, err := explore.Small(b.Scenario, b.Spec)
	if err != nil || b.InTime {
		return history.Header{}, nil
	}
	found, err := explore.Explore(context.Background(), explore.Config{
		Run: run, Strategy: explore.Exhaustive, Faults: b.Faults, Schedules: 2000, Workers: 1, Invariant: check.Invariant(b.Invariant),
	})
	if err != nil || found.Witness == nil {
		return history.Header{}, nil
	}
	return run.UntimedHeader(), found.Witness.Events
}

// TestPlantedBugsAreFoundOverGaps: of what is wrong, that is found which the rest of the
// history proves; what it does not is left open, and the store is not accused instead.
func TestPlantedBugsAreFoundOverGaps(t *testing.T) {
	type tally struct{ cases, own, any, open, silent int }
	shares := map[string]*tally{}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, b := range cores.Bugs() {
		h, events := caught(t, b, experiment(2, 20))
		if events == nil {
			continue
		}
		of := shares[b.Invariant]
		if of == nil {
			of = &tally{}
			shares[b.Invariant] = of
		}
		for range experiment(10, 100) {
			a, how := takeApart(h, events, 2+rng.IntN(3), rng).harm(rng)
			r := judge(a)
			of.cases++
			switch {
			case r.Found[check.Invariant(b.Invariant)] > 0:
				of.own++
			case len(r.Found) > 0:
				of.any++
			case slices.ContainsFunc(r.Undetermined, func(u check.Undetermined) bool { return string(u.Invariant) == b.Invariant }):
				of.open++
			default:
				of.silent++
			}
			if len(r.StoreFindings) > 0 {
				t.Errorf("%s in %s,%s: the store is accused: %s", b.Name, b.Scenario, how, r.StoreFindings[0].Summary)
			}
		}
	}
	for _, i := range check.Invariants() {
		if of := shares[string(i)]; of != nil {
			t.Logf("%-3s %4d cases: %3.0f %% found, %3.0f %% by another invariant, %3.0f %% left open, %3.0f %% nothing to see", i, of.cases,
				percent(of.own, of.cases), percent(of.any, of.cases), percent(of.open, of.cases), percent(of.silent, of.cases))
		}
	}
	for _, i := range strings.Fields("I1 I2 I3 I4 I5 I6 I8 I10 I11 I12") {
		if of := shares[i]; of == nil || of.own == 0 {
			t.Errorf("no planted bug against %s is found: %v", i, fmt.Sprint(of))
		}
	}
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(of) }

// TestLostRetryIsNotTheStores: wherever a recorder died, the store is not accused of what a core
// has sent again without a condition, though nobody has seen it do so.
func TestLostRetryIsNotTheStores(t *testing.T) {
	all := cores.Bugs()
	b := all[slices.IndexFunc(all, func(b cores.Bug) bool { return b.Name == "unconditional-retry" })]
	h, events := caught(t, b, 1)
	rng := rand.New(rand.NewPCG(5, 6))
	for range experiment(4, 40) {
		a := takeApart(h, events, 2+rng.IntN(3), rng)
		for clock := range a.header.Shards {
			for after := range a.of(clock) {
				if r := judge(a.cut(clock, after)); len(r.StoreFindings) > 0 {
					t.Fatalf("%s in %s, %d cut after %d: %s", b.Name, b.Scenario, clock, after, r.StoreFindings[0].Summary)
				}
			}
		}
	}
}
