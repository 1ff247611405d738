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

// TestOverlap: for how much of the time all were at work is told if it is known how far the
// clocks are apart, and not made up if it isn't.
func TestOverlap(t *testing.T) {
	shards := []history.Shard{{Number: 0, Attempt: 1}, {Number: 1, Attempt: 1}}
	at := func(clock int, kind history.Kind, at int64) *history.Event {
		return &history.Event{Kind: kind, Clock: clock, Actor: "harness", Do: "append", Op: clock + 1, Key: "a.json", At: at, Outcome: history.Failed, Repetition: 1}
	}
	const second = int64(1e9)
	overlap := func(shards []history.Shard, ahead int64) *Overlap {
		var c joined
		h := history.Header{World: "real", Recorders: 2, Shards: shards}
		j := check.New(h)
		for _, e := range []*history.Event{ // the second begins 2 s later
			at(0, history.Begin, 0), at(1, history.Begin, ahead+2*second),
			at(0, history.Invoke, 1), at(1, history.Invoke, ahead+2*second+1),
			at(0, history.Return, 6*second), at(1, history.Return, ahead+8*second),
			{Kind: history.End, At: ahead + 9*second},
		} {
			c.Add(e)
			j.Add(e)
		}
		return c.overlap(j.Finish().Alignment)
	}
	if o := overlap(shards, 0); o == nil || o.Shards != 2 || o.Share != 0 || o.WithinMS != 0 {
		t.Errorf("nothing is known of the clocks: %+v", o)
	}
	met := slices.Clone(shards)
	met[0].Ready, met[0].Go = -3e6, -1e6
	met[1].Ready, met[1].Go = 1000*second-3e6, 1000*second-1e6
	if o := overlap(met, 1000*second); o == nil || o.Share < 0.499 || o.Share > 0.501 || o.WithinMS < 1 || o.WithinMS > 10 {
		t.Errorf("4 s of 8 s, to within milliseconds: %+v", o)
	}
}
