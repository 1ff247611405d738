package scenarios

import (
	"cmp"
	"time"

	"holdfast/archive/delivery"
)

// Queue says what the queue of the back ends is like.
//
// With via: api it is told of the triggers. If it has a kind, back ends take up to a batch of
// its messages, and what they come to is one conditional write for each object among them;
// else they take one at a time.
//
// With via: core, where it must have a kind, the back ends with a load send it what they want
// to append, when it is due, and consumers store that: each takes up to a batch of messages and
// makes one conditional write for each object among them. Latency counts until what was sent is
// stored. A back end with a rate does not wait for that, others do. What is not stored comes
// again; not so in explore, where no time passes: delay and window are none there.
type Queue struct {
	// Kind is what it does. Empty: with via: api it is a standard queue without batches, with
	// via: core there is none.
	Kind QueueKind `yaml:"kind,omitempty"`
	// Batch is how many messages a consumer or back end takes at a time, at most 10 of a fifo
	// queue. 0: 10.
	Batch int `yaml:"batch,omitempty"`
	// Window is for how long a consumer or back end that has a message of a standard queue
	// waits for a full batch. 0: it does not wait.
	Window Duration `yaml:"window,omitempty"`
	// Concurrency is how many consumers there are, named consumer-1, consumer-2, …, at most
	// 1000. 0: 1, named consumer. With via: api it is how many of the back ends have a batch at
	// the same time. 0: all.
	Concurrency int `yaml:"concurrency,omitempty"`
	// WriteThrough says that a consumer writes on top of what it stored last, and reads only
	// when that is refused, see [delivery.WriteThrough]. Empty: it reads before each write.
	WriteThrough bool `yaml:"write_through,omitempty"`
	// Delay is how long a message takes from who sends it to where consumers find it. AWS
	// promises nothing of it. 0: no time.
	Delay Duration `yaml:"delay,omitempty"`
	// Visibility is for how long a message that was delivered is kept from others.
	// 0: 30 s.
	Visibility Duration `yaml:"visibility,omitempty"`
	// Receives is how often a message is delivered before it becomes a dead letter.
	// 0: 5.
	Receives int `yaml:"receives,omitempty"`
	// Work is how long a back end works on a message, exponentially distributed with
	// this mean. 0: no time.
	Work Duration `yaml:"work,omitempty"`
	// Poison is the share of messages, from 0 to 1, on which the work fails, whoever does it
	// and however often; seed and message decide which. 0: of none.
	Poison float64 `yaml:"poison,omitempty"`
	// Results says that the work results in a field and an entry of the history, others
	// each time that it is done.
	Results bool `yaml:"results,omitempty"`
	// Reconcile is how often a reconciler, the actor of that name, looks for customers who
	// were forgotten: while users upload, and when they have ended. 0: there is none.
	Reconcile Duration `yaml:"reconcile,omitempty"`
	// Grace is how old an upload must be for the reconciler to tell of it. 0: 5 min.
	Grace Duration `yaml:"grace,omitempty"`
}

// QueueKind names what a queue does, by the words of SQS.
type QueueKind string

// The kinds of queue.
const (
	// Any consumer gets the next message, and the same one again if it was not done in time.
	Standard QueueKind = "standard"
	// The messages of one object are delivered in their order, and to one consumer at a
	// time: what one has not done comes before the others.
	FIFO QueueKind = "fifo"
)

// Reconciler is the name of the actor that reconciles.
const Reconciler = "reconciler"

// GraceOf is how old an upload must be for the reconciler to tell of it; 0: there is none.
func (q *Queue) GraceOf() time.Duration {
	if q.Reconcile == 0 {
		return 0
	}
	return time.Duration(cmp.Or(q.Grace, Duration(delivery.DefaultGrace)))
}

// MostReceives is how often a message is delivered.
func (q *Queue) MostReceives() int { return cmp.Or(q.Receives, delivery.DefaultReceives) }

// HiddenFor is for how long a message that was delivered is kept from others.
func (q *Queue) HiddenFor() time.Duration {
	return time.Duration(cmp.Or(q.Visibility, Duration(delivery.DefaultVisibility)))
}

// MostInBatch is how many messages a consumer takes at a time.
func (q *Queue) MostInBatch() int { return cmp.Or(q.Batch, 10) }

// Consumers is how many there are.
func (q *Queue) Consumers() int { return max(q.Concurrency, 1) }

// consumer is the actor that stands for those of a queue with via: core.
func consumer(q *Queue) Actor { return Actor{Name: Consumer, Kind: consumes, Count: q.Consumers()} }

// spelledOut is the queue with its defaults; without back ends there is none. Of some it
// is the consumers who are counted.
func (q Queue) spelledOut(used, consumed bool) Queue {
	if !used {
		return Queue{}
	}
	q.Visibility = Duration(q.HiddenFor())
	q.Receives = q.MostReceives()
	q.Grace = Duration(q.GraceOf())
	if q.Kind != "" {
		q.Batch = q.MostInBatch()
	}
	if consumed {
		q.Concurrency = q.Consumers()
	}
	return q
}
