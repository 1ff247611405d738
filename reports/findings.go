package reports

import (
	"fmt"
	"strings"

	"holdfast/archive/storefault"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// kinds are those of the findings, and how often each was met.
func kinds(all []check.StoreFinding) string {
	var said []string
	for _, f := range all {
		said = append(said, fmt.Sprintf("%s (%d×)", strings.ReplaceAll(string(f.Kind), "-", " "), f.Count))
	}
	return strings.Join(said, ", ")
}

// faultOf is what a kind of fault means; a newer simulate may know kinds that this one does not.
func faultOf(kind storefault.Kind) storefault.Fault {
	for _, f := range storefault.All() {
		if f.Kind == kind {
			return f
		}
	}
	return storefault.Fault{
		Kind: kind, Severity: storefault.Unsafe,
		What: fmt.Sprintf("it did what a newer simulate calls %s", kind), Means: "What that means, a newer simulate says.",
	}
}

// storeTitle is a finding in a line: its kind, what that is, what the literature calls it.
func storeTitle(f check.StoreFinding) string {
	fault := faultOf(f.Kind)
	return fmt.Sprintf("%s: %s%s", f.Kind, fault.What, alias(f.KnownAs, strings.ReplaceAll(string(f.Kind), "-", " ")))
}

// findings tells what the store did, each kind with the calls that prove it, and what it
// means for whoever works with the store.
func (t Text) findings(all []check.StoreFinding) {
	t.conditions = true
	for _, f := range all {
		v := check.Violation{Summary: f.Summary, Witness: f.Witness, Means: faultOf(f.Kind).Means}
		t.write(t.storyIn(v, storeTitle(f), 0))
	}
}

// asked says on which condition a call was made, and when it was sent: whether calls
// overlapped is what a promise of the store depends on.
func (t Text) asked(e *history.Event) string {
	var said []string
	switch {
	case e.If == history.IfAbsent:
		said = append(said, "If-None-Match: *")
	case e.IfETag != "":
		said = append(said, "If-Match: "+e.IfETag)
	}
	switch e.Kind {
	case history.Get, history.Head, history.Put, history.Delete:
		if !t.untimed {
			said = append(said, "sent at "+strings.TrimSpace(t.moment(e.Start)))
		}
	}
	if said == nil {
		return ""
	}
	return " [" + strings.Join(said, "; ") + "]"
}
