package measure

import (
	"slices"
	"testing"

	"holdfast/scenarios/history"
)

// answered collects one operation of each of some actors; who needs 0 gives up, and who needs
// less never learns what became of it.
func answered(c *Collector, needs map[string]int, order ...string) {
	for op, actor := range order {
		c.Add(&history.Event{Kind: history.Invoke, Op: op + 1, Do: "append"})
		for range needs[actor] {
			c.Add(&history.Event{Kind: history.Put, Op: op + 1, Answer: history.OK})
		}
		outcome := history.Committed
		if needs[actor] == 0 {
			outcome = history.Exhausted
		} else if needs[actor] < 0 {
			outcome = history.Unknown
		}
		c.Add(&history.Event{Kind: history.Return, Op: op + 1, Actor: actor, At: 1e6, Outcome: outcome})
	}
}

// TestOperationsKnowTheirActors, also where collectors met them in another order.
func TestOperationsKnowTheirActors(t *testing.T) {
	needs := map[string]int{"a": 1, "b": 2, "c": 0, "d": -1}
	all, later := NewCollector(), NewCollector()
	answered(all, needs, "a", "b")
	answered(later, needs, "c", "a") // and what a reset leaves nothing of
	later.Reset()
	answered(later, needs, "b", "c", "a", "c", "d")
	all.Merge(later)
	names, gaveUp := all.Actors()
	var of []string
	for _, a := range all.Answered() {
		if of = append(of, names[a.Actor]); int(a.Attempts) != needs[names[a.Actor]] {
			t.Errorf("%s needed %d", names[a.Actor], a.Attempts)
		}
	}
	if !slices.Equal(of, []string{"a", "b", "b", "a"}) || len(of) != len(all.Latencies()) {
		t.Errorf("%v", of)
	}
	if !slices.Equal(names, []string{"a", "b", "c", "d"}) || !slices.Equal(gaveUp, []int{0, 0, 2, 1}) {
		t.Errorf("%v gave up %v", names, gaveUp)
	}
}
