package measure

import (
	"hash/fnv"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// TestJoinedNumbersAreThoseOfOneRecorder: several recorders, each by a clock of its own, that
// have seen a run together give the numbers of one that has seen all of it.
func TestJoinedNumbersAreThoseOfOneRecorder(t *testing.T) {
	for _, name := range []string{"sustained-contention", "storm", "backend-fan-in"} {
		run, err := scenarios.Prepare(name, scenarios.Choice{Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		point := Point{Run: *run}
		var events []*history.Event
		virtual := run.Virtual()
		if _, err := virtual.Play(t.Context(), 1, sinkOf(func(e *history.Event) { events = append(events, e.Clone()) })); err != nil {
			t.Fatal(err)
		}
		virtual.Close()
		offsets := []int64{0, 3_000_000_000, 17_000, 250_000_000}
		var alone, several joined
		for _, e := range events {
			alone.Add(e.Clone())
			for clock, offset := range offsets {
				h := fnv.New32()
				_, _ = h.Write([]byte(e.Actor))
				if e.Kind != history.Begin && int(h.Sum32())%len(offsets) != clock {
					continue
				}
				shifted := e.Clone()
				shifted.Clock, shifted.At, shifted.Start = clock, e.At+offset, e.Start+offset
				for _, at := range []*int64{&shifted.Due, &shifted.Asked} {
					if *at > 0 {
						*at += offset
					}
				}
				several.Add(shifted)
			}
		}
		want, got := numbersOf(&alone, point.Header()), numbersOf(&several, point.Header())
		if len(several.by) != len(offsets) {
			t.Fatalf("%s: there are %d clocks", name, len(several.by))
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Counts{})); diff != "" {
			t.Errorf("%s: one recorder (-), several (+):\n%s", name, diff)
		}
	}
}

type sinkOf func(*history.Event)

func (f sinkOf) Add(e *history.Event) { f(e) }

// numbersOf is what a result has of the numbers, but for when by no clock in particular.
func numbersOf(j *joined, h history.Header) Measurement {
	c := j.collector()
	var m Measurement
	m.Repetitions = 1
	c.Fill(&m, check.Counts{})
	c.detail(&m, h)
	m.Elapsed = 0
	slices.Sort(m.Latencies)
	return m
}
