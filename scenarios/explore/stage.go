package explore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// stage is a world without time: a store call takes effect as a whole, and which
// of the calls that wait comes next is somebody's choice. Waiting takes no time,
// since any order is possible anyway, so a deadline never ends a call.
//
// The harness's own calls are not waited for: nothing else is going on then.
type stage struct {
	model *world.Model
	crew  *world.Crew

	steps   int64 // the clock: it only keeps events apart
	running *client
	ready   []*client // can go on without a choice, in the order in which they could
	waiting []*client // have a call to make, in the order of their starts
	late    []*call   // writes whose clients have given up, still under way
	alive   int
	budget  int // faults that may still happen
	kinds   variants
	stopped bool // every call kills its client
	endless bool // it was stopped because of its length
	settled []*signal
	numbers int32 // of clients that were given

	// choose picks the next move among those that are possible; false ends the
	// schedule. It may look at the state.
	choose func(s *stage, moves []move) (move, bool)
	moves  []move
	free   []*client
	ports  []*port // of all schedules
	// signals of this schedule; beyond its length some to be used again.
	signals []*signal
}

var _ world.World = (*stage)(nil)

// client is a task.
type client struct {
	*world.Task
	number int32 // from 1, in the order of their first calls
	serial int32 // of its present call, from 1
	call   call
}

// call is what a client wants of the store.
type call struct {
	network.Call
	client *client
	serial int32
	actor  string
	object *world.Object

	reply network.Reply
	crash bool
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Tick is the time between two moves. It has no meaning but their order.
const Tick = time.Microsecond

// Now implements [archive.Clock].
func (s *stage) Now() time.Time { return epoch.Add(time.Duration(s.steps) * Tick) }

// Elapsed is the time since the epoch.
func (s *stage) Elapsed() time.Duration { return time.Duration(s.steps) * Tick }

// Sleep implements [archive.Clock].
func (s *stage) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// WithTimeout implements [world.World]: there is no time that could run out.
func (s *stage) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}

// Watch implements [world.World].
func (s *stage) Watch(prefix string, tell func(key, etag string, body []byte)) {
	s.model.Watch(prefix, tell)
}

// Serve implements [world.World].
func (s *stage) Serve(h http.Handler) (world.Door, error) { return world.InProcess(h), nil }

// Store implements [world.World].
func (s *stage) Store(actor string) archive.Store {
	for _, p := range s.ports {
		if p.actor == actor {
			return p
		}
	}
	p := &port{stage: s, actor: actor, harness: world.Harness(actor)}
	p.Doer = p
	s.ports = append(s.ports, p)
	return p
}

// Go implements [world.World].
func (s *stage) Go(task func()) {
	c := s.newClient()
	c.Task = s.crew.Start(task)
	s.alive++
	s.ready = append(s.ready, c)
}

func (s *stage) newClient() *client {
	n := len(s.free)
	if n == 0 {
		return &client{}
	}
	c := s.free[n-1]
	s.free = s.free[:n-1]
	*c = client{}
	return c
}

var errStuck = errors.New("explore: every task waits for another")

// Run implements [world.World].
func (s *stage) Run(ctx context.Context, main func(context.Context)) error {
	s.Go(func() { main(ctx) })
	for s.alive > 0 {
		for len(s.ready) > 0 {
			c := s.ready[0]
			s.ready = append(s.ready[:0], s.ready[1:]...)
			s.resume(c)
		}
		if s.alive == 0 {
			break
		}
		if len(s.waiting)+len(s.late) == 0 {
			return errStuck
		}
		s.step()
	}
	return nil
}

func (s *stage) resume(c *client) {
	s.running = c
	if !c.Resume() {
		s.alive--
		s.free = append(s.free, c)
	}
	s.running = nil
}

// mostMoves is far more than a schedule has in which somebody gets on.
const mostMoves = 2000

// step makes one move.
func (s *stage) step() {
	s.steps++
	if !s.stopped {
		s.moves = s.appendMoves(s.moves[:0])
		m, ok := s.choose(s, s.moves)
		s.endless = ok && s.steps > mostMoves
		if ok && !s.endless {
			s.make(m)
			return
		}
		s.stopped = true
	}
	// The schedule ends here: whoever has a call to make dies before it.
	s.late = s.late[:0]
	for _, c := range s.waiting {
		c.call.crash = true
		s.ready = append(s.ready, c)
	}
	s.waiting = s.waiting[:0]
	s.landed()
}

// port is the store as one actor reaches it.
type port struct {
	network.Store // of its own calls
	stage         *stage
	actor         string
	harness       bool
}

// What a client learns that gets no usable answer.
var (
	errLostWrite = fmt.Errorf("connection reset before an answer: %w", archive.ErrOutcomeUnknown)
	errLostRead  = fmt.Errorf("connection reset before an answer: %w", archive.ErrUnavailable)
	errSlowDown  = fmt.Errorf("503 SlowDown: %w", archive.ErrThrottled)
	errConflict  = fmt.Errorf("409 ConditionalRequestConflict: %w", archive.ErrConflict)
)

// Do waits until somebody chooses this call.
func (p *port) Do(ctx context.Context, sent network.Call) network.Reply {
	if err := ctx.Err(); err != nil {
		return network.Reply{Err: fmt.Errorf("%w before the request was sent", err)}
	}
	s := p.stage
	c := s.running
	c.serial++
	c.call = call{Call: sent, client: c, serial: c.serial, actor: p.actor, object: s.model.Object(sent.Key)}
	if p.harness {
		c.call.execute()
		return c.call.reply
	}
	if !s.stopped {
		s.wait(c)
		c.Park()
	}
	if s.stopped || c.call.crash {
		c.call.die(!s.stopped)
	}
	return c.call.reply
}

// die makes the answer one that its client does not live to see. It starts again,
// unless the schedule is over.
func (c *call) die(again bool) {
	answer := errLostRead
	if c.Method.Writes() {
		answer = errLostWrite
	}
	c.reply.ETag, c.reply.Err = "", &world.Died{Fault: network.Fault{Kind: network.Crash, Restarts: again}, Answer: answer}
}

// wait keeps those who wait in the order of their numbers, so that a move is the
// same whatever came before it.
func (s *stage) wait(c *client) {
	if c.number == 0 {
		s.numbers++
		c.number = s.numbers
	}
	at := len(s.waiting)
	for at > 0 && s.waiting[at-1].number > c.number {
		at--
	}
	s.waiting = append(s.waiting, nil)
	copy(s.waiting[at+1:], s.waiting[at:])
	s.waiting[at] = c
}

// execute lets the call take effect.
func (c *call) execute() { c.reply = c.object.Do(&c.Call) }

type signal struct {
	stage   *stage
	raised  bool
	waiting []*client
}

// NewSignal implements [world.World].
func (s *stage) NewSignal() world.Signal {
	n := len(s.signals)
	if n == cap(s.signals) || s.signals[:n+1][n] == nil {
		s.signals = append(s.signals, &signal{stage: s})
		return s.signals[n]
	}
	s.signals = s.signals[:n+1]
	g := s.signals[n]
	g.raised, g.waiting = false, g.waiting[:0]
	return g
}

func (g *signal) Raise() {
	if !g.raised {
		g.raised = true
		g.stage.ready = append(g.stage.ready, g.waiting...)
		g.waiting = g.waiting[:0]
	}
}

func (g *signal) Wait(ctx context.Context) error {
	if g.raised {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c := g.stage.running
	g.waiting = append(g.waiting, c)
	c.Park()
	return nil
}

// Settle implements [world.World].
func (s *stage) Settle(ctx context.Context) {
	if len(s.late) > 0 {
		g := &signal{stage: s}
		s.settled = append(s.settled, g)
		_ = g.Wait(ctx)
	}
}

// landed tells who waits for late writes that there are none any more.
func (s *stage) landed() {
	if len(s.late) == 0 {
		for _, g := range s.settled {
			g.Raise()
		}
		s.settled = nil
	}
}
