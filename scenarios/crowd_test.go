package scenarios

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/compact"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// crowd is writers of one object in a virtual world, each of which does one append
// with the production core. What scenarios can't say yet is said here: who comes
// when, who is far away, whose clock jumps and when the store stalls.
type crowd struct {
	policy  string
	latency string // "": that of the experiment
	objects int    // of which each writer has one, in turn; 0: one
	seed    uint64
	// writers are told apart by their number, from 0.
	writers int
	arrive  func(i int, rng *rand.Rand) time.Duration // nil: all at once
	farther func(i int) time.Duration                 // added to each leg; nil: nothing
	stop    func(i int) time.Duration                 // when the writer is stopped; 0: never
	clock   func(i int, at time.Duration) time.Duration
	stall   func(at time.Duration) time.Duration // how long a request sent then is held up
}

// written is what became of a writer.
type written struct {
	err        error
	gets, puts int
	began      time.Duration
	latency    time.Duration
	waits      []time.Duration
}

const leg = 10 * time.Millisecond

// play returns what became of each writer and checks that no append is lost.
func (c crowd) play(t *testing.T) []*written {
	t.Helper()
	crew := &world.Crew{}
	defer crew.Close()
	stream := func(of string) *rand.Rand {
		h := uint64(17)
		for _, b := range []byte(of) {
			h = h*31 + uint64(b)
		}
		return rand.New(rand.NewPCG(c.seed, h))
	}
	w := world.NewVirtual(world.Config{
		Latency: must(network.ParseLatency(cmp.Or(c.latency, experimentLatency))), RequestTimeout: time.Hour, Crew: crew, Rand: stream,
	})
	policy := must(archive.ParsePolicy(c.policy))
	all := make([]*written, c.writers)
	err := w.Run(t.Context(), func(ctx context.Context) {
		setup := must(archive.New(archive.Options{Store: w.Store("setup"), Clock: w, Rand: stream("setup ids"), Codec: compact.Codec}))
		for n := range max(1, c.objects) {
			document := must(archive.ParseChange(fmt.Appendf(nil, `{"changeId": %q}`, c.object(n))))
			must(setup.Create(ctx, c.object(n), compact.FromChange(document), archive.Modification{ID: "first", UserID: "setup", Type: archive.Created}))
		}
		start := w.Elapsed()
		arrivals, group := stream("arrivals"), world.NewGroup(w)
		for i := range all {
			all[i] = &written{}
			var at time.Duration
			if c.arrive != nil {
				at = c.arrive(i, arrivals)
			}
			group.Go(func() { c.write(ctx, w, i, start+at, policy, stream(fmt.Sprint("jitter ", i)), all[i]) })
		}
		group.Wait()
		for i, one := range all {
			final := must(setup.Load(ctx, c.object(i)))
			there := final.Document.HasModification(fmt.Sprint("m", i))
			if there != (one.err == nil) && archive.OutcomeOf(one.err) != archive.Unknown {
				t.Errorf("writer %d: %v, and its modification is there: %v", i, one.err, there)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// object is the one that a writer has.
func (c crowd) object(i int) string { return fmt.Sprint("C", i%max(1, c.objects)) }

// write is what a writer does, from its arrival on.
func (c crowd) write(ctx context.Context, w *world.Virtual, i int, at time.Duration, policy archive.Policy, rng *rand.Rand, of *written) {
	_ = w.Sleep(ctx, at-w.Elapsed())
	if c.stop != nil && c.stop(i) > 0 {
		var cancel context.CancelFunc
		ctx, cancel = w.WithTimeout(ctx, c.stop(i))
		defer cancel()
	}
	a := must(archive.New(archive.Options{
		Store: &far{Store: w.Store(fmt.Sprint("writer ", i)), world: w, crowd: c, i: i, of: of}, Policy: policy,
		Clock: skewed{w, c, i}, Rand: rng, Codec: compact.Codec,
		Observer: archive.Observer{Wait: func(_ context.Context, info archive.WaitInfo) { of.waits = append(of.waits, info.Wait) }},
	}))
	of.began = w.Elapsed()
	_, of.err = a.Append(ctx, c.object(i), archive.Edit{Modifications: []archive.Modification{
		{ID: fmt.Sprint("m", i), Timestamp: "2026-01-02T03:04:05Z", UserID: "u", Type: archive.Processed},
	}})
	of.latency = w.Elapsed() - of.began
}

// skewed is the clock of a writer.
type skewed struct {
	*world.Virtual
	crowd crowd
	i     int
}

func (s skewed) Now() time.Time {
	now := s.Virtual.Now()
	if s.crowd.clock == nil {
		return now
	}
	return now.Add(s.crowd.clock(s.i, s.Elapsed()))
}

// far is the store as a writer reaches it.
type far struct {
	archive.Store
	world *world.Virtual
	crowd crowd
	i     int
	of    *written
}

func (f *far) away(ctx context.Context) {
	var d time.Duration
	if f.crowd.stall != nil {
		d += f.crowd.stall(f.world.Elapsed())
	}
	if f.crowd.farther != nil {
		d += f.crowd.farther(f.i)
	}
	_ = f.world.Sleep(ctx, d)
}

func (f *far) Get(ctx context.Context, key string) ([]byte, string, error) {
	f.of.gets++
	f.away(ctx)
	body, etag, err := f.Store.Get(ctx, key)
	f.away(ctx)
	return body, etag, err
}

func (f *far) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	f.of.puts++
	f.away(ctx)
	etag, err := f.Store.Put(ctx, key, body, cond)
	f.away(ctx)
	return etag, err
}

// summary is what a crowd costs, over some repetitions.
type summary struct {
	puts, gets  float64 // for each writer that committed
	median, p99 time.Duration
	makespan    time.Duration // the longest
	failed      int
}

func summarize(repetitions ...[]*written) summary {
	var s summary
	var latencies []time.Duration
	for _, all := range repetitions {
		first, last := all[0].began, time.Duration(0)
		for _, one := range all {
			s.puts, s.gets = s.puts+float64(one.puts), s.gets+float64(one.gets)
			first = min(first, one.began)
			if one.err != nil {
				s.failed++
				continue
			}
			latencies = append(latencies, one.latency)
			last = max(last, one.began+one.latency)
		}
		s.makespan = max(s.makespan, last-first)
	}
	if n := len(latencies); n > 0 {
		slices.Sort(latencies)
		s.puts, s.gets = s.puts/float64(n), s.gets/float64(n)
		s.median, s.p99 = latencies[n/2], latencies[n*99/100]
	}
	return s
}

func (s summary) String() string {
	return fmt.Sprintf("%.2f puts, %.2f gets, median %v, p99 %v, makespan %v, %d failed",
		s.puts, s.gets, s.median.Round(time.Millisecond), s.p99.Round(time.Millisecond), s.makespan.Round(time.Millisecond), s.failed)
}
