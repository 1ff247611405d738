package reports

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/scenarios/check"
	"holdfast/scenarios/sweep"
)

// TestChartsSayWhatWasPlayed, and why not to trust them.
func TestChartsSayWhatWasPlayed(t *testing.T) {
	mean := 500.0
	s := sweep.Result{
		Scenario: "s", Runs: 3, Seed: 7, Latency: "constant(2ms)", Planned: 4, PolicyChanged: "documented",
		Vary: []sweep.Varied{{Name: "policy.base", Values: []string{"1ms", "2ms", "3ms", "4ms"}}},
	}
	for _, base := range s.Vary[0].Values[:3] {
		s.Points = append(s.Points, sweep.Measured{
			Params: sweep.Params{{Name: "policy.base", Value: base}}, PutsMean: 1, MakespanMean: &mean, Verdict: check.OK,
		})
	}
	s.Points[1].Verdict = check.Violated
	draw := func() string {
		var b strings.Builder
		if err := (Swept{&s}).Chart(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, want := range []string{
		">s: 3 runs of each point, latency constant(2ms), seed 7<", ">policy documented = exponential(base=…,cap=400ms,retries=3)<",
		">partial: 3 of 4 points; 1 of 3 points violate an invariant<",
	} {
		if svg := draw(); !strings.Contains(svg, want) {
			t.Errorf("it does not say %q:\n%s", want, svg)
		}
	}
	s.Planned, s.Points[1].Verdict = 3, check.OK
	if svg := draw(); strings.Contains(svg, "partial") || strings.Contains(svg, "violate") {
		t.Error("it says that something is wrong")
	}
}

// TestChartsOfAnySweep can be drawn.
func TestChartsOfAnySweep(t *testing.T) {
	half, mean := 10.0, 500.0
	point := func(y float64, values ...string) sweep.Measured {
		p := sweep.Measured{PutsMean: y, PutsCI95: &half, MakespanMean: &mean, MakespanCI95: &half, ExhaustedRate: y / 1e4}
		for i, v := range values {
			p.Params = append(p.Params, sweep.Param{Name: string(rune('a' + i)), Value: v})
		}
		return p
	}
	lines := make([]string, 25)
	var many []sweep.Measured
	for i := range lines {
		lines[i] = fmt.Sprintf("l%d", i)
		many = append(many, point(1, lines[i], "1"))
	}
	for name, c := range map[string]struct {
		vary   [][]string
		points []sweep.Measured
		want   string // "": it can be drawn
	}{
		"lines":      {[][]string{{"x", "y"}, {"1", "2"}}, []sweep.Measured{point(1, "x", "1"), point(900, "x", "2"), point(5, "y", "1"), point(6, "y", "2")}, ""},
		"one point":  {[][]string{{"5"}}, []sweep.Measured{point(3, "5")}, ""},
		"zeros":      {[][]string{{"0", "1"}}, []sweep.Measured{point(0, "0"), point(0, "1")}, ""},
		"backwards":  {[][]string{{"9s", "1s"}}, []sweep.Measured{point(9, "9s"), point(1, "1s")}, ""},
		"incomplete": {[][]string{{"x", "y"}, {"1", "2"}}, []sweep.Measured{point(7, "y", "2")}, ""},
		"nothing":    {[][]string{{"1", "2"}}, nil, "nothing to draw"},
		"no axis":    {[][]string{{"x"}}, []sweep.Measured{point(1, "x")}, "no parameter has numbers"},
		"too many":   {[][]string{lines, {"1"}}, many, "25 lines can't be told apart"},
	} {
		s := sweep.Result{Scenario: "s", Runs: 3, Points: c.points}
		for i, values := range c.vary {
			s.Vary = append(s.Vary, sweep.Varied{Name: string(rune('a' + i)), Values: values})
		}
		var b, again strings.Builder
		err := (Swept{&s}).Chart(&b)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err := (Swept{&s}).Chart(&again); err != nil || again.String() != b.String() {
			t.Errorf("%s: drawn twice it differs, %v", name, err)
		}
		if err != nil || !strings.HasSuffix(b.String(), "</svg>\n") || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
