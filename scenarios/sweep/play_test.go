package sweep

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"holdfast/scenarios/measure"
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
	var last measure.Progress
	have := map[int]Measured{}
	measured, err := Play(t.Context(), Config{
		Points: points, Workers: 3,
		Save: func(n int, p Measured) error {
			saved = append(saved, n)
			if n%2 == 0 {
				have[n] = p
			}
			return nil
		},
		Progress: func(p measure.Progress) {
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
	again, err := Play(t.Context(), Config{Points: points, Workers: 1, Have: have, Save: func(n int, _ Measured) error {
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
	measured, err := Play(t.Context(), Config{Points: few(t), Workers: 2, Save: func(int, Measured) error { return full }})
	if !errors.Is(err, full) || len(measured) > 0 {
		t.Errorf("%d points, %v", len(measured), err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if measured, err := Play(ctx, Config{Points: few(t), Workers: 2}); err != nil || measured == nil || len(measured) > 0 {
		t.Errorf("interrupted: %v, %v", measured, err)
	}
}
