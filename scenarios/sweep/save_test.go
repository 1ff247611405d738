package sweep

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/stores"
)

// TestAViolationBeforeAnInterrupt is a row, of as many runs as were played, and the sweep is
// not complete.
func TestAViolationBeforeAnInterrupt(t *testing.T) {
	point := experimentPoint(t, "full", 5, 10_000_000)
	core, err := cores.Find("unlocked")
	if err != nil {
		t.Fatal(err)
	}
	point.Run.Core = core
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var clients atomic.Int64
	point.Run.Observe = func(string, scenarios.Kind) archive.Observer {
		const enough = 10_000 // have lost something
		if clients.Add(1) == enough {
			cancel()
		}
		return archive.Observer{}
	}
	rows, err := Play(ctx, Config{Points: []Point{point}})
	if err != nil || len(rows) != 1 || rows[0].Verdict != check.Violated || rows[0].Runs < 1 || rows[0].Runs >= point.Run.Repetitions {
		t.Fatalf("%v, %+v", err, rows)
	}
	if each := rows[0].PutsMean; each < 4 || rows[0].GetsMean < 4 { // some were cut short
		t.Errorf("%v puts and %v gets of five clients", each, rows[0].GetsMean)
	}
	s := Result{Planned: 1, Runs: point.Run.Repetitions, Points: rows}
	if s.Conclude(); s.Complete() != 0 || s.Passed {
		t.Errorf("complete %d, passed %v", s.Complete(), s.Passed)
	}
}

// TestAStoreThatBreaksItsWord makes a point one that has not passed, and no violation.
func TestAStoreThatBreaksItsWord(t *testing.T) {
	point := experimentPoint(t, "full", 5, 20)
	point.Run.Between = planted(t, "stale-read").Around
	rows, err := Play(t.Context(), Config{Points: []Point{point}})
	if err != nil || len(rows) != 1 || rows[0].Verdict != check.StoreAtFault {
		t.Fatalf("%v, %+v", err, rows)
	}
	s := Result{Planned: 1, Runs: point.Run.Repetitions, Points: rows}
	if s.Conclude(); s.Passed || s.Violated() || !s.StoreAtFault() || s.Inconclusive() {
		t.Errorf("%+v", s)
	}
}

func planted(t *testing.T, name string) *stores.Planted {
	t.Helper()
	for _, p := range stores.All() {
		if p.Name == name {
			return &p
		}
	}
	t.Fatal("no planted store ", name)
	return nil
}

// TestASaveThatFailsIsSaid, also if an interrupt comes as well.
func TestASaveThatFailsIsSaid(t *testing.T) {
	s, err := scenarios.Open("two-users")
	if err != nil {
		t.Fatal(err)
	}
	core, err := cores.Find("production")
	if err != nil {
		t.Fatal(err)
	}
	run, err := scenarios.NewRun(s, core)
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	full := errors.New("no space left on device")
	_, err = Play(ctx, Config{Points: []Point{{Point: measure.Point{Run: *run}}}, Save: func(int, Measured) error {
		interrupt()
		return full
	}})
	if !errors.Is(err, full) {
		t.Errorf("the error is %v", err)
	}
}
