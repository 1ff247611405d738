package page

import (
	_ "embed"
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

// mostDrawn stories of a page are drawn.
const mostDrawn = 10

// lanesView is a story as its template wants it.
type lanesView struct {
	Lanes
	Drawing template.HTML
	Broad   bool
	First   bool // of its page: it says how drawings are read
	Told    []toldStep
	Count   int // of those that have a number
}

// toldStep is a step with its number; 0: it is none, but some are left out there.
type toldStep struct {
	LaneStep
	Number int
}

func (l Lanes) html(r *renderer) {
	v := lanesView{Lanes: l, Broad: len(l.Across) > mostLanesBeside, Told: l.numbered()}
	for _, s := range v.Told {
		v.Count = max(v.Count, s.Number)
	}
	if v.Count == 0 { // nothing is known but what it says
		r.put("lanes", v)
		return
	}
	r.swims++
	v.First = r.swims == 1
	if r.swims <= mostDrawn {
		v.Drawing = template.HTML(l.svg()) //nolint:gosec // it escapes all that it is told
	}
	r.put("lanes", v)
}

func (l Lanes) markdown(m *marker) {
	m.paragraph(sentence(l.Title))
	m.paragraph(sentence(l.Means))
	m.paragraph(sentence(l.Where))
	m.line("")
	for _, s := range l.numbered() {
		switch {
		case s.Number == 0:
			m.line("   … %s", words(s.Text))
		case s.Weight == Wrong:
			m.line("%d. ✕ %s%s", s.Number, words(s.Text), timed(words(s.When)))
		default:
			m.line("%d. %s%s", s.Number, words(s.Text), timed(words(s.When)))
		}
	}
	if l.Fate != "" {
		m.paragraph("Inevitable " + sentence(l.Fate))
	}
}

// sentence ends a text as one.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
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
