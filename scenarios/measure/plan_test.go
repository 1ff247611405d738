package measure

import (
	"bytes"
	"context"
	"runtime/debug"
	"sync"
	"testing"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

func runOf(t *testing.T, name, core string, repetitions int) scenarios.Run {
	t.Helper()
	s, err := scenarios.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := cores.Find(core)
	if err != nil {
		t.Fatal(err)
	}
	run, err := scenarios.NewRun(s, spec)
	if err != nil {
		t.Fatal(err)
	}
	run.Repetitions = repetitions
	return *run
}

// TestAnInterruptIsNoError, in either world: it leaves measurements called interrupted.
func TestAnInterruptIsNoError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, in := range []string{scenarios.VirtualWorld, scenarios.RealWorld} {
		p := Point{Run: runOf(t, "two-users", "production", 2), World: in}
		all, err := Play(ctx, Plan{[]Point{p, p}}, Config{})
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		for i, m := range all {
			if m == nil || !m.Interrupted {
				t.Errorf("%s: point %d is %v, as if it had been skipped", in, i, m)
			}
		}
	}
}

// TestPointsThatCantBePlayed are errors in either world.
func TestPointsThatCantBePlayed(t *testing.T) {
	for name, p := range map[string]Point{
		"no repetitions": {Run: runOf(t, "two-users", "production", 0), World: scenarios.RealWorld},
		"world":          {Run: runOf(t, "two-users", "production", 1), World: "Real"},
		"target":         {Run: runOf(t, "two-users", "production", 1), Target: Target{Store: "s3://mine"}},
	} {
		if all, err := Play(t.Context(), Plan{[]Point{p}}, Config{}); err == nil {
			t.Errorf("%s: played in the %s world on %s: %s", name, all[0].World, all[0].Store, all[0].Verdict)
		}
	}
}

// TestEachBesideARealPoint is told of the repetitions of every virtual one.
func TestEachBesideARealPoint(t *testing.T) {
	told := 0
	v := Point{Run: runOf(t, "two-users", "production", 3)}
	r := v
	r.World = scenarios.RealWorld
	if _, err := Play(t.Context(), Plan{[]Point{v, r}}, Config{Each: func(int, int, *check.Report) bool { told++; return true }}); err != nil {
		t.Fatal(err)
	}
	if told != 3 {
		t.Errorf("told of %d repetitions, want 3", told)
	}
}

// TestProgressOfRealPoints counts those of the plan.
func TestProgressOfRealPoints(t *testing.T) {
	r := Point{Run: runOf(t, "two-users", "production", 3), World: scenarios.RealWorld}
	var last Progress
	if _, err := Play(t.Context(), Plan{[]Point{r, r}}, Config{Progress: func(p Progress) { last = p }}); err != nil {
		t.Fatal(err)
	}
	if last.OfPoints != 2 || last.Repetitions != 6 {
		t.Errorf("at the end: %+v", last)
	}
}

// TestAPoolKeepsWhatPartsPlayed: the history that it saves shows what was measured.
func TestAPoolKeepsWhatPartsPlayed(t *testing.T) {
	p := Point{Run: runOf(t, "two-users", "unlocked", 4)}
	var file bytes.Buffer
	pool, err := NewPool(&p, &file, 0)
	if err != nil {
		t.Fatal(err)
	}
	pool.Add(Part{&p, 1, 2}.Play(t.Context()))
	pool.Add(Part{&p, 3, 4}.Play(t.Context()))
	m, err := pool.Measurement()
	if err != nil {
		t.Fatal(err)
	}
	rd, err := history.NewReader(&file, "history")
	if err != nil {
		t.Fatal(err)
	}
	saved, err := FromHistory(rd)
	if err != nil || saved.Verdict != m.Verdict {
		t.Errorf("measured %s, saved %s (%v), %v", m.Verdict, saved.Verdict, saved.Reasons, err)
	}
}

// TestAPartOfTheRealWorld is not played in a virtual one and called real.
func TestAPartOfTheRealWorld(t *testing.T) {
	p := Point{Run: runOf(t, "two-users", "production", 1), World: scenarios.RealWorld}
	pool, err := NewPool(&p, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	pool.Add(Part{&p, 1, 1}.Play(t.Context()))
	m, err := pool.Measurement()
	if err == nil && m.LatencyMS != nil {
		t.Errorf("called %s on %s: p50 %v ms, %s", m.World, m.Store, m.LatencyMS.P50, m.Verdict)
	}
}

// TestPlansAtTheSameTimeLeaveTheCollector as it was.
func TestPlansAtTheSameTimeLeaveTheCollector(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	p := Plan{[]Point{{Run: runOf(t, "two-users", "production", 1)}}}
	begun, ended, other := make(chan bool), make(chan bool), make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = Play(t.Context(), p, Config{Each: func(int, int, *check.Report) bool { close(begun); <-other; return true }})
		close(ended)
	})
	<-begun
	wg.Go(func() {
		_, _ = Play(t.Context(), p, Config{Each: func(int, int, *check.Report) bool { close(other); <-ended; return true }})
	})
	wg.Wait()
	if now := debug.SetGCPercent(100); now != 100 {
		t.Errorf("GOGC is %d afterwards", now)
	}
}
