package measure

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// TestNumbersOfBatchedOperations: an operation that a batch stores needed as many writes as
// the batch, and a batch is no operation that anybody wanted.
func TestNumbersOfBatchedOperations(t *testing.T) {
	const ms = 1_000_000
	put := func(at int64, op int, answer string, ids ...string) *history.Event {
		return &history.Event{Kind: history.Put, Start: at - ms, At: at, Actor: "consumer", Op: op, Key: "k", If: history.IfMatch, Answer: answer, Doc: &history.Doc{Add: ids}}
	}
	submit := func(at int64, op int, ids ...string) *history.Event {
		return &history.Event{Kind: history.Invoke, At: at, Actor: "a", Op: op, Key: "k", Do: "append", Through: "queue", IDs: ids}
	}
	end := func(at int64, op int, outcome string) *history.Event {
		return &history.Event{Kind: history.Return, At: at, Actor: "a", Op: op, Key: "k", Outcome: outcome}
	}
	batch := func(at int64, op int) *history.Event {
		return &history.Event{Kind: history.Invoke, At: at, Actor: "consumer", Op: op, Key: "k", Do: history.DoBatch, Through: "queue"}
	}
	c := NewCollector()
	for _, e := range []*history.Event{
		{Kind: history.Begin, Repetition: 1},
		submit(1*ms, 1, "m1", "n1"), submit(2*ms, 2, "m2"), submit(3*ms, 3, "m3"), submit(3*ms, 6, "m6"),
		batch(4*ms, 4),
		put(5*ms, 4, history.PreconditionFailed, "m1", "n1", "m2"), put(6*ms, 4, history.OK, "m1", "n1", "m2"),
		end(7*ms, 4, history.Committed), end(7*ms, 1, history.Committed), end(8*ms, 2, history.Committed),
		batch(9*ms, 5), put(10*ms, 5, history.UnknownAnswer, "m3"), end(11*ms, 5, history.Committed), end(11*ms, 3, history.Committed),
		{Kind: history.Request, At: 12 * ms, Do: history.SendRequest, Count: 4}, {Kind: history.Request, At: 12 * ms, Do: history.ReceiveRequest, Count: 2},
		{Kind: history.End, At: 12 * ms},
	} {
		c.Add(e)
	}
	var m Measurement
	c.Fill(&m, check.Counts{})
	if diff := cmp.Diff([]int{0, 1, 2}, m.Attempts.Histogram); diff != "" {
		t.Errorf("attempts: %s", diff)
	}
	if n := m.Counts; n.Operations != 4 || n.Acknowledged != 3 || n.Unfinished != 1 || n.Puts != 3 || n.Committed != 1 || n.QueueRequests != 6 {
		t.Errorf("%+v", n)
	}
	if got := m.Rates["puts.per_update"]; got != 1 || m.Rates["puts.per_commit"] != 3 {
		t.Errorf("%v", m.Rates)
	}
	if l := m.LatencyMS; l.Samples != 3 || l.Max < 7.9 || l.Max > 8.1 {
		t.Errorf("%+v", l)
	}
	if err := m.Counts.Balance(); err != nil {
		t.Error(err)
	}
}
