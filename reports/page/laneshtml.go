package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

var (
	//go:embed lanes.html
	lanesTemplates string
	//go:embed lanes.css
	lanesStyle string
	//go:embed lanes.js
	lanesScript string
)

// mostLanesBeside are drawn beside the words; more are drawn above them.
const mostLanesBeside = 5

// lanesView is a story as its template wants it.
type lanesView struct {
	Lanes
	Level   int
	Drawing template.HTML
	Broad   bool
	Told    []toldStep
	Count   int // of those that have a number
}

// toldStep is a step with its number; 0: it is none, but some are left out there.
type toldStep struct {
	LaneStep
	Number int
}

func (l Lanes) html(r *renderer) {
	v := lanesView{Lanes: l, Level: r.level, Broad: len(l.Across) > mostLanesBeside, Told: l.numbered()}
	for _, s := range v.Told {
		v.Count = max(v.Count, s.Number)
	}
	if !l.Undrawn {
		v.Drawing = template.HTML(l.svg()) //nolint:gosec // it escapes all that it is told
	}
	r.put("lanes", v)
}

func (l Lanes) markdown(m *marker) {
	m.line("")
	m.line("%s %s", strings.Repeat("#", min(m.level, 6)), words(l.Kind))
	m.paragraph(l.Title)
	m.paragraph(l.Where)
	m.line("")
	for _, s := range l.numbered() {
		switch {
		case s.Number == 0:
			m.line("   *… %s*", words(s.Text))
		case s.Weight == Wrong:
			m.line("%d. **%s**%s", s.Number, words(s.Text), timed(words(s.When)))
		default:
			m.line("%d. %s%s", s.Number, words(s.Text), timed(words(s.When)))
		}
	}
	if last := l.fateful(); last != "" {
		m.paragraph(last)
	}
}

func timed(when string) string {
	if when == "" {
		return ""
	}
	return " (" + when + ")"
}

// numbered are the steps with their numbers, from 1.
func (l *Lanes) numbered() []toldStep {
	all := make([]toldStep, len(l.Steps))
	n := 0
	for i, s := range l.Steps {
		all[i].LaneStep = s
		if s.Weight != Gap {
			n++
			all[i].Number = n
		}
	}
	return all
}

// fateful says from which move on it was inevitable; empty: that is not known, or not so.
func (l *Lanes) fateful() string {
	if l.Inevitable == 0 || l.Inevitable > len(l.Moves) {
		return ""
	}
	m := l.Moves[l.Inevitable-1]
	if !m.Complete {
		return fmt.Sprintf("From move %d (%s) on, none of %d continuations that were drawn escaped.", l.Inevitable, m.Name, m.Continuations)
	}
	return fmt.Sprintf("From move %d (%s) on, nothing escapes: every continuation violates.", l.Inevitable, m.Name)
}

// Fate is fateful, for the template.
func (v lanesView) Fate() string { return v.fateful() }

// Chance is the share of continuations that violate, in words.
func (m LaneMove) Chance() string {
	if m.Continuations == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*m.Share)
}

// Of says what the share is of.
func (m LaneMove) Of() string {
	if m.Complete {
		return fmt.Sprintf("of all %d continuations, each move drawn evenly", m.Continuations)
	}
	return fmt.Sprintf("of %d continuations that were drawn", m.Continuations)
}

// Height is the share in fiftieths, for a bar.
func (m LaneMove) Height() string { return fmt.Sprintf("%.1f", 24*m.Share) }

// Below is what is above the bar.
func (m LaneMove) Below() string { return fmt.Sprintf("%.1f", 24*(1-m.Share)) }
