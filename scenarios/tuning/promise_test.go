package tuning

import (
	"math"
	"testing"

	"holdfast/archive"
)

// TestRetriesAreTheFewestThatKeepTheLimit: half of it, at the upper limit, with no margin on
// top; where the tail says nothing, twice what was needed.
func TestRetriesAreTheFewestThatKeepTheLimit(t *testing.T) {
	const chance, target = 0.4, 1e-6
	s := &search{Config: Config{Objective: objective(t, DefaultObjective)}}
	m := drawn(archive.Policy{Kind: archive.None, Retries: 200}, 20, 2000, geometric(chance))
	n := s.retries(m)
	for retries, within := range map[int]bool{n: true, n - 1: false} {
		if high := attemptsBeyond(m, retries+1).High; high <= target/2 != within {
			t.Errorf("with %d retries up to %.3g run out of attempts; %d are recommended", retries, high, n)
		}
	}
	if truth := math.Pow(1-chance, float64(n+1)); truth > target {
		t.Errorf("with %d retries %.3g run out of attempts in truth", n, truth)
	}
	few := drawn(archive.Policy{Kind: archive.None, Retries: 200}, 2, 50, geometric(chance))
	if got, most := s.retries(few), few.pooled().Attempts.Max; got != 2*most {
		t.Errorf("%d retries, where up to %d attempts were seen of too few operations", got, most)
	}
}

// TestThePromiseDecidesOnRetries: the race, with fewer operations, asked for more; what is in
// use keeps its own.
func TestThePromiseDecidesOnRetries(t *testing.T) {
	numbers(t)
	raced := policy(t, "full(base=50ms,cap=400ms,retries=150,deadline=25s)")
	for _, inUse := range []bool{false, true} {
		c := six(t)
		if inUse {
			c.Incumbents = []Incumbent{{"incumbent", raced}}
		}
		s := &search{Config: c, player: c.player(), result: &Result{}}
		var err error
		if s.scale, err = s.measureScale(t.Context(), c.Objective); err != nil {
			t.Fatal(err)
		}
		if err = s.decide(leastOf(t, c)); err != nil {
			t.Fatal(err)
		}
		m, err := s.playPromise(t.Context(), raced)
		if err != nil {
			t.Fatal(err)
		}
		if fewer := m.policy.Retries < raced.Retries/2; fewer == inUse || !s.keeps(m) {
			t.Errorf("in use: %v; promised is %v, %+v", inUse, m.policy, exhaustion(m))
		}
	}
}
