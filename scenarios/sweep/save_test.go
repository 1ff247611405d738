package sweep

import (
	"context"
	"errors"
	"testing"

	"holdfast/scenarios"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/measure"
)

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
