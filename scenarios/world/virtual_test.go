package world

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

const ms = time.Millisecond

// play runs main in a world with constant legs of 10 ms and a timeout of 1 s.
func play(t *testing.T, main func(ctx context.Context, w *Virtual)) error {
	t.Helper()
	crew := &Crew{}
	defer crew.Close()
	latency, err := network.ParseLatency("constant(10ms)")
	if err != nil {
		t.Fatal(err)
	}
	w := NewVirtual(Config{
		Latency: latency, RequestTimeout: time.Second, Crew: crew,
		Rand: func(string) *rand.Rand { return rand.New(rand.NewPCG(1, 2)) },
	})
	return w.Run(t.Context(), func(ctx context.Context) { main(ctx, w) })
}

func mustPlay(t *testing.T, main func(ctx context.Context, w *Virtual)) {
	t.Helper()
	if err := play(t, main); err != nil {
		t.Fatal(err)
	}
}

func (w *Virtual) since() time.Duration { return w.Now().Sub(Epoch) }

// TestOrder: tasks wake in the order of time, those of one instant in the order in
// which they were planned.
func TestOrder(t *testing.T) {
	var order []string
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		g := NewGroup(w)
		for name, d := range map[string]time.Duration{"a20": 20 * ms, "b5": 5 * ms, "c10": 10 * ms} {
			g.Go(func() {
				if err := w.Sleep(ctx, d); err != nil {
					t.Error(err)
				}
				order = append(order, name)
			})
		}
		g.Wait()
		for _, name := range []string{"x", "y", "z"} {
			w.Go(func() { _ = w.Sleep(ctx, ms); order = append(order, name) })
		}
	})
	if got := strings.Join(order, " "); got != "b5 c10 a20 x y z" {
		t.Error(got)
	}
}

func TestExactTimes(t *testing.T) {
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		s := w.Store("a")
		if _, err := s.Put(ctx, "k", []byte("1"), archive.IfAbsent()); err != nil || w.since() != 20*ms {
			t.Errorf("%v at %v", err, w.since())
		}
		w.Latency.Read, w.Latency.Write = mustDistribution("constant(5ms)"), mustDistribution("constant(30ms)")
		if _, _, err := s.Get(ctx, "k"); err != nil || w.since() != 45*ms {
			t.Errorf("%v at %v", err, w.since())
		}
		if _, err := s.Put(ctx, "k", []byte("2"), archive.Condition{}); err != nil || w.since() != 95*ms {
			t.Errorf("%v at %v", err, w.since())
		}
	})
}

func mustDistribution(text string) network.Distribution {
	d, err := network.ParseDistribution(text)
	if err != nil {
		panic(err)
	}
	return d
}

// TestWritesOfAKeyAreServedInTurn: of two conditional writes that overlap, the
// second is told 409, or waits for the first and is then decided.
func TestWritesOfAKeyAreServedInTurn(t *testing.T) {
	for _, c := range []struct {
		share float64
		want  error
	}{{1, archive.ErrConflict}, {0, archive.ErrPreconditionFailed}} {
		mustPlay(t, func(ctx context.Context, w *Virtual) {
			etag, err := w.Store("a").Put(ctx, "k", []byte("1"), archive.IfAbsent())
			if err != nil {
				t.Fatal(err)
			}
			w.Latency.Write, w.Latency.Conflict409 = mustDistribution("constant(30ms)"), c.share
			g := NewGroup(w)
			g.Go(func() {
				if _, err := w.Store("a").Put(ctx, "k", []byte("2"), archive.IfMatch(etag)); err != nil {
					t.Error(err)
				}
			})
			g.Go(func() {
				_ = w.Sleep(ctx, ms)
				if _, err := w.Store("b").Put(ctx, "k", []byte("3"), archive.IfMatch(etag)); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
			g.Wait()
		})
	}
}

// TestFaults: what a client is told, and what becomes of the write.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault    string
		put, get error
		applied  bool
	}{
		{"request-lost(nth=1,call=any)", archive.ErrOutcomeUnknown, archive.ErrUnavailable, false},
		{"reply-lost(nth=1,call=any)", archive.ErrOutcomeUnknown, archive.ErrUnavailable, true},
		{"500(nth=1,call=any)", archive.ErrOutcomeUnknown, archive.ErrUnavailable, true},
		{"503(nth=1)", archive.ErrThrottled, archive.ErrThrottled, false},
		{"409(nth=1)", archive.ErrConflict, nil, false},
		{"sent-twice(nth=1)", archive.ErrPreconditionFailed, nil, true},
		{"sent-twice(nth=1,answer=409)", archive.ErrConflict, nil, true},
		{"sent-twice(nth=1,answer=503)", archive.ErrThrottled, nil, true},
		{"no-answer(nth=1,call=any)", archive.ErrOutcomeUnknown, archive.ErrUnavailable, true},
		{"no-connection(nth=1,call=any)", archive.ErrUnavailable, archive.ErrUnavailable, false},
		{"answer(nth=1,as=503,call=any)", archive.ErrOutcomeUnknown, archive.ErrUnavailable, true},
		{"answer(nth=1,as=429,call=any)", archive.ErrThrottled, archive.ErrThrottled, false},
		{"answer(nth=1,as=200-no-etag,call=any)", archive.ErrOutcomeUnknown, archive.ErrUnavailable, true},
		{"answer(nth=1,as=200-SlowDown,call=any)", archive.ErrThrottled, archive.ErrUnavailable, false},
		{"answer(nth=1,as=403-RequestTimeTooSkewed,call=any)", archive.ErrUnavailable, archive.ErrUnavailable, false},
		{"answer(nth=1,as=200-412)", nil, nil, true}, // there is no refusal that it could hide
		{"slow(nth=1,by=100ms)", nil, nil, true},
		{"slow(nth=1,by=3s)", archive.ErrOutcomeUnknown, archive.ErrUnavailable, true},
	} {
		fault, err := network.ParseFault(c.fault)
		if err != nil {
			t.Fatal(err)
		}
		mustPlay(t, func(ctx context.Context, w *Virtual) {
			s := w.Store("a")
			etag, err := s.Put(ctx, "k", []byte("1"), archive.IfAbsent())
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Put(network.WithFault(ctx, fault), "k", []byte("2"), archive.IfMatch(etag))
			if !errors.Is(err, c.put) || c.put == nil && err != nil {
				t.Errorf("%s: the put is told %v, want %v", c.fault, err, c.put)
			}
			w.Settle(ctx)
			if body, _, err := s.Get(ctx, "k"); err != nil || (string(body) == "2") != c.applied {
				t.Errorf("%s: %q, %v; want it applied: %v", c.fault, body, err, c.applied)
			}
			if fault.Call == network.MethodPut {
				return // it befalls no read
			}
			if _, _, err = s.Get(network.WithFault(ctx, fault), "k"); !errors.Is(err, c.get) || c.get == nil && err != nil {
				t.Errorf("%s: the get is told %v, want %v", c.fault, err, c.get)
			}
		})
	}
}

// TestDeadlines: what waits under a context ends with it; a write that was under
// way is applied all the same.
func TestDeadlines(t *testing.T) {
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		short, cancel := w.WithTimeout(ctx, 5*ms)
		defer cancel()
		if err := w.Sleep(short, time.Hour); !errors.Is(err, context.DeadlineExceeded) || w.since() != 5*ms {
			t.Errorf("a sleep: %v at %v", err, w.since())
		}
		short, cancel = w.WithTimeout(ctx, 5*ms)
		defer cancel()
		s := w.Store("a")
		_, err := s.Put(short, "k", []byte("1"), archive.IfAbsent())
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, archive.ErrOutcomeUnknown) || w.since() != 10*ms {
			t.Errorf("a write: %v at %v", err, w.since())
		}
		if _, _, err := s.Get(short, "k"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, archive.ErrOutcomeUnknown) {
			t.Errorf("a read under a context that has ended: %v", err)
		}
		w.Settle(ctx)
		if _, _, err := s.Get(ctx, "k"); err != nil {
			t.Errorf("the write did not arrive: %v", err)
		}
		outer, cancelOuter := w.WithTimeout(ctx, time.Hour)
		inner, cancelInner := w.WithTimeout(outer, 2*time.Hour)
		defer cancelInner()
		w.Go(func() { _ = w.Sleep(ctx, 7*ms); cancelOuter() })
		from := w.since()
		if err := w.NewSignal().Wait(inner); !errors.Is(err, context.Canceled) || w.since() != from+7*ms {
			t.Errorf("a wait under a cancelled parent: %v after %v", err, w.since()-from)
		}
		if err := w.Sleep(context.WithoutCancel(inner), ms); err != nil {
			t.Errorf("a sleep that is cut off from it: %v", err)
		}
	})
}

func TestInterruption(t *testing.T) {
	crew := &Crew{}
	defer crew.Close()
	w := NewVirtual(Config{RequestTimeout: time.Second, Crew: crew, Rand: func(string) *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }})
	ctx, cancel := context.WithCancel(t.Context())
	slept := 0
	err := w.Run(ctx, func(ctx context.Context) {
		for w.Sleep(ctx, time.Second) == nil {
			if slept++; slept == 1000 {
				cancel()
			}
		}
	})
	if err != nil || slept < 1000 || slept > 1000+interval {
		t.Errorf("%v after %d sleeps", err, slept)
	}
}

func TestAWorldThatStandsStill(t *testing.T) {
	err := play(t, func(ctx context.Context, w *Virtual) { _ = w.NewSignal().Wait(ctx) })
	if !errors.Is(err, errStuck) {
		t.Errorf("got %v", err)
	}
}

func TestThrottling(t *testing.T) {
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		w.Throttle, w.meters = network.Throttle{Writes: 100}, map[string]*meters{}
		ctx = network.Metered(ctx)
		refused := 0
		g := NewGroup(w)
		for range 150 {
			g.Go(func() {
				if _, err := w.Store("a").Put(ctx, "k", []byte("1"), archive.Condition{}); errors.Is(err, archive.ErrThrottled) {
					refused++
				}
			})
		}
		g.Wait()
		if refused < 45 || refused > 50 {
			t.Errorf("%d of 150 writes at once were refused, where 100 a second are served", refused)
		}
	})
}

// TestEachKeyIsThrottledByItself: a store that bears one write a second of a key serves one of
// those that come at once, and the next when the second is over; reads and other keys have
// nothing to do with it. What is refused for its condition counts.
func TestEachKeyIsThrottledByItself(t *testing.T) {
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		w.Latency, w.meters = network.Latency{PerKey: network.Throttle{Writes: 1, Burst: 1}}, map[string]*meters{}
		s := w.Store("a")
		for i, c := range []struct {
			after time.Duration
			key   string
			cond  archive.Condition
			want  error
		}{
			{0, "a/1", archive.Condition{}, nil},
			{0, "a/1", archive.Condition{}, archive.ErrThrottled},
			{0, "a/2", archive.Condition{}, nil},
			{999 * time.Millisecond, "a/1", archive.Condition{}, archive.ErrThrottled},
			{time.Millisecond, "a/1", archive.IfMatch(`"stale"`), archive.ErrPreconditionFailed},
			{500 * time.Millisecond, "a/1", archive.Condition{}, archive.ErrThrottled},
			{500 * time.Millisecond, "a/1", archive.Condition{}, nil},
		} {
			if err := w.Sleep(ctx, c.after); err != nil {
				t.Fatal(err)
			}
			_, err := s.Put(ctx, c.key, []byte("1"), c.cond)
			if !errors.Is(err, c.want) {
				t.Errorf("write %d, of %s at %v: %v, want %v", i+1, c.key, w.Elapsed(), err, c.want)
			}
			if err != nil && c.want == archive.ErrThrottled && !strings.Contains(err.Error(), "429") {
				t.Errorf("write %d is told %v", i+1, err)
			}
			if _, _, err := s.Get(ctx, "a/1"); err != nil {
				t.Errorf("a read: %v", err)
			}
		}
		if _, err := w.Store("b").Put(ctx, "a/1", []byte("1"), archive.Condition{}); !errors.Is(err, archive.ErrThrottled) {
			t.Errorf("somebody else's write of the same key: %v", err)
		}
	})
}

// TestEachPrefixIsThrottledByItself, and only by calls that count.
func TestEachPrefixIsThrottledByItself(t *testing.T) {
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		w.Throttle, w.meters = network.Throttle{Writes: 1, Reads: 1, Burst: 2}, map[string]*meters{}
		s, counts := w.Store("a"), network.Metered(ctx)
		for i, c := range []struct {
			ctx     context.Context
			key     string
			refused bool
		}{
			{counts, "a/1", false}, {counts, "a/2", false}, {counts, "a/3", true}, {ctx, "a/1", false},
			{counts, "b/1", false}, {counts, "a/b/1", false}, {counts, "a/1", true},
		} {
			if _, err := s.Put(c.ctx, c.key, []byte("1"), archive.Condition{}); errors.Is(err, archive.ErrThrottled) != c.refused {
				t.Errorf("write %d, of %s: %v", i+1, c.key, err)
			}
		}
		if _, _, err := s.Get(counts, "a/1"); err != nil {
			t.Errorf("a read after too many writes: %v", err)
		}
		_ = w.Sleep(ctx, 2*time.Second)
		if _, err := s.Put(counts, "a/1", []byte("1"), archive.Condition{}); err != nil {
			t.Errorf("a write later: %v", err)
		}
	})
}

// TestTasksThatAreKilled: they unwind, and their coroutine does other work.
func TestTasksThatAreKilled(t *testing.T) {
	crew := &Crew{}
	defer crew.Close()
	unwound := false
	var task *Task
	task = crew.Start(func() {
		defer func() { unwound = true }()
		task.Park()
		t.Error("it goes on")
	})
	task.Resume()
	task.Kill()
	ran := false
	again := crew.Start(func() { ran = true })
	if again != task || again.Resume() || !ran || !unwound || len(crew.all) != 1 {
		t.Errorf("same coroutine: %v, ran: %v, unwound: %v", again == task, ran, unwound)
	}
}

// TestPanicOfATaskKeepsItsPlace: who resumes the task gets what it panicked with, and where.
func TestPanicOfATaskKeepsItsPlace(t *testing.T) {
	cause := errors.New("mine is broken")
	for _, killed := range []bool{false, true} {
		crew := &Crew{}
		task := crew.Start(func() {
			if killed {
				defer breaks(cause)
				crew.all[0].Park()
			}
			breaks(cause)
		})
		func() {
			defer func() {
				p, _ := recover().(*Panic)
				if p == nil || p.Value != cause || !strings.Contains(p.Error(), cause.Error()) || !strings.Contains(p.Error(), "world.breaks(") {
					t.Errorf("killed %v: %v", killed, p)
				}
			}()
			task.Resume()
			task.Kill()
		}()
	}
}

//go:noinline
func breaks(cause error) { panic(cause) }

// TestObjectsGrowToABound, which is that of the first body where that was large.
func TestObjectsGrowToABound(t *testing.T) {
	for first, most := range map[int]int{10: MostBody, MostBody: 4 * MostBody} {
		o := NewModel().Object("k")
		if _, err := o.Put(make([]byte, first), archive.Condition{}); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Put(make([]byte, most), archive.Condition{}); err != nil {
			t.Errorf("%d bytes after %d: %v", most, first, err)
		}
		if _, err := o.Put(make([]byte, most+1), archive.Condition{}); err == nil || !strings.Contains(err.Error(), "EntityTooLarge") {
			t.Errorf("%d bytes after %d: %v", most+1, first, err)
		}
	}
}
