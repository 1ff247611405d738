package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func bars(labels ...string) *Bars {
	b := &Bars{Title: "a title", X: "time (ms)", Parts: []string{"calls", "waiting"}}
	for i, label := range labels {
		b.Bars = append(b.Bars, Bar{Label: label, Values: []float64{float64(i), 10}, Said: fmt.Sprint(i+10, " ms")})
	}
	return b
}

// element is what a page shows of a drawing at a width.
func element(t *testing.T, d interface {
	WriteElement(w io.Writer, width float64) error
}, width float64) string {
	t.Helper()
	var a, b bytes.Buffer
	if err := d.WriteElement(&a, width); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteElement(&b, width); err != nil || a.String() != b.String() {
		t.Errorf("drawn twice it differs, %v", err)
	}
	if err := xml.Unmarshal(a.Bytes(), &drawn{}); err != nil {
		t.Fatal(err)
	}
	return a.String()
}

// TestElementsFitIntoPages: they have no styles of their own and no ids, and all that they
// write is within what is shown, in no other text's way.
func TestElementsFitIntoPages(t *testing.T) {
	long := strings.Repeat("policy decorrelated(base=5ms,cap=2s) ", 4)
	many := &Chart{Title: "t", X: long, Panels: []Panel{{Y: long}}}
	for i := range 7 {
		many.Panels[0].Series = append(many.Panels[0].Series, line(long+fmt.Sprint(i), 1, 2000, 3e6))
	}
	wide := bars(long, "b", "c")
	wide.Parts = []string{long, "waiting"}
	for i := range wide.Bars {
		wide.Bars[i].Said = "1,234,567 operations (12.3 %)"
	}
	apart := bars("1", "2–4")
	apart.Parts, apart.Bars[0].Values, apart.Bars[1].Values = []string{"operations"}, []float64{1}, []float64{1e6}
	apart.Bars = append(apart.Bars, Bar{Label: "gave up", Values: []float64{3}, Said: "3 (0.0003 %)", Apart: true})
	for name, d := range map[string]interface {
		WriteElement(w io.Writer, width float64) error
	}{"lines": many, "bars": wide, "few": bars("mean"), "apart": apart} {
		for _, width := range []float64{340, 560} {
			svg := element(t, d, width)
			if regexp.MustCompile(`<style| id=|#[0-9a-f]{6}`).MatchString(svg) || !strings.Contains(svg, `role="img" aria-label="`) {
				t.Errorf("%s: it has styles, colors or ids of its own, or no words: %.200s", name, svg)
			}
			var left, shown, high float64
			if _, err := fmt.Sscanf(regexp.MustCompile(`viewBox="([^"]*)"`).FindStringSubmatch(svg)[1], "%g 0 %g %g", &left, &shown, &high); err != nil {
				t.Fatal(err)
			}
			var texts []box
			for _, m := range regexp.MustCompile(`<text x="([\d.]+)" y="([\d.]+)" font-size="([\d.]+)" text-anchor="(\w+)">([^<]*)<`).FindAllStringSubmatch(svg, -1) {
				x, _ := strconv.ParseFloat(m[1], 64)
				y, _ := strconv.ParseFloat(m[2], 64)
				size, _ := strconv.ParseFloat(m[3], 64)
				room := widthOf(m[5], size)
				x -= room * map[string]float64{"start": 0, "middle": 0.5, "end": 1}[m[4]]
				b := box{x, y - 0.75*size, x + room, y + 0.2*size}
				if b.left < left || b.right > left+shown || b.top < 0 || b.bottom > high {
					t.Errorf("%s at %v: %q is beyond the edge", name, width, m[5])
				}
				if meetsAny(b, texts) {
					t.Errorf("%s at %v: %q covers another", name, width, m[5])
				}
				texts = append(texts, b)
			}
			if len(texts) < 2 {
				t.Errorf("%s has %d texts", name, len(texts))
			}
		}
	}
}

// TestPartsOfBars are told apart without color, and are as long as what they are of.
func TestPartsOfBars(t *testing.T) {
	b := &Bars{Title: "t", X: "x", Parts: []string{"a", "b", "c", "d"}, Bars: []Bar{{Label: "one", Values: []float64{1, 2, 3, 4}, Said: "10"}, {Label: "two", Values: []float64{0, 0, 0, 5}, Said: "5"}}}
	svg := element(t, b, 560)
	lengths := map[string][]float64{}
	for _, m := range regexp.MustCompile(`<path class="bar (\w+)" d="M[\d.]+ [\d.]+h([\d.]+)v[\d.]+h-[\d.]+z"><title>(\w), (\w+)`).FindAllStringSubmatch(svg, -1) {
		long, _ := strconv.ParseFloat(m[2], 64)
		lengths[m[3]+" "+m[4]] = append(lengths[m[3]+" "+m[4]], long)
	}
	if len(lengths) != 5 {
		t.Fatalf("parts: %v", lengths)
	}
	one := lengths["a one"][0]
	for part, want := range map[string]float64{"b one": 2, "c one": 3, "d one": 4, "d two": 5} {
		if got := lengths[part][0]; math.Abs(got-want*one) > 0.5 {
			t.Errorf("%s is %v long, want %v", part, got, want*one)
		}
	}
	looks := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?s)<g class="color\d"><path class="bar (\w+)".*?</g>`).FindAllStringSubmatch(svg, -1) {
		along := strings.Contains(m[0], "stripes") && regexp.MustCompile(`class="stripes" d="M[\d. ]+h`).MatchString(m[0])
		looks[fmt.Sprint(m[1], strings.Contains(m[0], "stripes"), along)] = true
	}
	if len(looks) != 4 {
		t.Errorf("four parts have these looks in gray: %v", looks)
	}
}

// TestABarApart looks and stands apart.
func TestABarApart(t *testing.T) {
	b := &Bars{Title: "t", X: "x", Parts: []string{"a"}, Bars: []Bar{{Label: "one", Values: []float64{1}}, {Label: "two", Values: []float64{1}}, {Label: "apart", Values: []float64{1}, Apart: true}}}
	var tops []float64
	var colors []string
	for _, m := range regexp.MustCompile(`<g class="(color\d)"><path class="bar \w+" d="M[\d.]+ ([\d.]+)h`).FindAllStringSubmatch(element(t, b, 560), -1) {
		top, _ := strconv.ParseFloat(m[2], 64)
		colors, tops = append(colors, m[1]), append(tops, top)
	}
	if len(tops) != 3 || colors[0] != colors[1] || colors[1] == colors[2] || tops[2]-tops[1] <= tops[1]-tops[0] {
		t.Errorf("%v at %v", colors, tops)
	}
}

func TestWhatIsNoBar(t *testing.T) {
	for want, b := range map[string]*Bars{
		"nothing to draw":     {Parts: []string{"a"}},
		"can't be told apart": {Parts: make([]string, MostParts+1), Bars: []Bar{{}}},
		"2 values for 1":      {Parts: []string{"a"}, Bars: []Bar{{Values: []float64{1, 2}}}},
		"is -1":               {Parts: []string{"a"}, Bars: []Bar{{Values: []float64{-1}}}},
		"is NaN":              {Parts: []string{"a"}, Bars: []Bar{{Values: []float64{math.NaN()}}}},
		"is +Inf":             {Parts: []string{"a"}, Bars: []Bar{{Values: []float64{math.Inf(1)}}}},
	} {
		if err := b.WriteSVG(io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	zero := &Bars{Title: "t", X: "x", Parts: []string{"a"}, Bars: []Bar{{Label: "none", Values: []float64{0}, Said: "0"}}}
	if err := zero.WriteSVG(io.Discard); err != nil {
		t.Error(err)
	}
}

func TestNeighboursShareARange(t *testing.T) {
	counts := make([]int, 65)
	for i := 3; i < 65; i++ {
		counts[i] = i
	}
	ranges := Gathered(counts, 12)
	total := 0
	for _, r := range ranges {
		total += r.N
	}
	if len(ranges) > 12 || total != 64*65/2-3 || ranges[0].Label() != "3–8" || ranges[len(ranges)-1].Label() != "63–64" {
		t.Errorf("%d ranges, together %v: %+v", len(ranges), total, ranges)
	}
	if few := Gathered([]int{0, 5, 0, 1}, 12); len(few) != 3 || few[0].Label() != "1" || few[1].N != 0 {
		t.Errorf("%+v", few)
	}
	if none := Gathered(nil, 12); none != nil {
		t.Errorf("%+v", none)
	}
}

// TestTicksOfOnesOwn are labelled as the chart says, as far as there is room.
func TestTicksOfOnesOwn(t *testing.T) {
	c := Chart{Title: "t", X: "x", Ticks: []float64{0.3, 1, 2, 2.01}, Say: func(x float64) string { return fmt.Sprintf("p%v", x) },
		Panels: []Panel{{Y: "y", Close: true, Series: []Series{line("a", 1, 2, 3)}}}}
	for i := range c.Panels[0].Series[0].Points {
		c.Panels[0].Series[0].Points[i].X = float64(i)
	}
	svg := element(t, &c, 560)
	for want, times := range map[string]int{">p0.3<": 1, ">p1<": 1, ">p2<": 1, ">p2.01<": 0, `class="mark`: 0, "a: 1 at p0, 3 at p2.": 1} {
		if got := strings.Count(svg, want); got != times {
			t.Errorf("%s is there %d times, want %d", want, got, times)
		}
	}
	if x := c.axis(500); x.low != 0 || x.high != 2.01 {
		t.Errorf("from %v to %v", x.low, x.high)
	}
	linear := Chart{Linear: true, Panels: []Panel{{Series: []Series{{Name: "a", Points: []Point{{X: 1}, {X: 1e6}}}}}}}
	if x := linear.axis(500); x.log || x.low != 0 {
		t.Error("a linear axis is not")
	}
}
