package explore

import (
	"fmt"
	"slices"
	"strings"
)

// Schedule is the order of the moves of a run: whose store call takes effect next,
// and how it ends. An actor that it does not name any more has died.
type Schedule []Move

// Move is one entry of a schedule. Its text is the actor, and behind a "!" what
// befalls the call: alice, bob!reply-lost, bob!slow (the client gives up not
// knowing) and later bob!late (that write takes effect).
type Move struct {
	Actor   string
	variant variant
}

// String returns the moves, separated by spaces.
func (s Schedule) String() string {
	var b strings.Builder
	for i, m := range s {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(m.String())
	}
	return b.String()
}

func (m Move) String() string {
	if m.variant == plain {
		return m.Actor
	}
	return m.Actor + "!" + names[m.variant]
}

func (m Move) fault() bool { return name{variant: m.variant}.fault() }

// Faults is the number of faults in the schedule.
func (s Schedule) Faults() int {
	n := 0
	for _, m := range s {
		if m.fault() {
			n++
		}
	}
	return n
}

// ParseSchedule reads what [Schedule.String] writes.
func ParseSchedule(text string) (Schedule, error) {
	var s Schedule
	for i, word := range strings.Fields(text) {
		actor, what, befallen := strings.Cut(word, "!")
		m := Move{Actor: actor}
		if befallen {
			v := slices.Index(names[:], what)
			if v <= 0 {
				return nil, fmt.Errorf("schedule: move %d, %q: there is no %q (known: %s)", i+1, word, what, strings.Join(names[1:], ", "))
			}
			m.variant = variant(v)
		}
		if actor == "" {
			return nil, fmt.Errorf("schedule: move %d, %q: it names no actor", i+1, word)
		}
		s = append(s, m)
	}
	if len(s) == 0 {
		return nil, fmt.Errorf("schedule: it is empty; want actors in the order of their calls, such as \"alice bob alice\"")
	}
	return s, nil
}

// follower makes the moves of a schedule.
type follower struct {
	schedule Schedule
	// lenient: a move that is not possible is left out.
	lenient bool
	at      int
	missed  bool
	open    []string // what was possible instead
}

func (f *follower) choose(_ *stage, moves []move) (move, bool) {
	for f.at < len(f.schedule) {
		wanted := f.schedule[f.at]
		for _, m := range moves {
			if m.call.actor == wanted.Actor && m.variant == wanted.variant {
				f.at++
				return m, true
			}
		}
		if !f.lenient {
			f.missed = true
			for _, m := range moves {
				f.open = append(f.open, Move{m.call.actor, m.variant}.String())
			}
			break
		}
		f.at++
	}
	return move{}, false
}

// sequence makes moves by their names.
type sequence struct {
	names []name
	at    int
}

func (q *sequence) choose(_ *stage, moves []move) (move, bool) {
	if q.at == len(q.names) {
		return move{}, false
	}
	q.at++
	return find(moves, q.names[q.at-1])
}
