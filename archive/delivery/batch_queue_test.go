package delivery

import (
	"context"
	"errors"
	"testing"
	"time"
)

// wantBatch receives at most so many messages, which are to be of these customers.
func (r *queueRig) wantBatch(most int, customers string) []Delivery {
	r.t.Helper()
	batch, err := r.TryReceiveBatch(r.t.Context(), most)
	got := ""
	for _, d := range batch {
		got += d.Message.Customer
	}
	if got != customers || err != nil {
		r.t.Errorf("received %q, %v; want %q", got, err, customers)
	}
	return batch
}

func (r *queueRig) send(messages ...Message) {
	for _, m := range messages {
		r.Send(m, 0)
	}
}

func TestBatches(t *testing.T) {
	r := newQueueRig(t, QueueOptions{Visibility: 10 * time.Second})
	r.send(msg("a"), msg("b"), msg("c"))
	batch := r.wantBatch(2, "ab")
	r.ack(batch[1])
	r.wantBatch(9, "c")
	r.wantBatch(9, "")
	r.pass(10 * time.Second)
	r.wantBatch(1, "a")
	r.pass(5 * time.Second)
	r.wantBatch(9, "c")
	if at, ok := r.NextVisible(); !ok || !at.Equal(r.clock.Now().Add(5*time.Second)) {
		t.Errorf("the next is visible at %v, %v", at, ok)
	}
	r.Close()
	if _, err := r.TryReceiveBatch(t.Context(), 9); err != nil {
		t.Errorf("closed, with two under way: %v", err)
	}
}

func TestFIFOQueue(t *testing.T) {
	const visibility = 10 * time.Second
	of := func(object, customer string) Message { return Message{customer, object, `"1"`} }
	fifo := func(t *testing.T, messages ...Message) *queueRig {
		r := newQueueRig(t, QueueOptions{Visibility: visibility, MaxReceives: 2, Group: func(m Message) string { return m.ObjectID }})
		r.send(messages...)
		return r
	}
	t.Run("a group has one receiver, and the others go on", func(t *testing.T) {
		r := fifo(t, of("A", "a"), of("A", "b"), of("B", "c"), of("A", "d"))
		first := r.wantBatch(1, "a")
		r.wantBatch(9, "c")
		r.ack(first[0])
		r.wantBatch(9, "bd")
	})
	t.Run("part of a batch fails", func(t *testing.T) {
		r := fifo(t, of("A", "a"), of("A", "b"), of("A", "c"))
		batch := r.wantBatch(2, "ab")
		r.ack(batch[0])
		r.wantBatch(9, "") // b is to come first
		r.pass(visibility)
		r.wantBatch(9, "bc")
	})
	t.Run("the later one is acknowledged", func(t *testing.T) {
		r := fifo(t, of("A", "a"), of("A", "b"), of("A", "c"))
		batch := r.wantBatch(2, "ab")
		r.ack(batch[1])
		r.wantBatch(9, "")
		r.pass(visibility)
		r.wantBatch(9, "ac")
	})
	t.Run("a delayed message holds up those that follow, and no others", func(t *testing.T) {
		r := fifo(t, of("A", "a"))
		r.Send(of("A", "b"), time.Second)
		r.send(of("A", "c"), of("B", "d"))
		r.ack(r.wantBatch(2, "ad")[0])
		r.wantBatch(9, "")
		r.pass(time.Second)
		r.wantBatch(9, "bc")
	})
	t.Run("a dead letter holds nobody up", func(t *testing.T) {
		r := fifo(t, of("A", "a"), of("A", "b"))
		for range 2 {
			r.wantBatch(1, "a")
			r.pass(visibility)
		}
		r.wantBatch(9, "b")
		r.wantLeft("b", "a")
	})
	t.Run("a standard queue has no groups", func(t *testing.T) {
		r := newQueueRig(t, QueueOptions{Visibility: visibility})
		r.send(of("A", "a"), of("A", "b"))
		r.wantBatch(1, "a")
		r.wantBatch(1, "b")
	})
}

func TestReceiveBatchWaits(t *testing.T) {
	q := NewMemoryQueue(QueueOptions{Poll: time.Millisecond})
	go func() {
		q.Send(msg("a"), 0)
		q.Close()
	}()
	batch, err := q.ReceiveBatch(t.Context(), 3)
	if len(batch) != 1 || err != nil || q.Acknowledge(t.Context(), batch[0]) != nil {
		t.Fatalf("received %v, %v", batch, err)
	}
	if _, err := q.ReceiveBatch(t.Context(), 3); !errors.Is(err, ErrQueueClosed) {
		t.Errorf("of a closed queue: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewMemoryQueue(QueueOptions{}).ReceiveBatch(ctx, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
