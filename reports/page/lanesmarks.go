package page

// step draws what happened in one.
func (s *sketch) step(i int) {
	t := &s.Steps[i]
	if t.Weight == Gap {
		return
	}
	number := s.numbered()[i].Number
	s.add(`<g class="step %s" data-step="%d"><title>%s</title>`, t.Weight, number, text(t.Text))
	y := s.y(i)
	if a := t.Arrow; a != nil {
		s.arrow(a, i, y)
	}
	if v := t.Version; v != nil {
		s.version(v, y, string(t.Weight))
	}
	if b := t.Box; b != nil {
		s.box(b, y)
	}
	for _, b := range s.Bands {
		if b.To == i {
			s.missing(&b, t.Arrow, y)
		}
	}
	if t.Fault != "" {
		s.label("fault", s.faultX(t), y+belowArrow, "⚡ "+t.Fault, 2*mostInLane)
	}
	s.add("</g>")
}

// missing says at the end of a band what it comes to: beside the version, where no arrow comes
// from.
func (s *sketch) missing(b *LaneBand, a *LaneArrow, y float64) {
	side := 1.0
	switch {
	case a == nil:
		side = 0
	case max(a.From, a.To) > b.Lane:
		side = -1
	}
	s.label("missing", s.x(b.Lane)+side*missingAt, y+4.5, b.End, mostInLane)
}

func (s *sketch) faultX(t *LaneStep) float64 {
	switch {
	case t.Arrow != nil:
		return (s.x(t.Arrow.From) + s.x(t.Arrow.To)) / 2
	case t.Box != nil:
		return s.x(t.Box.Lane)
	}
	return s.x(0)
}

// arrow goes from lane to lane, its words above and below it near the lane of who calls.
func (s *sketch) arrow(a *LaneArrow, step int, y float64) {
	from, to := s.x(a.From), s.x(a.To)
	right := 1.0
	if to < from {
		right = -1
	}
	caller := a.From
	if s.Across[a.From].Object {
		caller = a.To
	}
	s.underway(a, caller, step, y)
	ends := to - right*6
	switch {
	case a.End == Refused || a.End == Unanswered:
		ends = to - right*(versionBox+12)
	case a.To == s.versionIn(step):
		ends = to - right*versionBox
	case a.From == s.versionIn(step):
		from += right * (versionBox - 4)
	case s.Across[a.From].Object:
		from += right * 3
	}
	class := "call " + string(a.End)
	s.add(`<path class="%s" d="M%s %sH%s"/>`, class, px(from+right*4), px(y), px(ends-right*7))
	switch a.End {
	case Refused:
		s.add(`<path class="cross" d="M%s %sl12 12m0 -12l-12 12"/>`, px(ends-6), px(y-6))
	case Unanswered:
		s.add(`<text class="lost" x="%s" y="%s">?</text>`, px(ends), px(y+5))
	default:
		s.head(class, ends, y, right, 0)
	}
	if a.End == ReplyLost {
		s.add(`<path class="call reply" d="M%s %sH%s"/>`, px(ends), px(y+5), px((from+to)/2))
		s.add(`<path class="cross" d="M%s %sl8 8m0 -8l-8 8"/>`, px((from+to)/2-right*6-4), px(y+1))
	}
	side := -1.0
	if (caller == a.From) == (right > 0) {
		side = 1
	}
	s.label("words", s.x(caller)+side*besideLane(a.Above), y-aboveArrow, a.Above, mostInLane)
	if s.Steps[step].Fault == "" {
		s.label("words", s.x(caller)+side*besideLane(a.Below), y+belowArrow, a.Below, mostInLane)
	}
}

// besideLane is how far from a lane the middle of a label is: between the bar of an operation and
// the version in the next lane if it is short enough, and else between the lanes.
func besideLane(label string) float64 {
	const halfLetter, bar = 3.6, 6
	half := halfLetter * float64(len([]rune(label)))
	return min(laneWidth/2, max((laneWidth-versionBox+4)/2, half+bar))
}

// versionIn is the lane in which a step draws a version, -1 if it draws none.
func (s *sketch) versionIn(step int) int {
	if v := s.Steps[step].Version; v != nil {
		return v.Lane
	}
	return -1
}

// underway is the time from when a call was sent, if others acted before it was answered.
func (s *sketch) underway(a *LaneArrow, caller, step int, y float64) {
	if a.Sent >= step {
		return
	}
	x, sent := s.x(caller)+7, s.top[a.Sent]
	s.add(`<path class="underway" d="M%s %sV%s"/><circle class="sent" cx="%[1]s" cy="%[2]s" r="3"/>`, px(x), px(sent), px(y))
}

// version is one of an object, or that it is gone.
func (s *sketch) version(v *LaneVersion, y float64, weight string) {
	x := s.x(v.Lane)
	class := "version " + weight
	if v.Gone {
		class += " gone"
	}
	if v.Seen {
		class += " there"
	}
	if weight == string(Wrong) { // a second frame is seen without colors
		s.add(`<rect class="frame" x="%s" y="%s" width="%s" height="%s" rx="5"/>`, px(x-versionBox-3), px(y-versionTop-3), px(2*versionBox+6), px(2*versionTop+6))
	}
	s.add(`<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="3"/>`, class, px(x-versionBox), px(y-versionTop), px(2*versionBox), px(2*versionTop))
	s.label("version", x, y+4.5, v.Name, 6)
}

// box is what an actor wants or is told. Its shape says which, and how it ended.
func (s *sketch) box(b *LaneBox, y float64) {
	x := s.x(b.Lane)
	round := map[Shape]float64{Begins: 3, Done: 18, Waits: 9}[b.Shape]
	sign := map[Shape]string{Done: " ✓", Failed: " ✕", Dies: " ✕"}[b.Shape]
	s.add(`<rect class="box %s" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`, b.Shape, px(x-boxWidth/2), px(y-boxHeight/2), px(boxWidth), px(boxHeight), px(round))
	for n, line := range b.Lines {
		if n == 0 {
			line += sign
		}
		at := y + 4.5
		if len(b.Lines) > 1 {
			at = y - 3.5 + 14*float64(n)
		}
		s.squeezed("say", x, at, line)
	}
}
