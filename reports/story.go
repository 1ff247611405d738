package reports

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// leastWidth is left for what an actor did, however long its name is.
const leastWidth = 24

// eventsShown keeps a report short; result.json has the rest.
const eventsShown = 12

// stories tells the first violation of the first invariant in full, and of the
// others in a sentence.
func (t Text) stories(r *Run) {
	told := map[check.Invariant]bool{}
	first := slices.Clone(r.Violations)
	slices.SortStableFunc(first, func(a, b check.Violation) int { return byNumber(string(a.Invariant), string(b.Invariant)) })
	for _, v := range first {
		if told[v.Invariant] {
			continue
		}
		t.headline(v)
		if len(told) == 0 {
			t.story(v)
		}
		told[v.Invariant] = true
	}
}

func (t Text) headline(v check.Violation) {
	fmt.Fprintf(t.W, "%s %s: %s\n", v.Invariant, v.Invariant.Title(), v.Anomaly)
	for _, line := range wrap(checksum.ReplaceAllString(shortNames(v).Replace(v.Summary), ""), Width-2) {
		fmt.Fprintf(t.W, "  %s\n", line)
	}
}

// checksum is what tells long values apart in a history; people need it not.
var checksum = regexp.MustCompile(` #[0-9a-f]{16}`)

func (t Text) story(v check.Violation) {
	names := shortNames(v)
	width := 0
	for _, e := range v.Witness {
		width = max(width, text.StringWidth(e.Actor))
	}
	for i, e := range v.Witness {
		if i == eventsShown {
			fmt.Fprintf(t.W, "  … %d more events\n", len(v.Witness)-i)
			return
		}
		lines := wrap(names.Replace(tell(&e)), max(Width-16-width, leastWidth))
		for n, line := range lines {
			if n == 0 {
				fmt.Fprintf(t.W, "%9.2f ms  %-*s  %s\n", float64(e.At)/1e6, width, e.Actor, line)
			} else {
				fmt.Fprintf(t.W, "%*s%s\n", 16+width, "", line)
			}
		}
	}
}

// tell says in words what an event was.
func tell(e *history.Event) string {
	switch e.Kind {
	case history.Invoke:
		return tellInvoke(e)
	case history.Get:
		if e.Answer == history.NotFound {
			return "reads: there is no object"
		}
		if e.Doc == nil {
			return "looks at version " + e.ETag
		}
		return fmt.Sprintf("reads version %s, which has %d modifications", e.ETag, e.Doc.N)
	case history.Put:
		return tellPut(e)
	case history.Delete:
		return "deletes the object"
	case history.Return:
		switch e.Outcome {
		case history.Committed:
			return "is told: committed as version " + e.ETag
		case history.Crashed:
			return "dies before it is told anything"
		}
		if e.Outcome == history.Crashed {
			return "dies before it is told anything"
		}
		return "is told: " + e.Outcome
	}
	return string(e.Kind)
}

func tellInvoke(e *history.Event) string {
	s := "wants to " + e.Do
	if len(e.Sets) > 0 {
		s += " " + strings.Join(e.Sets, ", ")
	}
	if n := len(e.IDs); n > 0 {
		s += " with modification " + e.IDs[n-1]
	}
	if e.Base != "" {
		s += ", having loaded version " + e.Base
	}
	return s
}

func tellPut(e *history.Event) string {
	var did []string
	if e.Doc.Of == "" {
		did = append(did, fmt.Sprintf("the whole document with %d modifications", e.Doc.N))
	} else {
		did = append(did, fmt.Sprintf("on top of %s", e.Doc.Of))
		if n := len(e.Doc.Add); n == 1 {
			did = append(did, "adds "+e.Doc.Add[0])
		} else if n > 1 {
			did = append(did, fmt.Sprintf("adds %d modifications up to %s", n, e.Doc.Add[n-1]))
		}
	}
	for _, s := range e.Doc.Set {
		was, now := differing(s.Was, s.Now)
		did = append(did, fmt.Sprintf("%s from %s to %s", s.Field, was, now))
	}
	switch {
	case e.If == history.IfNone:
		did = append(did, "without a condition")
	case e.If == history.IfMatch && e.IfETag != e.Doc.Of:
		did = append(did, "on condition of "+e.IfETag)
	}
	if refusal := refusals[e.Answer]; refusal != "" && e.ETag == "" {
		return fmt.Sprintf("tries to write: %s; %s", strings.Join(did, ", "), refusal)
	}
	switch {
	case e.Answer == history.UnknownAnswer:
		did = append(did, "and gets no answer")
	case e.Answer != history.OK: // a version that was read all the same
		did = append(did, "and is answered "+e.Answer)
	}
	return fmt.Sprintf("writes version %s: %s", e.ETag, strings.Join(did, ", "))
}

// refusals say what an answer other than ok means for a write that made no version.
var refusals = map[string]string{
	history.PreconditionFailed: "refused (412): the condition does not hold",
	history.Conflict:           "refused (409): another write was under way",
	history.NotFound:           "refused (404): there is no object",
	history.Throttled:          "refused (503): the store asks to slow down",
	history.Unavailable:        "it was never sent",
	history.UnknownAnswer:      "there is no answer, and nobody saw it stored",
	history.OtherError:         "the store answers with an error",
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
