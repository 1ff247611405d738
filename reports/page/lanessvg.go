package page

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// The measures of a drawing of lanes, in pixels.
const (
	laneWidth  = 98.0 // three of them are legible on a telephone
	laneGutter = 24.0 // left of the lanes, for numbers
	laneMargin = 8.0  // right of them
	laneHead   = 34.0
	knownRow   = 30.0 // of a version that was there at first
	stepRow    = 52.0
	gapRow     = 26.0
	boxWidth   = laneWidth - 6
	boxHeight  = 36.0
	versionTop = 11.0 // half the height of a version's box
	versionBox = 22.0 // half its width
	aboveArrow = 15.0 // from the words over an arrow to it
	belowArrow = 22.0 // from an arrow to the words under it
	mostInLane = 16   // letters of a line

	missingAt   = versionBox + 40 // from a version to the middle of what its band comes to
	missingRoom = 44.0            // for that, right of the last lane
)

// sketch draws lanes.
type sketch struct {
	*Lanes
	strings.Builder
	top  []float64 // of each step, and of what follows the last
	from float64   // where the first step begins
}

func (l *Lanes) svg() string {
	s := sketch{Lanes: l}
	s.measure()
	width, height := laneGutter+laneWidth*float64(len(l.Across))+laneMargin, s.end()+laneHead
	if slices.ContainsFunc(l.Bands, func(b LaneBand) bool { return b.Lane == len(l.Across)-1 }) {
		width += missingRoom // beside the last lane
	}
	s.add(`<svg class="swim" role="img" aria-label="%s" width="%s" height="%s" viewBox="0 0 %[2]s %[3]s">`,
		text("Swim lanes, of which the list beside tells each step. Time goes down. From the left: "+l.laneNames()+"."), px(width), px(height))
	s.rows(width)
	s.lanes()
	s.bands()
	s.links()
	s.bars()
	s.gaps()
	for _, v := range l.Before {
		s.version(&v, s.knownY(&v), "there")
	}
	for i := range l.Steps {
		s.step(i)
	}
	s.add("</svg>")
	return s.String()
}

func (l *Lanes) laneNames() string {
	names := make([]string, len(l.Across))
	for i := range l.Across {
		names[i] = l.Across[i].Title
	}
	return strings.Join(names, ", ")
}

func (s *sketch) add(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

func px(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }

func text(t string) string { return html.EscapeString(cut(clean(t), mostText)) }

// fit is a text of so many letters at most.
func fit(t string, most int) string {
	if r := []rune(clean(t)); len(r) > most {
		return html.EscapeString(string(r[:most-1]) + "…")
	}
	return html.EscapeString(clean(t))
}

func (s *sketch) measure() {
	known := map[int]int{}
	rows := 0
	for _, v := range s.Before {
		known[v.Lane]++
		rows = max(rows, known[v.Lane])
	}
	s.from = laneHead + float64(rows)*knownRow
	y := s.from
	for i := range s.Steps {
		s.top = append(s.top, y)
		if y += stepRow; s.Steps[i].Weight == Gap {
			y += gapRow - stepRow
		}
	}
	s.top = append(s.top, y)
}

func (s *sketch) end() float64 { return s.top[len(s.Steps)] }

func (s *sketch) x(lane int) float64 { return laneGutter + laneWidth*(float64(lane)+0.5) }

// y is the middle of a step.
func (s *sketch) y(step int) float64 { return (s.top[step] + s.top[step+1]) / 2 }

// knownY is where a version stands that was there at first.
func (s *sketch) knownY(v *LaneVersion) float64 {
	n := 0
	for i := range s.Before {
		if s.Before[i] == *v {
			break
		}
		if s.Before[i].Lane == v.Lane {
			n++
		}
	}
	return laneHead + knownRow*(float64(n)+0.5)
}

// rows are the numbers of the steps, each of which leads to its sentence.
func (s *sketch) rows(width float64) {
	for i, t := range s.numbered() {
		if t.Number == 0 {
			continue
		}
		s.add(`<a class="row %s" data-step="%d" href="#%s_%[2]d" tabindex="-1"><rect x="0" y="%[4]s" width="%s" height="%s"/><text x="%s" y="%s">%[2]d</text></a>`,
			t.Weight, t.Number, s.ID, px(s.top[i]), px(width), px(stepRow), px(laneGutter/2), px(s.y(i)+4))
	}
}

// gaps say how much is left out; the lanes are broken there.
func (s *sketch) gaps() {
	for i := range s.Steps {
		if t := &s.Steps[i]; t.Weight == Gap {
			s.add(`<text class="gap" x="%s" y="%s">⋮ %s</text>`, px(laneGutter), px(s.y(i)+4), text(t.Text))
		}
	}
}

func (s *sketch) lanes() {
	bottom := s.end()
	for i := range s.Across {
		l := &s.Across[i]
		class := "lane"
		if l.Object {
			class = "lane object"
		}
		s.add(`<path class="%s" d="M%s %sV%s"/>`, class, px(s.x(i)), px(laneHead-6), px(bottom+6))
		for _, y := range []float64{laneHead - 14, bottom + 22} {
			s.add(`<text class="name %s" x="%s" y="%s"><title>%s</title>%s</text>`, class, px(s.x(i)), px(y), text(l.Title), fit(l.Name, mostInLane-2))
		}
	}
}

func (s *sketch) bands() {
	for _, b := range s.Bands {
		x, y := s.x(b.Lane), s.y(b.From)
		s.add(`<rect class="band" x="%s" y="%s" width="%s" height="%s"/>`, px(x-versionBox-10), px(y), px(2*versionBox+20), px(s.y(b.To)-y))
		if s.Steps[b.From].Version != nil { // which says what it is
			continue
		}
		s.label("held", x, y-6, b.Label, mostInLane)
		s.label("held", x, y+12, b.State, mostInLane)
	}
}

// label is a text around a place.
func (s *sketch) label(class string, x, y float64, t string, most int) {
	if t != "" {
		s.add(`<text class="%s" x="%s" y="%s">%s</text>`, class, px(x), px(y), fit(t, most))
	}
}

// squeezed is a label in a box: one that is a little too long for it is pressed into it.
func (s *sketch) squeezed(class string, x, y float64, t string) {
	const wide, most = 14, 17
	if n := len([]rune(t)); n > wide {
		s.add(`<text class="%s" x="%s" y="%s" textLength="%s" lengthAdjust="spacingAndGlyphs">%s</text>`, class, px(x), px(y), px(boxWidth-8), fit(t, most))
		return
	}
	s.label(class, x, y, t, most)
}

// bars are drawn beside one another where an actor does several things at once.
func (s *sketch) bars() {
	for i, b := range s.Bars {
		beside := 0
		for _, other := range s.Bars[:i] {
			if other.Lane == b.Lane && other.From <= b.To && b.From <= other.To {
				beside++
			}
		}
		class := "bar"
		if b.Open {
			class = "bar open"
		}
		y := s.y(b.From)
		s.add(`<rect class="%s" x="%s" y="%s" width="8" height="%s"/>`, class, px(s.x(b.Lane)-4+float64(min(beside, 4))*6), px(y-4), px(s.y(b.To)-y+8))
	}
}

// links lead from each version to those that were made of it. One that passes others by is
// bent around them.
func (s *sketch) links() {
	type place struct {
		lane int
		name string
	}
	at := map[place]float64{}
	for i := range s.Before {
		v := &s.Before[i]
		at[place{v.Lane, v.Name}] = s.knownY(v)
	}
	last := map[int]string{} // of a lane, the version above
	for i := range s.Before {
		last[s.Before[i].Lane] = s.Before[i].Name
	}
	for i := range s.Steps {
		v := s.Steps[i].Version
		if v == nil {
			continue
		}
		y := s.y(i)
		if from, there := at[place{v.Lane, v.On}]; there && v.On != "" {
			s.link(string(s.Steps[i].Weight), s.x(v.Lane), from+versionTop, y-versionTop, last[v.Lane] != v.On)
		}
		at[place{v.Lane, v.Name}], last[v.Lane] = y, v.Name
	}
}

func (s *sketch) link(weight string, x, from, to float64, around bool) {
	class := "link " + weight
	if !around {
		s.add(`<path class="%s" d="M%s %sV%s"/>`, class, px(x), px(from), px(to-6))
		s.head(class, x, to, 0, 1)
		return
	}
	side := x + versionBox + min(20+(to-from)/20, laneWidth/2-versionBox)
	s.add(`<path class="%s fork" d="M%s %sC%s %s %s %s %s %s"/>`, class, px(x+versionBox-6), px(from), px(side), px(from+24), px(side), px(to-24), px(x+versionBox-4), px(to-6))
	s.head(class, x+versionBox-6, to, -0.4, 0.9)
}

// head is the tip of an arrow in a direction.
func (s *sketch) head(class string, x, y, dx, dy float64) {
	const long, half = 9.0, 4.0
	n := math.Hypot(dx, dy)
	dx, dy = dx/n, dy/n
	bx, by := x-long*dx, y-long*dy
	s.add(`<path class="tip %s" d="M%s %sL%s %sL%s %sZ"/>`, class, px(x), px(y), px(bx-half*dy), px(by+half*dx), px(bx+half*dy), px(by-half*dx))
}
