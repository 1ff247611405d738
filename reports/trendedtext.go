package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
)

// The words of a trend.
const (
	wordSteady  = "STEADY"
	wordChanged = "CHANGED"
	wordUnclear = "UNCLEAR"
	wordWorse   = "WORSE"
	wordFail    = "FAIL"         // the latest run violates an invariant
	wordNothing = "INCONCLUSIVE" // it proves nothing
)

// trendWords are all of them, the gravest first.
var trendWords = []string{wordFail, StoreWord, wordNothing, wordWorse, wordChanged, wordUnclear, wordSteady}

// word is what a metric's values come to.
func (m *TrendMetric) word() string {
	switch {
	case m.State == Unclear:
		return wordUnclear
	case m.worse():
		return wordWorse
	case m.State == Changed:
		return wordChanged
	}
	return wordSteady
}

// latestWord is what the latest run comes to by itself; empty: it passed.
func (s *TrendSeries) latestWord() string {
	switch s.Runs[len(s.Runs)-1].Verdict {
	case check.Violated:
		return wordFail
	case check.StoreAtFault:
		return StoreWord
	case check.Inconclusive:
		return wordNothing
	case check.OK:
	}
	return ""
}

// word is that of the latest run if it did not pass, or else of the gravest metric; what some
// metrics lack does not matter if others have it.
func (s *TrendSeries) word() string {
	if word := s.latestWord(); word != "" {
		return word
	}
	return s.figuresWord()
}

func (s *TrendSeries) figuresWord() string {
	found := map[string]bool{}
	for i := range s.Metrics {
		found[s.Metrics[i].word()] = true
	}
	for _, word := range []string{wordWorse, wordChanged, wordSteady} {
		if found[word] {
			return word
		}
	}
	return wordUnclear
}

// word is that of the whole, and how many series have each.
func (t *Trended) word() (word string, series map[string]int) {
	series = map[string]int{}
	for i := range t.Series {
		series[t.Series[i].word()]++
	}
	for _, word := range trendWords {
		if series[word] > 0 {
			return word, series
		}
	}
	return wordUnclear, series
}

// lead says what the word is about: the first series that it is of, and how many others.
func (t *Trended) lead() string {
	word, n := t.word()
	at := slices.IndexFunc(t.Series, func(s TrendSeries) bool { return s.word() == word })
	if at < 0 {
		return "no run has figures that can be compared"
	}
	lead := t.Series[at].name() + ": " + t.Series[at].gist(word)
	var others []string
	n[word]--
	for _, w := range trendWords {
		if n[w] > 0 {
			others = append(others, fmt.Sprintf("%d %s", n[w], strings.ToLower(w)))
		}
	}
	if len(others) > 0 {
		lead += "; other series: " + strings.Join(others, ", ")
	}
	return lead
}

// gist says what a word of the series is about.
func (s *TrendSeries) gist(word string) string {
	latest := s.Runs[len(s.Runs)-1].Run
	switch word {
	case wordFail:
		return "the latest run violates an invariant: " + latest + "; its figures: " + s.gist(s.figuresWord())
	case StoreWord:
		return "the latest run was played on a store that broke its promise: " + latest
	case wordNothing:
		return "the latest run proves nothing: " + latest + "; its figures: " + s.gist(s.figuresWord())
	case wordSteady:
		return "no change is shown in " + Plural(len(s.Runs), "run")
	case wordUnclear:
		return s.why()
	}
	var first *TrendMetric
	others := 0
	for i := range s.Metrics {
		switch m := &s.Metrics[i]; {
		case m.word() != word:
		case first == nil:
			first = m
		default:
			others++
		}
	}
	c := cmp.Or(first.worsening(), first.latest(), &first.Changes[len(first.Changes)-1])
	gist := fmt.Sprintf("%s %s since run %d of %d", first.Metric, c.size(), c.At+1, len(s.Runs))
	if others > 0 {
		gist += ", and " + pluralOf(others, "other figure", "other figures")
	}
	return gist
}

func pluralOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Brief implements [Document].
func (t Trended) Brief(to Text) {
	word, _ := t.word()
	to.brief(word, t.lead())
}

// mostTrendSeries are told in a text that is read on a terminal, besides the first.
const mostTrendSeries = 2

// Text implements [Document]: the gravest series as a whole, of others what they come to.
func (t Trended) Text(to Text) {
	word, _ := t.word()
	to.head(word, t.lead())
	gravest := t.gravest()
	for i, s := range gravest {
		switch {
		case i == 0:
			to.trendSeries(s)
			fmt.Fprintln(to.W)
		case i <= mostTrendSeries:
			to.wrapped(s.word(), s.name()+": "+s.gist(s.word()))
		}
	}
	if more := len(gravest) - 1 - mostTrendSeries; more > 0 {
		to.wrapped("more", pluralOf(more, "other series is", "other series are")+" in the page (--html FILE) and with --json")
	}
	if len(t.LeftOut) > 0 {
		to.wrapped("left out", Plural(len(t.LeftOut), "run")+", the first: "+t.LeftOut[0].Run+": "+t.LeftOut[0].Why)
	}
	to.wrapped("found by", t.method())
}

// gravest are the series, the gravest first.
func (t *Trended) gravest() []*TrendSeries {
	var all []*TrendSeries
	for _, wanted := range trendWords {
		for i := range t.Series {
			if t.Series[i].word() == wanted {
				all = append(all, &t.Series[i])
			}
		}
	}
	return all
}

// method says how changes were found.
func (t *Trended) method() string {
	return fmt.Sprintf("E-divisive, %g a series; exactly, of one seed; worse from %s on", t.Significance, percent(t.MinEffect))
}

// name says which runs a series is of.
func (s *TrendSeries) name() string {
	name := fmt.Sprintf("%s, %s world", s.Scenario, s.World)
	if s.Exact {
		name += ", seed " + valueOf(s.Settings, "seed")
	}
	return name
}

// usualVia goes without saying.
var usualVia = Setting{"via", string(scenarios.ViaCore)}

// about says what its runs have in common, and how many they are.
func (s *TrendSeries) about() string {
	var all []string
	for _, setting := range s.Settings {
		if setting != usualVia {
			all = append(all, setting.Name+" "+setting.Value)
		}
	}
	about := Plural(len(s.Runs), "run")
	if s.Earlier > 0 {
		about += fmt.Sprintf(" (the last of %d)", len(s.Runs)+s.Earlier)
	}
	if first, last := s.Runs[0].Time, s.Runs[len(s.Runs)-1].Time; first != nil && last != nil {
		const day = "2006-01-02"
		about += " from " + first.Format(day) + " to " + last.Format(day)
	}
	return about + ": " + strings.Join(all, ", ")
}

// sight says what could not be seen.
func (s *TrendSeries) sight() string {
	switch {
	case s.Exact && len(s.Runs) > 1:
		return "every run has the same seed: any difference is the program's, or a setting's"
	case s.Blind >= len(s.Runs):
		return ""
	}
	return "a change can't be told from chance yet if it came with the last " + Plural(s.Blind, "run")
}

func (t Text) trendSeries(s *TrendSeries) {
	for _, line := range append(Wrap(s.about(), Width-6), Wrap(s.sight(), Width-6)...) {
		fmt.Fprintf(t.W, "      %s\n", line)
	}
	w := NewTable(table.Row{"metric", "first", "last", "noise", "changes"}, 2, 3, 4)
	var unclear []string
	for i := range s.Metrics {
		m := &s.Metrics[i]
		if m.State == Unclear {
			unclear = append(unclear, m.Metric)
			continue
		}
		w.AppendRow(table.Row{m.Metric, m.value(0), m.value(len(m.Values) - 1), m.noise(), m.story()})
	}
	if len(unclear) < len(s.Metrics) {
		t.Table(w)
	}
	if len(unclear) > 0 {
		t.wrapped("unclear", strings.Join(unclear, ", ")+": "+s.why())
	}
	for _, at := range s.latestPlaces() {
		t.wrapped(fmt.Sprintf("run %d", at+1), s.place(at))
	}
}

// why says why the first metric that is unclear is.
func (s *TrendSeries) why() string {
	for i := range s.Metrics {
		if s.Metrics[i].State == Unclear {
			return s.Metrics[i].Why
		}
	}
	return ""
}

// value is that of a run, in the unit that the metric's name has, with as many digits as
// differences of a few percent need.
func (m *TrendMetric) value(run int) string {
	switch v := m.Values[run]; {
	case v == nil:
		return "–"
	case *v >= 1e4:
		return fmt.Sprintf("%.0f", *v)
	default:
		return fmt.Sprintf("%.4g", *v)
	}
}

func percent(share float64) string { return fmt.Sprintf("%.2g\u00a0%%", 100*share) }

func (m *TrendMetric) noise() string {
	if m.Noise == nil {
		return "–"
	}
	return percent(*m.Noise)
}

// story tells the last of its changes.
func (m *TrendMetric) story() string {
	if len(m.Changes) == 0 {
		return "none shown"
	}
	c := cmp.Or(m.Lately, &m.Changes[len(m.Changes)-1])
	text := c.size() + fmt.Sprintf(" run %d", c.At+1)
	if c.P != nil {
		text += fmt.Sprintf(", p %.2g", *c.P)
	}
	if c == m.Lately {
		return text + ", by all changes since"
	}
	if earlier := len(m.Changes) - 1; earlier > 0 {
		text += fmt.Sprintf("; %d before", earlier)
	}
	return text
}

// size says in which direction it goes, and how far.
func (c *TrendChange) size() string {
	if c.Delta == nil {
		return fmt.Sprintf("%s, 0 → %.3g", c.Verdict, c.After)
	}
	return fmt.Sprintf("%s %+.2g\u00a0%%", c.Verdict, 100**c.Delta)
}

// mostPlaces are told of a series.
const mostPlaces = 3

// latestPlaces are the runs with which a metric changed, the last few.
func (s *TrendSeries) latestPlaces() []int {
	all := s.places()
	return all[max(len(all)-mostPlaces, 0):]
}

// places are the runs with which a metric changed.
func (s *TrendSeries) places() []int {
	var all []int
	for at := range s.Runs {
		for i := range s.Metrics {
			if s.Metrics[i].changesAt(at) != nil {
				all = append(all, at)
				break
			}
		}
	}
	return all
}

func (m *TrendMetric) changesAt(run int) *TrendChange {
	for i := range m.Changes {
		if m.Changes[i].At == run {
			return &m.Changes[i]
		}
	}
	return nil
}

// place says what changed there, in which run, and what else is new there.
func (s *TrendSeries) place(at int) string {
	text := s.Runs[at].Run + ": "
	var why []Difference
	for i := range s.Metrics {
		if c := s.Metrics[i].changesAt(at); c != nil {
			why = c.Differs
			break
		}
	}
	if len(why) == 0 {
		return text + "nothing else that runs record differs from the runs before" + s.unsaid(at)
	}
	var all []string
	for _, d := range why {
		place := ""
		if d.Run != at {
			place = fmt.Sprintf(" (in run %d)", d.Run+1)
		}
		all = append(all, fmt.Sprintf("%s %s → %s%s", d.What, orNone(d.Was), orNone(d.Now), place))
	}
	return text + strings.Join(all, "; ")
}

func orNone(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// unsaid says what the version of a run keeps to itself.
func (s *TrendSeries) unsaid(at int) string {
	if strings.HasSuffix(s.Runs[at].Version, changes) {
		return "; their program had changes that no commit has"
	}
	return ""
}
