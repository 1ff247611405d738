package tuning

import (
	"context"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/network"
)

// run is a scenario of the library with so many clients (0: its own) and a latency.
func run(t testing.TB, scenario string, clients int, latency string) scenarios.Run {
	t.Helper()
	s, err := scenarios.Open(scenario)
	if err != nil {
		t.Fatal(err)
	}
	return runOf(t, s, clients, latency)
}

// written is a scenario written for a test.
func written(t testing.TB, yaml, latency string) scenarios.Run {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return runOf(t, s, 0, latency)
}

func runOf(t testing.TB, s *scenarios.Scenario, clients int, latency string) scenarios.Run {
	t.Helper()
	if clients > 0 {
		if err := s.Scale(clients); err != nil {
			t.Fatal(err)
		}
	}
	l, err := network.ParseLatency(latency)
	if err != nil {
		t.Fatal(err)
	}
	s.Latency = (*scenarios.Latency)(&l)
	if s.Via != scenarios.ViaAPI {
		s.Codec = scenarios.Compact
	}
	layout, doc, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	core, err := cores.Find("production")
	if err != nil {
		t.Fatal(err)
	}
	return scenarios.Run{Scenario: s, Document: doc, Layout: layout, Core: core, Seed: 1}
}

func objective(t testing.TB, text string) Objective {
	t.Helper()
	o, err := ParseObjective(text)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func policy(t testing.TB, text string) archive.Policy {
	t.Helper()
	p, err := archive.ParsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// playedBy measures a policy.
func playedBy(t testing.TB, r scenarios.Run, policy archive.Policy, batches, repetitions int) *measured {
	t.Helper()
	c := Config{Run: r, Workers: 2}
	p := c.player()
	m := p.measure(policy)
	if err := p.batches(t.Context(), m, streamAdvice, batches, repetitions); err != nil {
		t.Fatal(err)
	}
	return m
}

// tuned plays the smallest plan, or so many evaluations.
func tuned(t testing.TB, c Config) *Result {
	t.Helper()
	if c.Evaluations == 0 {
		c.Evaluations = leastOf(t, c)
	}
	r, err := Tune(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func leastOf(t testing.TB, c Config) int {
	t.Helper()
	p := c.player()
	s, err := p.measureScale(context.Background(), c.Objective)
	if err != nil {
		t.Fatal(err)
	}
	return s.least()
}

// numbers marks a test that is about numbers only. The race detector makes it twenty
// times slower, and sees the same code in the tests that are left.
func numbers(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("not under the race detector: it plays what other tests play there")
	}
}
