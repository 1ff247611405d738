package scenarios

import (
	"fmt"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
)

// puts counts write attempts and keeps nothing.
type puts int

func (n *puts) Add(e *history.Event) {
	if e.Kind == history.Put && e.Op > 0 {
		*n++
	}
}

// BenchmarkBurst is how many write attempts a second the virtual world plays on
// one core: production core, scheduler, network, model store and recorder, without
// judging them (reports has that). The cost of an attempt should grow no faster
// than the logarithm of the number of clients.
func BenchmarkBurst(b *testing.B) {
	for _, clients := range []int{10, 100, 1000, 10_000} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			s := must(Open("burst"))
			if err := s.Scale(clients); err != nil {
				b.Fatal(err)
			}
			latency := Latency(must(network.ParseLatency("normal(10ms,2ms)")))
			s.Latency = &latency
			run := must(NewRun(s, must(cores.Find("production"))))
			run.Seed, run.Repetitions = 0, max(1, 20_000/(clients*clients))
			run.Policy = must(archive.ParsePolicy("full(base=5ms,cap=2s,retries=unlimited)"))
			if clients >= 1000 { // or most would be spent on waiting for each other
				run.Policy.Cap *= 10
			}
			var attempts puts
			b.ReportAllocs()
			for b.Loop() {
				run.Seed++ // the repetitions of a run share a crew, as they do in use
				_, err := playVirtual(b.Context(), run, into(&attempts), nil)
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(attempts)/b.Elapsed().Seconds(), "attempts/s")
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(attempts), "ns/attempt")
			b.ReportMetric(0, "ns/op")
		})
	}
}
