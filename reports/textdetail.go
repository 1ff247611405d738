package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/scenarios/measure"
	"holdfast/scenarios/units"
)

const (
	// mostBlocks are drawn in a line of blocks.
	mostBlocks = 26
	// fewestCommits and fewestParts are what makes their course worth a line.
	fewestCommits, fewestParts = 20, 8
)

// eighths are from the lowest to the highest; what is nothing is a dot.
var eighths = []rune("▁▂▃▄▅▆▇█")

// commits draws how many there were in the course of a repetition.
func (t Text) commits(line *measure.Timeline) {
	if t.NoBlocks || line == nil || len(line.Commits) < fewestParts {
		return
	}
	per := (len(line.Commits) + mostBlocks - 1) / mostBlocks
	var sums []int
	all := 0
	for part := range slices.Chunk(line.Commits, per) {
		sum := 0
		for _, n := range part {
			sum += n
		}
		sums, all = append(sums, sum), all+sum
	}
	if all < fewestCommits {
		return
	}
	most := slices.Max(sums)
	var b strings.Builder
	for _, n := range sums {
		if n == 0 {
			b.WriteRune('·')
			continue
		}
		b.WriteRune(eighths[(n*len(eighths)-1)/most])
	}
	width := line.WidthMS * float64(per)
	text := fmt.Sprintf("%s 0–%s, at most %s/s", b.String(), span(line.WidthMS*float64(len(line.Commits))),
		formatNumber(1000*float64(most)/width/float64(max(line.Repetitions, 1))))
	if line.Repetitions > 1 {
		text += fmt.Sprintf(", mean of %d runs", line.Repetitions)
	}
	t.wrapped("commits", text)
}

// span is a time as people read it.
func span(ms float64) string {
	d := time.Duration(ms * float64(time.Millisecond))
	switch {
	case d >= 10*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d >= time.Second:
		return formatNumber(d.Seconds()) + " s"
	}
	return formatNumber(ms) + " ms"
}

// spent says what the time of the acknowledged operations went to.
func (t Text) spent(s *measure.Spent) {
	if s == nil || !t.Verbose {
		return
	}
	t.wrapped("spent ms", fmt.Sprintf("%s waiting, %s in calls of the store, %s queued before the start, %s own work; mean of %d",
		formatNumber(s.WaitingMS), formatNumber(s.CallsMS), formatNumber(s.QueuedMS), formatNumber(s.OwnMS), s.Samples))
}

// unfair is how many times the median actor's p99 the worst one's is when that is worth a line.
const unfair = 2

// fairness says who had the worst of it, if anybody had.
func (t Text) fairness(f *measure.Fairness) {
	if f == nil {
		return
	}
	if t.Verbose || f.Starved > 0 || f.WorstP99MS >= unfair*f.MedianP99MS {
		what := "p99"
		if slices.ContainsFunc(f.Each, func(a measure.ActorLatency) bool { return a.Samples < 100 }) {
			what = "longest" // which nobody can tell p99 from
		}
		text := fmt.Sprintf("%s %s ms of %s, of the median of %d actors %s ms; Jain's index %.2f (1: all alike)",
			what, formatNumber(f.WorstP99MS), f.Worst, f.Actors, formatNumber(f.MedianP99MS), f.Jain)
		if f.Starved > 0 {
			text += fmt.Sprintf("; %s never acknowledged", Plural(f.Starved, "more actor"))
		}
		t.wrapped("fairness", text)
	}
}

func (t Text) cost(c *measure.Cost) {
	if c == nil || !t.Verbose {
		return
	}
	text := fmt.Sprintf("$%.2f for a million commits", c.PerMillionCommits)
	if c.PerMillionUpdates > 0 {
		text += fmt.Sprintf(", $%.2f for a million updates", c.PerMillionUpdates)
	}
	text += ", by the prices of " + c.Prices
	if c.Assumed {
		text += ", as this store's are not known"
	}
	t.wrapped("cost", text)
}

// mostAlarms are named in a line.
const mostAlarms = 2

// alarms says which of the documented ones production would have rung; what is not known is
// never told as quiet.
func (t Text) alarms(all []measure.Alarm) {
	if len(all) == 0 {
		return
	}
	if t.Verbose {
		t.alarmTable(all)
		return
	}
	var firing []string
	for _, a := range all {
		if a.Fires {
			name, _, _ := strings.Cut(a.Metric, " / ")
			firing = append(firing, fmt.Sprintf("%s %s\u00a0%s (%s, n\u00a0= %s)", name, formatNumber(a.Value), a.Unit, a.Threshold, units.Thousands(a.Samples)))
		}
	}
	if len(firing) == 0 {
		return
	}
	more := ""
	if n := len(firing) - mostAlarms; n > 0 {
		firing, more = firing[:mostAlarms], fmt.Sprintf(", and %d more", n)
	}
	t.wrapped("alarms", "would fire: "+strings.Join(firing, ", ")+more)
}

func (t Text) alarmTable(all []measure.Alarm) {
	w := NewTable(table.Row{"alarm", "value", "fires at", "of", ""}, 2, 4)
	for _, a := range all {
		value, says := "–", "unknown: "+a.Note
		if a.Samples > 0 {
			value, says = formatNumber(a.Value)+" "+a.Unit, a.Note
			if a.Fires {
				says = "would fire"
			}
		}
		name, _, _ := strings.Cut(a.Metric, " / ")
		w.AppendRow(table.Row{name, value, a.Threshold, a.Samples, strings.Join(Wrap(says, 20), "\n")})
	}
	fmt.Fprintln(t.W)
	t.Table(w)
	fmt.Fprintln(t.W)
}
