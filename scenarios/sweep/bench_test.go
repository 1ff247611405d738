package sweep

import (
	"fmt"
	"runtime"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/network"
)

// experimentPoint is a point of the published backoff experiment.
func experimentPoint(tb testing.TB, kind string, clients, runs int) Point {
	tb.Helper()
	text := kind + "(base=5ms,cap=2s,retries=unlimited)"
	if kind == "none" {
		text = "none(retries=unlimited)"
	}
	s, err := scenarios.Open("burst")
	check := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	check(err)
	check(s.Scale(clients))
	l, err := network.ParseLatency("normal(10ms,2ms)")
	check(err)
	s.Latency = (*scenarios.Latency)(&l)
	doc, err := scenarios.OpenDocument("")
	check(err)
	spec, err := cores.Find("production")
	check(err)
	policy, err := archive.ParsePolicy(text)
	check(err)
	return Point{
		Params: Params{{Name: "policy", Value: text}, {Name: "clients", Value: fmt.Sprint(clients)}},
		Point: measure.Point{
			Run: scenarios.Run{Scenario: s, Document: doc, Core: spec, Policy: policy, Seed: 1, Repetitions: runs},
		},
	}
}

var experimentKinds = []string{"none", "exponential", "equal", "full", "decorrelated"}

// BenchmarkExperiment plays, judges and counts the whole published experiment, 95
// points of 100 runs, on all cores.
func BenchmarkExperiment(b *testing.B) {
	var points []Point
	for _, kind := range experimentKinds {
		for clients := 10; clients <= 190; clients += 10 {
			points = append(points, experimentPoint(b, kind, clients, 100))
		}
	}
	puts := 0.0
	for b.Loop() {
		measured, err := Play(b.Context(), Config{Points: points, Workers: runtime.GOMAXPROCS(0)})
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range measured {
			puts += p.PutsMean * float64(p.Runs)
		}
	}
	b.ReportMetric(puts/b.Elapsed().Seconds(), "attempts/s")
}
