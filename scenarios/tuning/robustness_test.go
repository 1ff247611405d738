package tuning

import (
	"math"
	"strings"
	"testing"

	"holdfast/scenarios"
)

// TestTheRecommendationIsPlayedBesideItsPlan: with more clients, a slower store and 503s.
func TestTheRecommendationIsPlayedBesideItsPlan(t *testing.T) {
	r := sixTuned(t)
	var names []string
	for _, at := range r.Robustness {
		names = append(names, at.Setting)
		if at.Operations < cliffOperations/2 || at.P99.Value <= 0 || at.Puts.Value < 0.5 || at.Meets != (len(at.Missed) == 0) {
			t.Errorf("%+v", at)
		}
	}
	if all := strings.Join(names, "; "); !strings.HasPrefix(all, "12 clients; 18 clients; 30 clients; a store twice as slow; 503 to 50 %") {
		t.Error(all)
	}
	if slow, own := r.Robustness[3].P99.Value, r.Recommendation.Validated.P99.Value; slow < 1.3*own {
		t.Errorf("p99 is %.0f ms, and %.0f ms where the store is twice as slow", own, slow)
	}
}

// TestRobustnessDecides between policies that are as good: the cheaper one loses a part of
// its operations where there are more writers.
func TestRobustnessDecides(t *testing.T) {
	numbers(t)
	c := six(t)
	s := &search{Config: c, player: c.player(), result: &Result{}}
	var err error
	if s.scale, err = s.measureScale(t.Context(), c.Objective); err != nil {
		t.Fatal(err)
	}
	frail := playedBy(t, c.Run, policy(t, "full(base=45ms,cap=89ms,retries=60,deadline=1500ms)"), 8, 20)
	sturdy := playedBy(t, c.Run, policy(t, "full(base=45ms,cap=89ms,retries=200,deadline=25s)"), 8, 20)
	for _, equals := range [][]*measured{{frail, sturdy}, {sturdy, frail}} {
		best, err := s.sturdiest(t.Context(), equals)
		if err != nil {
			t.Fatal(err)
		}
		if best != sturdy || !strings.Contains(frail.falls, "30 clients") || sturdy.falls != "" {
			t.Errorf("%v; one falls: %q, the other: %q", best.policy, frail.falls, sturdy.falls)
		}
	}
	dearer := *sturdy
	if first, err := s.sturdiest(t.Context(), []*measured{sturdy, &dearer}); err != nil || first != sturdy {
		t.Errorf("of those that hold up the cheapest is the best: %v, %v", first, err)
	}
}

// TestRetriesAreSpareForMoreClients: three writers hardly need any, and thirty do.
func TestRetriesAreSpareForMoreClients(t *testing.T) {
	numbers(t)
	for target, spare := range map[string]bool{"exhausted.rate<1e-6, min latency_ms.p99": true, "exhausted.rate<0.01, min latency_ms.p99": false} {
		c := Config{Run: run(t, "burst", 3, legs), Objective: objective(t, target), Workers: 2}
		s := &search{Config: c, player: c.player()}
		var err error
		if s.scale, err = s.measureScale(t.Context(), c.Objective); err != nil {
			t.Fatal(err)
		}
		m := s.measure(policy(t, "full(base=5ms,cap=78ms,retries=8,deadline=25s)"))
		if err := s.spare(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if raised := m.policy.Retries > 8 && m.policy.Retries < 40; raised != spare {
			t.Errorf("%s: %v", target, m.policy)
		}
		s.Incumbents = []Incumbent{{"incumbent", policy(t, "full(base=5ms,cap=78ms,retries=8,deadline=25s)")}}
		used := s.measure(s.Incumbents[0].Policy)
		if err := s.spare(t.Context(), used); err != nil || used.policy.Retries != 8 {
			t.Errorf("what is in use becomes %v, %v", used.policy, err)
		}
	}
}

// TestRatesAreMultiplied, and clients where no load has one; what is played is not changed.
func TestRatesAreMultiplied(t *testing.T) {
	for name, r := range map[string]scenarios.Run{"8 updates a second": rated(t, 4, standard), "8 clients": run(t, "backend-fan-in", 4, standard)} {
		c := Config{Run: r}
		s := &search{Config: c, player: c.player()}
		at := s.settings(1000)
		load := *r.Scenario.Actors[0].Load
		if strings.Replace(at[0].name, ".00", "", 1) != name {
			t.Errorf("%q, want %q", at[0].name, name)
		}
		got := at[0].run.Scenario.Actors[0]
		if of := float64(got.Count) / float64(r.Scenario.Actors[0].Count) * math.Max(got.Load.Rate, 1) / math.Max(load.Rate, 1); of != 2 && got.Load.Rate != 2*load.Rate {
			t.Errorf("%+v", got)
		}
		if r.Scenario.Actors[0].Count > 10 || len(r.Scenario.Faults) > 0 || r.Latency() != at[0].run.Latency() {
			t.Errorf("the run was changed: %+v", r.Scenario)
		}
	}
}

// TestJitterIsPreferred: without jitter is recommended only what is better by a tenth than
// all that has it, and holds up; never what does not wait.
func TestJitterIsPreferred(t *testing.T) {
	numbers(t)
	c := Config{Run: run(t, "burst", 6, legs), Objective: objective(t, "exhausted.rate<1e-6, min latency_ms.p99"), Workers: 2}
	s := &search{Config: c, player: c.player(), result: &Result{}}
	var err error
	if s.scale, err = s.measureScale(t.Context(), c.Objective); err != nil {
		t.Fatal(err)
	}
	play := func(text string) *measured { return playedBy(t, c.Run, policy(t, text), 8, 30) }
	good, bad := play("full(base=20ms,cap=160ms,retries=40,deadline=25s)"), play("full(base=300ms,cap=2s,retries=40,deadline=25s)")
	steady := play("constant(base=80ms,retries=40,deadline=25s)")
	if steady.value(latencyP99) >= bad.value(latencyP99) {
		t.Fatalf("p99 of constant %.0f, of full %.0f", steady.value(latencyP99), bad.value(latencyP99))
	}
	for _, of := range []struct {
		ranked []*measured
		want   *measured
	}{
		{[]*measured{steady, bad}, steady},       // clearly better, and it holds up
		{[]*measured{steady, steady, good}, nil}, // see below
	} {
		if of.want == nil { // as if they were equal: a copy with other noise
			near := *good
			near.policy = steady.policy
			of.ranked, of.want = []*measured{&near, good}, good
		}
		if best, err := s.choose(t.Context(), of.ranked); err != nil || best != of.want {
			t.Errorf("%v, want %v; %v", best.policy, of.want.policy, err)
		}
	}
	short := play("constant(base=80ms,retries=40,deadline=900ms)") // thirty need longer
	if best, err := s.choose(t.Context(), []*measured{short, bad}); err != nil || best != bad || short.falls == "" {
		t.Errorf("%v, falls: %q; %v", best.policy, short.falls, err)
	}
	hasty := policy(t, "none(retries=60,deadline=25s)")
	alone := s.scale
	alone.contended = false
	if s.unfit(hasty) != neverWaits || alone.unfit(hasty) != "" {
		t.Errorf("where writes meet: %q, where they don't: %q", s.unfit(hasty), alone.unfit(hasty))
	}
}

// TestWhoEndsUnknownHasGivenUp: a call that its deadline ends before it has learned what
// became of its write is no success.
func TestWhoEndsUnknownHasGivenUp(t *testing.T) {
	r := written(t, `
name: silent
shows: A store that often does not answer a write.
why: For tests.
request_timeout: 1s
faults: ['no-answer(rate=0.5)']
actors:
  - {name: backend, kind: backend, count: 2, load: {operations: 5}}
`, legs)
	m := playedBy(t, r, policy(t, "full(base=50ms,cap=1s,retries=20,deadline=900ms)"), 4, 10)
	n := m.pooled().Counts
	if n.EndedUnknown == 0 {
		t.Fatalf("nobody ended unknown: %+v", n)
	}
	if g := exhaustion(m); g.Observed != n.Exhausted+n.EndedUnknown || g.Method != Counted || m.affected == 0 ||
		math.Abs(m.value(exhaustedRate)-float64(g.Observed)/float64(n.Operations)) > 1e-12 {
		t.Errorf("%+v of %+v", g, n)
	}
}
