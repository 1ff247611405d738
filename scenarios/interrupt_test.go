package scenarios

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// stopping is a virtual world that is interrupted between two of its events, and not
// only where it looks for an interrupt by itself.
type stopping struct {
	*world.Virtual
	stop context.CancelFunc // of the tasks' context
}

func (w *stopping) Run(ctx context.Context, main func(context.Context)) error {
	return w.Virtual.Run(ctx, func(ctx context.Context) {
		ctx, w.stop = w.WithTimeout(ctx, 10_000*time.Hour)
		defer w.stop()
		main(ctx)
	})
}

// cutAt is a sink that interrupts a run at a certain event, before others see it.
type cutAt struct {
	memory
	event     int // from 1; 0: never
	interrupt func()
	seen      atomic.Int64
}

func (c *cutAt) Add(e *history.Event) {
	c.memory.Add(e)
	if int(c.seen.Add(1)) == c.event {
		c.interrupt()
	}
}

// interruptible is a scenario of the library, short enough to be played often.
func interruptible(t *testing.T, name, core string, via Via, seed uint64) *Run {
	t.Helper()
	s := must(Open(name))
	if via == ViaAPI {
		s.Via, s.Codec = ViaAPI, JSON
	}
	if s.Duration > 0 {
		if err := s.Bound(3); err != nil {
			t.Fatal(err)
		}
	}
	run := must(NewRun(s, must(cores.Find(core))))
	run.Seed = seed
	return run
}

// way is a scenario with a way to the archive.
type way struct {
	scenario string
	via      Via
}

// ways are those of all scenarios.
func ways() (all []way) {
	for _, name := range Names() {
		all = append(all, way{name, ViaCore})
	}
	for _, name := range viaAPI {
		all = append(all, way{name, ViaAPI})
	}
	return all
}

// cutVirtually plays a run in a virtual world up to an interrupt at an event.
func cutVirtually(t *testing.T, run *Run, event int) []*history.Event {
	t.Helper()
	crew := &world.Crew{}
	defer crew.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := run.VirtualPlayer()
	w := &stopping{Virtual: p.virtualWorld(crew)}
	sink := &cutAt{event: event, interrupt: func() {
		cancel()
		w.stop()
	}}
	if _, interrupted, err := p.Play(ctx, 1, w, sink); err != nil && !interrupted {
		t.Fatal(err)
	}
	return sink.events
}

// expectNothing: whatever clients were told, an interrupt violates nothing.
func expectNothing(t *testing.T, where string, events []*history.Event) {
	t.Helper()
	expectConsistent(t, where, events)
	judge := check.New(history.Header{})
	for _, e := range events {
		judge.Add(e)
		if e.Outcome == history.Failed && e.Interrupted && !forGood(events, e.Op) {
			t.Errorf("%s: %s was told of a failure, not that it was cancelled: %s", where, e.Actor, e.Text)
		}
	}
	for _, v := range judge.Finish().Violations {
		t.Errorf("%s: %s %s: %s", where, v.Invariant, v.Anomaly, v.Summary)
	}
}

// forGood reports whether a call of the operation had failed in a way that no retry mends, or
// what it asked for is refused: then it may be told of that, whatever came after.
func forGood(events []*history.Event, op int) bool {
	return slices.ContainsFunc(events, func(e *history.Event) bool {
		return e.Op == op && (e.Answer == history.OtherError || strings.Contains(e.Text, archive.ErrInvalid.Error()+" modification"))
	})
}

// TestInterrupt: of case "interrupt". The virtual world is interrupted at every kind of
// moment, some of them drawn for each scenario.
func TestInterrupt(t *testing.T) {
	const moments = 15
	interrupts := 0
	for _, w := range ways() {
		name, via := w.scenario, w.via
		rng := rand.New(rand.NewPCG(10, uint64(len(name))))
		for seed := range uint64(5) {
			all := len(cutVirtually(t, interruptible(t, name, "production", via, seed), 0))
			for range moments / 5 {
				event := 1 + rng.IntN(all-1) // but for the end itself
				where := fmt.Sprintf("%s via %q, seed %d, interrupted at event %d of %d", name, via, seed, event, all)
				events := cutVirtually(t, interruptible(t, name, "production", via, seed), event)
				if end := events[len(events)-1]; end.Kind != history.End || !end.Interrupted {
					t.Errorf("%s: the history does not say so", where)
				}
				expectNothing(t, where, events)
				interrupts++
			}
		}
	}
	if interrupts < 200 {
		t.Errorf("%d interrupts, want 200 at least", interrupts)
	}
}

// TestInterruptInTheRealWorld, at a random event of each scenario.
func TestInterruptInTheRealWorld(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.scenario+string(w.via), func(t *testing.T) {
			t.Parallel()
			name, via := w.scenario, w.via
			rng := rand.New(rand.NewPCG(11, uint64(len(name))))
			for seed := range uint64(3) {
				run := interruptible(t, name, "production", via, seed)
				event := 1 + rng.IntN(60)
				expectNothing(t, fmt.Sprintf("%s via %q, interrupted at event %d", name, via, event), cutReally(t, run, event))
			}
		})
	}
}

func cutReally(t *testing.T, run *Run, event int) []*history.Event {
	t.Helper()
	server := must(fakes3.Start())
	defer server.Close()
	store, settle := (*s3store.Store)(nil), func() {}
	if run.Scenario.Latency == nil && len(run.Scenario.Faults) == 0 {
		store = server.Store()
	} else {
		store = server.StoreVia(func(base http.RoundTripper) http.RoundTripper {
			n := network.NewTransport(base, run.AddedLatency(), run.TransportStream())
			t.Cleanup(func() { _ = n.Close() })
			settle = n.Wait
			return n
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sink := &cutAt{event: event, interrupt: cancel}
	_, err := run.Play(ctx, func(int) world.World {
		return world.NewReal(archive.WallClock{}, store.WithRequestTimeout(run.RequestTimeout()), settle)
	}, sink)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(sink.events)
}

// TestInterruptHidesNoViolation: what was complete before the interrupt is still found,
// and what was not is nobody's fault.
func TestInterruptHidesNoViolation(t *testing.T) {
	for _, c := range []struct {
		scenario, core string
		invariant      check.Invariant
	}{
		{"two-users", "unlocked", check.NothingLost},
		{"two-users", "documented", check.NoSilentOverwrite},
		{"burst", "unlocked", check.NothingLost},
		{"two-users-same-field", "last-writer-wins", check.NoSilentOverwrite},
	} {
		events := cutVirtually(t, interruptible(t, c.scenario, c.core, ViaCore, 1), 0)
		last := 0 // answer of a client
		for i, e := range events {
			if e.Kind == history.Return {
				last = i + 1
			}
		}
		for _, cut := range []struct {
			event int
			found bool
		}{{3, false}, {last + 1, true}, {len(events) - 1, true}} {
			judge := check.New(history.Header{})
			for _, e := range cutVirtually(t, interruptible(t, c.scenario, c.core, ViaCore, 1), cut.event) {
				judge.Add(e)
			}
			if report := judge.Finish(); !report.Interrupted || (report.Found[c.invariant] > 0) != cut.found {
				t.Errorf("%s with %s, interrupted at event %d of %d: found %v, want %s: %v",
					c.scenario, c.core, cut.event, len(events), report.Found, c.invariant, cut.found)
			}
		}
	}
}
