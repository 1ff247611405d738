package scenarios

import (
	"cmp"
	"time"

	"holdfast/archive/delivery"
)

// Queue says what the queue of the back ends is like.
type Queue struct {
	// Visibility is for how long a message that was delivered is kept from others.
	// 0: 30 s.
	Visibility Duration `yaml:"visibility,omitempty"`
	// Receives is how often a message is delivered before it becomes a dead letter.
	// 0: 5.
	Receives int `yaml:"receives,omitempty"`
	// Work is how long a back end works on a message, exponentially distributed with
	// this mean. 0: no time.
	Work Duration `yaml:"work,omitempty"`
	// Results says that the work results in a field and an entry of the history, others
	// each time that it is done.
	Results bool `yaml:"results,omitempty"`
	// Reconcile is how often a reconciler, the actor of that name, looks for customers who
	// were forgotten: while users upload, and when they have ended. 0: there is none.
	Reconcile Duration `yaml:"reconcile,omitempty"`
	// Grace is how old an upload must be for the reconciler to tell of it. 0: 5 min.
	Grace Duration `yaml:"grace,omitempty"`
}

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

// spelledOut is the queue with its defaults; without back ends there is none.
func (q Queue) spelledOut(used bool) Queue {
	if !used {
		return Queue{}
	}
	q.Visibility = Duration(q.HiddenFor())
	q.Receives = q.MostReceives()
	q.Grace = Duration(q.GraceOf())
	return q
}
