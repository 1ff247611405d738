package history

import (
	"sync"
	"sync/atomic"
	"time"

	"holdfast/archive"
)

// Recorder makes events out of what the clients of a run do. All clients share
// its clock and its operation numbers.
type Recorder struct {
	sink     Sink
	clock    archive.Clock
	begin    time.Time
	ops      atomic.Int64
	describe Describer
	page     *page   // of all clients; nil: each has its own
	counter  Counter // the clock, if it is one
	from     time.Duration
	unread   sync.Map  // the keys to which somebody has written what is no document
	tellings *tellings // nil: reads say how much there is, and not what
}

// page is what an event is written on until the sink has seen it.
type page struct {
	event Event
	doc   Doc
	// The key that was asked for last: mostly all clients use the same.
	prefix, key, fullKey string
}

// full adds a prefix to a key.
func (p *page) full(prefix, key string) string {
	if p.key != key || p.prefix != prefix {
		p.prefix, p.key, p.fullKey = prefix, key, prefix+key
	}
	return p.fullKey
}

// NewRecorder starts the run's clock. The documents are JSON, of the archive's own layout.
func NewRecorder(sink Sink, clock archive.Clock) *Recorder {
	return NewRecorderWith(sink, clock, NewJSONDescriber(nil))
}

// NewRecorderWith is NewRecorder for documents that are described otherwise.
func NewRecorderWith(sink Sink, clock archive.Clock, d Describer) *Recorder {
	return &Recorder{sink: sink, clock: clock, begin: clock.Now(), describe: d}
}

// Renew makes r as new, for the history of a world whose tasks share a goroutine:
// all clients then write on one page, which stays in the processor's cache.
func (r *Recorder) Renew(sink Sink, clock archive.Clock, d Describer) {
	r.sink, r.clock, r.begin, r.describe = sink, clock, clock.Now(), d
	if r.counter, _ = clock.(Counter); r.counter != nil {
		r.from = r.counter.Elapsed()
	}
	r.ops.Store(0)
	r.unread.Clear()
	r.tellings = nil
	if r.page == nil {
		r.page = &page{}
	}
}

// Counter is a clock that counts nanoseconds, for which subtracting times is slow.
type Counter interface {
	archive.Clock
	// Elapsed is Now less a moment that never changes.
	Elapsed() time.Duration
}

// Now is the time since the run began, in nanoseconds.
func (r *Recorder) Now() int64 {
	if r.counter != nil {
		return (r.counter.Elapsed() - r.from).Nanoseconds()
	}
	return r.clock.Now().Sub(r.begin).Nanoseconds()
}

// Note records a remark.
func (r *Recorder) Note(text string) { r.add(Event{Kind: Note, At: r.Now(), Text: text}) }

// Struck records that a planned fault has struck an actor, if no store call tells.
func (r *Recorder) Struck(actor, fault string) {
	r.add(Event{Kind: Note, At: r.Now(), Actor: actor, Fault: fault, Text: "the fault struck"})
}

// Begin records that the actors of a repetition start.
func (r *Recorder) Begin(repetition int) {
	r.add(Event{Kind: Begin, At: r.Now(), Repetition: repetition})
}

// Step records how a step of a timeline ended that was to end in a certain way.
func (r *Recorder) Step(step, want, got string, missed bool) {
	r.add(Event{Kind: Step, At: r.Now(), Do: step, Expected: &Expected{want, got, missed}})
}

// End completes the history.
func (r *Recorder) End(interrupted bool) {
	r.add(Event{Kind: End, At: r.Now(), Interrupted: interrupted})
}

// Fail completes the history of a run that could not go on.
func (r *Recorder) Fail(err error) {
	r.add(Event{Kind: End, At: r.Now(), Interrupted: true, Text: err.Error()})
}

func (r *Recorder) add(e Event) {
	p := r.page
	if p == nil {
		p = &page{}
	}
	p.event = e
	r.sink.Add(&p.event)
}

// Client returns the store as one actor sees it: every call is recorded. Keys
// are recorded with the prefix, which keeps repetitions of a scenario apart.
// A Client serves one operation at a time.
func (r *Recorder) Client(actor, prefix string, store archive.Store) *Client {
	c := &Client{}
	r.Enlist(c, actor, prefix, store)
	return c
}

// Enlist makes c what Client returns, whatever it was before.
func (r *Recorder) Enlist(c *Client, actor, prefix string, store archive.Store) {
	if c.prefix != prefix {
		c.opID, c.key = "", ""
	}
	c.rec, c.actor, c.prefix, c.store, c.page = r, actor, prefix, store, r.page
	if c.page == nil {
		c.page = &page{}
	}
	c.op, c.known, c.told, c.concerns, c.stored, c.wants, c.asked, c.cut = 0, [mostKnown]known{}, nil, nil, nil, nil, 0, false
	c.serves = nil
}
