package explore

import (
	"net/http"

	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// variant is how a call ends.
type variant uint8

const (
	plain       variant = iota
	requestLost         // it never arrives; the client does not know
	replyLost           // it takes effect; the client does not know (as after a 500)
	arrivesLate         // the client gives up not knowing; it takes effect later
	throttled           // 503
	conflicting         // 409
	crashBefore         // the client dies before it sends the call
	crashAfter          // the client dies before it sees the answer
	echo412             // it takes effect, and comes once more: the answer is that of the repetition
	echo409
	echo503
	landing // of a late write: it takes effect now
)

// names of the variants as a schedule writes them.
var names = [...]string{
	plain: "", requestLost: "request-lost", replyLost: "reply-lost", arrivesLate: "slow",
	throttled: "503", conflicting: "409", crashBefore: "crash", crashAfter: "crash-after",
	echo412: "sent-twice-412", echo409: "sent-twice-409", echo503: "sent-twice-503", landing: "late",
}

// variants is a set of them.
type variants uint16

func (v variants) has(k variant) bool { return v&(1<<k) != 0 }

// everyVariant is what may befall a call. A reply lost and a 500 after the write
// are the same to a client; so are a read without an answer and one that meets a
// 503, of which one is tried.
const everyVariant variants = 1<<requestLost | 1<<replyLost | 1<<arrivesLate | 1<<throttled | 1<<conflicting | 1<<crashBefore | 1<<crashAfter |
	1<<echo412 | 1<<echo409 | 1<<echo503

// echoes are the statuses by which the repetition of a write is answered.
var echoes = [landing + 1]int{
	echo412: http.StatusPreconditionFailed, echo409: http.StatusConflict, echo503: http.StatusServiceUnavailable,
}

// name identifies a move in all schedules that begin alike.
type name struct {
	client  int32 // number of the task; of a late write the one that sent it
	serial  int32 // of the call among those of its task
	variant variant
}

// move is a call that waits, with the way in which it ends, or a late write.
type move struct {
	name
	call *call
}

func (n name) fault() bool { return n.variant != plain && n.variant != landing }

// appendMoves lists what can happen next: plain calls first, then late writes,
// then faults, always in the same order.
func (s *stage) appendMoves(moves []move) []move {
	for _, c := range s.waiting {
		moves = append(moves, move{name{c.number, c.serial, plain}, &c.call})
	}
	for _, c := range s.late {
		moves = append(moves, move{name{c.client.number, c.serial, landing}, c})
	}
	if s.budget == 0 {
		return moves
	}
	for _, c := range s.waiting {
		for k := requestLost; k < landing; k++ {
			if s.kinds.has(k) && c.call.allows(k) {
				moves = append(moves, move{name{c.number, c.serial, k}, &c.call})
			}
		}
	}
	return moves
}

// allows reports whether a way to end makes a difference for a call.
func (c *call) allows(k variant) bool {
	switch k {
	case conflicting:
		return c.Method == network.MethodPut && (c.Condition.IsAbsent() || c.Condition.ETag() != "")
	case echo412, echo409, echo503:
		// Of a write that is refused the repetition is, too: that is no fault.
		return c.Method == network.MethodPut && c.Conditional() && c.object.Refuses(c.Condition) == nil
	case requestLost:
		return true
	}
	return c.Method.Writes()
}

// make makes a move.
func (s *stage) make(m move) {
	c := m.call
	if m.fault() {
		s.budget--
	}
	if m.variant == landing {
		c.execute()
		s.late = remove(s.late, c)
		s.landed()
		return
	}
	switch m.variant {
	case requestLost:
		c.reply.Err = errLostRead
		if c.Method.Writes() {
			c.reply.Err = errLostWrite
		}
	case arrivesLate:
		onItsWay := *c
		s.late = append(s.late, &onItsWay)
		c.reply.Err = errLostWrite
	case throttled:
		c.reply.Err = errSlowDown
	case conflicting:
		c.reply.Err = errConflict
	case crashBefore:
		c.crash = true
	default:
		c.execute()
		if m.variant == replyLost {
			c.reply.ETag, c.reply.Err = "", errLostWrite
		}
		if status := echoes[m.variant]; status != 0 && c.reply.Err == nil {
			c.reply.ETag, c.reply.Err = "", world.Echo(status)
		}
		c.crash = m.variant == crashAfter
	}
	s.waiting = remove(s.waiting, c.client)
	s.ready = append(s.ready, c.client)
}

func remove[T comparable](list []T, item T) []T {
	for i := range list {
		if list[i] == item {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}

// effect is what a move does to the state in which it is possible.
type effect struct {
	object *world.Object
	// touches: it finds out something about the object. writes: it changes it.
	touches, writes bool
	// settled: it is a write that is refused, and stays refused in the same way
	// whatever else is written, but not if the object is deleted.
	settled bool
	deletes bool
}

func (m move) effect() effect {
	c := m.call
	e := effect{object: c.object}
	switch m.variant {
	case requestLost, arrivesLate, throttled, conflicting, crashBefore:
		return e
	}
	e.touches = true
	if !c.Method.Writes() {
		return e
	}
	refusal := c.object.Refuses(c.Condition)
	e.writes = refusal == nil
	e.deletes = c.Method == network.MethodDelete
	e.settled = refusal != nil && c.object.Present()
	return e
}

// independent reports whether two moves of different tasks, both possible in the
// present state, lead to the same state and the same answers in either order.
func independent(a, b move) bool {
	if a.client == b.client && a.variant != landing && b.variant != landing {
		return false // two ways in which one call can end
	}
	if a.fault() && b.fault() {
		return false // the first can use up what the second needs
	}
	x, y := a.effect(), b.effect()
	switch {
	case x.object != y.object, !x.writes && !y.writes:
		return true
	case x.writes && y.writes:
		return false
	case x.writes:
		return undisturbed(b.call, y, a.call, x)
	}
	return undisturbed(a.call, x, b.call, y)
}

// undisturbed reports whether a call that changes nothing is answered the same
// before and after one that writes. A refused condition is: it stays refused,
// unless the other deletes the object or brings back the content that it names.
func undisturbed(quiet *call, q effect, writer *call, w effect) bool {
	if !q.touches {
		return true
	}
	if !q.settled || w.deletes {
		return false
	}
	return quiet.Condition.IsAbsent() || world.ETag(writer.Body) != quiet.Condition.ETag()
}
