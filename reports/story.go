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
	"holdfast/scenarios/units"
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

// tell says in words what an event was.
func tell(e *history.Event) string {
	if e.OfTrigger() {
		return tellTrigger(e) + tellWay(e)
	}
	switch e.Kind {
	case history.Invoke:
		return tellInvoke(e)
	case history.Get, history.Head:
		return tellRead(e) + tellWay(e)
	case history.Put:
		return tellPut(e) + tellWay(e)
	case history.Delete:
		return tellDelete(e) + tellWay(e)
	case history.Queue:
		return tellQueue(e)
	case history.Tell:
		return tellTell(e)
	case history.Wait:
		return fmt.Sprintf("waits %s before attempt %d", units.Seconds(float64(e.Wait)/1e6), e.Attempt)
	case history.Note:
		return strings.TrimSpace(e.Fault + " " + strings.TrimPrefix(e.Text, "the fault "))
	case history.Return:
		switch e.Outcome {
		case history.Committed:
			told := "is told: committed as version " + e.ETag
			if e.ETag == "" {
				told = "is told: committed, but not as which version"
			}
			if len(e.Told) > 0 {
				told += ", and that " + strings.Join(e.Told, ", ") + " have been told"
			}
			return told
		case history.Crashed:
			return "dies before it is told anything"
		}
		return "is told: " + e.Outcome
	}
	return string(e.Kind)
}

// met says in words what became of a call that did not succeed.
func met(e *history.Event) string {
	switch e.Answer {
	case history.NotFound:
		return "404: there is no object"
	case history.PreconditionFailed:
		if e.If == history.IfAbsent {
			return "412: the object exists"
		}
		return "412: it is another version by now"
	case history.Conflict:
		return "409: another write is under way"
	case history.Throttled:
		return "503: the store is too busy"
	case history.Unavailable:
		return "it never reached the store"
	case history.UnknownAnswer:
		return "no answer"
	}
	return "an error"
}

// tellWay says what befell a call on its way, where that was planned or went wrong.
func tellWay(e *history.Event) string {
	way := ""
	if e.Fault != "" {
		way += "; " + e.Fault + " struck"
	}
	if e.Means != "" && e.Means != e.Answer {
		way += fmt.Sprintf("; told %q, and it means %q", e.Answer, e.Means)
	}
	if e.Requests > 1 {
		way += fmt.Sprintf("; it was sent %d times", e.Requests)
	}
	if e.Carried != "" {
		way += fmt.Sprintf("; it was sent on the condition %q", e.Carried)
	}
	return way
}

func tellRead(e *history.Event) string {
	what := "reads"
	if e.Kind == history.Head {
		what = "looks at the version"
	}
	switch {
	case e.Answer == history.NotFound:
		return what + ": there is no object"
	case e.Answer == history.Unavailable:
		return what + " in vain (no answer)"
	case e.Answer != history.OK:
		return what + " in vain (" + met(e) + ")"
	case e.Doc == nil:
		return "looks at version " + e.ETag
	case e.Doc.Bad != "":
		return fmt.Sprintf("reads version %s, whose body is no document (%s)", e.ETag, e.Doc.Bad)
	}
	return fmt.Sprintf("reads version %s, which has %s", e.ETag, Plural(e.Doc.N, "modification"))
}

// tellTrigger says what a call did with a trigger, which is no document.
func tellTrigger(e *history.Event) string {
	_, customer, _ := (*history.Layout)(nil).SplitTrigger(e.Key)
	what := map[history.Kind]string{history.Put: "writes", history.Delete: "deletes"}[e.Kind]
	if what == "" {
		what = "looks for"
	}
	what += " the trigger for " + customer
	switch e.Answer {
	case history.OK:
		return what
	case history.NotFound:
		return what + ": there is none"
	}
	return what + " in vain (" + met(e) + ")"
}

func tellDelete(e *history.Event) string {
	switch e.Answer {
	case history.OK:
		return "deletes the object"
	case history.UnknownAnswer:
		return "deletes the object and gets no answer"
	}
	return "is refused to delete the object (" + met(e) + ")"
}

func tellQueue(e *history.Event) string {
	_, customer, _ := (*history.Layout)(nil).SplitTrigger(e.Trigger)
	trigger := "the trigger for " + customer
	switch e.Do {
	case history.Sent:
		if len(e.IDs) > 0 {
			trigger += " of upload " + e.IDs[0]
		}
		return trigger + " is written, and its message sent"
	case history.Delivered:
		if e.Attempt > 1 {
			return fmt.Sprintf("receives the message of %s, delivery %d", trigger, e.Attempt)
		}
		return "receives the message of " + trigger
	case history.Acknowledged:
		return "acknowledges the message of " + trigger
	case history.DeadLettered:
		return "the message of " + trigger + " becomes a dead letter"
	}
	return "the message of " + trigger + " is still in the queue"
}

// tellTell says whom a reconciler has told.
func tellTell(e *history.Event) string {
	told := make([]string, len(e.Told))
	for i, customer := range e.Told {
		told[i] = customer + " of " + e.IDs[i]
	}
	if len(told) == 0 {
		told = []string{"nobody"}
	}
	return fmt.Sprintf("looks at version %s, whose customers are %s, and tells %s", e.ETag, strings.Join(e.Customers, ", "), strings.Join(told, ", "))
}

func tellInvoke(e *history.Event) string {
	if e.Do == "batch" && e.Through != "" {
		return "begins a batch of what goes through " + e.Through
	}
	s := "wants to " + e.Do
	if len(e.Sets) > 0 {
		s += " " + strings.Join(e.Sets, ", ")
	}
	switch n := len(e.IDs); {
	case n == 1:
		s += " with modification " + e.IDs[0]
	case n == 2:
		s += " with modifications " + e.IDs[0] + " and " + e.IDs[1]
	case n > 2:
		s += fmt.Sprintf(" with %d modifications up to %s", n, e.IDs[n-1])
	}
	if e.Through != "" {
		s += " through " + e.Through
	}
	if e.Invalid {
		s += ", which must be refused"
	}
	if e.Base != "" {
		s += ", having loaded version " + e.Base
	}
	return s
}

func tellPut(e *history.Event) string {
	did := []string{"something that is no document"}
	switch {
	case e.Doc != nil && e.Doc.Bad != "":
		did[0] += " (" + e.Doc.Bad + ")"
	case e.Doc != nil:
		did = tellDoc(e.Doc)
	}
	switch {
	case e.If == history.IfNone:
		did = append(did, "without a condition")
	case e.If == history.IfMatch && (e.Doc == nil || e.IfETag != e.Doc.Of):
		did = append(did, "on condition of "+e.IfETag)
	}
	what := strings.Join(did, ", ")
	switch {
	case e.Answer == history.OK:
		return fmt.Sprintf("writes version %s: %s", e.ETag, what)
	case e.Answer == history.UnknownAnswer && e.ETag != "":
		return fmt.Sprintf("writes version %s: %s, and gets no answer", e.ETag, what)
	case e.Answer == history.UnknownAnswer:
		return fmt.Sprintf("sends a write: %s, and gets no answer", what)
	}
	return fmt.Sprintf("is refused a write (%s): %s", met(e), what)
}

// tellDoc says what a write contains.
func tellDoc(d *history.Doc) []string {
	var did []string
	if d.Of == "" {
		did = append(did, "the whole document with "+Plural(d.N, "modification"))
	} else {
		did = append(did, "on top of "+d.Of)
		if n := len(d.Add); n == 1 || n == 2 {
			did = append(did, "adds "+strings.Join(d.Add, " and "))
		} else if n > 2 {
			did = append(did, fmt.Sprintf("adds %d modifications up to %s", n, d.Add[n-1]))
		}
	}
	for _, s := range d.Set {
		did = append(did, tellChange(s))
	}
	return did
}

// tellChange says how a field changed.
func tellChange(s history.Set) string {
	if head := checksum.ReplaceAllString(s.Was, ""); s.Was != s.Now && head == checksum.ReplaceAllString(s.Now, "") {
		return fmt.Sprintf("%s to another long value, which begins alike (the first %d bytes)", s.Field, len(strings.TrimSuffix(head, "…")))
	}
	was, now := differing(s.Was, s.Now)
	return fmt.Sprintf("%s from %s to %s", s.Field, was, now)
}

// differing shortens two values to where they differ.
func differing(was, now string) (string, string) {
	const lead = 8 // of what both share
	a, b := []rune(checksum.ReplaceAllString(was, "")), []rune(checksum.ReplaceAllString(now, ""))
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	return cut(a, same-lead), cut(b, same-lead)
}

// cut shows a part of a value from a rune on, or from its beginning if that is near.
func cut(value []rune, from int) string {
	const most = 28
	if len(value) == 0 {
		return "(absent)"
	}
	head, tail := "", ""
	if from > 2 {
		head, value = "…", value[min(from, len(value)):]
	}
	if len(value) > most {
		value, tail = value[:most], "…"
	}
	return head + string(value) + tail
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
