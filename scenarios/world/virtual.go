package world

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// Epoch is when every virtual world begins.
var Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Config says what a virtual world is like. All fields but Throttle and GrowingETags are required.
type Config struct {
	Latency network.Latency
	// Throttle is what the store bears of calls whose contexts are
	// [network.Metered], besides the latency's, which is for all calls.
	Throttle network.Throttle
	// RequestTimeout is how long a client waits for an answer.
	RequestTimeout time.Duration
	// GrowingETags: each ETag of an object is the beginning of the next.
	GrowingETags bool
	// Rand returns the random stream of what befalls an actor's calls.
	Rand func(actor string) *rand.Rand
	// Crew runs the tasks.
	Crew *Crew
}

// Virtual is a world in which a scheduler owns time and order. It belongs to one
// goroutine, that of [Virtual.Run].
type Virtual struct {
	Config
	model   *Model
	aside   network.Store // the store as the harness reaches it, see [aside]
	now     int64         // nanoseconds since the epoch
	agenda  agenda
	tasks   []*Task // in the order of their starts; nil: it has ended
	alive   int     // of the tasks
	running *Task
	root    *vcontext
	calls   []*call // to be used again
	ports   []*port // of all actors; beyond its length some to be used again

	meters  map[string]*meters // by prefix; nil: the store bears everything
	busy    int64              // until when it has calls to take its turns
	adrift  int                // writes under way whose clients have given up
	settled []*virtualSignal   // to raise when there are none
}

var _ World = (*Virtual)(nil)

// NewVirtual returns an empty world at the epoch.
func NewVirtual(c Config) *Virtual {
	w := &Virtual{Config: c, model: NewModel()}
	w.model.growing = c.GrowingETags
	w.aside.Doer = aside{w.model}
	if !c.Latency.Throttle.IsZero() || !c.Latency.PerKey.IsZero() || !c.Throttle.IsZero() {
		w.meters = map[string]*meters{}
	}
	return w
}

// Renew makes w as new and keeps its memory. It must have come to its end.
func (w *Virtual) Renew() {
	fresh := NewVirtual(w.Config)
	w.agenda.renew()
	fresh.agenda = w.agenda
	fresh.tasks, fresh.calls, fresh.ports = w.tasks[:0], w.calls, w.ports[:0]
	*w = *fresh
}

// Now implements [archive.Clock].
func (w *Virtual) Now() time.Time { return Epoch.Add(time.Duration(w.now)) }

// Elapsed is the time since the epoch.
func (w *Virtual) Elapsed() time.Duration { return time.Duration(w.now) }

// Sleep implements [archive.Clock].
func (w *Virtual) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	w.running.awaits = w.agenda.add(w.now+int64(d), w.running)
	w.park(ctx)
	return ctx.Err()
}

// Store implements [World].
func (w *Virtual) Store(actor string) archive.Store {
	if Harness(actor) {
		return &w.aside
	}
	n := len(w.ports)
	if n == cap(w.ports) || w.ports[:n+1][n] == nil {
		p := &port{}
		p.Doer = p
		w.ports = append(w.ports, p)
	} else {
		w.ports = w.ports[:n+1]
	}
	p := w.ports[n]
	p.world, p.rng = w, w.Rand(actor)
	return p
}

// Go implements [World].
func (w *Virtual) Go(task func()) {
	t := w.Crew.Start(task)
	t.place = int32(len(w.tasks))
	w.tasks = append(w.tasks, t)
	w.alive++
	w.wake(t)
}

// errStuck: a mistake of whoever plays, not of the core under test.
var errStuck = errors.New("the virtual world stands still: every task waits for another")

// interval is the number of events between two looks at the caller's context.
const interval = 256

// Run implements [World]. When ctx ends, the context that main got ends at that
// moment of virtual time.
func (w *Virtual) Run(ctx context.Context, main func(context.Context)) error {
	w.root = &vcontext{Context: context.WithoutCancel(ctx), world: w, done: make(chan struct{})}
	w.Go(func() { main(w.root) })
	for n := 0; w.alive > 0; n++ {
		if n%interval == 0 && ctx.Err() != nil {
			w.root.end(ctx.Err())
		}
		if w.agenda.empty() {
			return errStuck
		}
		e := w.agenda.next()
		w.now = e.at
		e.to.happen(w, e.turn)
	}
	return nil
}

// happen lets the task go on, unless something else has before.
func (t *Task) happen(w *Virtual, turn uint64) {
	if t.awaits == turn {
		w.resume(t)
	}
}

func (w *Virtual) resume(t *Task) {
	t.awaits = 0
	w.running = t
	if !t.Resume() {
		w.ended(t)
	}
	w.running = nil
}

// ended takes a task from those alive. The others move up when they are the smaller part.
func (w *Virtual) ended(t *Task) {
	w.tasks[t.place] = nil
	if w.alive--; w.alive >= len(w.tasks)/2 {
		return
	}
	w.tasks = slices.DeleteFunc(w.tasks, func(t *Task) bool { return t == nil })
	for i, t := range w.tasks {
		t.place = int32(i)
	}
}

// wake lets a task go on at this instant, after what was planned before.
func (w *Virtual) wake(t *Task) {
	t.awaits = w.agenda.add(w.now, t)
}

// park stops the running task until it is woken, by the event that it awaits, by
// the answer to its call or by the end of ctx.
func (w *Virtual) park(ctx context.Context) {
	t := w.running
	if c := nearest(ctx); c != nil {
		t.under = c
		c.waiting++
		t.Park()
		c.waiting--
		t.under = nil
		return
	}
	t.Park()
}

// Watch implements [World].
func (w *Virtual) Watch(prefix string, tell func(key, etag string, body []byte)) {
	w.model.Watch(prefix, tell)
}

// Serve implements [World].
func (w *Virtual) Serve(h http.Handler) (Door, error) { return InProcess(h), nil }

type virtualSignal struct {
	world   *Virtual
	raised  bool
	waiting []*Task
}

// NewSignal implements [World].
func (w *Virtual) NewSignal() Signal { return &virtualSignal{world: w} }

func (s *virtualSignal) Raise() {
	if s.raised {
		return
	}
	s.raised = true
	for _, t := range s.waiting {
		s.world.wake(t)
	}
	s.waiting = nil
}

func (s *virtualSignal) Wait(ctx context.Context) error {
	if s.raised {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t := s.world.running
	s.waiting = append(s.waiting, t)
	s.world.park(ctx)
	if s.raised {
		return nil
	}
	s.waiting = slices.DeleteFunc(s.waiting, func(o *Task) bool { return o == t })
	return ctx.Err()
}

// Settle implements [World].
func (w *Virtual) Settle(ctx context.Context) {
	if w.adrift == 0 {
		return
	}
	s := &virtualSignal{world: w}
	w.settled = append(w.settled, s)
	_ = s.Wait(ctx) // a run that is cut short need not be settled
}
