package reports

import (
	"fmt"
	"strings"

	"holdfast/reports/chart"
	"holdfast/scenarios/measure"
)

// numbers are the rows of a run. What was found makes some of them beside the point.
func (t Text) numbers(r *measure.Measurement) []part {
	c, brief := r.Counts, r.Verdict.Final() && !t.Verbose
	all := []part{
		t.part(0, func(t Text) { t.wrapped("operations", operations(r)) }),
		t.part(15, func(t Text) { t.neverBegun(r) }),
		t.part(0, func(t Text) {
			if c.Lost+c.Duplicated+c.Overwritten > 0 {
				t.row("damage", fmt.Sprintf("%d lost, %d duplicated, %d overwritten unseen", c.Lost, c.Duplicated, c.Overwritten))
			}
		}),
		t.part(4, func(t Text) { t.wrapped("writes", writes(c)) }),
		t.part(12, func(t Text) {
			if f := r.Faults; f != nil {
				t.row("faults", fmt.Sprintf("%d of %d that were planned struck", f.Struck, f.Planned))
			}
		}),
		t.part(13, func(t Text) { t.messages(c) }),
		t.part(14, func(t Text) { t.storeErrors(r.StoreErrors) }),
	}
	if brief {
		return all
	}
	return append(all,
		t.part(6, func(t Text) { t.attempts(r) }),
		t.part(6, func(t Text) {
			if l := r.LatencyMS; l != nil {
				t.row("latency ms", percentiles(l.Samples, l.Max, l.P50, l.P90, l.P99, l.P999))
			}
		}),
		t.part(18, func(t Text) { t.spent(r.Spent) }),
		t.part(9, func(t Text) { t.commits(r.Timeline) }),
		t.part(11, func(t Text) {
			if m := r.MakespanMS; m != nil && m.Samples > 1 {
				t.row("makespan ms", fmt.Sprintf("mean %s  p50 %s  max %s  over %d repetitions",
					formatNumber(m.Mean), formatNumber(m.P50), formatNumber(m.Max), m.Samples))
			}
		}),
		t.part(10, func(t Text) { t.fairness(r.Fairness) }),
		t.part(10, func(t Text) { t.cost(r.Cost) }),
		t.part(8, func(t Text) { t.alarms(r.Alarms) }),
	)
}

// operations says how they ended, and how many there were in a second.
func operations(r *measure.Measurement) string {
	c := r.Counts
	ended := []string{fmt.Sprintf("%d of %d acknowledged", c.Acknowledged, c.Operations)}
	for _, part := range []struct {
		n    int
		what string
	}{
		{c.UserConflicts, "left to the user"}, {c.Exhausted, "gave up"}, {c.Gone, "gone"}, {c.Failed, "failed"},
		{c.EndedUnknown, "unknown"}, {c.Cancelled, "cancelled"}, {c.Crashed, "crashed"}, {c.Unfinished, "unfinished"},
	} {
		if part.n > 0 || part.what == "gave up" {
			ended = append(ended, fmt.Sprintf("%d %s", part.n, part.what))
		}
		if part.what == "gave up" && c.Unavailable > 0 {
			ended[len(ended)-1] += fmt.Sprintf(" (%d: store unavailable)", c.Unavailable)
		}
	}
	if c.FailedLoads > 0 {
		ended = append(ended, Plural(c.FailedLoads, "load")+" failed")
	}
	// Without what the harness did before and after.
	if m := r.MakespanMS; m != nil && m.Mean*float64(m.Samples) >= 1000 {
		ended = append(ended, fmt.Sprintf("%s/s", formatNumber(1000*float64(c.Acknowledged)/(m.Mean*float64(m.Samples)))))
	}
	return strings.Join(ended, ", ")
}

func (t Text) attempts(r *measure.Measurement) {
	if r.Counts.Acknowledged == 0 {
		return
	}
	a := &r.Attempts
	t.row("attempts", fmt.Sprintf("mean %.2f  ", a.Mean)+percentiles(r.Counts.Acknowledged, float64(a.Max), a.P50, a.P90, a.P99))
	if t.Verbose {
		t.histogram(a.Histogram, r.Counts.Acknowledged)
	}
}

// neverBegun says of how many operations there is no outcome, and why.
func (t Text) neverBegun(r *measure.Measurement) {
	if r.Counts.NeverBegun == 0 {
		return
	}
	var because []string
	for _, reason := range r.NeverBegun {
		why := reason.Why
		if len(r.NeverBegun) > 1 {
			why = fmt.Sprintf("%d, %s", reason.Count, why)
		}
		because = append(because, why)
	}
	t.wrapped("never begun", fmt.Sprintf("%d of %d intended: %s", r.Counts.NeverBegun, r.Counts.Intended, strings.Join(because, "; ")))
}

// messages says what became of those of the queue, and who was told nothing at all.
func (t Text) messages(c measure.Counts) {
	if c.Messages > 0 {
		dead := Plural(c.DeadLettered, "dead letter")
		if c.DeadLettered > 0 {
			dead += fmt.Sprintf(" (%d processed anyway)", c.DeadLetteredProcessed)
		}
		t.wrapped("queue", fmt.Sprintf("%s, %d delivered again, %s", Plural(c.Messages, "message"), c.Redelivered, dead))
	}
	if c.AcknowledgedLate > 0 {
		t.wrapped("", fmt.Sprintf("the visibility timeout is too short: the queue gave the message to another worker, or up, while it was worked on (%d×)",
			c.AcknowledgedLate))
	}
	if c.Untold > 0 {
		t.wrapped("untold", fmt.Sprintf("%s of uploads that are stored: no trigger tells of them, and nobody repeated the upload",
			Plural(c.Untold, "customer")))
	}
}

// mostStoreErrors are named in a report; result.json has some more.
const mostStoreErrors = 3

func (t Text) storeErrors(errors []measure.StoreError) {
	for i, e := range errors[:min(len(errors), mostStoreErrors)] {
		t.wrapped([]string{"errors", ""}[min(i, 1)], fmt.Sprintf("%d× %s: %s", e.Count, e.Call, e.Error))
	}
}

// writes accounts for every write: the parts add up to the whole. Of writes that hold more
// than one update it says how many there were for each.
func writes(c measure.Counts) string {
	parts := []string{fmt.Sprintf("%d = %d committed + %s", c.Puts, c.Committed, Plural(c.Conflicts412+c.Conflicts409, "conflict"))}
	for _, part := range []struct {
		n    int
		what string
	}{{c.Throttled, "throttled"}, {c.UnknownOutcomes, "unknown"}, {c.RefusedOtherwise, "refused otherwise"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	text := strings.Join(parts, " + ")
	if c.Puts > 0 {
		text += fmt.Sprintf(" (%.1f\u00a0%% met a conflict)", 100*float64(c.Conflicts412+c.Conflicts409)/float64(c.Puts))
	}
	if c.Puts > 0 && c.Puts < c.Acknowledged { // some held several
		text += fmt.Sprintf(", %.2g an update", float64(c.Puts)/float64(c.Acknowledged))
	}
	return text
}

// percentiles shows p50, p90, … as far as there are samples to tell them from
// the maximum, and says what the others need.
func percentiles(samples int, most float64, values ...float64) string {
	var shown, missing []string
	for i, v := range values {
		name, needed := []string{"p50", "p90", "p99", "p99.9"}[i], []int{0, 10, 100, 1000}[i]
		switch {
		case samples >= needed:
			shown = append(shown, name+" "+formatNumber(v))
		case len(missing) == 0:
			missing = append(missing, fmt.Sprintf("%s needs %d samples", name, needed))
		default:
			missing = append(missing, fmt.Sprintf("%s %d", name, needed))
		}
	}
	shown = append(shown, "max "+formatNumber(most))
	if len(missing) > 0 {
		shown = append(shown, "("+strings.Join(missing, ", ")+")")
	}
	return strings.Join(shown, "  ")
}

// mostBars is the number of bars that a histogram has at most.
const mostBars = 8

// histogram draws how many operations needed how many attempts; the tail is
// gathered so that it stays short.
func (t Text) histogram(counts []int, total int) {
	const longest = 40
	ranges := chart.Gathered(counts, mostBars)
	most := 1
	for _, r := range ranges {
		most = max(most, r.N)
	}
	for _, r := range ranges {
		bar := strings.Repeat("█", (r.N*longest+most-1)/most)
		if r.N > 0 {
			bar += " "
		}
		t.row("", fmt.Sprintf("%5s %s%d (%.1f %%)", r.Label(), bar, r.N, 100*float64(r.N)/float64(total)))
	}
}
