package measure

import (
	"fmt"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/telemetry"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
)

// BenchmarkSimulate is how many write attempts of the published backoff experiment
// one core plays, records, judges and counts a second; scenarios has what playing
// and recording alone cost.
func BenchmarkSimulate(b *testing.B) {
	for _, text := range []string{"none(retries=unlimited)", "full(base=5ms,cap=2s,retries=unlimited)"} {
		b.Run(text, func(b *testing.B) {
			s, err := scenarios.Open("burst")
			if err != nil {
				b.Fatal(err)
			}
			l, err := network.ParseLatency("normal(10ms,2ms)")
			if err != nil {
				b.Fatal(err)
			}
			s.Latency = (*scenarios.Latency)(&l)
			doc, err := scenarios.OpenDocument("")
			if err != nil {
				b.Fatal(err)
			}
			spec, err := cores.Find("production")
			if err != nil {
				b.Fatal(err)
			}
			policy, err := archive.ParsePolicy(text)
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Scale(100); err != nil {
				b.Fatal(err)
			}
			run := scenarios.Run{Scenario: s, Document: doc, Core: spec, Policy: policy, Repetitions: 20}
			puts := 0
			b.ReportAllocs()
			for b.Loop() {
				run.Seed++
				all, err := Play(b.Context(), Plan{[]Point{{Run: run}}}, Config{Workers: 1})
				if err != nil {
					b.Fatal(err)
				}
				puts += all[0].Counts.Puts
			}
			b.ReportMetric(float64(puts)/b.Elapsed().Seconds(), "attempts/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkDetail is what it takes to compare 10,000 actors of a million operations, once for
// a run.
func BenchmarkDetail(b *testing.B) {
	c := NewCollector()
	for i := range 1_000_000 {
		actor := int32(i % 10_000)
		if i < 10_000 {
			c.actors.number(fmt.Sprint("actor-", i))
		}
		c.latencies = append(c.latencies, int64(i*7919%1_000_003+1))
		c.answered = append(c.answered, Answered{actor, 1})
		c.watch.Add(telemetry.Update{Service: telemetry.Backend, Outcome: archive.Committed, Elapsed: time.Duration(i*7919%1_000_003) * time.Microsecond})
	}
	b.ReportAllocs()
	for b.Loop() {
		c.detail(&Measurement{Rates: map[string]float64{}}, history.Header{})
	}
}
