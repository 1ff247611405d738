package check

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"holdfast/scenarios/history"
)

// missingFourth is the history of n acknowledged appends to one object by four recorders in
// turns, the last of whom is missing; the others tell what they read.
func missingFourth(n int) (history.Header, []*history.Event) {
	h := history.Header{World: "real", Recorders: 4}
	for k := range 3 {
		h.Shards = append(h.Shards, history.Shard{Number: k, Attempt: 1})
	}
	var all []*history.Event
	number, of := 0, 3
	million(n, func(e *history.Event) {
		switch {
		case e.Op > 0:
			number, of = e.Op, e.Op%4
		case e.Actor == history.FinalActor:
			of = 0
		}
		if of == 3 && e.Actor != history.SetupActor {
			return
		}
		e = e.Clone()
		e.Clock = of % 3
		if e.Kind == history.Get && e.Actor != history.FinalActor && of == 0 && e.Doc.N == number-1 {
			e.Doc.Of, e.Doc.Keep = fmt.Sprintf("\"%032x\"", number-2), number-2
			e.Doc.Add, e.Doc.Entries = []string{fmt.Sprintf("mod-%020d", number-1)}, []history.Sum{history.Sum(number - 1)}
		}
		all = append(all, e)
	})
	return h, all
}

// BenchmarkJudgeGaps judges 200,000 modifications of which a fourth was seen by a recorder that
// is missing.
func BenchmarkJudgeGaps(b *testing.B) {
	const n = 200_000
	h, events := missingFourth(n)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var computed time.Duration
	for b.Loop() {
		begun := threadTime()
		r := judged(h, events)
		computed += threadTime() - begun
		if r.Verdict != Inconclusive || len(r.Found) > 0 || r.Tally.Unfollowed > 0 {
			b.Fatalf("%s %v %v %d", r.Verdict, r.Reasons, r.Violations, r.Tally.Unfollowed)
		}
	}
	b.ReportMetric(float64(computed.Nanoseconds())/float64(b.N)/n, "cpu-ns/modification")
}
