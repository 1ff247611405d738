package reports

import (
	"fmt"
	"strings"

	"holdfast/scenarios/history"
	"holdfast/scenarios/units"
)

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
