package sweep

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/scenarios/check"
)

// TestPublishedExperiment pins points of the published backoff experiment: what a model
// with nothing in it but the experiment finds (scenarios/experiment_test.go), within
// 4 standard errors of the difference, and what was published for full jitter.
func TestPublishedExperiment(t *testing.T) {
	model := []struct {
		kind                       string
		clients                    int
		puts, putsWithin           float64
		makespanMS, makespanWithin float64
	}{
		{"none", 100, 2420.9, 30, 2030, 40},
		{"exponential", 50, 636.2, 25, 37655, 2900},
		{"full", 190, 9.3 * 190, 0.15 * 190, 7400, 150},
	}
	var points []Point
	for _, m := range model {
		points = append(points, experimentPoint(t, m.kind, m.clients, 100))
	}
	measured, err := Play(t.Context(), Config{Points: points, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range model {
		p := measured[i]
		line := fmt.Sprintf("%s N=%d: puts %.1f ± %.1f, makespan %.0f ± %.0f ms", m.kind, m.clients, p.PutsMean, *p.PutsCI95, *p.MakespanMean, *p.MakespanCI95)
		t.Log(line)
		if math.Abs(p.PutsMean-m.puts) > m.putsWithin || math.Abs(*p.MakespanMean-m.makespanMS) > m.makespanWithin {
			t.Errorf("%s; want %.1f within %.1f, %.0f within %.0f", line, m.puts, m.putsWithin, m.makespanMS, m.makespanWithin)
		}
		if p.Verdict != "ok" || p.AcknowledgedRate != 1 {
			t.Errorf("%s: %s, %v acknowledged", m.kind, p.Verdict, p.AcknowledgedRate)
		}
	}
}

// few are small points.
func few(t *testing.T) []Point {
	var points []Point
	for _, kind := range experimentKinds {
		points = append(points, experimentPoint(t, kind, 5, 25))
	}
	return points
}

// TestEachPointIsSavedOnce, and those that are there are not played again.
func TestEachPointIsSavedOnce(t *testing.T) {
	points := few(t)
	var saved []int
	var last Progress
	have := map[int]reports.SweptPoint{}
	measured, err := Play(t.Context(), Config{
		Points: points, Workers: 3,
		Save: func(n int, p reports.SweptPoint) error {
			saved = append(saved, n)
			if n%2 == 0 {
				have[n] = p
			}
			return nil
		},
		Progress: func(p Progress) {
			if p.Share < last.Share || p.Points < last.Points {
				t.Errorf("progress goes back from %v to %v", last, p)
			}
			last = p
		},
	})
	slices.Sort(saved)
	if err != nil || fmt.Sprint(saved) != "[0 1 2 3 4]" || last.Points != 5 || math.Abs(last.Share-1) > 1e-9 {
		t.Fatalf("saved %v, progress %v, %v", saved, last, err)
	}
	saved = nil
	again, err := Play(t.Context(), Config{Points: points, Workers: 1, Have: have, Save: func(n int, _ reports.SweptPoint) error {
		saved = append(saved, n)
		return nil
	}})
	if err != nil || fmt.Sprint(saved) != "[1 3]" {
		t.Errorf("saved %v, %v", saved, err)
	}
	for i := range measured {
		if a, b := fmt.Sprint(measured[i].Params, measured[i].PutsMean, *measured[i].Jain), fmt.Sprint(again[i].Params, again[i].PutsMean, *again[i].Jain); a != b {
			t.Errorf("%s, then %s", a, b)
		}
	}
}

func TestASweepEndsWithTheFirstFailure(t *testing.T) {
	full := errors.New("the disk is full")
	measured, err := Play(t.Context(), Config{Points: few(t), Workers: 2, Save: func(int, reports.SweptPoint) error { return full }})
	if !errors.Is(err, full) || len(measured) > 0 {
		t.Errorf("%d points, %v", len(measured), err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if measured, err := Play(ctx, Config{Points: few(t), Workers: 2}); err != nil || measured == nil || len(measured) > 0 {
		t.Errorf("interrupted: %v, %v", measured, err)
	}
}

// TestChartsSayWhatWasPlayed, and why not to trust them.
func TestChartsSayWhatWasPlayed(t *testing.T) {
	mean := 500.0
	s := reports.Swept{
		Scenario: "s", Runs: 3, Seed: 7, Latency: "constant(2ms)", Planned: 4, PolicyChanged: "documented",
		Vary: []reports.Varied{{Name: "policy.base", Values: []string{"1ms", "2ms", "3ms", "4ms"}}},
	}
	for _, base := range s.Vary[0].Values[:3] {
		s.Points = append(s.Points, reports.SweptPoint{
			Params: reports.Params{{Name: "policy.base", Value: base}}, PutsMean: 1, MakespanMean: &mean, Verdict: check.OK,
		})
	}
	s.Points[1].Verdict = check.Violated
	draw := func() string {
		var b strings.Builder
		if err := Chart(&b, &s); err != nil {
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
	point := func(y float64, values ...string) reports.SweptPoint {
		p := reports.SweptPoint{PutsMean: y, PutsCI95: &half, MakespanMean: &mean, MakespanCI95: &half, ExhaustedRate: y / 1e4}
		for i, v := range values {
			p.Params = append(p.Params, reports.Param{Name: string(rune('a' + i)), Value: v})
		}
		return p
	}
	lines := make([]string, 25)
	var many []reports.SweptPoint
	for i := range lines {
		lines[i] = fmt.Sprintf("l%d", i)
		many = append(many, point(1, lines[i], "1"))
	}
	for name, c := range map[string]struct {
		vary   [][]string
		points []reports.SweptPoint
		want   string // "": it can be drawn
	}{
		"lines":      {[][]string{{"x", "y"}, {"1", "2"}}, []reports.SweptPoint{point(1, "x", "1"), point(900, "x", "2"), point(5, "y", "1"), point(6, "y", "2")}, ""},
		"one point":  {[][]string{{"5"}}, []reports.SweptPoint{point(3, "5")}, ""},
		"zeros":      {[][]string{{"0", "1"}}, []reports.SweptPoint{point(0, "0"), point(0, "1")}, ""},
		"backwards":  {[][]string{{"9s", "1s"}}, []reports.SweptPoint{point(9, "9s"), point(1, "1s")}, ""},
		"incomplete": {[][]string{{"x", "y"}, {"1", "2"}}, []reports.SweptPoint{point(7, "y", "2")}, ""},
		"nothing":    {[][]string{{"1", "2"}}, nil, "nothing to draw"},
		"no axis":    {[][]string{{"x"}}, []reports.SweptPoint{point(1, "x")}, "no parameter has numbers"},
		"too many":   {[][]string{lines, {"1"}}, many, "25 lines can't be told apart"},
	} {
		s := reports.Swept{Scenario: "s", Runs: 3, Points: c.points}
		for i, values := range c.vary {
			s.Vary = append(s.Vary, reports.Varied{Name: string(rune('a' + i)), Values: values})
		}
		var b, again strings.Builder
		err := Chart(&b, &s)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err := Chart(&again, &s); err != nil || again.String() != b.String() {
			t.Errorf("%s: drawn twice it differs, %v", name, err)
		}
		if err != nil || !strings.HasSuffix(b.String(), "</svg>\n") || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
