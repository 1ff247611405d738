package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/archive/internal/testclock"
)

// queueRig is a queue whose time passes only when told.
type queueRig struct {
	*MemoryQueue
	t     *testing.T
	clock *testclock.Clock
	dead  []Message
	told  []Delivery
}

func newQueueRig(t *testing.T, o QueueOptions) *queueRig {
	r := &queueRig{t: t, clock: testclock.At(time.Date(2025, 10, 20, 12, 0, 0, 0, time.UTC))}
	o.Clock = r.clock
	o.Delivered = func(d Delivery) { r.told = append(r.told, d) }
	o.DeadLettered = func(m Message) { r.dead = append(r.dead, m) }
	r.MemoryQueue = NewMemoryQueue(o)
	return r
}

func (r *queueRig) pass(d time.Duration) {
	r.clock.Pass(d)
}

func msg(customer string) Message { return Message{customer, testID, `"1"`} }

// want receives one message, or none if customer is empty.
func (r *queueRig) want(customer string, receives int) Delivery {
	r.t.Helper()
	d, ok := r.TryReceive()
	if ok != (customer != "") || d.Message.Customer != customer || d.Receives != receives {
		r.t.Errorf("received %+v, %v; want %q for the %d. time", d, ok, customer, receives)
	}
	return d
}

func (r *queueRig) ack(d Delivery) {
	r.t.Helper()
	if err := r.Acknowledge(r.t.Context(), d); err != nil {
		r.t.Error(err)
	}
}

func (r *queueRig) wantLeft(left, dead string) {
	r.t.Helper()
	names := func(messages []Message) (s string) {
		for _, m := range messages {
			s += m.Customer
		}
		return s
	}
	if l, d := names(r.Left()), names(r.DeadLetters()); l != left || d != dead || names(r.dead) != dead {
		r.t.Errorf("left %q and dead %q (told %q), want %q and %q", l, d, names(r.dead), left, dead)
	}
}

func TestQueue(t *testing.T) {
	const visibility = 10 * time.Second
	tests := []struct {
		name string
		run  func(r *queueRig)
	}{
		{"first sent, first delivered", func(r *queueRig) {
			for _, c := range []string{"a", "b", "c"} {
				r.Send(msg(c), 0)
			}
			r.want("a", 1)
			r.want("b", 1)
			r.want("c", 1)
			r.want("", 0)
			r.wantLeft("abc", "")
		}},
		{"a delay is kept, and does not keep others", func(r *queueRig) {
			r.Send(msg("late"), 3*time.Second)
			r.Send(msg("now"), 0)
			r.want("now", 1)
			r.pass(3*time.Second - 1)
			r.want("", 0)
			r.pass(1)
			r.want("late", 1)
		}},
		{"hidden from the delivery on, not from the sending", func(r *queueRig) {
			r.Send(msg("a"), 0)
			r.pass(visibility / 2)
			r.want("a", 1)
			r.pass(visibility - 1)
			r.want("", 0)
			r.pass(1)
			r.want("a", 2)
			r.pass(visibility - 1)
			r.want("", 0)
		}},
		{"again before those that were sent later", func(r *queueRig) {
			r.Send(msg("a"), 0)
			r.want("a", 1)
			r.Send(msg("b"), 0)
			r.pass(visibility)
			r.want("a", 2)
			r.want("b", 1)
		}},
		{"acknowledged for good", func(r *queueRig) {
			r.Send(msg("a"), 0)
			d := r.want("a", 1)
			r.ack(d)
			r.ack(d)
			r.pass(visibility)
			r.want("", 0)
			r.wantLeft("", "")
		}},
		{"acknowledged late, but before it was delivered again", func(r *queueRig) {
			r.Send(msg("a"), 0)
			d := r.want("a", 1)
			r.pass(2 * visibility)
			r.ack(d)
			r.want("", 0)
			r.wantLeft("", "")
		}},
		{"acknowledged by an old receipt", func(r *queueRig) {
			r.Send(msg("a"), 0)
			first := r.want("a", 1)
			r.pass(visibility)
			second := r.want("a", 2)
			if first.Receipt == second.Receipt {
				t.Error("one receipt for two deliveries")
			}
			r.ack(first)
			r.wantLeft("a", "")
			r.ack(second)
			r.wantLeft("", "")
		}},
		{"nobody's receipt", func(r *queueRig) {
			r.Send(msg("a"), 0)
			r.ack(Delivery{})
			r.ack(Delivery{Message: msg("a"), Receipt: "7"})
			r.wantLeft("a", "")
		}},
		{"dead after so many deliveries", func(r *queueRig) {
			r.Send(msg("a"), 0)
			for n := 1; n <= 3; n++ {
				r.want("a", n)
				r.pass(visibility)
			}
			r.wantLeft("a", "") // nobody has asked since
			r.want("", 0)
			r.wantLeft("", "a")
			r.pass(visibility)
			r.want("", 0)
		}},
		{"the last delivery can still be acknowledged late", func(r *queueRig) {
			r.Send(msg("a"), 0)
			var d Delivery
			for n := 1; n <= 3; n++ {
				r.pass(visibility)
				d = r.want("a", n)
			}
			r.pass(visibility)
			r.ack(d)
			r.want("", 0)
			r.wantLeft("", "")
		}},
		{"a dead letter is not acknowledged", func(r *queueRig) {
			r.Send(msg("a"), 0)
			var d Delivery
			for n := 1; n <= 3; n++ {
				d = r.want("a", n)
				r.pass(visibility)
			}
			r.want("", 0)
			r.ack(d)
			r.wantLeft("", "a")
		}},
		{"the same message twice is two", func(r *queueRig) {
			r.Send(msg("a"), 0)
			r.Send(msg("a"), 0)
			r.ack(r.want("a", 1))
			r.wantLeft("a", "")
			r.want("a", 1)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newQueueRig(t, QueueOptions{Visibility: visibility, MaxReceives: 3})
			tt.run(r)
			for i, d := range r.told {
				if d.Receipt != strconv.Itoa(i+1) {
					t.Errorf("told of receipt %s as number %d", d.Receipt, i+1)
				}
			}
		})
	}
}

func TestQueueDefaults(t *testing.T) {
	o := NewMemoryQueue(QueueOptions{}).o
	want := QueueOptions{Visibility: 30 * time.Second, MaxReceives: 5, Poll: 20 * time.Millisecond}
	if o.Visibility != want.Visibility || o.MaxReceives != want.MaxReceives || o.Poll != want.Poll {
		t.Errorf("%+v", o)
	}
}

func TestReceiveWaits(t *testing.T) {
	r := newQueueRig(t, QueueOptions{Visibility: time.Second, Poll: 300 * time.Millisecond})
	r.clock.OnSleep = func(n int) {
		if n == 3 {
			r.Send(msg("a"), 0)
		}
	}
	d, err := r.Receive(t.Context())
	if err != nil || d.Message.Customer != "a" {
		t.Errorf("%+v, %v", d, err)
	}
	if d := cmp.Diff([]time.Duration{300 * ms, 300 * ms, 300 * ms}, r.clock.Waits); d != "" {
		t.Error(d)
	}
}

func TestReceiveEndsWithItsContext(t *testing.T) {
	for name, before := range map[string]bool{"before": true, "in a wait": false} {
		r := newQueueRig(t, QueueOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		if before {
			r.Send(msg("a"), 0)
			cancel()
		}
		r.clock.OnSleep = func(int) { cancel() }
		if _, err := r.Receive(ctx); !errors.Is(err, context.Canceled) || len(r.told) > 0 {
			t.Errorf("%s: %v, %v", name, err, r.told)
		}
	}
}

func TestClosedQueue(t *testing.T) {
	r := newQueueRig(t, QueueOptions{Visibility: time.Second, MaxReceives: 2})
	r.Send(msg("a"), time.Second)
	r.Send(msg("dies"), 0)
	r.Close()
	r.Close()
	var got []string
	for {
		d, err := r.Receive(t.Context()) // waits for what is under way
		if errors.Is(err, ErrQueueClosed) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(d.Message.Customer, d.Receives))
		if d.Message.Customer == "a" {
			r.ack(d)
		}
	}
	slices.Sort(got)
	if d := cmp.Diff([]string{"a1", "dies1", "dies2"}, got); d != "" {
		t.Error(d)
	}
	r.wantLeft("", "dies")
	if _, err := r.Receive(t.Context()); !errors.Is(err, ErrQueueClosed) {
		t.Error(err)
	}
	if _, ok := r.TryReceive(); ok {
		t.Error("received from nothing")
	}
}

// Many senders and receivers, some of which forget to acknowledge: every message is
// acknowledged by one, or dies after all its deliveries.
func TestQueueIsSafeForConcurrentUse(t *testing.T) {
	const messages, workers, maxReceives = 200, 8, 3
	q := NewMemoryQueue(QueueOptions{Visibility: time.Millisecond, MaxReceives: maxReceives, Poll: time.Millisecond})
	var mu sync.Mutex
	deliveries := map[string]int{}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				d, err := q.Receive(t.Context())
				if err != nil {
					if !errors.Is(err, ErrQueueClosed) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				deliveries[d.Message.Customer]++
				if n := deliveries[d.Message.Customer]; n > maxReceives {
					t.Errorf("%s was delivered %d times", d.Message.Customer, n)
				}
				mu.Unlock()
				if d.Message.Customer[0] == 'a' {
					_ = q.Acknowledge(t.Context(), d)
				}
				_, _ = q.Left(), q.DeadLetters()
			}
		})
	}
	for i := range messages {
		q.Send(msg(fmt.Sprintf("%c%d", "ad"[i%2], i)), 0)
	}
	q.Close()
	wg.Wait()
	if len(deliveries) != messages || len(q.Left()) > 0 {
		t.Errorf("%d messages were delivered, %d are left", len(deliveries), len(q.Left()))
	}
	for _, m := range q.DeadLetters() {
		if n := deliveries[m.Customer]; n != maxReceives {
			t.Errorf("%s is dead after %d deliveries", m.Customer, n)
		}
	}
	if n := len(q.DeadLetters()); n < messages/2 {
		t.Errorf("%d are dead, and %d were never acknowledged", n, messages/2)
	}
}

// Whatever is done with a queue, it agrees with a model that knows of each message
// when it is visible.
func TestQueueAgreesWithAModel(t *testing.T) {
	type modelled struct {
		visible            time.Duration
		receives           int
		receipt            string
		acknowledged, dead bool
	}
	rapid.Check(t, func(rt *rapid.T) {
		r := newQueueRig(t, QueueOptions{Visibility: 10, MaxReceives: 2})
		var model []*modelled
		var deliveries []Delivery
		var now time.Duration
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"send", "pass", "receive", "receive", "acknowledge"}).Draw(rt, "step") {
			case "send":
				delay := time.Duration(rapid.IntRange(0, 5).Draw(rt, "delay"))
				r.Send(msg(fmt.Sprint(len(model))), delay)
				model = append(model, &modelled{visible: now + delay})
			case "pass":
				d := time.Duration(rapid.IntRange(1, 8).Draw(rt, "time"))
				r.pass(d)
				now += d
			case "receive":
				want := slices.IndexFunc(model, func(m *modelled) bool {
					return !m.acknowledged && m.visible <= now && m.receives < 2
				})
				for _, m := range model {
					m.dead = m.dead || !m.acknowledged && m.visible <= now && m.receives == 2
				}
				d, ok := r.TryReceive()
				if ok != (want >= 0) || ok && d.Message.Customer != fmt.Sprint(want) {
					rt.Fatalf("received %+v, %v; want %d", d, ok, want)
				}
				if ok {
					m := model[want]
					m.visible, m.receives, m.receipt = now+10, m.receives+1, d.Receipt
					deliveries = append(deliveries, d)
				}
			case "acknowledge":
				if len(deliveries) == 0 {
					continue
				}
				d := rapid.SampledFrom(deliveries).Draw(rt, "delivery")
				_ = r.Acknowledge(t.Context(), d)
				for _, m := range model {
					m.acknowledged = m.acknowledged || m.receipt == d.Receipt && !m.dead
				}
			}
		}
		left := 0
		for _, m := range model {
			if !m.acknowledged && !m.dead {
				left++
			}
		}
		if len(r.Left()) != left {
			rt.Fatalf("%d are left, want %d", len(r.Left()), left)
		}
	})
}
