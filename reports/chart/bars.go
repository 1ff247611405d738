package chart

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Bars are bars below one another, whose lengths start at 0 and have one scale. What a bar
// comes to is written behind it, and so there is no axis.
type Bars struct {
	Title string
	X     string   // what their lengths show, with its unit
	Parts []string // what each bar consists of, from the left; of a single part there is no legend
	Bars  []Bar
}

// Bar has a value for each part, none of them negative.
type Bar struct {
	Label  string
	Values []float64
	Said   string // what it comes to, as people read it
	Apart  bool   // it is of another kind than the others, and looks and stands apart
}

// MostParts is the number of parts that can be told apart.
const MostParts = 4

const barHeight, barGap = 20.0, 9.0

// WriteSVG draws the bars as a file.
func (b *Bars) WriteSVG(w io.Writer) error { return writeFile(w, b) }

// WriteElement draws the bars, without title, for a page that says it and has [Style]. Text is
// legible if the page shows it at about the width, in pixels.
func (b *Bars) WriteElement(w io.Writer, width float64) error { return writeElement(w, b, width) }

func (b *Bars) title() string { return b.Title }

func (b *Bars) heading(p *picture) float64 { return p.paragraph(b.Title, titleSize, margin) + margin }

func (b *Bars) inWords() string {
	var words strings.Builder
	words.WriteString(b.X + ".")
	if len(b.Parts) > 1 {
		words.WriteString(" From the left: " + strings.Join(b.Parts, "; ") + ".")
	}
	for _, bar := range b.Bars {
		fmt.Fprintf(&words, " %s: %s.", bar.Label, bar.Said)
	}
	return words.String()
}

func (b *Bars) check() error {
	if len(b.Bars) == 0 || len(b.Parts) == 0 {
		return errEmpty
	}
	if len(b.Parts) > MostParts {
		return fmt.Errorf("%d parts can't be told apart; draw at most %d", len(b.Parts), MostParts)
	}
	for _, bar := range b.Bars {
		if len(bar.Values) != len(b.Parts) {
			return fmt.Errorf("%s: %s has %d values for %d parts", b.X, bar.Label, len(bar.Values), len(b.Parts))
		}
		for _, v := range bar.Values {
			if !(v >= 0) || math.IsInf(v, 0) {
				return fmt.Errorf("%s: %s is %v, which no bar can be", b.X, bar.Label, v)
			}
		}
	}
	return nil
}

func (b *Bars) draw(p *picture, y float64) float64 {
	y = p.legend(b.Parts, y, sampleLength/2, func(i int, x, at float64) {
		p.part(i, x, at-barHeight/3, sampleLength/2, 2*barHeight/3, "")
	})
	y = p.lines(wrap(b.X, labelSize, p.width-2*margin), labelSize, margin, y, "start") + margin/2
	const gap = 7
	// Labels and what is said take what they need, within reason; the bars have the rest.
	labels, said, most := 0.0, 0.0, 0.0
	for _, bar := range b.Bars {
		labels, said = max(labels, widthOf(bar.Label, tickSize)), max(said, widthOf(bar.Said, tickSize))
		most = max(most, sum(bar.Values))
	}
	room := p.width - 2*margin
	labels, said = min(labels, room*0.38), min(said, room*0.4)
	left := margin + labels + gap
	scale := (p.width - margin - said - gap - left) / max(most, math.SmallestNonzeroFloat64)
	top := y
	for i, bar := range b.Bars {
		if bar.Apart && i > 0 {
			y += barGap
		}
		y = p.bar(b, &b.Bars[i], left, y, scale, labels, said) + barGap
	}
	p.add(`<path class="axis" d="M%s %sV%s"/>`, pixels(left), pixels(top-barGap/2), pixels(y-barGap/2))
	return y
}

// bar draws one below a height and returns where it ends.
func (p *picture) bar(of *Bars, bar *Bar, left, y, scale, labels, said float64) float64 {
	const gap = 7
	label, value := wrap(bar.Label, tickSize, labels), wrap(bar.Said, tickSize, said)
	height := max(barHeight, lineSpacing*tickSize*float64(max(len(label), len(value))))
	at, x := y+height/2, left
	for i, v := range bar.Values {
		if v == 0 {
			continue
		}
		n := i
		if bar.Apart {
			n++
		}
		long := max(v*scale, 1.5) // what there is can be seen
		p.part(n, x, at-barHeight/2, long, barHeight, of.Parts[i]+", "+bar.Label+": "+number(v))
		x += long
	}
	p.lines(label, tickSize, left-gap, at-lineSpacing*tickSize*float64(len(label))/2, "end")
	p.lines(value, tickSize, x+gap, at-lineSpacing*tickSize*float64(len(value))/2, "start")
	return y + height
}

// part draws a rectangle so that it is told from those of other parts, also in gray: full,
// striped across, empty, striped along. What is said when a reader points at it may be empty.
func (p *picture) part(i int, x, y, long, high float64, said string) {
	const apart = 4.0
	var stripes strings.Builder
	switch i % MostParts {
	case 1:
		for at := x + apart; at < x+long; at += apart {
			fmt.Fprintf(&stripes, "M%s %sv%s", pixels(at), pixels(y), pixels(high))
		}
	case 3:
		for at := y + apart; at < y+high; at += apart {
			fmt.Fprintf(&stripes, "M%s %sh%s", pixels(x), pixels(at), pixels(long))
		}
	}
	title := ""
	if said != "" {
		title = "<title>" + escape(said) + "</title>"
	}
	class := []string{"full", "pale", "empty", "pale"}[i%MostParts]
	p.add(`<g class="color%d"><path class="bar %s" d="M%s %sh%sv%sh-%[5]sz">%[7]s</path>`, i, class, pixels(x), pixels(y), pixels(long), pixels(high), title)
	if stripes.Len() > 0 {
		p.add(`<path class="stripes" d="%s"/>`, stripes.String())
	}
	p.add("</g>")
}

func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

// Range is how often the values from From to To, both included, were met.
type Range struct{ From, To, N int }

// Label names the values.
func (r Range) Label() string {
	if r.From == r.To {
		return fmt.Sprint(r.From)
	}
	return fmt.Sprintf("%d–%d", r.From, r.To)
}

// Gathered are the ranges of a histogram: of values 0, 1, 2, … with how often each was met, from
// the first that was. Where there are more values than so many, neighbours share a range.
func Gathered(counts []int, most int) []Range {
	first := max(slices.IndexFunc(counts, func(n int) bool { return n > 0 }), 0)
	width := max((len(counts)-first+most-1)/most, 1)
	var ranges []Range
	for from := first; from < len(counts); from += width {
		r := Range{From: from, To: min(from+width, len(counts)) - 1}
		for _, n := range counts[from : r.To+1] {
			r.N += n
		}
		ranges = append(ranges, r)
	}
	return ranges
}
