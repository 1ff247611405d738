package check_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// skew makes the clocks of recorders wrong: two of them are apart by up to so much, one way or
// the other, and the rate of one differs from that of another by up to twice the drift. The
// world is a real one then, in which waits may seem longer.
func (a apart) skew(most time.Duration, drift float64, rng *rand.Rand) apart {
	type clock struct {
		ahead int64
		fast  float64
	}
	var clocks []clock
	for range a.header.Shards {
		clocks = append(clocks, clock{rng.Int64N(int64(most)), 2 * drift * rng.Float64()})
	}
	at := func(clock int, t int64) int64 {
		return t + clocks[clock].ahead + int64(math.Floor(float64(t)*clocks[clock].fast))
	}
	b := apart{header: a.header}
	b.header.World, b.header.Shards = "real", slices.Clone(a.header.Shards)
	if rng.IntN(2) == 0 { // they have waited for each other
		for i := range b.header.Shards {
			b.header.Shards[i].Ready, b.header.Shards[i].Go = at(i, -1e9-rng.Int64N(1e9)), at(i, -rng.Int64N(1e9))
		}
	}
	for _, e := range a.events {
		e = e.Clone()
		for _, t := range []*int64{&e.Start, &e.At, &e.Due, &e.Asked} {
			if *t != 0 || t == &e.At || t == &e.Start {
				*t = at(e.Clock, *t)
			}
		}
		b.events = append(b.events, e)
	}
	return b
}

// TestSoundClocksAreNotAccused: however far the clocks of the recorders are apart, and at
// whatever rate they drift, nothing is held against a sound core or its store; nor if recorders
// are missing or died.
func TestSoundClocksAreNotAccused(t *testing.T) {
	specs := cores.Sound()
	for _, name := range []string{"production", "reference"} {
		spec, err := cores.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		specs = append(specs, spec)
	}
	verdicts, open := map[check.Verdict]int{}, map[string]int{}
	rng := rand.New(rand.NewPCG(5, 6))
	for n := range experiment(200, 2000) {
		spec, scenario := specs[n%len(specs)], soundScenarios[rng.IntN(len(soundScenarios))]
		h, events := played(t, scenario, spec, uint64(n))
		a, how := takeApart(h, events, 2+rng.IntN(4), rng), ""
		if n%2 == 1 {
			a, how = a.harm(rng)
		}
		a = a.skew(5*time.Second, 100e-6, rng)
		r := judge(a)
		verdicts[r.Verdict]++
		for _, u := range r.Undetermined {
			open[string(u.Because)+" "+string(u.Invariant)+" "+u.Anomaly] += u.Count
		}
		if r.Verdict.Final() || r.Tally.Contradictions > 0 {
			t.Errorf("%s with %s, seed %d,%s: %s, %s", scenario, spec.Name, n, how, r.Verdict, r.Tally.Contradiction)
			for _, v := range r.Violations {
				t.Logf("  %s %s: %s", v.Invariant, v.Anomaly, v.Summary)
			}
			for _, f := range r.StoreFindings {
				t.Logf("  %s: %s", f.Kind, f.Summary)
			}
		}
	}
	t.Log(verdicts, open)
	if verdicts[check.OK] == 0 {
		t.Errorf("no case was ok: %v", verdicts)
	}
}

// TestPlantedBugsAreFoundBySkewedClocks: what is wrong whatever the time is found with clocks
// that are seconds apart, and so is a stale load that is older than the bounds are wide.
func TestPlantedBugsAreFoundBySkewedClocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct {
		core, scenario string
		want           check.Invariant
		least          int // percent
	}{
		{"unlocked", "sustained-contention", check.NothingLost, 100},
		{"unlocked", "storm", check.OneChain, 100},
		{"check-then-write", "sustained-contention", check.OneChain, 100},
		{"cached-load", "removed-field", check.RealTime, 50},
		{"cached-load", "two-users-same-field", check.RealTime, 50},
	} {
		spec, err := cores.Find(c.core)
		if err != nil {
			t.Fatal(err)
		}
		cases, found := 0, 0
		for seed := range experiment(20, 200) {
			h, events := played(t, c.scenario, spec, uint64(seed))
			if judge(apart{h, events}).Found[c.want] == 0 {
				continue
			}
			skewed := takeApart(h, events, 2+rng.IntN(3), rng).skew(3*time.Second, 100e-6, rng)
			r := judge(skewed)
			cases++
			if r.Found[c.want] > 0 {
				found++
			}
			if len(r.StoreFindings) > 0 {
				t.Errorf("%s in %s, seed %d: the store is accused: %s", c.core, c.scenario, seed, r.StoreFindings[0].Summary)
			}
			for _, v := range r.Violations {
				checkWitness(t, skewed.events, v)
			}
		}
		t.Logf("%s in %s: %s in %d of %d", c.core, c.scenario, c.want, found, cases)
		if cases == 0 || percent(found, cases) < float64(c.least) {
			t.Errorf("%s in %s: %s is found in %d of %d", c.core, c.scenario, c.want, found, cases)
		}
	}
}

// checkWitness: what a witness tells is what was recorded, by the clock of its recorder.
func checkWitness(t *testing.T, events []*history.Event, v check.Violation) {
	t.Helper()
	if len(v.Witness) == 0 {
		t.Errorf("%s has no witness", v.Summary)
	}
	for _, e := range v.Witness {
		if !slices.ContainsFunc(events, func(told *history.Event) bool {
			asRead := told.Kind == history.Head && e.Kind == history.Get // a look is a read to the judge
			return (told.Kind == e.Kind || asRead) && told.At == e.At && told.Clock == e.Clock && told.Actor == e.Actor && told.Op == e.Op
		}) {
			t.Errorf("%s: nobody has told of the %s of %s at %d by clock %d", v.Summary, e.Kind, e.Actor, e.At, e.Clock)
		}
	}
}
