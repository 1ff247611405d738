package world

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"holdfast/archive"
)

// TestCapacity: a store that serves so many requests a second serves who comes faster in the
// order of their arrival.
func TestCapacity(t *testing.T) {
	ends := map[string]time.Duration{}
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		w.turn = int64(5 * ms)
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
		w.turn = int64(2 * time.Second)
		_, _, err := w.Store("a").Get(ctx, "k")
		if !errors.Is(err, archive.ErrUnavailable) || w.since() != time.Second {
			t.Errorf("%v at %v", err, w.since())
		}
	})
}

// TestRefusalTakesItsOwnTime: of two writes of one version the second waits for the first, and
// is then refused without being served.
func TestRefusalTakesItsOwnTime(t *testing.T) {
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		setup := w.Store("harness/setup")
		etag, err := setup.Put(ctx, "k", []byte("1"), archive.Condition{})
		if err != nil {
			t.Fatal(err)
		}
		w.Latency.Write, w.Latency.Read, w.Latency.Refusal = mustDistribution("constant(30ms)"), mustDistribution("constant(5ms)"), mustDistribution("constant(2ms)")
		g := NewGroup(w)
		var ends []time.Duration
		for i, store := range []archive.Store{w.Store("a"), w.Store("b")} {
			g.Go(func() {
				_, err := store.Put(ctx, "k", fmt.Appendf(nil, "of %d", i), archive.IfMatch(etag))
				if refused := errors.Is(err, archive.ErrPreconditionFailed); refused != (i == 1) {
					t.Errorf("writer %d: %v", i, err)
				}
				ends = append(ends, w.since())
			})
		}
		g.Wait()
		if ends[0] != 50*ms || ends[1] != 52*ms {
			t.Errorf("ended at %v", ends)
		}
		began := w.since()
		if _, err := w.Store("c").Put(ctx, "k", nil, archive.IfMatch("stale")); !errors.Is(err, archive.ErrPreconditionFailed) || w.since()-began != 22*ms {
			t.Errorf("%v after %v", err, w.since()-began)
		}
	})
}
