package scenarios

import (
	"context"
	"strconv"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// sendQueue is what back ends send their operations to with a queue and via: core. Its
// consumers store them by batches.
type sendQueue struct {
	*repetition
	messages *delivery.MemoryQueue
	batches  *history.Batches

	mu        sync.Mutex
	sent      map[string]*sent // by what their messages are called; without those that have ended
	changed   world.Signal     // something was sent, acknowledged or closed since the last one
	consumers int              // that work
	// In a schedule, where no time passes, both are none.
	delay, window time.Duration
	requests      history.QueueRequests
}

// sent is an operation that was sent and has not ended.
type sent struct {
	recorded history.Batched
	edit     archive.Edit
	err      error // what became of it the last time that a consumer had it
	inDoubt  bool  // nobody knows what became of an earlier time
	stored   func(ctx context.Context) error
	ended    world.Signal // nil: its sender does not wait
}

// queueName is by what its operations go, as histories call it.
const queueName = "queue"

func newSendQueue(p *repetition) *sendQueue {
	o := &p.Scenario.Queue
	q := &sendQueue{
		repetition: p, batches: p.rec.Batches(queueName, p.prefix), sent: map[string]*sent{}, changed: p.world.NewSignal(),
		consumers: o.Consumers(),
	}
	if !p.AnyOrder {
		q.delay, q.window = time.Duration(o.Delay), time.Duration(o.Window)
	}
	options := delivery.QueueOptions{
		Clock: p.world, Visibility: time.Duration(o.Visibility), MaxReceives: o.Receives,
		DeadLettered: func(m delivery.Message) { q.end(context.Background(), m, archive.Snapshot{}) },
	}
	if o.Kind == FIFO {
		options.Group = func(m delivery.Message) string { return m.ObjectID }
	}
	q.messages = delivery.NewMemoryQueue(options)
	return q
}

// send sends what an actor wants. Whoever waits waits until it is stored, or never will be.
func (q *sendQueue) send(ctx context.Context, actor string, in *intent, waits bool, stored func(ctx context.Context) error) error {
	s := &sent{recorded: q.batches.Begin(actor, in.op), edit: in.edit, stored: stored}
	if waits {
		s.ended = q.world.NewSignal()
	}
	m := delivery.Message{Customer: actor, ObjectID: in.op.ID, TriggerETag: strconv.Itoa(s.recorded.Number())}
	q.mu.Lock()
	q.sent[m.TriggerETag] = s
	q.requests.Sends++
	served := q.consumers > 0
	q.mu.Unlock()
	if !served { // as at the end of an interrupted run
		q.end(ctx, m, archive.Snapshot{})
		return s.err
	}
	q.messages.Send(m, q.delay)
	q.tell()
	if !waits {
		return nil
	}
	if err := s.ended.Wait(ctx); err != nil {
		return err
	}
	return s.err
}

// tell wakes the consumers that wait.
func (q *sendQueue) tell() {
	q.mu.Lock()
	old := q.changed
	q.changed = q.world.NewSignal()
	q.mu.Unlock()
	old.Raise()
}

func (q *sendQueue) signal() world.Signal {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.changed
}

// close says that nobody will send any more.
func (q *sendQueue) close() {
	q.messages.Close()
	q.tell()
}

// longPoll is how long SQS lets a receiver wait for the first message; mostInRequest is how
// many messages one request receives, deletes or, of one sender, sends.
const (
	longPoll      = 20 * time.Second
	mostInRequest = 10
)

// receive waits for messages, and then, for as long as the window, for a full batch.
func (q *sendQueue) receive(ctx context.Context) ([]delivery.Delivery, error) {
	o := &q.Scenario.Queue
	batch, err := q.next(ctx, o.MostInBatch(), time.Time{})
	until := q.world.Now().Add(q.window)
	for err == nil && q.window > 0 && len(batch) < o.MostInBatch() {
		more, failed := q.next(ctx, o.MostInBatch()-len(batch), until)
		if batch = append(batch, more...); failed != nil || len(more) == 0 {
			break // what it has is to be stored all the same
		}
	}
	return batch, err
}

// next waits for messages until a time, for ever if that is zero. Nothing has come until
// then if it returns none.
func (q *sendQueue) next(ctx context.Context, most int, until time.Time) ([]delivery.Delivery, error) {
	from := q.world.Now()
	for {
		changed := q.signal()
		batch, err := q.messages.TryReceiveBatch(ctx, most)
		now := q.world.Now()
		late := !until.IsZero() && !now.Before(until)
		if len(batch) > 0 || err != nil || late {
			idle := int(now.Sub(from) / longPoll)
			q.count(func(r *history.QueueRequests) { r.Receives += idle + (len(batch)+mostInRequest-1)/mostInRequest })
			return batch, err
		}
		wake := until
		if at, ok := q.messages.NextVisible(); ok && (wake.IsZero() || at.Before(wake)) {
			wake = at
		}
		if err := q.await(ctx, changed, wake); err != nil {
			return nil, err
		}
	}
}

// await waits for a signal, or until a time unless that is zero.
func (q *sendQueue) await(ctx context.Context, s world.Signal, until time.Time) error {
	waiting := ctx
	if !until.IsZero() {
		var stop context.CancelFunc
		waiting, stop = q.world.WithTimeout(ctx, until.Sub(q.world.Now()))
		defer stop()
	}
	_ = s.Wait(waiting)
	return ctx.Err()
}

func (q *sendQueue) count(add func(*history.QueueRequests)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	add(&q.requests)
}

// of is the operation of a message; nil if it has ended, which a copy of the message had.
func (q *sendQueue) of(m delivery.Message) *sent {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sent[m.TriggerETag]
}

// end says that an operation has ended: it is stored, or its message was given up.
func (q *sendQueue) end(ctx context.Context, m delivery.Message, done archive.Snapshot) {
	q.mu.Lock()
	s := q.sent[m.TriggerETag]
	delete(q.sent, m.TriggerETag)
	q.mu.Unlock()
	if s == nil {
		return
	}
	if done.ETag == "" && (s.inDoubt || s.err == nil) {
		s.err = archive.ErrOutcomeUnknown
	}
	q.batches.Finish(s.recorded, done, s.err, ctx.Err() != nil)
	if s.err == nil && s.stored != nil {
		s.err = s.stored(ctx)
	}
	if s.ended != nil {
		s.ended.Raise()
	}
}

// giveUp ends what is left of a batch: a schedule has no time after which it would come again.
func (q *sendQueue) giveUp(ctx context.Context, batch []delivery.Delivery) {
	for _, d := range batch {
		q.end(ctx, d.Message, archive.Snapshot{})
		_ = q.messages.Acknowledge(ctx, d) // which never fails
	}
	q.tell()
}

// leave is called by each consumer that ends. What is left when nobody works any more is
// never stored, as far as anybody knows.
func (q *sendQueue) leave(ctx context.Context) {
	q.mu.Lock()
	q.consumers--
	last := q.consumers == 0
	q.mu.Unlock()
	if !last {
		return
	}
	for _, m := range q.messages.Left() {
		q.note(m, archive.ErrOutcomeUnknown)
		q.end(ctx, m, archive.Snapshot{})
	}
}

// note says what became of an operation this time.
func (q *sendQueue) note(m delivery.Message, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if s := q.sent[m.TriggerETag]; s != nil {
		s.err, s.inDoubt = err, s.inDoubt || archive.OutcomeOf(err) == archive.Unknown
	}
}
