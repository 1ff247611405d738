package tuning

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holdfast/archive"
)

// TestTheFirstCandidatesGrowWithTheWriters, and leave out what theory calls hopeless where
// writes are limited.
func TestTheFirstCandidatesGrowWithTheWriters(t *testing.T) {
	bounds := archive.Policy{Retries: 10}
	const attempt, exposure = 83 * time.Millisecond, 66 * time.Millisecond
	for _, writers := range []time.Duration{2, 30, 1000} {
		window := writers * exposure
		widest := func(all []archive.Policy) (base time.Duration) {
			for _, p := range all {
				base = max(base, p.Base)
			}
			return base
		}
		free := crowd{attempt: attempt, window: window}
		if base, want := widest(free.grid(bounds)), max(window, 8*attempt); base < want*9/10 || base > want*11/10 {
			t.Errorf("%d writers: the largest base is %v, want %v", writers, base, want)
		}
		limited := free
		limited.puts = 6
		none := slices.ContainsFunc(limited.grid(bounds), func(p archive.Policy) bool { return p.Kind == archive.None })
		if none != (window/24 <= attempt) {
			t.Errorf("%d writers: none is searched: %v", writers, none)
		}
		for _, p := range limited.grid(bounds) {
			if p.Kind.HasCap() && p.Cap < window/25 {
				t.Errorf("%d writers: %v needs more than 24 writes", writers, p)
			}
		}
		if all := len(free.grid(bounds)); all < 40 || all > 90 {
			t.Errorf("%d writers: %d candidates", writers, all)
		}
	}
}

// TestADeadlineForAShare: of exponential latencies, and of those that were counted.
func TestADeadlineForAShare(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, share := range []float64{0.1, 0.001, 1e-6} {
		var sorted []int64 // microseconds
		for range 20_000 {
			sorted = append(sorted, int64(100_000*rng.ExpFloat64()))
		}
		slices.Sort(sorted)
		want := -100 * math.Log(share) // milliseconds
		if d := ms(deadlineFor(sorted, share)); math.Abs(d-want) > 0.15*want {
			t.Errorf("%g of the operations need more than %v ms, want %v", share, d, want)
		}
	}
	if d := deadlineFor(nil, 0.1); d != 0 {
		t.Errorf("nothing was measured, and it needs %v", d)
	}
}
