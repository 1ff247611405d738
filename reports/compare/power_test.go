package compare

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/measure"
)

// choice is a scenario as the tests play it.
type choice struct {
	scenario string
	clients  int // 0: as many as the scenario has
}

// side plays scenarios in virtual worlds, as simulate run does, once for each seed.
func side(t *testing.T, core cores.Spec, repetitions int, seeds []uint64, of ...choice) []Side {
	t.Helper()
	var plan measure.Plan
	for _, seed := range seeds {
		for _, what := range of {
			c := scenarios.Choice{Seed: seed, Repetitions: repetitions}
			if what.clients > 0 {
				c.Clients = &what.clients
			}
			run, err := scenarios.Prepare(what.scenario, c)
			if err != nil {
				t.Fatal(err)
			}
			run.Core = core
			plan.Points = append(plan.Points, measure.Point{Run: *run})
		}
	}
	measured, err := measure.Play(t.Context(), plan, measure.Config{})
	if err != nil {
		t.Fatal(err)
	}
	sides := make([]Side, len(seeds))
	for i, m := range measured {
		s := &sides[i/len(of)]
		s.Runs = append(s.Runs, Run{Measurement: m.Measurement})
	}
	return sides
}

func find(t *testing.T, core string) cores.Spec {
	t.Helper()
	spec, err := cores.Find(core)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// full reports whether the experiments are to be as large as docs/compare.md has them.
func full() bool { return os.Getenv("HOLDFAST_EXPERIMENT") == "full" }

// library are all scenarios, as many clients as they have.
func library() (all []choice) {
	for _, name := range scenarios.Names() {
		all = append(all, choice{scenario: name})
	}
	return all
}

// TestEqualSeedsAreTheSame: no scenario differs from itself.
func TestEqualSeedsAreTheSame(t *testing.T) {
	repetitions := 2
	if full() {
		repetitions = 100
	}
	all := library()
	a := side(t, find(t, cores.Production), repetitions, []uint64{7}, all...)[0]
	b := side(t, find(t, cores.Production), repetitions, []uint64{7}, all...)[0]
	c := Compare(a, b, Defaults())
	if c.Regressed() || c.Improved() || c.Undecided() || len(c.Warnings) > 0 || len(c.Runs) != len(all) {
		t.Errorf("%+v", c)
	}
	for _, p := range c.Runs {
		if p.Differing != 0 || p.Compared != repetitions || p.Verdict != Same {
			t.Errorf("%+v", p)
		}
	}
}

// TestFalseAlarms: of pairs of runs of the same program with different seeds, at most one in a
// hundred is called worse.
func TestFalseAlarms(t *testing.T) {
	statistics(t)
	const most, pairs = 0.01, 1000
	sizes, of := []int{10}, []choice{{"burst", 4}, {"two-users", 0}}
	if full() {
		sizes, of = []int{10, 30}, []choice{{"burst", 8}, {"two-users", 0}, {"user-vs-backend", 0}, {"lost-reply", 0}}
	}
	for _, repetitions := range sizes {
		seeds := make([]uint64, 2*pairs)
		for i := range seeds {
			seeds[i] = uint64(i + 1)
		}
		sides := side(t, find(t, cores.Production), repetitions, seeds, of...)
		alarms, differ := 0, 0
		for i := range pairs {
			c := Compare(sides[2*i], sides[2*i+1], Defaults())
			if c.Undecided() {
				t.Fatalf("pair %d is not decided: %+v", i, c)
			}
			if c.Regressed() {
				alarms++
			}
			if c.Regressed() || c.Improved() {
				differ++
			}
		}
		t.Logf("%d pairs of %d runs of %d repetitions: %d worse, %d worse or better", pairs, len(of), repetitions, alarms, differ)
		if float64(alarms) > most*float64(pairs) {
			t.Errorf("%d of %d pairs are called worse", alarms, pairs)
		}
	}
}

// wasteful is the production core with an attempt in vain before a share of its writes.
func wasteful(t *testing.T, share float64) cores.Spec {
	spec := find(t, cores.Production)
	production := spec.New
	spec.Name = "wasteful"
	spec.New = func(e cores.Environment) (cores.Core, error) {
		e.Store = &wasting{e.Store, e.Rand, share}
		return production(e)
	}
	return spec
}

type wasting struct {
	archive.Store
	random *rand.Rand
	share  float64
}

func (w *wasting) Put(ctx context.Context, key string, body []byte, condition archive.Condition) (string, error) {
	if w.random.Float64() < w.share {
		if _, err := w.Store.Put(ctx, key, body, archive.IfMatch(`"never"`)); err == nil {
			panic("a write on the condition of a version that never was is acknowledged")
		}
	}
	return w.Store.Put(ctx, key, body, condition)
}

// TestFivePercentMoreAttempts are found at the size of the release gate, seed by seed, and with
// other seeds.
func TestFivePercentMoreAttempts(t *testing.T) {
	statistics(t)
	of := []choice{{"no-conflict", 0}, {"two-users", 0}, {"user-vs-backend", 0}, {"backend-fan-in", 0}, {"burst", 0}, {"storm", 0}}
	const gate = 100
	sizes, shares := []int{gate}, []float64{0.05}
	if full() {
		sizes, shares = []int{10, 30, gate, 300}, []float64{0.02, 0.05, 0.1}
	}
	for _, repetitions := range sizes {
		old := side(t, find(t, cores.Production), repetitions, []uint64{1}, of...)[0]
		for _, share := range shares {
			new := side(t, wasteful(t, share), repetitions, []uint64{1, 2}, of...)
			for i, how := range []string{"the same seed", "another seed"} {
				c := Compare(old, new[i], Defaults())
				var found []string
				for _, r := range c.Rows {
					if r.Verdict == Worse && r.Metric == "puts.per_update" {
						found = append(found, fmt.Sprintf("%s %+.1f %%", c.Runs[r.Run].Name(), 100**r.Delta))
					}
				}
				t.Logf("%.0f %% more attempts, %d repetitions, %s: found in %d of %d scenarios: %s", 100*share, repetitions, how, len(found), len(of), strings.Join(found, ", "))
				if share >= 0.05 && repetitions >= gate && len(found) == 0 {
					t.Errorf("%.0f %% more attempts in %d repetitions with %s are not found", 100*share, repetitions, how)
				}
				if short := repetitions == 10 && i == 0; c.Undecided() != short { // whatever ten pairs show, it may be chance
					t.Errorf("undecided %t: %q", c.Undecided(), c.Warnings)
				}
			}
		}
	}
}

// rarely is the production core, but one in so many is without conditions.
func rarely(t *testing.T, oneIn uint64) cores.Spec {
	spec, unlocked := find(t, cores.Production), find(t, "unlocked")
	production := spec.New
	spec.Name = "rarely-unlocked"
	spec.New = func(e cores.Environment) (cores.Core, error) {
		if e.Rand.Uint64N(oneIn) == 0 {
			return unlocked.New(e)
		}
		return production(e)
	}
	return spec
}

// TestARareViolation: one repetition of ten thousand.
func TestARareViolation(t *testing.T) {
	statistics(t)
	old := side(t, find(t, cores.Production), 1000, []uint64{rareSeed}, choice{"two-users", 0})[0]
	new := side(t, rarely(t, 12_000), 10_000, []uint64{rareSeed}, choice{"two-users", 0})[0]
	c := Compare(old, new, Defaults())
	n, first := 0, 0
	for _, r := range new.Runs[0].Each {
		if len(r.Violated) > 0 {
			if n++; first == 0 {
				first = r.N
			}
		}
	}
	if n != 1 {
		t.Fatalf("%d repetitions violate an invariant: take another seed", n)
	}
	found := false
	for _, r := range c.Rows {
		found = found || r.Kind == Invariant && r.Verdict == Worse && strings.HasSuffix(r.Note, fmt.Sprintf("in 1 of 10000 repetitions, the first is %d", first))
	}
	if !found || !c.Regressed() {
		t.Errorf("it is not found: %+v", c.Rows)
	}
}

// rareSeed is one of which a single repetition of ten thousand is violated.
const rareSeed = 4

// statistics skips what plays the same code as other tests, only much more of it.
func statistics(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("the race detector is twenty times slower here, and sees no other code")
	}
}
