package check

import (
	"fmt"
	"slices"
	"testing"

	"holdfast/scenarios/history"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// damaged draws a history with whatever can be wrong with one: broken clients, no
// last read, no end, operations without an end or with two.
func damaged(t *rapid.T, bugs []bug) []*history.Event {
	s := newSim(t, rapid.SliceOfN(rapid.SampledFrom(bugs), 0, 3).Draw(t, "bugs"))
	s.run()
	events := s.events
	end := len(events) - 1
	events[end].Interrupted = rapid.IntRange(0, 9).Draw(t, "interrupted") == 0
	if rapid.IntRange(0, 19).Draw(t, "no final read") == 0 {
		events = append(events[:end-1], events[end])
	}
	for range rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 0, 1, 2}).Draw(t, "damages") {
		i := rapid.IntRange(0, len(events)-1).Draw(t, "where")
		if rapid.Bool().Draw(t, "twice") {
			events = append(events[:i:i], append([]*history.Event{events[i]}, events[i:]...)...)
		} else {
			events = append(events[:i:i], events[i+1:]...)
		}
	}
	return events
}

// apart gives a history keys and operations of its own.
func apart(events []*history.Event, prefix string, ops int) (own []*history.Event, last int) {
	last = ops
	for _, e := range events {
		moved := *e
		if e.Key != "" {
			moved.Key = prefix + e.Key
		}
		if e.Op > 0 {
			moved.Op += ops
			last = max(last, moved.Op)
		}
		own = append(own, &moved)
	}
	return own, last
}

// joined is one history of several: it has its end if they all have theirs, and
// was interrupted if one of them was.
func joined(parts [][]*history.Event) (all []*history.Event, interrupted bool) {
	complete := len(parts) > 0
	for _, part := range parts {
		ended := false
		for _, e := range part {
			if e.Kind == history.End {
				ended, interrupted = true, interrupted || e.Interrupted
			} else {
				all = append(all, e)
			}
		}
		complete = complete && ended
	}
	if complete {
		all = append(all, &history.Event{Kind: history.End, Interrupted: interrupted})
	}
	return all, interrupted
}

// TestPoolIsOneJudge: pooled reports are that of one judge over all histories.
func TestPoolIsOneJudge(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		h := history.Header{MinConflicts: rapid.SampledFrom([]int{0, 0, 0, 1, 5}).Draw(t, "conflicts")}
		bugs := rapid.SampledFrom([][]bug{
			{correct}, {correct, staleContent, dropsEntry, claims, denies, blindSave}, {claims, denies},
		}).Draw(t, "bugs")
		var parts [][]*history.Event
		var reports []Report
		ops := 0
		for n := range rapid.SampledFrom([]int{0, 1, 2, 3, 4, 8}).Draw(t, "parts") {
			var part []*history.Event
			part, ops = apart(damaged(t, bugs), fmt.Sprintf("r%d/", n), ops)
			parts = append(parts, part)
			reports = append(reports, judged(history.Header{MinConflicts: n}, part))
		}
		all, interrupted := joined(parts)
		want, got := judged(h, all), Pool(h, reports)
		want.Interrupted = interrupted // also if there is no end to tell it
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("one judge (-) and the pool (+): %s", diff)
		}
		seen[string(got.Verdict)]++
		for _, n := range got.Found {
			if n > MostShown {
				seen["more than shown"]++
			}
		}
	})
	enough(t, seen, 5, "ok", "violated", "inconclusive", "more than shown")
}

// TestProved: waits unlike the policy take all repetitions to be proved.
func TestProved(t *testing.T) {
	uneven := Violation{Invariant: HonestAnswers, Anomaly: unevenWaits}
	for _, c := range []struct {
		report Report
		want   []Invariant
	}{
		{Report{}, nil},
		{Report{Found: map[Invariant]int{HonestAnswers: 1}, Violations: []Violation{uneven}}, nil},
		{Report{Found: map[Invariant]int{HonestAnswers: 2}, Violations: []Violation{{Invariant: HonestAnswers}, uneven}}, []Invariant{HonestAnswers}},
		{Report{Found: map[Invariant]int{OneChain: 7, NothingLost: 1}}, []Invariant{NothingLost, OneChain}},
	} {
		if got := c.report.Proved(); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, not %v", c.report.Found, got, c.want)
		}
	}
}
