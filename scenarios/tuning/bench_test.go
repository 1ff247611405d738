package tuning

import (
	"testing"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
)

func benchRun(b testing.TB) scenarios.Run {
	s, err := scenarios.Open("backend-fan-in")
	if err != nil {
		b.Fatal(err)
	}
	s.Codec = scenarios.Compact
	doc, _ := scenarios.OpenDocument(s.Document)
	core, _ := cores.Find("production")
	return scenarios.Run{Scenario: s, Document: doc, Core: core, Seed: 1}
}

func BenchmarkBatch(b *testing.B) {
	c := Config{Run: benchRun(b), Workers: 2}
	p := c.player()
	m := p.measure(archive.DefaultPolicy())
	for b.Loop() {
		if err := p.batches(b.Context(), m, "x", 1, 7); err != nil {
			b.Fatal(err)
		}
	}
}
