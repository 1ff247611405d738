package world

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// TestCapacity: a store that serves so many requests a second serves who comes faster in the
// order of their arrival.
func TestCapacity(t *testing.T) {
	ends := map[string]time.Duration{}
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		w.Latency.Capacity.Reads = 200
		g := NewGroup(w)
		for i := range 3 {
			name := fmt.Sprint("k", i)
			store := w.Store(name)
			g.Go(func() {
				_ = w.Sleep(ctx, time.Duration(i)*ms)
				_, _, _ = store.Get(ctx, name)
				ends[name] = w.since()
			})
		}
		g.Wait()
	})
	if ends["k0"] != 25*ms || ends["k1"] != 30*ms || ends["k2"] != 35*ms {
		t.Errorf("%v", ends)
	}
}

// TestCapacityKeepsTheDeadline: whoever waits for the store's turn too long gives up.
func TestCapacityKeepsTheDeadline(t *testing.T) {
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		w.Latency.Capacity.Reads = 0.5
		_, _, err := w.Store("a").Get(ctx, "k")
		if !errors.Is(err, archive.ErrUnavailable) || w.since() != time.Second {
			t.Errorf("%v at %v", err, w.since())
		}
	})
}

// TestCapacityByKind: writes keep such a store busy for as long as they do, those that are
// refused for as long as a read.
func TestCapacityByKind(t *testing.T) {
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		w.Latency.Capacity = network.Capacity{Reads: 500, Writes: 100}
		s := w.Store("a")
		if _, err := s.Put(ctx, "k", []byte("1"), archive.IfAbsent()); err != nil || w.since() != 30*ms {
			t.Errorf("%v at %v", err, w.since())
		}
		if _, err := s.Put(ctx, "k", []byte("2"), archive.IfAbsent()); !errors.Is(err, archive.ErrPreconditionFailed) || w.since() != 52*ms {
			t.Errorf("%v at %v", err, w.since())
		}
	})
}

// TestWaitingForAnother: a write that finds another of its key in flight is decided when it has
// waited, be its version the current one when it arrives or not; one that finds none is refused
// in a refusal's time.
func TestWaitingForAnother(t *testing.T) {
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		etag, err := w.Store("harness/setup").Put(ctx, "k", []byte("1"), archive.Condition{})
		if err != nil {
			t.Fatal(err)
		}
		w.Latency.Write, w.Latency.Refusal, w.Latency.Waiting = mustDistribution("constant(30ms)"), mustDistribution("constant(2ms)"), mustDistribution("constant(70ms)")
		g := NewGroup(w)
		ends := map[string]time.Duration{}
		for _, writer := range []struct {
			name, etag string
			begins     time.Duration
		}{{"wins", etag, 0}, {"loses", etag, ms}, {"stale", "older", 2 * ms}, {"late", etag, 40 * ms}} {
			store := w.Store(writer.name)
			g.Go(func() {
				_ = w.Sleep(ctx, writer.begins)
				_, err := store.Put(ctx, "k", []byte(writer.name), archive.IfMatch(writer.etag))
				if refused := errors.Is(err, archive.ErrPreconditionFailed); refused != (writer.name != "wins") {
					t.Errorf("%s: %v", writer.name, err)
				}
				ends[writer.name] = w.since()
			})
		}
		g.Wait()
		if ends["wins"] != 50*ms || ends["loses"] != 91*ms || ends["stale"] != 92*ms || ends["late"] != 62*ms {
			t.Errorf("ended at %v", ends)
		}
	})
}

// TestPolling: who asks again and again is decided when nobody is in flight, and asking without
// a pause ends, too.
func TestPolling(t *testing.T) {
	for waiting, want := range map[string]time.Duration{"constant(20ms)": 61 * ms, "constant(0s)": 50 * ms} {
		mustPlay(t, func(ctx context.Context, w *Virtual) {
			etag, err := w.Store("harness/setup").Put(ctx, "k", []byte("1"), archive.Condition{})
			if err != nil {
				t.Fatal(err)
			}
			w.Latency.Write, w.Latency.Waiting, w.Latency.Polls = mustDistribution("constant(30ms)"), mustDistribution(waiting), true
			g := NewGroup(w)
			ends := map[string]time.Duration{}
			for i, name := range []string{"wins", "loses"} {
				store := w.Store(name)
				g.Go(func() {
					_ = w.Sleep(ctx, time.Duration(i)*ms)
					_, err := store.Put(ctx, "k", []byte(name), archive.IfMatch(etag))
					if refused := errors.Is(err, archive.ErrPreconditionFailed); refused != (name == "loses") {
						t.Errorf("%s: %v", name, err)
					}
					ends[name] = w.since()
				})
			}
			g.Wait()
			if ends["wins"] != 50*ms || ends["loses"] != want {
				t.Errorf("%s: ended at %v", waiting, ends)
			}
		})
	}
}
