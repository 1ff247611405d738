package world

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// port is the model store as one actor reaches it: over a network.
type port struct {
	network.Store // of its own calls
	world         *Virtual
	rng           *rand.Rand
}

// call is a store call under way.
type call struct {
	kind   network.Method
	object *Object
	body   []byte // of a write; of a read's answer
	cond   archive.Condition
	fault  network.Kind
	meets  *network.Meeting // has the fault; nil: there is none
	port   *port

	metered bool // it counts for the scenario's throttle

	next     stage // what happens to it next
	task     *Task // of its client; nil: it waits no longer
	deadline int64
	answered bool

	etag string
	err  error
}

// stage is a part of a call's way.
type stage uint8

const (
	arriving stage = iota // at the store
	admitted              // it is a read whose turn has come at a store that bears so many calls
	woken                 // it is a write that asks again whether another is in flight
	applied               // it is a write that was being served, and takes effect
	replied               // its answer reaches the client
)

// happen is the end of a part of its way.
func (c *call) happen(w *Virtual, _ uint64) {
	switch c.next {
	case arriving:
		w.arrived(c)
	case admitted:
		w.read(c)
	case woken:
		w.serve(c)
	case applied:
		w.served(c)
	case replied:
		w.reached(c)
	}
}

// plan lets the next part of a call's way end at a time.
func (w *Virtual) plan(c *call, next stage, at int64) {
	c.next = next
	w.agenda.add(at, c)
}

// lane is the row of writes of one key that are being served one after another.
type lane struct {
	until int64
}

// What a client learns that gets no usable answer.
var (
	errLostWrite  = fmt.Errorf("connection reset before an answer: %w", archive.ErrOutcomeUnknown)
	errLostRead   = fmt.Errorf("connection reset before an answer: %w", archive.ErrUnavailable)
	errErrorWrite = fmt.Errorf("500 InternalError: %w", archive.ErrOutcomeUnknown)
	errErrorRead  = fmt.Errorf("500 InternalError: %w", archive.ErrUnavailable)
	errLateWrite  = fmt.Errorf("no answer in time: %w", archive.ErrOutcomeUnknown)
	errLateRead   = fmt.Errorf("no answer in time: %w", archive.ErrUnavailable)
)

// Do sends a call and waits for its answer, as long as a client does.
func (p *port) Do(ctx context.Context, m network.Method, key string, body []byte, cond archive.Condition) (read []byte, etag string, err error) {
	if m == network.MethodDelete && cond.IsAbsent() {
		return nil, "", errDeleteAbsence
	}
	if err := unsent(ctx); err != nil {
		return nil, "", err
	}
	c := p.send(ctx, m, key, body, cond)
	p.world.park(ctx)
	return p.received(ctx, c)
}

// send sends a call on its way.
func (p *port) send(ctx context.Context, m network.Method, key string, body []byte, cond archive.Condition) *call {
	w := p.world
	c := w.newCall()
	c.kind, c.object, c.body, c.cond, c.port = m, w.model.Object(key), body, cond, p
	c.task, c.deadline = w.running, w.now+int64(w.RequestTimeout)
	arrival := w.now + int64(w.Latency.Request.Sample(p.rng))
	if _, bare := ctx.(*vcontext); !bare { // a fault comes in a context around it
		c.meets = network.MeetingOf(ctx)
		c.fault = c.meets.Fault().Kind
		if c.fault == network.Slow {
			c.meets.Happened(c.kind)
			arrival += int64(c.meets.Fault().By)
		}
		c.metered = network.IsMetered(ctx)
	}
	if w.meters != nil && c.object.meters == nil {
		c.object.meters, c.object.own = w.metersOf(key), w.Latency.PerKey.Meter()
	}
	switch {
	case c.fault == network.RequestLost:
		c.err = c.lost()
		c.meets.Happened(c.kind)
		w.replyAt(c, arrival)
	case c.fault == network.NoConnection:
		c.struck()
		w.replyAt(c, w.now)
	case c.kind.Writes():
		w.plan(c, arriving, arrival)
	default: // what a read finds is decided when it has been served
		arrival += int64(w.Latency.Read.Sample(p.rng))
		w.plan(c, arriving, arrival)
	}
	if arrival > c.deadline {
		w.expect(c)
	}
	return c
}

// received is what the client learns of its call: the answer or, when it waits no longer,
// that it got none.
func (p *port) received(ctx context.Context, c *call) (read []byte, etag string, err error) {
	if !c.answered {
		return nil, "", p.world.abandon(ctx, c)
	}
	read, etag, err = c.body, c.etag, c.err
	p.world.release(c)
	return read, etag, err
}

// expect lets the client stop waiting at the call's deadline, unless it is about to.
func (w *Virtual) expect(c *call) {
	if c.task.awaits == 0 {
		c.task.awaits = w.agenda.add(c.deadline, c.task)
	}
}

// abandon is the end of a call for a client that waits no longer; the call goes on.
func (w *Virtual) abandon(ctx context.Context, c *call) error {
	err := errLateRead
	if c.kind.Writes() {
		err = errLateWrite
		w.adrift++
	}
	c.task = nil
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("%w: %w", ended, c.lost())
	}
	return err
}

// struck gives the call the answer that its fault stands for.
func (c *call) struck() {
	c.meets.Happened(c.kind)
	c.err = c.meets.Fault().Error(c.kind)
	if !c.kind.Writes() {
		c.body, c.etag = nil, ""
	}
}

func (c *call) lost() error {
	if c.kind.Writes() {
		return errLostWrite
	}
	return errLostRead
}

// hinted is an error that says when the store wants to be asked again, if it does.
func (c *call) hinted(err error) error {
	if after := c.meets.Fault().RetryAfter; after > 0 {
		return &later{err, after}
	}
	return err
}

// later is an answer that says when to come again.
type later struct {
	error
	after time.Duration
}

func (l *later) Unwrap() error { return l.error }

// RetryAfter is when the store wants to be asked again, from its answer on.
func (l *later) RetryAfter() time.Duration { return l.after }

// turn is how long a call that has just arrived waits for its turn at a store that bears so
// many, and takes it.
func (w *Virtual) turn(write bool) int64 {
	takes := int64(w.Latency.Capacity.Turn(write))
	if takes == 0 {
		return 0
	}
	w.busy = max(w.busy, w.now) + takes
	return w.busy - w.now
}

// arrived is what the store does when a call reaches it.
func (w *Virtual) arrived(c *call) {
	switch {
	case c.fault == network.Throttled503 && c.kind == network.MethodHead:
		c.meets.Happened(c.kind)
		w.refuse(c, c.hinted(errErrorRead)) // without its code it is any 503
	case c.fault == network.Throttled503:
		c.meets.Happened(c.kind)
		w.refuse(c, c.hinted(errSlowDown))
	case c.turned(w.throttles(c)):
		w.refuse(c, c.err)
	case c.fault == network.Conflict409:
		c.meets.Happened(c.kind)
		w.refuse(c, errConflict)
	case c.fault == network.Denied403:
		c.meets.Happened(c.kind)
		w.refuse(c, errDenied)
	case c.fault != "" && !c.meets.Fault().Applies():
		c.struck()
		w.refuse(c, c.err)
	case c.kind == network.MethodGet || c.kind == network.MethodHead:
		if waits := w.turn(false); waits > 0 {
			w.nextAt(c, admitted, w.now+waits)
			return
		}
		w.read(c)
	default:
		w.serve(c)
	}
}

// read answers with what is there now.
func (w *Virtual) read(c *call) {
	c.body, c.etag, c.err = c.object.Get()
	w.reply(c)
}

// turned notes how the call is turned away, if it is.
func (c *call) turned(away error) bool {
	c.err = away
	return away != nil
}

// serve begins to serve a write. A condition that does not hold is refused at
// once. A conditional write that finds another of its key under way may be told
// so; otherwise it waits its turn and is decided then.
func (w *Virtual) serve(c *call) {
	lane := &c.object.lane
	meets := lane.until > w.now && c.cond != archive.Condition{}
	waits := meets && !w.Latency.Waiting.IsZero()
	if err := c.object.Refuses(c.cond); err != nil && !waits {
		w.refuse(c, err)
		return
	}
	if meets && c.port.rng.Float64() < w.Latency.Conflict409 {
		w.refuse(c, errConflict)
		return
	}
	if waits {
		w.wait(c, lane)
		return
	}
	takes := w.turn(true) + int64(w.Latency.Write.Sample(c.port.rng))
	if lane.until <= w.now && takes == 0 {
		w.served(c)
		return
	}
	lane.until = max(lane.until, w.now) + takes
	w.nextAt(c, applied, lane.until)
}

// wait lets a write wait for the one that is in flight.
func (w *Virtual) wait(c *call, lane *lane) {
	takes := w.Latency.Waiting.Sample(c.port.rng)
	if w.Latency.Polls { // once in a millisecond at most: asking without a pause would never end
		w.nextAt(c, woken, w.now+w.turn(false)+int64(max(takes, time.Millisecond)))
		return
	}
	w.nextAt(c, applied, max(w.now+w.turn(false)+int64(takes), lane.until))
}

// nextAt is [Virtual.plan] of what the client may not live to see.
func (w *Virtual) nextAt(c *call, next stage, at int64) {
	w.plan(c, next, at)
	if at > c.deadline && c.task != nil {
		w.expect(c)
	}
}

// served is the moment at which a write takes effect.
func (w *Virtual) served(c *call) {
	if c.kind == network.MethodPut {
		if c.etag, c.err = c.object.Put(c.body, c.cond); c.err == nil {
			c.object.modified = w.now
		}
	} else {
		c.err = c.object.Delete(c.cond)
	}
	if c.fault == network.SentTwice && c.err == nil {
		c.meets.Happened(c.kind)
		c.etag, c.err = "", Echo(c.meets.Fault().Answer)
	}
	w.reply(c)
}

// refuse answers without an effect. Deciding takes a store as long as a read, unless it says
// otherwise.
func (w *Virtual) refuse(c *call, err error) {
	c.err = err
	takes := w.Latency.Refusal
	if takes.IsZero() {
		takes = w.Latency.Read
	}
	w.replyAt(c, w.now+w.turn(false)+int64(takes.Sample(c.port.rng)))
}

func (w *Virtual) reply(c *call) { w.replyAt(c, w.now) }

// replyAt sends the answer on its way.
func (w *Virtual) replyAt(c *call, at int64) {
	if c.task == nil {
		w.landed(c)
		return
	}
	at += int64(w.Latency.Reply.Sample(c.port.rng))
	switch c.fault {
	case network.ReplyLost:
		c.meets.Happened(c.kind)
		c.err = c.lost()
	case network.Error500:
		c.meets.Happened(c.kind)
		c.err = errErrorRead
		if c.kind.Writes() {
			c.err = errErrorWrite
		}
	case network.NoAnswer:
		c.struck()
		at = c.deadline
	case "", network.SentTwice: // which is served as two
	default:
		if f := c.meets.Fault(); f.Applies() && f.Means(c.kind) != nil && f.Changes(c.err) {
			c.struck()
		}
	}
	if at > c.deadline {
		// It comes too late: the write, if it was one, is over.
		c.meets.Late()
		c.err, at = errLateRead, c.deadline
		if c.kind.Writes() {
			c.err = errLateWrite
		}
	}
	w.plan(c, replied, at)
}

// reached brings an answer to its client.
func (w *Virtual) reached(c *call) {
	if c.task == nil {
		w.landed(c)
		return
	}
	c.answered = true
	w.resume(c.task)
}

// landed is the end of a call that its client has given up.
func (w *Virtual) landed(c *call) {
	wrote := c.kind.Writes()
	w.release(c)
	if !wrote {
		return
	}
	if w.adrift--; w.adrift > 0 {
		return
	}
	for _, s := range w.settled {
		s.Raise()
	}
	w.settled = nil
}

func (w *Virtual) newCall() *call {
	if n := len(w.calls); n > 0 {
		c := w.calls[n-1]
		w.calls = w.calls[:n-1]
		return c
	}
	return &call{}
}

func (w *Virtual) release(c *call) {
	*c = call{}
	w.calls = append(w.calls, c)
}
