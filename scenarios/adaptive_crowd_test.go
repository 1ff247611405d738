package scenarios

import (
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/archive"
)

// The adaptive policy where it could go wrong: docs/adaptive.md.

const (
	adaptive = "adaptive(cap=2s,retries=unlimited)"
	full50   = "full(base=50ms,cap=2s,retries=unlimited)" // the default's waits
	full5    = "full(base=5ms,cap=2s,retries=unlimited)"
)

// of plays a crowd under a policy, three times.
func (c crowd) of(t *testing.T, policy string) summary {
	t.Helper()
	var repetitions [][]*written
	c.policy = policy
	for c.seed = 1; c.seed <= 3; c.seed++ {
		repetitions = append(repetitions, c.play(t))
	}
	s := summarize(repetitions...)
	t.Logf("%-40s %v", policy, s)
	return s
}

// TestAdaptiveWithArrivals: writers come at random times for a minute. One exposure
// is 20 ms, so no policy commits more than 50 a second; one that spares writes
// commits fewer. Whatever the load, all get through, at a bounded cost.
func TestAdaptiveWithArrivals(t *testing.T) {
	for _, load := range []struct {
		perSecond int
		puts      float64       // at most
		p99       time.Duration // at most
	}{
		{5, 1.2, 300 * time.Millisecond},
		{15, 1.6, 600 * time.Millisecond},
		{25, 2.3, 2 * time.Second},
		{30, 2.9, 7 * time.Second},
		{40, 4.3, 17 * time.Second}, // more than it commits
	} {
		c := crowd{writers: load.perSecond * 60, arrive: func(_ int, rng *rand.Rand) time.Duration {
			return time.Duration(rng.Float64() * float64(time.Minute))
		}}
		t.Logf("%d a second", load.perSecond)
		s, full := c.of(t, adaptive), c.of(t, full50)
		if s.failed > 0 || s.puts > load.puts || s.p99 > load.p99 || s.p99 > full.p99*5/4 {
			t.Errorf("%d a second: %v, the default %v", load.perSecond, s, full)
		}
	}
}

// TestAdaptiveWithUnequalWriters: every tenth is ten times as far away. While the
// near ones commit, the far ones have no chance, and should not waste writes on it.
func TestAdaptiveWithUnequalWriters(t *testing.T) {
	c := crowd{writers: 50, farther: func(i int) time.Duration {
		if i%10 == 0 {
			return 9 * leg
		}
		return 0
	}}
	play := func(policy string) (near, far summary) {
		var nearer, farther [][]*written
		c.policy = policy
		for c.seed = 1; c.seed <= 3; c.seed++ {
			var n, f []*written
			for i, one := range c.play(t) {
				if i%10 == 0 {
					f = append(f, one)
				} else {
					n = append(n, one)
				}
			}
			nearer, farther = append(nearer, n), append(farther, f)
		}
		return summarize(nearer...), summarize(farther...)
	}
	near, far := play(adaptive)
	nearFull, farFull := play(full5)
	t.Logf("near: %v; full jitter %v", near, nearFull)
	t.Logf("far:  %v; full jitter %v", far, farFull)
	if near.puts > nearFull.puts || near.makespan > nearFull.makespan || far.puts > farFull.puts || far.makespan > 2*farFull.makespan {
		t.Error("one of them suffers")
	}
}

// TestAdaptiveWhenWritersStop: half of them leave after 500 ms. The others find that
// the object has become idle.
func TestAdaptiveWhenWritersStop(t *testing.T) {
	stop := func(i int) time.Duration {
		if i%2 == 0 {
			return 500 * time.Millisecond
		}
		return 0
	}
	s := crowd{writers: 100, stop: stop}.of(t, adaptive)
	if whole := (crowd{writers: 100}).of(t, adaptive); s.makespan > whole.makespan*8/10 {
		t.Errorf("with 100 writers %v, when half of them stop %v", whole, s)
	}
}

// TestAdaptiveSurvivesAStall: what was measured while the store stood still must
// not decide how long the call waits when it moves again.
func TestAdaptiveSurvivesAStall(t *testing.T) {
	const until = 10 * time.Second
	for _, from := range []time.Duration{
		0, // the first thing that a call measures is a read of 10 s
		500 * time.Millisecond,
	} {
		s := crowd{writers: 50, stall: func(at time.Duration) time.Duration {
			if at >= from && at < until {
				return until - at
			}
			return 0
		}}.of(t, adaptive)
		if s.failed > 0 || s.puts > 8 || s.makespan > until+5*time.Second {
			t.Errorf("stalled from %v to %v: %v", from, until, s)
		}
	}
}

// TestAdaptiveSurvivesClocks that jump, of all writers every 100 ms.
func TestAdaptiveSurvivesClocks(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, 100 * time.Millisecond, -100 * time.Millisecond, -time.Hour} {
		t.Log("jumps by", jump)
		s := crowd{writers: 50, clock: func(_ int, at time.Duration) time.Duration {
			return jump * (at / (100 * time.Millisecond)) // one for each that has passed
		}}.of(t, adaptive)
		if s.failed > 0 || s.puts > 10 || s.makespan > 5*time.Second {
			t.Errorf("a clock that jumps by %v: %v", jump, s)
		}
	}
}

// TestAdaptiveHonoursItsBounds: of cap, retries and deadline, also when it looks
// again instead of writing.
func TestAdaptiveHonoursItsBounds(t *testing.T) {
	const (
		most     = 200 * time.Millisecond
		retries  = 3
		deadline = 700 * time.Millisecond
		request  = 4 * 20 * time.Millisecond // a read and a write, at most
	)
	exhausted := 0
	for seed := range uint64(5) {
		for i, one := range (crowd{policy: "adaptive(cap=200ms,retries=3,deadline=700ms)", seed: seed, writers: 60}).play(t) {
			if archive.OutcomeOf(one.err) == archive.Exhausted {
				exhausted++
			} else if one.err != nil && archive.OutcomeOf(one.err) != archive.Unknown { // cut by the deadline
				t.Errorf("writer %d: %v", i, one.err)
			}
			if one.puts > retries+1 || one.latency > deadline+2*request || one.gets > 9*(retries+1)+1 {
				t.Errorf("writer %d: %d puts, %d gets, %v", i, one.puts, one.gets, one.latency)
			}
			for _, wait := range one.waits {
				if wait < 0 || wait > most {
					t.Errorf("writer %d waits %v", i, wait)
				}
			}
		}
	}
	if exhausted == 0 {
		t.Error("nobody reached a bound, so nothing was shown")
	}
}
