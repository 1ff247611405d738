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
	"holdfast/scenarios/measure"
)

// Text writes reports for people.
type Text struct {
	W io.Writer
	Look

	untimed    bool // a schedule has an order, but no times
	conditions bool // a story is about the store, and says on which condition a call was made, and when
}

// Look is how a text is to look.
type Look struct {
	// Color marks verdicts; set it only for a terminal.
	Color bool
	// Verbose tells all there is. If it is not set, a run is told in [mostLines].
	Verbose bool
	// NoBlocks leaves out what is drawn with characters that not every terminal has.
	NoBlocks bool
}

// Width is the number of columns that reports keep to.
const Width = 80

// Text implements [Document]: one run in full, or several as a table with what came of each
// that failed.
func (r Result) Text(t Text) {
	if c := r.Comparison; c != nil {
		if c.Class() > r.own() { // the verdict first
			t.head(c.word(), fmt.Sprintf("compared with %s: %s", c.Old.Source, c.line()))
			fmt.Fprintln(t.W)
		}
		defer c.after(t)
	}
	if len(r.Runs) == 1 && len(r.NotReached) == 0 {
		t.run(&r, 0, mostLines)
		return
	}
	t.summary(r)
	if r.Directory != "" || len(r.OtherEnvironments) > 0 {
		fmt.Fprintln(t.W)
	}
	if n := len(r.OtherEnvironments); n > 0 {
		t.wrapped("made by", fmt.Sprintf("%d different programs or machines, of version %s; the JSON says which runs", n+1, strings.Join(r.versions(), ", ")))
	}
	if r.Directory != "" {
		t.kept(r.Directory)
	}
	t.failures(&r)
}

// via says how the clients reached the core, if not directly.
func via(r *measure.Measurement) string {
	if r.Via == string(scenarios.ViaAPI) {
		return " via the API"
	}
	return ""
}

// layoutNamed says of which layout the documents are, if not of the archive's own.
func layoutNamed(name string) string {
	if name == "" {
		return ""
	}
	return " on documents of layout " + name
}

func word(r *measure.Measurement) string { return verdictWord(r.Verdict, r.Interrupted, r.Met()) }

// verdictWord is a verdict in one word: of what was interrupted or not, and met what was
// expected of it or not.
func verdictWord(v check.Verdict, interrupted, met bool) string {
	switch {
	case v == check.Violated:
		return "FAIL"
	case v == check.StoreAtFault:
		return StoreWord
	case interrupted:
		return "STOPPED"
	case v == check.Inconclusive:
		return "INCONCLUSIVE"
	case !met:
		return "FAIL"
	}
	return "PASS"
}

// StoreWord is the verdict on a store that broke its promise, in the place of one on the core.
const StoreWord = "STORE AT FAULT"

func (t Text) verdict(r *measure.Measurement) {
	t.head(word(r), fmt.Sprintf("%s: %s", r.Scenario, outcome(r)))
}

// outcome says what a run has come to.
func outcome(r *measure.Measurement) string {
	switch {
	case r.Verdict == check.Violated:
		return "violates " + strings.Join(violated(r), ", ")
	case r.Verdict == check.StoreAtFault:
		return kinds(r.StoreFindings) + "; nothing is shown against the core"
	case r.Verdict == check.Inconclusive:
		return "nothing was proved"
	case r.Interrupted:
		return "interrupted; every invariant held up to there"
	case !r.Met():
		return "every invariant held, but not every expectation"
	}
	return "every invariant held"
}

// head writes a verdict and what it is about.
func (t Text) head(word, about string) {
	head := t.paint(word)
	for i, line := range Wrap(about, Width-len(word)-2) {
		if i > 0 {
			head = strings.Repeat(" ", len(word))
		}
		fmt.Fprintf(t.W, "%s  %s\n", head, line)
	}
}

// violated lists the invariants with their titles and how often they were broken.
func violated(r *measure.Measurement) []string {
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

func (t Text) row(name, value string) { fmt.Fprintf(t.W, "%-12s%s\n", name, value) }

// wrapped is a row that keeps to the width.
func (t Text) wrapped(name, value string) {
	for i, line := range Wrap(value, Width-12) {
		t.row([]string{name, ""}[min(i, 1)], line)
	}
}

// summary writes several runs as a table, the verdict of all first.
func (t Text) summary(r Result) {
	passed := 0
	verdict := "PASS"
	for i := range r.Runs {
		switch word := word(&r.Runs[i]); {
		case word == "PASS":
			passed++
		case verdict == "PASS" || word == "FAIL" || word == StoreWord && verdict != "FAIL":
			verdict = word
		}
	}
	asked := len(r.Runs) + len(r.NotReached)
	about := fmt.Sprintf("%d of %d %ss passed%s", passed, asked, r.unit(), r.took())
	if missing := len(r.NotReached); missing > 0 {
		about += fmt.Sprintf("; %d not reached", missing)
		if verdict == "PASS" {
			verdict = "STOPPED"
		}
	}
	t.head(verdict, about)
	fmt.Fprintln(t.W)
	w := NewTable(table.Row{"scenario", "verdict", "ops", "conflicts", "attempts", "p99 ms", "gave up"}, 3, 4, 5, 6, 7)
	names := runNames(r.Runs)
	// Beside what did not pass, many that did are not worth a line each; nor are those not run.
	short := !t.Verbose && verdict != "PASS" && asked > mostSummarized
	for i := range r.Runs {
		run := &r.Runs[i]
		if short && (run.Passed() || w.Length() == mostSummarized) {
			continue
		}
		latency := "–"
		if run.LatencyMS != nil && run.LatencyMS.Samples >= 100 { // or it is the longest
			latency = formatNumber(run.LatencyMS.P99)
		}
		attempts := "–"
		if run.Counts.Acknowledged > 0 {
			attempts = fmt.Sprintf("%.2f, max %d", run.Attempts.Mean, run.Attempts.Max)
		}
		w.AppendRow(table.Row{
			text.WrapSoft(names[i], 24), t.paint(word(run)), run.Counts.Operations,
			fmt.Sprintf("%.1f %%", 100*run.Rates["conflict.rate"]), attempts, latency, run.Counts.Exhausted,
		})
	}
	for _, name := range r.NotReached {
		if !short {
			w.AppendRow(table.Row{name, t.paint(NotRun), "–", "–", "–", "–", "–"})
		}
	}
	if w.Length() > 0 {
		t.Table(w)
	}
	if !short {
		return
	}
	var left []string
	if n := len(r.Runs) - passed - w.Length(); n > 0 {
		left = append(left, fmt.Sprintf("%d more that did not pass", n))
	}
	if passed > 0 {
		left = append(left, fmt.Sprintf("%d that passed", passed))
	}
	if n := len(r.NotReached); n > 0 {
		left = append(left, fmt.Sprintf("%d %s, from %s on", n, t.paint(NotRun), r.NotReached[0]))
	}
	fmt.Fprintf(t.W, "… %s (--verbose, or the page)\n", strings.Join(left, ", "))
}

// mostSummarized are the rows of a summary in which some did not pass.
const mostSummarized = 10

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
	if r.TookMS > 0 {
		seconds = r.TookMS / 1000
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
	case "PASS", "SAFE", "BASELINE", wordSteady:
		color = text.FgGreen
	case "INCONCLUSIVE", "STOPPED", "SAFE WITH LIMITS", NotRun, wordChanged, wordUnclear:
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

// Wrap breaks a text into lines of at most width columns, at spaces.
func Wrap(s string, width int) []string {
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
