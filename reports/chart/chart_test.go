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

func line(name string, values ...float64) Series {
	s := Series{Name: name}
	for i, v := range values {
		s.Points = append(s.Points, Point{X: float64(10 * (i + 1)), Y: v, Half: v / 10})
	}
	return s
}

// drawn is what a reader of the file finds.
type drawn struct {
	Width  float64 `xml:"width,attr"`
	Height float64 `xml:"height,attr"`
	Title  string  `xml:"title"`
	Desc   string  `xml:"desc"`
	Style  string  `xml:"style"`
	Texts  []text  `xml:"text"`
	Paths  []path  `xml:"path"`
	Lines  []struct {
		Paths []path `xml:"path"`
	} `xml:"g"`
}

type text struct {
	X      float64 `xml:"x,attr"`
	Y      float64 `xml:"y,attr"`
	Size   float64 `xml:"font-size,attr"`
	Anchor string  `xml:"text-anchor,attr"`
	Said   string  `xml:",chardata"`
}

type path struct {
	Class string `xml:"class,attr"`
	Title string `xml:"title"`
}

func draw(t *testing.T, c *Chart) *drawn {
	t.Helper()
	var b, again bytes.Buffer
	if err := c.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteSVG(&again); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Errorf("drawn twice it differs, %v", err)
	}
	var d drawn
	if err := xml.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// count counts paths of a class.
func (d *drawn) count(class string) int {
	n := 0
	paths := d.Paths
	for _, l := range d.Lines {
		paths = append(paths, l.Paths...)
	}
	for _, p := range paths {
		if p.Class == class {
			n++
		}
	}
	return n
}

func TestAChartSaysWhatItShows(t *testing.T) {
	d := draw(t, &Chart{
		Title: "A title", Notes: []string{"A note", "another"}, X: "clients",
		Panels: []Panel{
			{Y: "puts", Series: []Series{line("full <jitter>", 1, 20, 3000), line("none", 2, 60, 9000)}},
			{Y: "share", Series: []Series{line("full <jitter>", 1e-9, 1e-6, 0.1), line("none")}, Limit: 1e-7},
			{Y: "time (s)", Series: []Series{line("full <jitter>", 1, 20, 3000), line("none")}},
			{Y: "part (%)", Series: []Series{line("full <jitter>", 1, 20, 3000), line("none")}, Linear: true},
			{Y: "nothing", Series: []Series{line("full <jitter>"), line("none")}},
		},
	})
	var said []string
	for _, text := range d.Texts {
		said = append(said, text.Said)
	}
	for _, want := range []string{
		"A title", "A note", "another", "clients", "puts (log)", "share (log)", "time (s, log)", "part (%)", "nothing",
		"nothing was measured", "full <jitter>", "none", "1000", "1e-9", "30",
	} {
		if !strings.Contains("|"+strings.Join(said, "|")+"|", "|"+want+"|") {
			t.Errorf("it does not say %q: %q", want, said)
		}
	}
	// Who does not see the lines is told of them, and who points at a marker of its value.
	if d.Title != "A title" || !strings.Contains(d.Desc, "puts over clients. full <jitter>: 1 at 10, 3000 at 30. none: 2 at 10, 9000 at 30.") {
		t.Errorf("in words: %q, %q", d.Title, d.Desc)
	}
	found := false
	for _, l := range d.Lines {
		for _, p := range l.Paths {
			found = found || p.Title == "none: 60 ± 6 at 20"
		}
	}
	if !found {
		t.Error("no marker has its value")
	}
}

// TestNoTextIsInTheWay of another, or beyond the edge, in the widest of fonts.
func TestNoTextIsInTheWay(t *testing.T) {
	long := strings.Repeat("latency lognormal(10ms,100ms), ", 6) + strings.Repeat("x", 200)
	wide := func(lines int, name string, scale float64) *Chart {
		c := &Chart{Title: long, Notes: []string{long, "a note"}, X: long}
		for range 2 {
			p := Panel{Y: long}
			for i := range lines {
				s := Series{Name: name + strconv.Itoa(i)}
				for n := range 9 {
					x := float64(n)
					s.Points = append(s.Points, Point{X: scale + x*1.2345e-3*scale, Y: math.Pow(10, x*float64(i+1))})
				}
				p.Series = append(p.Series, s)
			}
			c.Panels = append(c.Panels, p)
		}
		return c
	}
	for name, c := range map[string]*Chart{
		"one":          wide(1, "", 1),
		"short names":  wide(MostSeries, "n", 1e6),
		"long names":   wide(7, "policy decorrelated(base=5ms,cap=2s) ", 1e-7),
		"endless":      wide(2, long, 123456),
		"wide letters": {Title: "t", X: "x", Panels: []Panel{{Y: "y", Series: []Series{line("WWWWWWWWWWWWWWWWWWWWW", 1), line("漢字漢字漢字漢字漢字漢字漢字漢字", 2)}}}},
	} {
		d := draw(t, c)
		type box struct{ left, top, right, bottom float64 }
		var boxes []box
		for _, text := range d.Texts {
			room := widthOf(text.Said, text.Size)
			left := text.X - room*map[string]float64{"start": 0, "middle": 0.5, "end": 1}[text.Anchor]
			b := box{left, text.Y - 0.75*text.Size, left + room, text.Y + 0.2*text.Size}
			if b.left < 0 || b.right > d.Width || b.top < 0 || b.bottom > d.Height {
				t.Errorf("%s: %q is beyond the edge", name, text.Said)
			}
			for i, other := range boxes {
				if b.left < other.right && other.left < b.right && b.top < other.bottom && other.top < b.bottom {
					t.Errorf("%s: %q covers %q", name, text.Said, d.Texts[i].Said)
				}
			}
			boxes = append(boxes, b)
		}
	}
}

// TestLinearAxesStartAtZero, also where all values are large; those along which is drawn
// need not.
func TestLinearAxesStartAtZero(t *testing.T) {
	near := Chart{X: "clients", Panels: []Panel{{Y: "y", Series: []Series{{Name: "a", Points: []Point{{X: 1000, Y: 100, Half: 1}, {X: 1100, Y: 105, Half: 1}}}}}}}
	if x, y := near.axis(naturalWidth), near.Panels[0].axis(); y.low != 0 || x.low != 1000 {
		t.Errorf("y from %v, x from %v", y.low, x.low)
	}
	far := Chart{X: "clients", Panels: []Panel{{Y: "y", Series: []Series{{Name: "a", Points: []Point{{X: 1, Y: 1}, {X: 100, Y: 100}}}}}}}
	if x, y := far.axis(naturalWidth), far.Panels[0].axis(); y.low <= 0 || x.low <= 0 || x.name(far.X) != "clients (log)" {
		t.Errorf("y from %v, x from %v, %q", y.low, x.low, x.name(far.X))
	}
}

// TestPanelsHaveOneAxis, also where a panel has values in a part of it.
func TestPanelsHaveOneAxis(t *testing.T) {
	c := Chart{Panels: []Panel{{Series: []Series{line("a", 1)}}, {Series: []Series{line("a", 1, 2, 3, 4)}}}}
	if x := c.axis(naturalWidth); x.low != 0 || x.high != 40 {
		t.Errorf("from %v to %v", x.low, x.high)
	}
}

func TestALimitIsOnTheChart(t *testing.T) {
	p := Panel{Series: []Series{line("a", 1, 2)}}
	c := Chart{Title: "t", X: "x", Panels: []Panel{p}}
	if n := draw(t, &c).count("limit"); n != 0 {
		t.Errorf("%d limits", n)
	}
	c.Panels[0].Limit = 50
	if n := draw(t, &c).count("limit"); n != 1 {
		t.Errorf("%d limits", n)
	}
	if y := c.Panels[0].axis(); y.high < 50 {
		t.Errorf("the axis ends at %v", y.high)
	}
}

// TestIntervalsAreOnTheChart if they are larger than a marker, also of a single point.
func TestIntervalsAreOnTheChart(t *testing.T) {
	for half, want := range map[float64]int{0: 0, 0.1: 0, 5: 1} {
		c := Chart{Title: "t", X: "x", Panels: []Panel{{Y: "y", Series: []Series{{Name: "a", Points: []Point{{X: 3, Y: 10, Half: half}}}}}}}
		if n := draw(t, &c).count("interval"); n != want {
			t.Errorf("±%v: %d intervals", half, n)
		}
	}
}

func TestWhatCantBeDrawn(t *testing.T) {
	many := Panel{Y: "y"}
	for i := range MostSeries + 1 {
		many.Series = append(many.Series, line(fmt.Sprint(i), 1))
	}
	for want, panels := range map[string][]Panel{
		"nothing to draw":          nil,
		"there is nothing":         {{Y: "y", Series: []Series{line("a")}}},
		"can't be told apart":      {many},
		"y: a is at 10, NaN±NaN":   {{Y: "y", Series: []Series{line("a", math.NaN())}}},
		"y: a is at 10, +Inf±+Inf": {{Y: "y", Series: []Series{line("a", math.Inf(1))}}},
	} {
		c := Chart{Panels: panels}
		if err := c.WriteSVG(io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestAnyRangeCanBeDrawn: axes end, and all is between their ends.
func TestAnyRangeCanBeDrawn(t *testing.T) {
	for _, ends := range [][2]float64{
		{0, 0}, {5, 5}, {-3, -3}, {-2, 8}, {0, 1e-300}, {1e-300, 1e300}, {1e17, 1e17 + 16}, {1e17, 1e17}, {-1e9, 1e9}, {1, 49}, {1, 51}, {0.1, 1e7},
	} {
		points := []Point{{X: ends[0], Y: ends[0]}, {X: ends[1], Y: ends[1]}}
		c := Chart{Title: "t", X: "x", Panels: []Panel{{Y: "y", Series: []Series{{Name: "a", Points: points}}}}}
		draw(t, &c)
		for _, a := range []axis{c.axis(naturalWidth), c.Panels[0].axis()} {
			labels := 0
			for _, tick := range a.ticks {
				if tick.label != "" {
					labels++
				}
				if at := a.share(tick.value); !(at >= 0 && at <= 1) {
					t.Errorf("%v: the tick %v is at %v", ends, tick.value, at)
				}
			}
			if a.low > ends[0] || a.high < ends[1] || labels == 0 || labels > mostTicksX+1 {
				t.Errorf("%v: from %v to %v, %d labels", ends, a.low, a.high, labels)
			}
		}
	}
}

// TestNoTwoLinesLookAlike, not even in gray.
func TestNoTwoLinesLookAlike(t *testing.T) {
	seen := map[look]int{}
	for i := range MostSeries {
		l := lookOf(i)
		l.color = 0
		if before, ok := seen[l]; ok {
			t.Errorf("lines %d and %d look alike", before, i)
		}
		seen[l] = i
	}
}

// TestColorsStandOutFromThePaper by the factors that the Web Content Accessibility
// Guidelines ask for: 4.5 for text, 3 for lines.
func TestColorsStandOutFromThePaper(t *testing.T) {
	luminance := func(color string) float64 {
		sum := 0.0
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			v := float64(n) / 255
			if v <= 0.04045 {
				sum += weight * v / 12.92
			} else {
				sum += weight * math.Pow((v+0.055)/1.055, 2.4)
			}
		}
		return sum
	}
	for _, s := range []scheme{light, dark} {
		contrast := func(color string) float64 {
			a, b := luminance(color)+0.05, luminance(s.paper)+0.05
			return max(a/b, b/a)
		}
		if c := contrast(s.ink); c < 4.5 {
			t.Errorf("text %s on %s: %.2f", s.ink, s.paper, c)
		}
		for _, color := range s.lines {
			if c := contrast(color); c < 3 {
				t.Errorf("line %s on %s: %.2f", color, s.paper, c)
			}
		}
	}
	c := Chart{Title: "t", X: "x", Panels: []Panel{{Y: "y", Series: []Series{line("a", 1)}}}}
	if before, after, found := strings.Cut(draw(t, &c).Style, "prefers-color-scheme: dark"); !found || !strings.Contains(before, light.paper) || !strings.Contains(after, dark.paper) {
		t.Error("one of the schemes is missing")
	}
}

func TestTicksAreRound(t *testing.T) {
	for _, c := range []struct {
		ticks []tick
		want  string
	}{
		{plainTicks(0, 190, mostTicksX), "0 20 40 60 80 100 120 140 160 180"},
		{plainTicks(0.25, 0.61, mostTicksX), "0.25 0.3 0.35 0.4 0.45 0.5 0.55 0.6"},
		{plainTicks(-1, 1, mostTicksX), "-1 -0.8 -0.6 -0.4 -0.2 0 0.2 0.4 0.6 0.8 1"},
		{logTicks(3, 150, 0), "5 10 20 50 100"},
		{logTicks(3, 150, 1), "10 100"},
		{logTicks(1e-5, 1e3, 2), "0.001 1 1000"},
	} {
		var got []string
		for _, tick := range c.ticks {
			if tick.label != "" {
				got = append(got, tick.label)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v, want %s", got, c.want)
		}
	}
	for v, want := range map[float64]string{1e-9: "1e-9", 1e-4: "1e-4", 0.001: "0.001", 0: "0", 0.1 + 0.2: "0.3", 5000: "5000", 2e7: "2e+07"} {
		if got := number(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}

func TestTextIsWrapped(t *testing.T) {
	for s, want := range map[string]string{
		"":                         "",
		"short":                    "short",
		"one two three":            "one two|three",
		"a(b=1,c=2,d=3)":           "a(b=1,|c=2,d=3)",
		"abcdefghijklmnopq":        "abcdefgh|ijklmnop|q",
		"漢字漢字漢字漢":                  "漢字漢字漢|字漢",
		"\xff\xfe\xfd\xff\xfe\xfd": "\xff\xfe\xfd\xff\xfe|\xfd", // no UTF-8
	} {
		if got := strings.Join(wrap(s, 10, 52), "|"); got != want {
			t.Errorf("%q: %s", s, got)
		}
	}
}

// TestNamesBesidePoints: each stands once, and where there is room on none of the others.
func TestNamesBesidePoints(t *testing.T) {
	c := Chart{Title: "t", X: "x", Panels: []Panel{{Y: "y", Named: true, Linear: true, Series: []Series{
		{Name: "first one", Points: []Point{{X: 1, Y: 5}}}, {Name: "at the same height", Points: []Point{{X: 1.2, Y: 5}}},
		{Name: "close to it", Points: []Point{{X: 1.21, Y: 5.1}}}, {Name: "at the end", Points: []Point{{X: 9, Y: 2}}},
	}}}}
	var b bytes.Buffer
	if err := c.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	var boxes []box
	for _, s := range c.Panels[0].Series {
		found := regexp.MustCompile(`x="([\d.]+)" y="([\d.]+)"[^>]*>`+s.Name+"<").FindAllStringSubmatch(b.String(), -1)
		if len(found) != 1 {
			t.Fatalf("%s stands %d times", s.Name, len(found))
		}
		x, _ := strconv.ParseFloat(found[0][1], 64)
		y, _ := strconv.ParseFloat(found[0][2], 64)
		at := box{x, y - tickSize*0.8, x + widthOf(s.Name, tickSize), y}
		if meetsAny(at, boxes) || at.right > naturalWidth {
			t.Errorf("%s stands on another, or beyond the edge: %+v, %+v", s.Name, at, boxes)
		}
		boxes = append(boxes, at)
	}
}

// TestNear: an axis that shows what lies around the values does not begin at 0, nor where a
// percent would look like a leap.
func TestNear(t *testing.T) {
	for _, tt := range []struct {
		values    []float64
		low, high float64 // it must show at least so much, and begin above half of it
	}{
		{[]float64{100, 101}, 96, 105},
		{[]float64{100, 150}, 100, 150},
		{[]float64{0, 1}, 0, 1},
	} {
		p := Panel{Near: true, Series: []Series{line("a", tt.values...)}}
		for i := range p.Series[0].Points {
			p.Series[0].Points[i].Half = 0
		}
		a := p.axis()
		if a.low > tt.low || a.high < tt.high || a.low < tt.low/2 || a.high > 2*tt.high {
			t.Errorf("%v: from %v to %v", tt.values, a.low, a.high)
		}
	}
}

// TestNobodyIsBetweenWholeNumbers: an axis of actors or runs has no ticks between them.
func TestNobodyIsBetweenWholeNumbers(t *testing.T) {
	for last, want := range map[float64]string{2: "1 2", 3: "1 2 3", 4: "0 1 2 3 4", 1.5: "1 1.05 1.1 1.15 1.2 1.25 1.3 1.35 1.4 1.45 1.5"} {
		c := Chart{Title: "t", X: "x", Linear: true, Panels: []Panel{{Y: "y", Series: []Series{{Name: "a", Points: []Point{{X: 1, Y: 1}, {X: last, Y: 2}}}}}}}
		var labels []string
		for _, tick := range c.axis(500).ticks {
			labels = append(labels, tick.label)
		}
		if got := strings.Join(labels, " "); got != want {
			t.Errorf("up to %v: %s", last, got)
		}
	}
}
