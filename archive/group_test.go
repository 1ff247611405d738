package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// office is a core whose writes take a second, and that knows whose context they had.
type office struct {
	*Archive
	// write, if not nil, is called within the n-th write, 1 first, before it is made; its
	// error is the answer to all edits.
	write func(ctx context.Context, n int) error

	mu      sync.Mutex
	writes  []string          // who made each: the ids of its edits
	answers map[string]string // how each call ended, and when
}

type callerKey struct{}

func (o *office) AppendAll(ctx context.Context, id string, edits []Edit) (Snapshot, []error) {
	var ids []string
	for _, e := range edits {
		ids = append(ids, e.Modifications[0].ID)
	}
	o.mu.Lock()
	o.writes = append(o.writes, fmt.Sprintf("%v: %s", ctx.Value(callerKey{}), strings.Join(ids, " ")))
	n := len(o.writes)
	o.mu.Unlock()
	err := WallClock{}.Sleep(ctx, time.Second)
	if o.write != nil {
		err = o.write(ctx, n)
	}
	if err != nil {
		return Snapshot{}, slices.Repeat([]error{err}, len(edits))
	}
	return o.Archive.AppendAll(context.WithoutCancel(ctx), id, edits)
}

// groupTest runs in a bubble of its own time.
func groupTest(t *testing.T, o GroupOptions, do func(t *testing.T, core *office, g *Group)) {
	synctest.Test(t, func(t *testing.T) {
		core := &office{Archive: newRig(t, 0).Archive, answers: map[string]string{}}
		g, err := NewGroup(core, o)
		if err != nil {
			t.Fatal(err)
		}
		do(t, core, g)
		synctest.Wait()
		if len(g.queues) != 0 {
			t.Errorf("%d queues are left", len(g.queues))
		}
	})
}

// call appends an entry in the name of its id, and returns when that waits or has ended.
func (o *office) call(ctx context.Context, g *Group, id string) {
	start := time.Now()
	note := func(how any) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.answers[id] = fmt.Sprintf("%v after %v", how, time.Since(start))
	}
	go func() {
		defer func() {
			if p := recover(); p != nil {
				note(p)
			}
		}()
		done, err := g.Append(context.WithValue(ctx, callerKey{}, id), testID, editsOf(id)[0])
		if err == nil && !done.Document.HasModification(id) {
			err = fmt.Errorf("answered with %s", done.Document.Encode())
		}
		note(OutcomeOf(err))
	}()
	synctest.Wait()
}

// check compares the writes that were made, and how the calls were answered, in order.
func (o *office) check(t *testing.T, writes []string, answers map[string]string) {
	t.Helper()
	synctest.Wait()
	if d := cmp.Diff(writes, o.writes); d != "" {
		t.Errorf("writes: %s", d)
	}
	if d := cmp.Diff(answers, o.answers); d != "" {
		t.Errorf("answers: %s", d)
	}
}

func (o *office) stored(t *testing.T) string {
	s, err := o.Load(context.Background(), testID)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(s.Change().ModificationIDs(), " ")
}

// TestGroupJoinsTheNextWrite: who comes while a write is under way is in the next one, which
// the first of them makes.
func TestGroupJoinsTheNextWrite(t *testing.T) {
	groupTest(t, GroupOptions{Most: 3}, func(t *testing.T, o *office, g *Group) {
		for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
			o.call(t.Context(), g, id)
		}
		time.Sleep(2500 * time.Millisecond) // f's write is under way
		o.call(t.Context(), g, "g")
		time.Sleep(10 * time.Second)
		o.call(t.Context(), g, "h")
		time.Sleep(10 * time.Second)
		o.check(t, []string{"a: a", "b: b c d", "e: e f", "g: g", "h: h"}, map[string]string{
			"a": "committed after 1s", "b": "committed after 2s", "c": "committed after 2s", "d": "committed after 2s",
			"e": "committed after 3s", "f": "committed after 3s", "g": "committed after 1.5s", "h": "committed after 1s",
		})
		if got := o.stored(t); got != "a b c d e f g h" {
			t.Errorf("stored %s", got)
		}
	})
}

// TestGroupWaitsForCompany: for as long as it may from when a call came, and no longer than
// until a write is full.
func TestGroupWaitsForCompany(t *testing.T) {
	groupTest(t, GroupOptions{Wait: 3 * time.Second, Most: 3}, func(t *testing.T, o *office, g *Group) {
		o.call(t.Context(), g, "a") // waits until 3 s
		time.Sleep(time.Second)
		o.call(t.Context(), g, "b")
		time.Sleep(2500 * time.Millisecond)
		o.call(t.Context(), g, "c") // at 3.5 s; leads from 4 s, and waits until 6.5 s
		time.Sleep(time.Second)
		o.call(t.Context(), g, "d") // at 4.5 s
		o.call(t.Context(), g, "e") // full
		time.Sleep(10 * time.Second)
		for _, id := range []string{"f", "g", "h", "i", "j", "k"} { // the third ends the wait, and the sixth the next
			o.call(t.Context(), g, id)
		}
		time.Sleep(10 * time.Second)
		o.check(t, []string{"a: a b", "c: c d e", "f: f g h", "i: i j k"}, map[string]string{
			"a": "committed after 4s", "b": "committed after 3s",
			"c": "committed after 2s", "d": "committed after 1s", "e": "committed after 1s",
			"f": "committed after 1s", "g": "committed after 1s", "h": "committed after 1s",
			"i": "committed after 2s", "j": "committed after 2s", "k": "committed after 2s",
		})
	})
}

// TestGroupFollowerLeaves: at once, and with an honest answer: its edit is in no write, or
// in one whose end it does not see.
func TestGroupFollowerLeaves(t *testing.T) {
	groupTest(t, GroupOptions{}, func(t *testing.T, o *office, g *Group) {
		waiting, leave := context.WithCancel(t.Context())
		taken, leaveToo := context.WithCancel(t.Context())
		o.call(t.Context(), g, "a")
		o.call(t.Context(), g, "b")
		o.call(waiting, g, "c")
		o.call(taken, g, "d")
		o.call(waiting, g, "e")
		leave()
		time.Sleep(1500 * time.Millisecond) // b writes for d
		leaveToo()
		time.Sleep(10 * time.Second)
		ended, end := context.WithCancel(t.Context())
		o.call(t.Context(), g, "f")
		end()
		o.call(ended, g, "g")
		time.Sleep(10 * time.Second)
		o.check(t, []string{"a: a", "b: b d", "f: f"}, map[string]string{
			"a": "committed after 1s", "b": "committed after 2s", "c": "cancelled after 0s",
			"d": "unknown after 1.5s", "e": "cancelled after 0s", "f": "committed after 1s", "g": "cancelled after 0s",
		})
	})
}

// TestGroupLeaderLeaves: it is answered as by itself, and the next writes for the rest.
func TestGroupLeaderLeaves(t *testing.T) {
	for _, tt := range []struct {
		name    string
		write   func(ctx context.Context, n int) error
		writes  []string
		answers map[string]string
	}{
		{"before anything was sent", func(ctx context.Context, n int) error { return ctx.Err() },
			[]string{"a: a", "b: b c d", "c: c d e"},
			map[string]string{"b": "cancelled after 1.5s", "c": "committed after 2.5s", "d": "committed after 2.5s"}},
		{"in doubt", func(ctx context.Context, n int) error {
			if ctx.Err() != nil {
				return &OutcomeUnknownError{Last: ctx.Err()}
			}
			return nil
		}, []string{"a: a", "b: b c d", "c: c d e"},
			map[string]string{"b": "unknown after 1.5s", "c": "committed after 2.5s", "d": "committed after 2.5s"}},
		{"in doubt, and then the store is down", func(ctx context.Context, n int) error {
			if ctx.Err() != nil {
				return &OutcomeUnknownError{Last: ctx.Err()}
			}
			if n > 1 {
				return &UnavailableError{Last: ErrThrottled}
			}
			return nil
		}, []string{"a: a", "b: b c d", "c: c d e"}, // what b sent may still arrive
			map[string]string{"b": "unknown after 1.5s", "c": "unknown after 2.5s", "d": "unknown after 2.5s"}},
		{"before anything was sent, and then the store is down", func(ctx context.Context, n int) error {
			if n > 1 && ctx.Err() == nil {
				return &UnavailableError{Last: ErrThrottled}
			}
			return ctx.Err()
		}, []string{"a: a", "b: b c d", "c: c d e"},
			map[string]string{"b": "cancelled after 1.5s", "c": "unavailable after 2.5s", "d": "unavailable after 2.5s"}},
		{"when it has committed", func(ctx context.Context, n int) error { return nil },
			[]string{"a: a", "b: b c d"},
			map[string]string{"b": "committed after 1.5s", "c": "committed after 1.5s", "d": "committed after 1.5s"}},
		{"and others got in between for too long", func(ctx context.Context, n int) error {
			if ctx.Err() != nil {
				return &ExhaustedError{}
			}
			return nil
		}, []string{"a: a", "b: b c d"},
			map[string]string{"b": "exhausted after 1.5s", "c": "exhausted after 1.5s", "d": "exhausted after 1.5s"}},
		{"by a panic", func(ctx context.Context, n int) error {
			if ctx.Err() != nil {
				panic("the core")
			}
			return nil
		}, []string{"a: a", "b: b c d", "c: c d e"},
			map[string]string{"b": "the core after 1.5s", "c": "committed after 2.5s", "d": "committed after 2.5s"}},
		{"by a panic, and then the store is down", func(ctx context.Context, n int) error {
			if ctx.Err() != nil {
				panic("the core")
			}
			if n > 1 {
				return &UnavailableError{Last: ErrThrottled}
			}
			return nil
		}, []string{"a: a", "b: b c d", "c: c d e"},
			map[string]string{"b": "the core after 1.5s", "c": "unknown after 2.5s", "d": "unknown after 2.5s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			groupTest(t, GroupOptions{}, func(t *testing.T, o *office, g *Group) {
				o.write = tt.write
				ctx, leave := context.WithCancel(t.Context())
				o.call(t.Context(), g, "a")
				o.call(ctx, g, "b")
				o.call(t.Context(), g, "c")
				o.call(t.Context(), g, "d")
				time.Sleep(1200 * time.Millisecond)
				o.call(t.Context(), g, "e")
				time.Sleep(300 * time.Millisecond)
				leave()
				time.Sleep(10 * time.Second)
				synctest.Wait()
				tt.answers["a"] = "committed after 1s"
				if o.answers["e"] == "" || len(tt.writes) == 2 && o.writes[2] != "e: e" {
					t.Errorf("who came last was %s in %v", o.answers["e"], o.writes)
				}
				delete(o.answers, "e") // of the next write, whatever it is
				o.writes = o.writes[:len(tt.writes)]
				o.check(t, tt.writes, tt.answers)
			})
		})
	}
}

// TestGroupLeaderLeavesWhileItWaits: for its turn, when it takes nobody with it, or for
// company. Who has left since is not made a leader.
func TestGroupLeaderLeavesWhileItWaits(t *testing.T) {
	groupTest(t, GroupOptions{Wait: 5 * time.Second}, func(t *testing.T, o *office, g *Group) {
		o.write = func(ctx context.Context, n int) error { return ctx.Err() }
		ctx, leave := context.WithCancel(t.Context())
		o.call(ctx, g, "a")
		o.call(t.Context(), g, "b")
		time.Sleep(time.Second)
		leave()
		time.Sleep(20 * time.Second)
		o.check(t, []string{"a: a", "b: b"}, map[string]string{"a": "cancelled after 1s", "b": "committed after 6s"})
	})
	groupTest(t, GroupOptions{}, func(t *testing.T, o *office, g *Group) {
		first, leave := context.WithCancel(t.Context())
		second, leaveToo := context.WithCancel(t.Context())
		o.write = func(ctx context.Context, n int) error {
			if ctx.Err() != nil {
				return &OutcomeUnknownError{Last: ctx.Err()}
			}
			return nil
		}
		o.call(t.Context(), g, "z")
		o.call(first, g, "a")
		o.call(second, g, "b")
		o.call(t.Context(), g, "c")
		time.Sleep(1500 * time.Millisecond)
		leaveToo()
		synctest.Wait()
		leave()
		time.Sleep(20 * time.Second)
		o.check(t, []string{"z: z", "a: a b c", "c: c"}, map[string]string{
			"z": "committed after 1s", "a": "unknown after 1.5s", "b": "unknown after 1.5s", "c": "committed after 2.5s",
		})
	})
}

// TestGroupInDoubt: what nobody knows is answered so, and is not sent again.
func TestGroupInDoubt(t *testing.T) {
	groupTest(t, GroupOptions{}, func(t *testing.T, o *office, g *Group) {
		o.write = func(_ context.Context, n int) error {
			if n == 2 {
				return &OutcomeUnknownError{Last: errLost}
			}
			return nil
		}
		for _, id := range []string{"a", "b", "c"} {
			o.call(t.Context(), g, id)
		}
		time.Sleep(10 * time.Second)
		o.check(t, []string{"a: a", "b: b c"}, map[string]string{
			"a": "committed after 1s", "b": "unknown after 2s", "c": "unknown after 2s",
		})
		m := &appender{inDoubt: true, since: time.Now()} // that another leader has taken before
		if err := g.leave(&queue{key: testKey}, m, context.Canceled); OutcomeOf(err) != Unknown {
			t.Errorf("%v", err)
		}
	})
}

// lateSignal notices the end of a context only when it is raised.
type lateSignal struct{ Signal }

func (s lateSignal) Wait(ctx context.Context) error {
	if err := s.Signal.Wait(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return ctx.Err()
}

// TestGroupTurnComesAsItsCallerLeaves: a call that is answered has its answer, and one that
// leads hands on.
func TestGroupTurnComesAsItsCallerLeaves(t *testing.T) {
	groupTest(t, GroupOptions{NewSignal: func() Signal { return lateSignal{NewSignal()} }}, func(t *testing.T, o *office, g *Group) {
		o.write = func(ctx context.Context, _ int) error { return ctx.Err() }
		ctx, leave := context.WithCancel(t.Context())
		o.call(t.Context(), g, "a")
		o.call(ctx, g, "b")
		o.call(t.Context(), g, "c")
		o.call(ctx, g, "d")
		time.Sleep(time.Millisecond)
		leave()
		time.Sleep(10 * time.Second)
		o.check(t, []string{"a: a", "b: b", "c: c d"}, map[string]string{
			"a": "committed after 1s", "b": "cancelled after 1s", "c": "committed after 2s", "d": "committed after 2s",
		})
	})
}

// TestGroupAnswersEachAlone: by its own error, and of its own object.
func TestGroupAnswersEachAlone(t *testing.T) {
	groupTest(t, GroupOptions{}, func(t *testing.T, o *office, g *Group) {
		go func() { _, _ = g.Append(t.Context(), testID, editsOf("first")[0]) }()
		synctest.Wait()
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i, call := range []struct {
			id   string
			edit Edit
		}{{testID, editsOf("a")[0]}, {testID, withID("CHG-2", "b")}, {"CHG-9", editsOf("c")[0]}, {"../x", editsOf("d")[0]}} {
			wg.Go(func() { _, errs[i] = g.Append(t.Context(), call.id, call.edit) })
			synctest.Wait()
		}
		wg.Wait()
		if d := cmp.Diff([]Outcome{Committed, Failed, Gone, Failed}, outcomes(errs)); d != "" || !errors.Is(errs[1], ErrInvalid) || !errors.Is(errs[3], ErrInvalid) {
			t.Errorf("%v\n%s", errs, d)
		}
		synctest.Wait()
		if d := cmp.Diff([]string{"<nil>: first", "<nil>: c", "<nil>: a b"}, o.writes); d != "" {
			t.Error(d)
		}
	})
}

func TestNewGroupNeedsACore(t *testing.T) {
	if _, err := NewGroup(nil, GroupOptions{}); err == nil || !strings.Contains(err.Error(), "a core is required") {
		t.Errorf("%v", err)
	}
}

// TestGroupAnswersAreHonest: whatever goes wrong in the store, whoever leaves and whenever,
// each answer is true, then and after all writes under way have landed.
func TestGroupAnswersAreHonest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		retries := rapid.IntRange(0, 3).Draw(rt, "retries")
		r := newRig(rt, retries)
		s := &schedule{rig: r}
		faults := s.writeFaults()
		delete(faults, "403")
		for n := range 20 {
			if rapid.Bool().Draw(rt, "eventful") {
				r.store.onPut[n+1] = draw(rt, faults, "write")
			}
			if rapid.Bool().Draw(rt, "eventful") {
				r.store.onGet[n+1] = draw(rt, s.readFaults(), "read")
			}
		}
		o := GroupOptions{
			Most: rapid.IntRange(0, 4).Draw(rt, "most"),
			Wait: time.Duration(rapid.IntRange(0, 50).Draw(rt, "wait")) * time.Millisecond,
		}
		n := rapid.IntRange(1, 8).Draw(rt, "calls")
		begins, leaves := make([]time.Duration, n), make([]time.Duration, n)
		for i := range n {
			begins[i] = time.Duration(rapid.IntRange(0, 30).Draw(rt, "begins")) * 10 * time.Millisecond
			leaves[i] = time.Hour
			if rapid.Bool().Draw(rt, "leaves") {
				leaves[i] = time.Duration(rapid.IntRange(0, 60).Draw(rt, "after")) * 10 * time.Millisecond
			}
		}
		errs, done := make([]error, n), make([]Snapshot, n)
		synctest.Test(t, func(t *testing.T) {
			r.Archive.clock = WallClock{}
			r.Archive.store = slowly{r.store}
			g, err := NewGroup(r.Archive, o)
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					time.Sleep(begins[i])
					ctx, cancel := context.WithTimeout(t.Context(), leaves[i])
					defer cancel()
					start := time.Now()
					done[i], errs[i] = g.Append(ctx, testID, editsOf(fmt.Sprint("m", i))[0])
					if late := time.Since(start) - leaves[i]; late > 0 {
						t.Errorf("call %d left %v late", i, late)
					}
				})
			}
			wg.Wait()
			if len(g.queues) > 0 {
				t.Errorf("%d queues are left", len(g.queues))
			}
		})
		r.store.land()
		for i, err := range errs {
			id, outcome := fmt.Sprint("m", i), OutcomeOf(err)
			switch times := r.times(id); {
			case outcome == Committed && (times != 1 || !done[i].Document.HasModification(id)):
				rt.Errorf("%s is committed, and stored %d times", id, times)
			case outcome != Committed && outcome != Unknown && times != 0:
				rt.Errorf("%s ended as %s (%v), and is stored", id, outcome, err)
			case times > 1:
				rt.Errorf("%s is stored %d times", id, times)
			case outcome != Unknown && errors.Is(err, ErrOutcomeUnknown):
				rt.Errorf("%s: %s, but it claims an unknown outcome: %v", id, outcome, err)
			}
		}
	})
}

// slowly is a store whose calls take 10 ms, or until their context ends.
type slowly struct{ *memStore }

func (s slowly) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := (WallClock{}).Sleep(ctx, 10*time.Millisecond); err != nil {
		return nil, "", err
	}
	return s.memStore.Get(ctx, key)
}

func (s slowly) Put(ctx context.Context, key string, body []byte, cond Condition) (string, error) {
	if err := (WallClock{}).Sleep(ctx, 10*time.Millisecond); err != nil {
		s.memStore.mu.Lock()
		defer s.memStore.mu.Unlock()
		s.memStore.late = append(s.memStore.late, func() (string, error) { return s.memStore.Put(ctx, key, body, cond) })
		return "", err
	}
	return s.memStore.Put(ctx, key, body, cond)
}

// TestGroupOfManyGoroutines: nothing is lost, doubled or out of its caller's order; with
// -race it says more.
func TestGroupOfManyGoroutines(t *testing.T) {
	r := newRig(t, 0)
	g, err := NewGroup(r.Archive, GroupOptions{Most: 7})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var puts sync.Map
	const callers, each = 20, 30
	for c := range callers {
		wg.Go(func() {
			for n := range each {
				ctx, cancel := context.WithCancel(t.Context())
				if n%5 == 4 {
					go cancel()
				}
				id := fmt.Sprintf("c%d-%d", c, n)
				done, err := g.Append(ctx, testID, editsOf(id)[0])
				cancel()
				puts.Store(done.ETag, true)
				switch {
				case err == nil && !done.Document.HasModification(id):
					t.Errorf("%s is answered with another version", id)
				case err != nil && n%5 != 4:
					t.Errorf("%s: %v", id, err)
				}
			}
		})
	}
	wg.Wait()
	for c := range callers {
		for n := range each {
			if times := r.times(fmt.Sprintf("c%d-%d", c, n)); times > 1 || times == 0 && n%5 != 4 {
				t.Errorf("c%d-%d is stored %d times", c, n, times)
			}
		}
	}
	if len(g.queues) > 0 {
		t.Errorf("%d queues are left", len(g.queues))
	}
	if r.store.puts >= callers*each/2 {
		t.Errorf("%d writes of %d edits", r.store.puts, callers*each)
	}
}
