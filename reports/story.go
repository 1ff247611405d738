package reports

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"holdfast/scenarios/check"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/history"
)

// leastWidth is left for what an actor did, however long its name is.
const leastWidth = 24

// eventsShown bounds a story that is told whole; result.json has all of it.
const eventsShown = 100

// mostOfEvent are the lines of an event in a story that has little room.
const mostOfEvent = 3

// everyStory tells each violation in full, those of one invariant after another.
func (t Text) everyStory(all []check.Violation) {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b check.Violation) int { return byNumber(string(a.Invariant), string(b.Invariant)) })
	for _, v := range sorted {
		t.write(t.storyIn(v, titled(v), 0))
	}
}

// titled names what was violated, and how.
func titled(v check.Violation) string {
	return fmt.Sprintf("%s %s: %s%s", v.Invariant, v.Invariant.Title(), v.Anomaly, alias(v.KnownAs, v.Anomaly))
}

// alias is another name in parentheses.
func alias(known, name string) string {
	if known == "" || known == name {
		return ""
	}
	return " (" + known + ")"
}

// storyIn tells a violation in so many lines; 0: in as many as it takes. What is left out of
// it was said in the summary, or led up to it.
func (t Text) storyIn(v check.Violation, title string, room int) []part {
	all := []part{{lines: Wrap(title, Width)}}
	if t.Verbose && v.Means != "" {
		all[0].lines = append(all[0].lines, indented(Wrap(v.Means, Width-2))...)
	}
	summary := t.summaryOf(v)
	if room > 0 {
		summary = cutTo(summary, 3)
		room = max(room-height(all)-len(summary), 1)
	}
	all = append(all, part{lines: summary})
	events := t.eventParts(v)
	if room > 0 {
		for i := range events {
			events[i].lines = cutTo(events[i].lines, mostOfEvent)
		}
	}
	shown, left := fitting(events, room)
	if left > 0 {
		shown, left = fitting(events, max(room-1, 1))
	}
	if left > 0 && height(shown) >= room { // not even one
		shown, left = nil, len(events)
	}
	if room > 0 { // what it has no room for has been left out, and numbers matter less than the rest
		for i := range shown {
			shown[i].drop = 1
		}
	}
	if left += len(v.Witness) - len(events); left > 0 {
		where := "--verbose, or the page"
		if t.Verbose {
			where = "the document has them"
		}
		shown = append(shown, part{lines: []string{fmt.Sprintf("  … %s (%s)", Plural(left, "more event"), where)}})
	}
	return append(all, shown...)
}

// summaryOf is the summary of a violation, as lines.
func (t Text) summaryOf(v check.Violation) []string { return indented(Wrap(t.shortened(v), Width-2)) }

func indented(lines []string) []string {
	for i := range lines {
		lines[i] = "  " + lines[i]
	}
	return lines
}

// shortened is the summary of a violation with the names of its story.
func (t Text) shortened(v check.Violation) string {
	return legible(shortNames(v).Replace(v.Summary))
}

// legible leaves out what only tells long values apart, and of a time what nobody reads.
func legible(s string) string {
	return tooFine.ReplaceAllString(checksum.ReplaceAllString(s, ""), "$1$2")
}

// tooFine is a time that is told to the nanosecond.
var tooFine = regexp.MustCompile(`\b(\d+\.\d{1,2})\d*([mµ]?s)\b`)

// checksum is what tells long values apart in a history; people need it not.
var checksum = regexp.MustCompile(` #[0-9a-f]{16}`)

// eventParts are the events of a violation, of which those that say least are left out first.
func (t Text) eventParts(v check.Violation) []part {
	names := shortNames(v)
	width := 0
	for _, e := range v.Witness {
		width = max(width, text.StringWidth(e.Actor))
	}
	events := v.Witness[:min(len(v.Witness), eventsShown)]
	all := make([]part, len(events))
	graded := map[int][]int{} // the events of a grade
	for i := range events {
		e := &events[i]
		grade := leadingUp(v, e)
		graded[grade] = append(graded[grade], i)
		said := tell(e)
		if !t.Verbose {
			said = tell(withoutValues(v, e))
		}
		if t.conditions {
			said += t.asked(e)
		}
		for n, line := range Wrap(names.Replace(said), max(Width-16-width, leastWidth)) {
			if n == 0 {
				line = fmt.Sprintf("%s  %-*s  %s", t.moment(e.At), width, e.Actor, line)
			} else {
				line = fmt.Sprintf("%*s%s", 16+width, "", line)
			}
			all[i].lines = append(all[i].lines, line)
		}
	}
	for grade, of := range graded {
		for k, i := range of {
			all[i].drop = 1000*grade + min(k, len(of)-1-k) // those in the middle first
		}
	}
	return all
}

// withoutValues is a write without the fields that it changes, where a violation is not about
// values.
func withoutValues(of check.Violation, e *history.Event) *history.Event {
	switch of.Invariant {
	case check.NoSilentOverwrite, check.ForeignDataIntact, check.AsAsked:
		return e
	case check.ExactlyOnce:
		if of.Anomaly != appendedAgain {
			return e
		}
	}
	if e.Doc == nil || len(e.Doc.Set) == 0 {
		return e
	}
	short := e.Clone()
	short.Doc.Set = nil
	return short
}

// leadingUp grades how far an event only leads up to what a story is about; 1 is the heart of it.
func leadingUp(v check.Violation, e *history.Event) int {
	of := v.Invariant
	read := e.Kind == history.Get || e.Kind == history.Head
	switch {
	case read && (of == check.RealTime || of == ""): // which is about the store
		return 1
	case e.Actor == history.SetupActor && of != "":
		return 4
	case e.Kind == history.Put && e.Answer != history.OK && e.Answer != history.UnknownAnswer:
		return 3
	case e.Kind == history.Put, e.Kind == history.Delete, e.Kind == history.Tell:
		return 1
	case e.Kind == history.Return, e.Kind == history.Queue, read && e.Actor == history.FinalActor, e.Kind == history.Invoke && of == check.AsAsked:
		return 2
	case read:
		return 4
	}
	return 5
}

// moment says when an event was, in 12 columns.
func (t Text) moment(ns int64) string {
	if !t.untimed {
		return fmt.Sprintf("%9.2f ms", float64(ns)/1e6)
	}
	if calls := ns / explore.Tick.Nanoseconds(); calls > 0 {
		return fmt.Sprintf("%12s", fmt.Sprintf("call %d", calls))
	}
	return fmt.Sprintf("%12s", "at first")
}

// shortNames replaces the ETags of a story by v1, v2, … in the order in which
// they appear, and shortens modification ids. result.json has them in full.
func shortNames(v check.Violation) *strings.Replacer {
	var pairs []string
	seen := map[string]bool{"": true}
	version := func(etag string) {
		if !seen[etag] {
			seen[etag] = true
			pairs = append(pairs, etag, fmt.Sprintf("v%d", len(pairs)/2+1))
		}
	}
	for _, e := range v.Witness {
		if e.OfTrigger() {
			continue // its ETag is of no version of the object
		}
		version(e.Base)
		if e.Doc != nil {
			version(e.Doc.Of)
		}
		version(e.IfETag)
		version(e.ETag)
	}
	short := func(id string) {
		const most = 10
		if len(id) > most && !seen[id] {
			seen[id] = true
			pairs = append(pairs, id, id[:most-1]+"…")
		}
	}
	for _, e := range v.Witness {
		for _, id := range e.IDs {
			short(id)
		}
		if e.Doc != nil {
			for _, id := range e.Doc.Add {
				short(id)
			}
		}
	}
	return strings.NewReplacer(pairs...)
}
