package chart

import (
	"math"
	"strconv"
	"strings"
)

// Ranges wider than these factors are drawn on a logarithmic axis.
const (
	manyDecadesX = 50
	manyDecadesY = 20
)

// The most labels of a linear axis that are read with ease.
const (
	mostTicksX = 12
	mostTicksY = 7
)

// limits are the least and the greatest value.
type limits struct{ low, high float64 }

func noLimits() limits { return limits{math.Inf(1), math.Inf(-1)} }

func (l *limits) include(v float64) {
	l.low, l.high = min(l.low, v), max(l.high, v)
}

// axis is where values are.
type axis struct {
	low, high float64
	log       bool
	ticks     []tick
	say       func(v float64) string
}

type tick struct {
	value float64
	label string // "": a mark alone
}

// axis returns that of all panels, for a plot of a width.
func (c *Chart) axis(length float64) axis {
	l, whole := noLimits(), true
	for i := range c.Panels {
		for _, s := range c.Panels[i].Series {
			for _, p := range s.Points {
				l.include(p.X)
				whole = whole && p.X == math.Trunc(p.X)
			}
		}
	}
	if c.Ticks != nil {
		return c.tickedAxis(l, length)
	}
	wide := float64(manyDecadesX)
	if c.Linear {
		wide = math.Inf(1)
	}
	a := newAxis(l, wide)
	a.say = c.said
	if !a.log && l.low >= 0 && l.low < l.high/3 {
		a.low = 0
	}
	if l.low == l.high { // what lies around a single value means nothing
		a.ticks = []tick{{l.low, c.said(l.low)}}
		return a
	}
	most := mostTicksX
	if whole && !a.log { // there is nobody between the first actor and the second
		most = min(most, int(min(math.Ceil(a.high-a.low), mostTicksX)))
	}
	a.mark(most, length, roomOf)
	return a
}

// roomOf is what a label needs beside others.
func roomOf(label string) float64 {
	const gap = 14
	return widthOf(label, tickSize) + gap
}

// tickedAxis has the chart's own ticks, and labels at those that have room.
func (c *Chart) tickedAxis(l limits, length float64) axis {
	for _, v := range c.Ticks {
		l.include(v)
	}
	a := newAxis(l, math.Inf(1))
	a.say = c.said
	end := math.Inf(-1)
	for _, v := range c.Ticks {
		t := tick{value: v}
		if label := c.said(v); a.share(v)*length-roomOf(label)/2 >= end {
			t.label, end = label, a.share(v)*length+roomOf(label)/2
		}
		a.ticks = append(a.ticks, t)
	}
	return a
}

// axis returns that of the panel's quantity.
func (p *Panel) axis() axis {
	l := noLimits()
	if p.Limit != 0 {
		l.include(p.Limit)
	}
	for _, s := range p.Series {
		for _, point := range s.Points {
			l.include(point.Y)
			l.include(point.Y + point.Half)
			if end := point.Y - point.Half; end > 0 { // or a logarithmic axis could not show it
				l.include(end)
			}
		}
	}
	wide := float64(manyDecadesY)
	if p.Linear {
		wide = math.Inf(1)
	}
	a := newAxis(l, wide)
	if !a.log {
		switch {
		case p.Near && l.low > 0:
			a.around(l)
		case l.low >= 0:
			a.low = 0 // or a small difference would look large
		}
		step := roundStep(a.low, a.high, mostTicksY)
		a.high = max(a.high, step*math.Ceil(a.high/step-slack))
	}
	a.mark(mostTicksY, plotHeight, func(string) float64 { return lineSpacing * tickSize })
	return a
}

// around makes a linear axis show what lies around values above 0, and not less than a tenth
// of the greatest: the smaller differences look, the smaller they are.
func (a *axis) around(l limits) {
	const least = 0.1
	middle, half := (l.low+l.high)/2, max(l.high-l.low, least*l.high)/2
	a.low, a.high = max(middle-half, 0), middle+half
	step := roundStep(a.low, a.high, mostTicksY)
	a.low = max(step*math.Floor(a.low/step+slack), 0)
}

// newAxis returns an axis that shows all between the limits; wide is the factor above
// which it is logarithmic.
func newAxis(l limits, wide float64) axis {
	const narrowest = 1e-9 // below it, differences drown in the rounding of numbers
	switch size := max(math.Abs(l.low), math.Abs(l.high)); {
	case l.low > l.high: // nothing was measured
		return axis{low: 0, high: 1}
	case l.low > 0 && l.high/l.low > wide:
		const more = 1.15
		return axis{low: l.low / more, high: l.high * more, log: true}
	case size == 0:
		return axis{low: -1, high: 1}
	case l.high-l.low < narrowest*size:
		return axis{low: l.low - size/2, high: l.high + size/2}
	}
	return axis{low: l.low, high: l.high}
}

// name says of a logarithmic axis that it is one.
func (a *axis) name(label string) string {
	if !a.log {
		return label
	}
	if inner, unit := strings.CutSuffix(label, ")"); unit {
		return inner + ", log)"
	}
	return label + " (log)"
}

// share is how far along the axis a value is, from 0 to 1.
func (a *axis) share(v float64) float64 {
	v = min(max(v, a.low), a.high)
	if a.log {
		return (math.Log(v) - math.Log(a.low)) / (math.Log(a.high) - math.Log(a.low))
	}
	return (v - a.low) / (a.high - a.low)
}

// mark sets the ticks: as many labels as are useful and as have room beside each other.
func (a *axis) mark(most int, length float64, room func(label string) float64) {
	for fewer := range most {
		if a.log {
			a.ticks = logTicks(a.low, a.high, fewer)
		} else {
			a.ticks = plainTicks(a.low, a.high, most-fewer)
		}
		end := math.Inf(-1)
		fits := true
		for _, t := range a.ticks {
			if t.label == "" {
				continue
			}
			at, half := a.share(t.value)*length, room(t.label)/2
			fits = fits && at-half >= end
			end = at + half
		}
		if fits {
			return
		}
	}
}

// slack is the share of a step by which rounding may miss a tick.
const slack = 1e-9

// roundStep is 1, 2 or 5 times a power of ten, and leads from low to high in at most
// so many steps.
func roundStep(low, high float64, most int) float64 {
	power := math.Pow(10, math.Floor(math.Log10((high-low)/float64(most))))
	for _, factor := range []float64{1, 2, 5} {
		if (high-low)/(factor*power) <= float64(most)+slack {
			return factor * power
		}
	}
	return 10 * power
}

// plainTicks are at the multiples of a round step.
func plainTicks(low, high float64, most int) []tick {
	var ticks []tick
	step := roundStep(low, high, most)
	for n := math.Ceil(low/step - slack); n*step <= high+slack*step; n++ {
		v := n*step + 0 // -0 becomes 0
		ticks = append(ticks, tick{v, number(v)})
	}
	return ticks
}

// logTicks have labels at 1, 2 and 5 of each decade; if there are to be fewer, at 1 of
// each decade; and then of each third, ninth … decade.
func logTicks(low, high float64, fewer int) []tick {
	var ticks []tick
	labelled := math.Pow(3, max(float64(fewer)-1, 0))
	for exponent := math.Floor(math.Log10(low)); exponent <= math.Ceil(math.Log10(high)); exponent++ {
		for digit := 1; digit <= 9; digit++ {
			v, err := strconv.ParseFloat(strconv.Itoa(digit)+"e"+strconv.Itoa(int(exponent)), 64) // math.Pow is not exact
			if err != nil || v < low || v > high || fewer > 1 && digit > 1 {
				continue
			}
			t := tick{value: v}
			if fewer == 0 && (digit == 1 || digit == 2 || digit == 5) || fewer > 0 && digit == 1 && math.Mod(exponent, labelled) == 0 {
				t.label = number(v)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// number is a round number as people write it; large ones are 1e+07, small ones 1e-5.
func number(v float64) string {
	const large, small, digits = 1e7, 1e-3, 6
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64) // 0.30000000000000004
	if size := math.Abs(v); size >= large || 0 < size && size < small {
		return strings.Replace(strconv.FormatFloat(v, 'e', -1, 64), "e-0", "e-", 1)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
