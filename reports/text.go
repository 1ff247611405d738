package reports

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
)

// Text writes reports for people.
type Text struct {
	W io.Writer
	// Color marks verdicts; set it only for a terminal.
	Color bool

	untimed bool // a schedule has an order, but no times
}

// Width is the number of columns that reports keep to.
const Width = 80

// Result writes one run in full, or several as a table with the story of each
// that failed.
func (t Text) Result(r Result) {
	if len(r.Runs) == 1 && len(r.NotReached) == 0 {
		t.Run(&r.Runs[0])
		return
	}
	t.summary(r)
	for i := range r.Runs {
		if run := &r.Runs[i]; !run.Passed() {
			fmt.Fprintln(t.W)
			t.Run(run)
		}
	}
}

// Run writes one run, verdict first.
func (t Text) Run(r *Run) {
	t.verdict(r)
	if r.Verdict != check.Violated { // it says what a passing run has shown
		for _, line := range wrap(r.Shows, Width-6) {
			fmt.Fprintf(t.W, "      %s\n", line)
		}
	}
	notes := r.Missed()
	if r.Verdict == check.Inconclusive {
		notes = append(slices.Clone(r.Reasons), notes...)
	}
	notes = append(notes, r.Notes...)
	if r.Judged > 0 {
		notes = append(notes, fmt.Sprintf("The history holds %d of %s, which is what the numbers are of; the run found nothing wrong with the others",
			r.Judged, Plural(r.Repetitions, "repetition")))
	}
	if r.Failure != "" {
		notes = append(notes, "The run could not go on: "+r.Failure)
	}
	for _, reason := range notes {
		for i, line := range wrap(reason, Width-10) {
			fmt.Fprintf(t.W, "      %s %s\n", []string{"–", " "}[min(i, 1)], line)
		}
	}
	fmt.Fprintln(t.W)
	if r.Verdict == check.Violated {
		t.stories(r)
		fmt.Fprintln(t.W)
	}
	t.numbers(r)
	t.wrapped("setting", fmt.Sprintf("%s core%s, %s world, %s, %s", r.Core, via(r), r.World, r.Store, Plural(r.Clients, "client")))
	t.row("policy", r.Policy)
	if r.Directory != "" {
		t.row("saved in", r.Directory)
	}
	if r.Replay != "" {
		// Never wrapped: it is there to be copied.
		t.row("replay", r.Replay)
		if r.World == "real" {
			t.row("", "(the real world's schedule varies from run to run)")
		}
	}
}

// via says how the clients reached the core, if not directly.
func via(r *Run) string {
	if r.Via == string(scenarios.ViaAPI) {
		return " via the API"
	}
	return ""
}

// Word is the verdict in one word.
func (r *Run) Word() string { return Word(r.Verdict, r.Interrupted, len(r.Missed()) == 0) }

// Word is a verdict in one word: of what was interrupted or not, and met what was
// expected of it or not.
func Word(v check.Verdict, interrupted, met bool) string {
	switch {
	case v == check.Violated:
		return "FAIL"
	case interrupted:
		return "STOPPED"
	case v == check.Inconclusive:
		return "INCONCLUSIVE"
	case !met:
		return "FAIL"
	}
	return "PASS"
}

func (t Text) verdict(r *Run) {
	what := "every invariant held"
	switch {
	case r.Verdict == check.Violated:
		what = "violates " + strings.Join(violated(r), ", ")
	case r.Verdict == check.Inconclusive:
		what = "nothing was proved"
	case r.Interrupted:
		what = "interrupted; every invariant held up to there"
	case len(r.Missed()) > 0:
		what = "every invariant held, but not every expectation"
	}
	t.head(r.Word(), fmt.Sprintf("%s: %s", r.Scenario, what))
}

// head writes a verdict and what it is about.
func (t Text) head(word, about string) {
	head := t.paint(word)
	for i, line := range wrap(about, Width-len(word)-2) {
		if i > 0 {
			head = strings.Repeat(" ", len(word))
		}
		fmt.Fprintf(t.W, "%s  %s\n", head, line)
	}
}

// violated lists the invariants with their titles and how often they were broken.
func violated(r *Run) []string {
	var all []string
	for _, name := range slices.SortedFunc(maps.Keys(r.Violated), byNumber) {
		all = append(all, fmt.Sprintf("%s %s (%d×)", name, check.Invariant(name).Title(), r.Violated[name]))
	}
	return all
}

// byNumber sorts I2 before I10.
func byNumber(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func (t Text) numbers(r *Run) {
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
	}
	if c.FailedLoads > 0 {
		ended = append(ended, Plural(c.FailedLoads, "load")+" failed")
	}
	// Without what the harness did before and after.
	if m := r.MakespanMS; m != nil && m.Mean*float64(m.Samples) >= 1000 {
		ended = append(ended, fmt.Sprintf("%s/s", formatNumber(1000*float64(c.Acknowledged)/(m.Mean*float64(m.Samples)))))
	}
	t.wrapped("operations", strings.Join(ended, ", "))
	t.neverBegun(r)
	if c.Lost+c.Duplicated+c.Overwritten > 0 {
		t.row("damage", fmt.Sprintf("%d lost, %d duplicated, %d overwritten unseen", c.Lost, c.Duplicated, c.Overwritten))
	}
	t.wrapped("writes", writes(c))
	if f := r.Faults; f != nil {
		t.row("faults", fmt.Sprintf("%d of %d that were planned struck", f.Struck, f.Planned))
	}
	t.messages(c)
	t.storeErrors(r.StoreErrors)
	if c.Acknowledged > 0 {
		t.row("attempts", fmt.Sprintf("mean %.2f  ", r.Attempts.Mean)+
			percentiles(c.Acknowledged, float64(r.Attempts.Max), r.Attempts.P50, r.Attempts.P90, r.Attempts.P99))
		t.histogram(r.Attempts.Histogram, c.Acknowledged)
	}
	if l := r.LatencyMS; l != nil {
		t.row("latency ms", percentiles(l.Samples, l.Max, l.P50, l.P90, l.P99, l.P999))
	}
	if m := r.MakespanMS; m != nil && m.Samples > 1 {
		t.row("makespan ms", fmt.Sprintf("mean %s  p50 %s  max %s  over %d repetitions",
			formatNumber(m.Mean), formatNumber(m.P50), formatNumber(m.Max), m.Samples))
	}
}

// neverBegun says of how many operations there is no outcome, and why.
func (t Text) neverBegun(r *Run) {
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
func (t Text) messages(c Counts) {
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

func (t Text) storeErrors(errors []StoreError) {
	for i, e := range errors[:min(len(errors), mostStoreErrors)] {
		t.wrapped([]string{"errors", ""}[min(i, 1)], fmt.Sprintf("%d× %s: %s", e.Count, e.Call, e.Error))
	}
}

// writes accounts for every write: the parts add up to the whole.
func writes(c Counts) string {
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
	first := 0
	for first < len(counts) && counts[first] == 0 {
		first++
	}
	var labels []string
	var bars []int
	width := 1
	if span := len(counts) - first; span > mostBars {
		width = (span + mostBars - 1) / mostBars
	}
	for from := first; from < len(counts); from += width {
		to := min(from+width, len(counts)) - 1
		n := 0
		for _, c := range counts[from : to+1] {
			n += c
		}
		label := fmt.Sprint(from)
		if to > from {
			label = fmt.Sprintf("%d–%d", from, to)
		}
		labels, bars = append(labels, label), append(bars, n)
	}
	const longest = 40
	most := slices.Max(append(bars, 1))
	for i, n := range bars {
		bar := strings.Repeat("█", (n*longest+most-1)/most)
		if n > 0 {
			bar += " "
		}
		t.row("", fmt.Sprintf("%5s %s%d (%.1f %%)", labels[i], bar, n, 100*float64(n)/float64(total)))
	}
}

func (t Text) row(name, value string) { fmt.Fprintf(t.W, "%-12s%s\n", name, value) }

// wrapped is a row that keeps to the width.
func (t Text) wrapped(name, value string) {
	for i, line := range wrap(value, Width-12) {
		t.row([]string{name, ""}[min(i, 1)], line)
	}
}

// summary writes several runs as a table, the verdict of all first.
func (t Text) summary(r Result) {
	passed := 0
	verdict := "PASS"
	for i := range r.Runs {
		switch word := r.Runs[i].Word(); {
		case word == "PASS":
			passed++
		case verdict == "PASS" || word == "FAIL":
			verdict = word
		}
	}
	asked := len(r.Runs) + len(r.NotReached)
	about := fmt.Sprintf("%d of %d scenarios passed%s", passed, asked, r.took())
	if missing := len(r.NotReached); missing > 0 {
		about += fmt.Sprintf("; %d not reached", missing)
		if verdict == "PASS" {
			verdict = "STOPPED"
		}
	}
	t.head(verdict, about)
	fmt.Fprintln(t.W)
	w := NewTable(table.Row{"scenario", "verdict", "ops", "conflicts", "attempts", "p99 ms", "gave up"}, 3, 4, 5, 6, 7)
	for i := range r.Runs {
		run := &r.Runs[i]
		latency := "–"
		if run.LatencyMS != nil {
			latency = formatNumber(run.LatencyMS.P99)
		}
		attempts := "–"
		if run.Counts.Acknowledged > 0 {
			attempts = fmt.Sprintf("%.2f, max %d", run.Attempts.Mean, run.Attempts.Max)
		}
		w.AppendRow(table.Row{
			run.Scenario, t.paint(run.Word()), run.Counts.Operations,
			fmt.Sprintf("%.1f %%", 100*run.Rates["conflict.rate"]), attempts, latency, run.Counts.Exhausted,
		})
	}
	for _, name := range r.NotReached {
		w.AppendRow(table.Row{name, t.paint(NotRun), "–", "–", "–", "–", "–"})
	}
	t.Table(w)
}

// NotRun is the word for a scenario without a run.
const NotRun = "NOT RUN"

// took says how long the runs took; virtual time is told apart.
func (r *Result) took() string {
	real, virtual := 0.0, 0.0 // ms
	for i := range r.Runs {
		if r.Runs[i].World == "virtual" {
			virtual += r.Runs[i].Elapsed
		} else {
			real += r.Runs[i].Elapsed
		}
	}
	seconds := real / 1000
	if r.Took > 0 {
		seconds = r.Took.Seconds()
	}
	took := fmt.Sprintf(" in %.1fs", seconds)
	if seconds < 1 {
		took = fmt.Sprintf(" in %.0f ms", seconds*1000)
	}
	switch {
	case virtual == 0:
		return took
	case seconds == 0:
		return fmt.Sprintf(", %.1fs of virtual time", virtual/1000)
	}
	return fmt.Sprintf("%s (%.1fs of virtual time)", took, virtual/1000)
}

func (t Text) paint(word string) string {
	if !t.Color {
		return word
	}
	color := text.FgRed
	switch word {
	case "PASS":
		color = text.FgGreen
	case "INCONCLUSIVE", "STOPPED", NotRun:
		color = text.FgYellow
	}
	return text.Colors{text.Bold, color}.Sprint(word)
}

// Plural says how many there are of something.
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// wrap breaks a text into lines of at most width columns, at spaces.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && text.StringWidth(line)+1+text.StringWidth(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
