package delivery

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"holdfast/archive"
)

// Queue delivers messages at least once: one that is not acknowledged within its
// visibility timeout is delivered again, to whoever asks next.
type Queue interface {
	// Receive waits for a message. The error is ctx's, or ErrQueueClosed when no
	// message will come any more.
	Receive(ctx context.Context) (Delivery, error)
	// Acknowledge ends the message for good if d is its latest delivery, also after
	// the visibility timeout. If the message was delivered again since, another worker
	// has it, and nothing needs to happen; as SQS, a queue may say so with no error.
	// Acknowledging again is no error.
	Acknowledge(ctx context.Context, d Delivery) error
}

// Delivery is a message as it is delivered once.
type Delivery struct {
	Message Message
	// Receipt names the delivery to the queue, in whatever way the queue likes.
	Receipt string
	// Receives counts the deliveries of the message, this one included.
	Receives int
	// Group is that of a message of a FIFO queue, whose messages of one group must not
	// overtake each other. Empty: a standard queue, or a group by itself.
	Group string
}

// ErrQueueClosed is the answer of a closed queue that has no message left.
var ErrQueueClosed = errors.New("queue closed")

// What a [MemoryQueue] does unless its options say otherwise.
const (
	DefaultVisibility = 30 * time.Second
	DefaultReceives   = 5
)

// QueueOptions configure a [MemoryQueue].
type QueueOptions struct {
	Clock archive.Clock // nil: archive.WallClock
	// Visibility is for how long a message that was delivered is kept from others.
	// 0: DefaultVisibility.
	Visibility time.Duration
	// MaxReceives is how often a message is delivered before it becomes a dead
	// letter. 0: DefaultReceives.
	MaxReceives int
	// Group makes it a FIFO queue: the messages of one group are delivered in the order in
	// which they were sent, and none of them while others that were delivered are neither
	// acknowledged nor visible again. One batch can hold several. Nil: a standard queue.
	Group func(Message) string
	// Poll is how often a receiver looks for messages while there are none. 0: 20 ms.
	Poll time.Duration
	// Delivered and DeadLettered, which may be nil, are told what becomes of the
	// messages. They must not block nor call the queue.
	Delivered    func(Delivery)
	DeadLettered func(Message)
	// Observer sees the dead letters, with the context of who found them. It must not
	// call the queue.
	Observer Observer
}

// MemoryQueue is a [Queue] in memory: for tests, for simulations, and for a single
// process that can afford to lose it. It is safe for concurrent use.
//
// It does what a queue of SQS does, a standard one without its chance: a message is
// hidden from its delivery on for the visibility timeout, only its latest receipt
// ends it, and it becomes a dead letter when it would have to be delivered once more
// than allowed. The first message sent that is visible is delivered first. A FIFO queue
// does not look for duplicates among what is sent.
type MemoryQueue struct {
	o QueueOptions

	mu       sync.Mutex
	messages []*queued // in the order in which they were sent
	dead     []Message
	receipts uint64 // given so far
	closed   bool
}

// queued is a message in the queue.
type queued struct {
	message  Message
	visible  time.Time // when it can be delivered
	receives int
	receipt  string // of its latest delivery
}

// NewMemoryQueue returns an empty queue.
func NewMemoryQueue(o QueueOptions) *MemoryQueue {
	if o.Clock == nil {
		o.Clock = archive.WallClock{}
	}
	if o.Visibility <= 0 {
		o.Visibility = DefaultVisibility
	}
	if o.MaxReceives <= 0 {
		o.MaxReceives = DefaultReceives
	}
	if o.Poll <= 0 {
		o.Poll = 20 * time.Millisecond
	}
	return &MemoryQueue{o: o}
}

// Send puts a message into the queue, to be delivered after the delay at the
// earliest.
func (q *MemoryQueue) Send(m Message, delay time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages = append(q.messages, &queued{message: m, visible: q.o.Clock.Now().Add(delay)})
}

// Close says that no more messages will be sent. Those that are in the queue are
// still delivered, again too, and receivers wait for those that are under way.
func (q *MemoryQueue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// Receive implements [Queue].
func (q *MemoryQueue) Receive(ctx context.Context) (Delivery, error) {
	batch, err := q.ReceiveBatch(ctx, 1)
	if err != nil {
		return Delivery{}, err
	}
	return batch[0], nil
}

// ReceiveBatch is Receive of as many messages as can be delivered now, at most so many; it
// waits for the first only. Each is acknowledged for itself.
func (q *MemoryQueue) ReceiveBatch(ctx context.Context, most int) ([]Delivery, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		batch, err := q.take(ctx, most)
		if len(batch) > 0 || err != nil {
			return batch, err
		}
		if err := q.o.Clock.Sleep(ctx, q.o.Poll); err != nil {
			return nil, err
		}
	}
}

// TryReceive is Receive that does not wait: ok is false if no message can be
// delivered now.
func (q *MemoryQueue) TryReceive() (d Delivery, ok bool) {
	batch, _ := q.take(context.Background(), 1)
	if len(batch) == 0 {
		return Delivery{}, false
	}
	return batch[0], true
}

// TryReceiveBatch is ReceiveBatch that does not wait. The error is ErrQueueClosed when no
// message will come any more.
func (q *MemoryQueue) TryReceiveBatch(ctx context.Context, most int) ([]Delivery, error) {
	return q.take(ctx, most)
}

// NextVisible is when the next message becomes visible of those that are not yet; ok is
// false if there is none.
func (q *MemoryQueue) NextVisible() (at time.Time, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.o.Clock.Now()
	for _, m := range q.messages {
		if m.visible.After(now) && (!ok || m.visible.Before(at)) {
			at, ok = m.visible, true
		}
	}
	return at, ok
}

// take delivers the first messages that are visible, at most so many.
func (q *MemoryQueue) take(ctx context.Context, most int) (batch []Delivery, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.o.Clock.Now()
	q.bury(ctx, now)
	if len(q.messages) == 0 && q.closed {
		return nil, ErrQueueClosed
	}
	busy := q.busyGroups(now)
	for _, m := range q.messages {
		if len(batch) >= most {
			break
		}
		if m.visible.After(now) {
			if q.o.Group != nil {
				busy[q.o.Group(m.message)] = true // none overtakes it
			}
			continue
		}
		if q.o.Group != nil && busy[q.o.Group(m.message)] {
			continue
		}
		q.receipts++
		m.receives++
		m.receipt = strconv.FormatUint(q.receipts, 10)
		m.visible = now.Add(q.o.Visibility)
		d := Delivery{Message: m.message, Receipt: m.receipt, Receives: m.receives}
		if q.o.Group != nil {
			d.Group = q.o.Group(m.message)
		}
		if q.o.Delivered != nil {
			q.o.Delivered(d)
		}
		batch = append(batch, d)
	}
	return batch, nil
}

// busyGroups are those of a FIFO queue of which a message is under way.
func (q *MemoryQueue) busyGroups(now time.Time) map[string]bool {
	if q.o.Group == nil {
		return nil
	}
	busy := map[string]bool{}
	for _, m := range q.messages {
		if m.receives > 0 && m.visible.After(now) {
			busy[q.o.Group(m.message)] = true
		}
	}
	return busy
}

// bury makes dead letters of the messages that were delivered too often.
func (q *MemoryQueue) bury(ctx context.Context, now time.Time) {
	q.messages = slices.DeleteFunc(q.messages, func(m *queued) bool {
		dead := m.receives >= q.o.MaxReceives && !m.visible.After(now)
		if dead {
			q.dead = append(q.dead, m.message)
			if q.o.DeadLettered != nil {
				q.o.DeadLettered(m.message)
			}
			tell(ctx, q.o.Observer.DeadLetter, m.message)
		}
		return dead
	})
}

// Acknowledge implements [Queue].
func (q *MemoryQueue) Acknowledge(_ context.Context, d Delivery) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages = slices.DeleteFunc(q.messages, func(m *queued) bool { return m.receives > 0 && m.receipt == d.Receipt })
	return nil
}

// Left returns the messages that were neither acknowledged nor given up, in the
// order in which they were sent; those under way are among them.
func (q *MemoryQueue) Left() []Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := make([]Message, len(q.messages))
	for i, m := range q.messages {
		left[i] = m.message
	}
	return left
}

// DeadLetters returns the messages that were given up: whoever asks for a message
// finds first which those are.
func (q *MemoryQueue) DeadLetters() []Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.dead)
}
