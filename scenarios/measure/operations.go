package measure

import (
	"iter"

	"holdfast/archive/telemetry"
	"holdfast/scenarios/history"
)

// openOperation is one that has begun, and not ended.
type openOperation struct {
	kept    bool // a load, or a batch: nobody wants it stored
	load    bool
	service telemetry.Service // whose it is in the metrics; "": it is not counted there
	start   int64             // intended
	begun   int64
	puts    int
	refused int // of those, because another write got in between
	// batched is the first modification of an operation that a batch is to store.
	batched string

	called    bool  // the store
	answered  int64 // when it was the last time
	calls     int64 // nanoseconds in which one was under way
	waits     bool
	waitsFrom int64
	waited    int64 // nanoseconds
}

// call notes a call of the store that was answered.
func (op *openOperation) call(e *history.Event) {
	op.called = true
	from := e.Start
	if e.Asked > 0 {
		from = e.Asked
	}
	op.resume(from)
	if from = max(from, op.answered); e.At > from { // calls that overlap count once
		op.calls += e.At - from
		op.answered = e.At
	}
}

// wait notes that a wait begins.
func (op *openOperation) wait(at int64) { op.waits, op.waitsFrom = true, at }

// resume notes that a wait has ended, if there was one.
func (op *openOperation) resume(at int64) {
	if op.waits {
		op.waits = false
		op.waited += max(at-op.waitsFrom, 0)
	}
}

// openOperations finds operations by their numbers, of which those that are open at a time are
// mostly near each other.
type openOperations struct {
	near  []*openOperation // number first+i at i; nil: it is not open
	first int
	head  int                    // before it all are nil
	far   map[int]*openOperation // as in damaged histories
	free  []*openOperation       // to be used again
}

// get is nil if there is none of that number.
func (o *openOperations) get(number int) *openOperation {
	if i := number - o.first; i >= 0 && i < len(o.near) && o.near[i] != nil {
		return o.near[i]
	}
	return o.far[number]
}

// begin adds one, to be filled in. An open one of the same number is forgotten.
func (o *openOperations) begin(number int) *openOperation {
	op := o.made()
	if len(o.near) == 0 {
		o.first = number
	}
	const most = 1024 // further away from the others
	i := number - o.first
	if i < 0 || i > len(o.near)+most {
		if o.far == nil {
			o.far = map[int]*openOperation{}
		}
		o.far[number] = op
		return op
	}
	for len(o.near) <= i {
		o.near = append(o.near, nil)
	}
	o.near[i], o.head = op, min(o.head, i)
	return op
}

func (o *openOperations) made() *openOperation {
	n := len(o.free)
	if n == 0 {
		return &openOperation{}
	}
	op := o.free[n-1]
	o.free = o.free[:n-1]
	*op = openOperation{}
	return op
}

// end takes one away, which can be used until the next begins; nil: there is none.
func (o *openOperations) end(number int) *openOperation {
	op := o.get(number)
	if op == nil {
		return nil
	}
	o.free = append(o.free, op)
	i := number - o.first
	if i < 0 || i >= len(o.near) || o.near[i] != op {
		delete(o.far, number)
		return op
	}
	o.near[i] = nil
	for o.head < len(o.near) && o.near[o.head] == nil {
		o.head++
	}
	if o.head > len(o.near)/2 { // what has ended takes no memory
		o.near = append(o.near[:0], o.near[o.head:]...)
		o.first, o.head = o.first+o.head, 0
	}
	return op
}

// all are those that are open, in no order.
func (o *openOperations) all() iter.Seq[*openOperation] {
	return func(yield func(*openOperation) bool) {
		for _, op := range o.near {
			if op != nil && !yield(op) {
				return
			}
		}
		for _, op := range o.far {
			if !yield(op) {
				return
			}
		}
	}
}

func (o *openOperations) reset() {
	for op := range o.all() {
		o.free = append(o.free, op)
	}
	clear(o.far)
	o.near, o.first, o.head = o.near[:0], 0, 0
}
