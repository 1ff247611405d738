package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
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

// texts are what a chart says.
func texts(t *testing.T, c *Chart) []string {
	t.Helper()
	var b bytes.Buffer
	if err := c.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	var all []string
	in, dec := "", xml.NewDecoder(&b)
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("no XML: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			in = token.Name.Local
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); in == "text" && text != "" {
				all = append(all, text)
			}
		}
	}
}

func TestAChartSaysWhatItShows(t *testing.T) {
	c := &Chart{
		Title: "A title", Notes: []string{"A note", "another"}, X: "clients",
		Panels: []Panel{
			{Y: "puts", Series: []Series{line("full <jitter>", 1, 20, 3000), line("none", 2, 60, 9000)}},
			{Y: "share", Series: []Series{line("full <jitter>", 1e-9, 1e-6, 0.1), line("none")}, Limit: 1e-7},
			{Y: "time (s)", Series: []Series{line("full <jitter>", 1, 20, 3000), line("none")}},
			{Y: "part (%)", Series: []Series{line("full <jitter>", 1, 20, 3000), line("none")}, Linear: true},
			{Y: "nothing", Series: []Series{line("full <jitter>"), line("none")}},
		},
	}
	said := texts(t, c)
	for _, want := range []string{"A title", "A note", "another", "clients", "puts (log)", "share (log)", "time (s, log)", "part (%)", "nothing", "full <jitter>", "none", "1000", "1e-9", "30"} {
		if !strings.Contains("|"+strings.Join(said, "|")+"|", "|"+want+"|") {
			t.Errorf("it does not say %q: %q", want, said)
		}
	}
}

// TestLinearAxesStartAtZero, also where all values are large; those along which is drawn
// need not.
func TestLinearAxesStartAtZero(t *testing.T) {
	c := Chart{X: "clients"}
	near := Series{Name: "a", Points: []Point{{X: 1000, Y: 100, Half: 1}, {X: 1100, Y: 105, Half: 1}}}
	p, err := c.plot(&Panel{Y: "y", Series: []Series{near}})
	if err != nil || p.Y.Min != 0 || p.X.Min != 1000 {
		t.Errorf("y from %v, x from %v, %v", p.Y.Min, p.X.Min, err)
	}
	far := Series{Name: "a", Points: []Point{{X: 1, Y: 1}, {X: 100, Y: 100}}}
	p, err = c.plot(&Panel{Y: "y", Series: []Series{far}})
	if err != nil || p.Y.Min <= 0 || p.X.Min <= 0 || p.X.Label.Text != "clients (log)" {
		t.Errorf("y from %v, x from %v, %q, %v", p.Y.Min, p.X.Min, p.X.Label.Text, err)
	}
}

func TestALimitIsOnTheChart(t *testing.T) {
	p := Panel{Series: []Series{line("a", 1, 2)}, Limit: 50}
	if _, y := limitsOf(&p); y.high != 50 {
		t.Errorf("the axis ends at %v", y.high)
	}
	var with, without bytes.Buffer
	for limit, b := range map[float64]*bytes.Buffer{0: &without, 50: &with} {
		p.Limit = limit
		c := Chart{Title: "t", X: "x", Panels: []Panel{p}}
		if err := c.WriteSVG(b); err != nil {
			t.Fatal(err)
		}
	}
	if dashed := func(b *bytes.Buffer) int { return strings.Count(b.String(), "dasharray") }; dashed(&with) != dashed(&without)+1 {
		t.Error("no dashed line")
	}
}

func TestWhatCantBeDrawn(t *testing.T) {
	many := Panel{Y: "y"}
	for i := range MostSeries + 1 {
		many.Series = append(many.Series, line(fmt.Sprint(i), 1))
	}
	for want, panels := range map[string][]Panel{
		"nothing to draw":     nil,
		"there is nothing":    {{Y: "y", Series: []Series{line("a")}}},
		"can't be told apart": {many},
	} {
		c := Chart{Panels: panels}
		if err := c.WriteSVG(io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestNoTwoLinesLookAlike, not even in gray.
func TestNoTwoLinesLookAlike(t *testing.T) {
	seen := map[string]int{}
	for i := range MostSeries {
		look := fmt.Sprintf("%v %T", lineOf(i).Dashes, markOf(i).Shape)
		if before, ok := seen[look]; ok {
			t.Errorf("lines %d and %d look alike", before, i)
		}
		seen[look] = i
	}
}

func TestTicksAreRound(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0, 190, "0 20 40 60 80 100 120 140 160 180"},
		{0.25, 0.61, "0.25 0.3 0.35 0.4 0.45 0.5 0.55 0.6"},
		{-1, 1, "-1 -0.8 -0.6 -0.4 -0.2 0 0.2 0.4 0.6 0.8 1"},
	} {
		var got []string
		for _, tick := range (plainTicks{mostTicksX}).Ticks(c.low, c.high) {
			got = append(got, tick.Label)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("from %v to %v: %v", c.low, c.high, got)
		}
	}
	for v, want := range map[float64]string{1e-9: "1e-9", 1e-4: "1e-4", 0.001: "0.001", 0: "0", 0.1 + 0.2: "0.3", 5000: "5000", 2e7: "2e+07"} {
		if got := number(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}
