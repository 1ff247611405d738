package scenarios

import (
	"fmt"
	"time"

	"holdfast/scenarios/network"
)

// checkQueue checks the queue: of triggers, or of what back ends send.
func (c *checker) checkQueue() {
	q := &c.Queue
	if q.Receives < 0 {
		c.invalid(".queue.receives", "receives must not be negative")
	}
	switch {
	case *q == (Queue{}) || !c.sure(".via"):
	case c.Via == ViaAPI:
		c.checkTriggerQueue()
	case q.Kind == "" && c.sure(".queue.kind"):
		c.invalid(".queue", "there is a queue only with via: api, or with via: core and a kind, %s", either(q.Kind))
	default:
		c.checkSendQueue()
	}
}

// checkTriggerQueue checks the queue of via: api.
func (c *checker) checkTriggerQueue() {
	q := &c.Queue
	if q.WriteThrough {
		c.invalid(".queue.write_through", "write_through is for via: core: with via: api users write the object too")
	}
	if q.Kind != "" {
		c.checkBatches()
	} else if c.sure(".queue.kind") {
		for _, key := range []struct {
			name string
			said bool
		}{{"batch", q.Batch != 0}, {"window", q.Window != 0}} {
			if key.said {
				c.invalid(".queue."+key.name, "%s is for a queue with a kind, %s: without, back ends take one message at a time", key.name, either(q.Kind))
			}
		}
	}
	if !(q.Poison >= 0 && q.Poison <= 1) {
		c.invalid(".queue.poison", "poison is a share of the messages, from 0 to 1")
	}
	c.checkConcurrency()
	if len(c.Timeline) > 0 && (q.Window != 0 || q.Concurrency != 0) {
		c.invalid(".queue", "window and concurrency are for back ends with a load: in a timeline the steps say who takes messages, and when")
	}
	switch {
	case q.Grace > 0 && q.Reconcile == 0 && c.sure(".queue.reconcile"):
		c.invalid(".queue.grace", "grace is the reconciler's: say with reconcile: how often it looks")
	case q.Reconcile == 0:
	case !c.has(Backend) && c.sureOfActors("kind"):
		c.invalid(".queue.reconcile", "a reconciler tells back ends, and there are none")
	case len(c.Timeline) > 0:
		c.invalid(".queue.reconcile", "a reconciler works beside loads, and not in a timeline")
	case c.actor(Reconciler) != nil:
		c.invalid(".queue.reconcile", "there is an actor named %s, which is what the one that reconciles is called", Reconciler)
	}
}

// What SQS hands out at once, from a FIFO queue and from a standard one (to a Lambda
// function), how long it collects, and how many consumers it serves at a time.
const (
	mostInFIFOBatch = 10
	mostInBatch     = 10_000
	longestWindow   = 300 * time.Second
	mostConsumers   = 1000
)

// checkSendQueue checks the queue of via: core.
func (c *checker) checkSendQueue() {
	q := &c.Queue
	for _, key := range []struct {
		name string
		said bool
	}{{"work", q.Work != 0}, {"poison", q.Poison != 0}, {"results", q.Results}, {"reconcile", q.Reconcile != 0}, {"grace", q.Grace != 0}} {
		if key.said {
			c.invalid(".queue."+key.name, "%s is for via: api", key.name)
		}
	}
	c.checkBatches()
	c.checkConcurrency()
	c.checkSenders(".queue", Consumer, "be sent to a queue")
}

// checkBatches checks what a queue with a kind hands out at once.
func (c *checker) checkBatches() {
	q := &c.Queue
	if !oneOrNone(q.Kind) {
		c.invalid(".queue.kind", "a queue is %s, not %q", either(q.Kind), q.Kind)
	}
	most := mostInBatch
	if q.Kind == FIFO {
		most = mostInFIFOBatch
	}
	if q.Batch < 0 || q.Batch > most {
		c.invalid(".queue.batch", "a batch of this queue is from 1 to %d messages", most)
	}
	switch {
	case q.Window > 0 && q.Kind == FIFO:
		c.invalid(".queue.window", "a fifo queue has no window: SQS hands out what is there")
	case time.Duration(q.Window) > longestWindow:
		c.invalid(".queue.window", "the window is at most %v", longestWindow)
	}
}

func (c *checker) checkConcurrency() {
	if n := c.Queue.Concurrency; n < 0 || n > mostConsumers {
		c.invalid(".queue.concurrency", "concurrency is from 1 to %d", mostConsumers)
	}
}

// checkGroup checks how back ends share writes.
func (c *checker) checkGroup() {
	g := &c.Group
	if *g == (Group{}) {
		return
	}
	switch {
	case g.Processes < 0 || g.Processes > mostConsumers:
		c.invalid(".group.processes", "there are from 1 to %d processes", mostConsumers)
	case g.Processes == 0 && c.sure(".group.processes"):
		c.invalid(".group", "say with processes: how many processes the back ends run in")
	}
	if g.Most < 0 {
		c.invalid(".group.most", "most must not be negative")
	}
	switch {
	case c.Via == ViaAPI && c.sure(".via"):
		c.invalid(".group", "a group is for via: core; with via: api each back end writes for itself")
		return
	case c.Queue != (Queue{}):
		c.invalid(".group", "back ends share writes or send to a queue, not both")
		return
	}
	for i := range c.Faults {
		if c.Faults[i].Kind == network.Crash {
			c.invalid(fmt.Sprintf(".faults[%d]", i), "a process that dies takes the calls of all its back ends with it, which is not played: no crash with group:")
		}
	}
	c.checkSenders(".group", Process, "share a write")
}

// checkSenders checks those for whom others write: under a key, actors of a name.
func (c *checker) checkSenders(key, writer, do string) {
	if c.actor(writer) != nil {
		c.invalid(key, "there is an actor named %s, which is what those are called that write for the back ends", writer)
	}
	senders := false
	for i := range c.Actors {
		a := &c.Actors[i]
		if a.Kind != Backend || a.Load == nil {
			continue
		}
		senders = true
		path := fmt.Sprintf(".actors[%d].load", i)
		switch l := a.Load; {
		case l.Edits == SharedEdits:
			c.invalid(path+".edits", "shared edits are made of what is stored, so they can't %s", do)
		case l.FirstWritesTogether:
			c.invalid(path+".first_writes_together", "the back end makes no store calls: others write for it")
		case l.GiveUpAfter > 0 && key == ".queue":
			c.invalid(path+".give_up_after", "what was sent to a queue can't be taken back")
		}
	}
	if !senders && c.sureOfActors("kind", "load") {
		c.invalid(key, "with via: core this is for back ends with a load, and there are none")
	}
}
