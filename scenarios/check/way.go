package check

import (
	"fmt"
	"slices"

	"holdfast/scenarios/history"
)

// checkWay holds the answer that an adapter made of a call against what befell the
// call on its way. This is the only look at what is below the core: from the history
// alone an adapter that calls every failure certain could not be told from a store
// whose failures are.
func (j *Judge) checkWay(e *history.Event) {
	if e.Fault != "" {
		j.tally.struck(e.Fault)
	}
	if e.Means != "" && e.Answer != e.Means {
		j.report(HonestAnswers, "misread answer",
			fmt.Sprintf("the %s of %s by %s was answered so that it means %q, and the store's adapter made %q of it",
				e.Kind, e.Key, e.Actor, e.Means, e.Answer), witness(e))
	}
	if e.Requests > 1 {
		j.report(HonestAnswers, "sent again",
			fmt.Sprintf("the %s of %s by %s was sent %d times, so its answer may be that to a repetition: the SDK's retries must be off",
				e.Kind, e.Key, e.Actor, e.Requests), witness(e))
	}
	if e.Carried != "" {
		j.report(HonestAnswers, "sent on another condition",
			fmt.Sprintf("the %s of %s by %s was sent on the condition %q, which is not the one that its caller had asked for",
				e.Kind, e.Key, e.Actor, e.Carried), witness(e))
	}
}

// witness is an event that speaks for itself.
func witness(e *history.Event) func() []history.Event {
	return func() []history.Event { return []history.Event{*e.Clone()} }
}

// struck notes that a planned fault has struck.
func (t *Tally) struck(fault string) {
	if i, found := slices.BinarySearch(t.Struck, fault); !found {
		t.Struck = slices.Insert(t.Struck, i, fault)
	}
}

// Missed are the planned faults that have struck nobody.
func (t *Tally) Missed(planned []string) (missed []string) {
	for _, fault := range planned {
		if _, found := slices.BinarySearch(t.Struck, fault); !found {
			missed = append(missed, fault)
		}
	}
	return missed
}
