package measure

import (
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// found is what the judge has said of repetitions, in their order, and what happened around
// those of the violations and findings that will be shown.
type found struct {
	check.Pooled
	windows map[*history.Event]Window // by the first event of the witness
}

// witnesses are those of what is shown, each with the window that names it.
func witnesses(violations []check.Violation, findings []check.StoreFinding, yield func(w Window, witness []history.Event)) {
	for i := range violations {
		if witness := violations[i].Witness; len(witness) > 0 {
			yield(Window{Violation: i, Finding: -1}, witness)
		}
	}
	for i := range findings {
		if witness := findings[i].Witness; len(witness) > 0 {
			yield(Window{Violation: -1, Finding: i}, witness)
		}
	}
}

// shows reports whether a witness is of what will be shown.
func (f *found) shows(witness []history.Event) (shown bool) {
	witnesses(f.Violations, f.StoreFindings, func(_ Window, own []history.Event) { shown = shown || &own[0] == &witness[0] })
	return shown
}

// wants reports whether something of the repetition that was added last will be shown, so
// that its windows are wanted.
func (f *found) wants(r *check.Report) (wanted bool) {
	witnesses(r.Violations, r.StoreFindings, func(_ Window, witness []history.Event) { wanted = wanted || f.shows(witness) })
	return wanted
}

// look keeps what happened around that, out of the events of the repetition.
func (f *found) look(l *history.Layout, r *check.Report, events []*history.Event) {
	if !f.wants(r) {
		return
	}
	var violations []check.Violation
	for _, v := range r.Violations {
		if len(v.Witness) > 0 && f.shows(v.Witness) {
			violations = append(violations, v)
		}
	}
	var findings []check.StoreFinding
	for _, of := range r.StoreFindings {
		if len(of.Witness) > 0 && f.shows(of.Witness) {
			findings = append(findings, of)
		}
	}
	for _, w := range Windows(l, violations, findings, events) {
		if w.Violation >= 0 {
			f.keep(violations[w.Violation].Witness, w)
		} else {
			f.keep(findings[w.Finding].Witness, w)
		}
	}
}

func (f *found) keep(witness []history.Event, w Window) {
	if f.windows == nil {
		f.windows = map[*history.Event]Window{}
	}
	f.windows[&witness[0]] = w
}

// merge adds what was found in the next repetitions.
func (f *found) merge(later *found) {
	f.Merge(&later.Pooled)
	witnesses(later.Violations, later.StoreFindings, func(_ Window, witness []history.Event) {
		if w, ok := later.windows[&witness[0]]; ok && f.shows(witness) {
			f.keep(witness, w)
		}
	})
}

// windowsOf are those of violations and findings, of those that were found.
func (f *found) windowsOf(violations []check.Violation, findings []check.StoreFinding) (all []Window) {
	witnesses(violations, findings, func(of Window, witness []history.Event) {
		if w, ok := f.windows[&witness[0]]; ok {
			w.Violation, w.Finding = of.Violation, of.Finding
			all = append(all, w)
		}
	})
	return all
}
