package measure

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
)

// throttledBy is a simulation of a scenario with a store that bears only so much.
func throttledBy(t *testing.T, yaml, limit, policy string, repetitions, workers int) simulation {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", fmt.Appendf(nil, yaml, limit))
	if err != nil {
		t.Fatal(err)
	}
	layout, doc, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	core, err := cores.Find("production")
	if err != nil {
		t.Fatal(err)
	}
	p, err := archive.ParsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	return simulation{
		run: scenarios.Run{Scenario: s, Document: doc, Layout: layout, Core: core, Policy: p, Seed: 5, Repetitions: repetitions}, workers: workers,
	}
}

func countsOf(t *testing.T, s simulation) Counts {
	t.Helper()
	m, _ := s.play(t.Context(), t)
	return m.Counts
}

// apart are writers who arrive at 200 a second, mostly for objects that nobody else has.
const apart = `
name: apart
shows: What a store bears.
why: For tests.
latency: constant(2ms)
objects: {count: 400}
faults: ['%s']
actors: [{name: backend, kind: backend, count: 20, load: {rate: 10, operations: 100}}]
`

// TestThrottlingFollowsTheOfferedLoad: below the rate none is refused, above it what is
// beyond, and reads have a bound of their own.
func TestThrottlingFollowsTheOfferedLoad(t *testing.T) {
	const offered, operations = 200., 2000.
	for _, c := range []struct {
		limit string
		puts  float64 // the share of writes that is refused
	}{
		{"throttle(writes=300,reads=300,burst=20)", 0},
		{"throttle(writes=100,burst=20)", 1 - 100/offered - 20/operations},
		{"throttle(writes=50,burst=1)", 1 - 50/offered},
		{"throttle(writes=50,burst=1000000)", 0},
		{"throttle(writes=50,burst=1,from=5s)", (1 - 50/offered) / 2},
		{"throttle(writes=50,burst=1,to=5s)", (1 - 50/offered) / 2},
	} {
		n := countsOf(t, throttledBy(t, apart, c.limit, "none(retries=0)", 1, 1))
		if got := float64(n.Throttled) / float64(n.Puts); n.Puts < operations*0.95 || math.Abs(got-c.puts) > 0.04 {
			t.Errorf("%s: of %d writes %.3f are refused, want %.3f", c.limit, n.Puts, got, c.puts)
		}
	}
	if n := countsOf(t, throttledBy(t, apart, "throttle(reads=100,burst=1)", "none(retries=0)", 1, 1)); n.Throttled != 0 || n.Puts > operations*0.6 {
		t.Errorf("of reads: %+v", n)
	}
}

const rush = `
name: rush
shows: A hundred writers of one object, at once.
why: For tests.
latency: normal(10ms,2ms)
faults: ['%s']
actors: [{name: backend, kind: backend, count: 100, load: {operations: 1}}]
`

// TestWhoRetriesAtOnceMakesThrottlingWorse: with the same number of retries more requests
// are refused. The floor of the waits bounds it, so that nobody gives up, also where a
// refusal costs the store something.
func TestWhoRetriesAtOnceMakesThrottlingWorse(t *testing.T) {
	const once, waits = "none(retries=60)", "full(base=40ms,cap=2s,retries=60)"
	for _, limit := range []string{"throttle(writes=200,burst=10)", "throttle(writes=200,burst=10,refused=0.1)"} {
		hasty, patient := countsOf(t, throttledBy(t, rush, limit, once, 2, 2)), countsOf(t, throttledBy(t, rush, limit, waits, 2, 2))
		if 2*hasty.Throttled < 3*patient.Throttled || patient.Throttled == 0 {
			t.Errorf("%s: %d are refused of who retries at once, %d of who waits", limit, hasty.Throttled, patient.Throttled)
		}
		if patient.Exhausted+hasty.Exhausted > 0 {
			t.Errorf("%s: %d who retry at once give up, %d who wait", limit, hasty.Exhausted, patient.Exhausted)
		}
	}
}

// TestThrottlingIsTheSameEverywhere: to the byte, whatever the number of processors and
// workers.
func TestThrottlingIsTheSameEverywhere(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []byte
	for _, c := range []struct{ processors, workers int }{{1, 1}, {1, 4}, {2, 1}, {2, 4}} {
		runtime.GOMAXPROCS(c.processors)
		s := throttledBy(t, rush, "throttle(writes=199.7,reads=333,burst=7,refused=0.03)", "default", 6, c.workers)
		events, _ := outcome(t, s)
		if first == nil {
			if first = events; countsOf(t, s).Throttled == 0 {
				t.Error("nothing is throttled")
			}
		}
		if !bytes.Equal(first, events) {
			t.Errorf("%+v: another history", c)
		}
	}
}
