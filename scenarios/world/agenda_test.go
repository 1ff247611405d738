package world

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// sortedAgenda is what an agenda does, plainly.
type sortedAgenda struct {
	events []event
	turns  uint64
}

func (s *sortedAgenda) add(at int64) (turn uint64) {
	s.turns++
	s.events = append(s.events, event{at: at, turn: s.turns})
	return s.turns
}

func (s *sortedAgenda) next() event {
	slices.SortFunc(s.events, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.turn, b.turn)) })
	first := s.events[0]
	s.events = s.events[1:]
	return first
}

// TestAgendaAgainstASortedList: events come in the order of their times, those of one instant in the order
// in which they were planned, whatever is planned in between; also of an agenda that was
// used before.
func TestAgendaAgainstASortedList(t *testing.T) {
	var a agenda
	rapid.Check(t, func(t *rapid.T) {
		a.renew()
		var plain sortedAgenda
		var now int64
		ahead := rapid.OneOf(
			rapid.SampledFrom([]int64{0, 0, 1, 2, 1 << 20, 1<<62 - 1}),
			rapid.Int64Range(0, 100), rapid.Int64Range(0, 1<<40),
		)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if len(plain.events) == 0 || rapid.IntRange(0, 2).Draw(t, "add") > 0 {
				at := now + min(ahead.Draw(t, "ahead"), 1<<62-now)
				if got, want := a.add(at, nil), plain.add(at); got != want {
					t.Fatalf("turn %d, want %d", got, want)
				}
				continue
			}
			got, want := a.next(), plain.next()
			if got != want || a.empty() != (len(plain.events) == 0) {
				t.Fatalf("%+v, want %+v; empty: %v with %d left", got, want, a.empty(), len(plain.events))
			}
			now = got.at
		}
	})
}
