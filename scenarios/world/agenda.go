package world

import "math/bits"

// event is something that will happen at a virtual time. It is small, for the
// agenda moves it about.
type event struct {
	at   int64
	turn uint64 // events of one instant happen in the order in which they were planned
	to   subject
}

// subject is what events happen to.
type subject interface {
	happen(w *Virtual, turn uint64)
}

// agenda hands out events, the earliest first. It is a radix heap, which a priority
// queue can be whose events are never planned for the past: rows[i] holds those whose
// times differ from now first in bit i-1, and rows[0] those of now. A row is in the order
// in which its events were planned, for it is only appended to, and emptied as a whole
// into rows that are empty. So events are moved along rows, and hardly compared: where
// ten thousand are planned that takes half of the instructions of sifting them.
type agenda struct {
	now    int64
	turns  uint64
	filled uint64 // bit i: rows[i] is not empty
	rows   [64][]event
	passed int // of rows[0]: they have happened
}

func (a *agenda) empty() bool { return a.filled == 0 }

// add plans an event, not for the past, and returns its turn.
func (a *agenda) add(at int64, to subject) (turn uint64) {
	a.turns++
	a.put(event{at, a.turns, to})
	return a.turns
}

func (a *agenda) put(e event) {
	i := bits.Len64(uint64(e.at ^ a.now))
	a.rows[i] = append(a.rows[i], e)
	a.filled |= 1 << i
}

// next removes the earliest event. There must be one.
func (a *agenda) next() event {
	if a.filled&1 == 0 {
		a.advance()
	}
	e := a.rows[0][a.passed]
	if a.passed++; a.passed == len(a.rows[0]) {
		a.rows[0], a.passed = a.rows[0][:0], 0
		a.filled &^= 1
	}
	return e
}

// advance lets the time of the earliest event be now. It is in the lowest row, and the
// events of that row differ from it in lower bits only.
func (a *agenda) advance() {
	i := bits.TrailingZeros64(a.filled)
	row := a.rows[i]
	a.rows[i] = row[:0]
	a.filled &^= 1 << i
	a.now = row[0].at
	for j := range row {
		a.now = min(a.now, row[j].at)
	}
	for j := range row {
		a.put(row[j])
	}
}

// renew empties the agenda and lets it begin at 0 again. It keeps its memory.
func (a *agenda) renew() {
	for i := range a.rows {
		a.rows[i] = a.rows[i][:0]
	}
	a.now, a.turns, a.filled, a.passed = 0, 0, 0, 0
}
