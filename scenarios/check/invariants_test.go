package check

import (
	"slices"
	"testing"

	"holdfast/scenarios/history"
)

// start is what most cases begin with.
var start = doc{entries: []string{"s"}, fields: map[string]string{"title": "A", "plan": "P"}}

// brokenCase is a history that breaks invariants and does nothing else wrong,
// and its twin: nearly the same history, and correct.
type brokenCase struct {
	name   string
	broken func(*book)
	want   []Invariant
	twin   func(*book)
}

func TestInvariants(t *testing.T) {
	for _, c := range slices.Concat(historyCases, clientCases, messageCases, batchCases, batchedValueCases, storeCases) {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			c.broken(b)
			r := judged(history.Header{}, b.events)
			expect(t, r, c.want...)
			for _, v := range r.Violations {
				if len(v.Witness) == 0 || v.Summary == "" || v.Means == "" {
					t.Errorf("%s is not explained: %+v", v.Invariant, v)
				}
			}
		})
		t.Run("twin of "+c.name, func(t *testing.T) {
			b := newBook()
			c.twin(b)
			expect(t, judged(history.Header{}, b.events))
		})
	}
}
