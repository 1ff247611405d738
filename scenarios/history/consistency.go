package history

import (
	"fmt"
	"strconv"
)

// Consistency holds the events of a history against each other. A client does one thing
// after the other and an operation is one client's, so some sequences of events can't
// have happened, whatever the core and the store did: such a history was damaged, and
// says nothing about either. What a broken core or store can bring about is no
// contradiction but evidence, and left to the judge: an ETag that was given to two
// contents, an answer that comes when its operation has ended.
//
// Its zero value is ready for the first event.
type Consistency struct {
	actors map[string]*actorTrack
	keys   map[string]int32
	ops    []opTrack // by number
	odd    map[int]opTrack
	begun  int // operations
	// settled is, by clock, the time that all of it have passed: the harness began or read the
	// final state.
	settled []int64
	// unread are the keys to which somebody has written what is no document.
	unread map[string]bool
	// partial: others may have written what is not here.
	partial bool
}

// actorTrack is what is known of an actor.
type actorTrack struct {
	number int32
	// ordered is the time of its last event but for those that it makes several of at
	// once, latest that of all.
	ordered, latest int64
	put             ackTrack // its last acknowledged write
}

// ackTrack is an acknowledged write.
type ackTrack struct {
	op, key      int32
	start, at    int64
	ifETag, etag string
}

// opTrack is what is known of an operation; key 0 means that it has not begun.
type opTrack struct {
	invoked, ended int64
	actor          int32
	key            int32 // number of the key, from 1; negative when it has ended
	batched        bool  // others make its store calls
}

// mostClocks bounds what a garbled history can cost.
const mostClocks = 1 << 16

// Check takes the next event and says why it can't be true.
func (c *Consistency) Check(e *Event) error {
	if e.Clock < 0 || e.Clock >= mostClocks {
		return fmt.Errorf("%s event by clock %d, which nobody has", e.Kind, e.Clock)
	}
	if more := e.Clock + 1 - len(c.settled); more > 0 {
		c.settled = append(c.settled, make([]int64, more)...)
	}
	if settled := c.settled[e.Clock]; e.At < settled {
		return fmt.Errorf("time goes back: %s event at %d ns, after the harness's at %d ns", e.Kind, e.At, settled)
	}
	a := c.actor(e)
	if err := a.inTime(e); err != nil {
		return err
	}
	if e.Op > 0 {
		if err := c.operation(e, a); err != nil {
			return err
		}
	}
	switch {
	case e.Kind == Put:
		return c.put(e, a)
	case e.Kind == Get && e.Actor == FinalActor:
		c.settled[e.Clock] = e.At
		if e.Answer == OK && e.Doc != nil && e.Doc.Bad != "" && !c.unread[e.Key] && !c.partial {
			return fmt.Errorf("the final read of %s shows what is no document (%s), which nobody wrote", e.Key, e.Doc.Bad)
		}
	case e.Kind == Begin || e.Kind == End:
		c.settled[e.Clock] = e.At
	}
	return nil
}

func (c *Consistency) actor(e *Event) *actorTrack {
	name := e.Actor
	if e.Clock > 0 && (name == FinalActor || name == SetupActor) { // there is one of each shard
		name = strconv.Itoa(e.Clock) + "/" + name
	}
	a := c.actors[name]
	if a == nil {
		if c.actors == nil {
			c.actors = map[string]*actorTrack{}
		}
		a = &actorTrack{number: int32(len(c.actors)), put: ackTrack{key: -1}}
		c.actors[name] = a
	}
	return a
}

// inTime: an actor's events are recorded in the order of their times. Those of
// documents that are stored meanwhile, and the triggers of one upload, are made
// several at once, between two others of their actor.
func (a *actorTrack) inTime(e *Event) error {
	if e.Actor == "" || e.Actor == SetupActor {
		return nil
	}
	last := a.latest
	several := e.Op == 0 && e.storeCall() && e.OfTrigger()
	if several {
		last = a.ordered
	}
	if e.At < last {
		return fmt.Errorf("time goes back: %s event of %s at %d ns, after one at %d ns", e.Kind, e.Actor, e.At, last)
	}
	a.latest = max(a.latest, e.At)
	if !several {
		a.ordered = e.At
	}
	return nil
}

func (e *Event) storeCall() bool {
	return e.Kind == Get || e.Kind == Head || e.Kind == Put || e.Kind == Delete
}

// operation: an operation begins once and ends once, on one key, and all that happens
// in it is one actor's.
func (c *Consistency) operation(e *Event, a *actorTrack) error {
	op := c.op(e.Op)
	switch {
	case e.Kind == Invoke && op.key != 0:
		return fmt.Errorf("operation %d begins more than once", e.Op)
	case e.Kind == Invoke:
		c.begun++
		c.setOp(e.Op, opTrack{invoked: e.At, actor: a.number, key: c.key(e.Key), batched: e.Through != "" && e.Do != DoBatch})
		return nil
	case op.key == 0:
		return fmt.Errorf("%s event of operation %d, which has not begun", e.Kind, e.Op)
	case op.actor != a.number:
		return fmt.Errorf("%s event of %s in operation %d, which is another actor's", e.Kind, e.Actor, e.Op)
	}
	ended := op.key < 0
	switch {
	case op.batched && e.Kind != Return:
		return fmt.Errorf("%s event of operation %d, which is stored by a batch", e.Kind, e.Op)
	case e.Kind == Return && ended:
		return fmt.Errorf("operation %d ends more than once", e.Op)
	case e.Kind == Return && op.key != c.key(e.Key):
		return fmt.Errorf("operation %d ends on %s, which is not what it began on", e.Op, e.Key)
	case e.Kind == Return:
		op.key, op.ended = -op.key, e.At
		c.setOp(e.Op, op)
	case e.storeCall() && e.Start < op.invoked:
		return fmt.Errorf("%s event of operation %d that was sent before it began", e.Kind, e.Op)
	case ended && (!e.storeCall() || e.Start > op.ended):
		return fmt.Errorf("%s event of operation %d that was sent after it had ended", e.Kind, e.Op)
	}
	return nil
}

// put: a call is answered once. Two calls of one actor for one object follow each other,
// so that a second acknowledgement of the same version tells of a later call; it is
// then for the judge to say how that can be.
func (c *Consistency) put(e *Event, a *actorTrack) error {
	if e.Doc != nil && e.Doc.Bad != "" {
		if c.unread == nil {
			c.unread = map[string]bool{}
		}
		c.unread[e.Key] = true
	}
	if e.Answer != OK {
		return nil
	}
	this := ackTrack{int32(e.Op), c.key(e.Key), e.Start, e.At, e.IfETag, e.ETag}
	if last := a.put; last.key == this.key && last.twice(&this, e.If) {
		return fmt.Errorf("the write of version %s of %s by %s is acknowledged twice", e.ETag, e.Key, e.Actor)
	}
	a.put = this
	return nil
}

// twice reports whether a later acknowledgement, of a write of the same key, is of the
// same call. Where calls take no time, only the condition tells them apart: what it
// asks for can't stand any more when the same version was written before.
func (t *ackTrack) twice(later *ackTrack, condition string) bool {
	switch {
	case later.start < t.at:
		return later.etag == t.etag || later.start == t.start && later.op == t.op
	case later.start == t.at:
		return *later == *t && condition != IfNone && later.etag != later.ifETag
	}
	return false
}

func (c *Consistency) key(name string) int32 {
	n := c.keys[name]
	if n == 0 {
		if c.keys == nil {
			c.keys = map[string]int32{}
		}
		n = int32(len(c.keys)) + 1
		c.keys[name] = n
	}
	return n
}

func (c *Consistency) op(number int) opTrack {
	if op, odd := c.odd[number]; odd || number >= len(c.ops) {
		return op
	}
	return c.ops[number]
}

// setOp remembers an operation. In a good history their numbers are consecutive; in a
// garbled one they can be anything.
func (c *Consistency) setOp(number int, op opTrack) {
	if _, odd := c.odd[number]; odd || number > 4*c.begun+1024 {
		if c.odd == nil {
			c.odd = map[int]opTrack{}
		}
		c.odd[number] = op
		return
	}
	for len(c.ops) <= number {
		c.ops = append(c.ops, opTrack{})
	}
	c.ops[number] = op
}
