package world

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

// agenda is a heap of events, earliest first. It has four children to a node:
// fewer levels, and the children of a node share a cache line or two.
type agenda struct {
	events []event
	turns  uint64
}

const children = 4

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.turn < o.turn
}

// add plans an event and returns its turn.
func (a *agenda) add(at int64, to subject) (turn uint64) {
	a.turns++
	e := event{at, a.turns, to}
	a.events = append(a.events, e)
	i := len(a.events) - 1
	for i > 0 {
		parent := (i - 1) / children
		if !e.before(&a.events[parent]) {
			break
		}
		a.events[i] = a.events[parent]
		i = parent
	}
	a.events[i] = e
	return e.turn
}

// next removes the earliest event. There must be one.
func (a *agenda) next() event {
	first := a.events[0]
	n := len(a.events) - 1
	last := a.events[n]
	a.events[n] = event{}
	a.events = a.events[:n]
	if n > 0 {
		a.sink(last)
	}
	return first
}

// sink puts an event in the place of the root and lets it down to where it belongs.
func (a *agenda) sink(e event) {
	n := len(a.events)
	i := 0
	for {
		least := children*i + 1
		if least >= n {
			break
		}
		for c := least + 1; c < min(children*i+1+children, n); c++ {
			if a.events[c].before(&a.events[least]) {
				least = c
			}
		}
		if !a.events[least].before(&e) {
			break
		}
		a.events[i] = a.events[least]
		i = least
	}
	a.events[i] = e
}
