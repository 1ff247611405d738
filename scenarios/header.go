package scenarios

import (
	"time"

	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// The worlds that a run plays in, as histories and results name them.
const (
	RealWorld    = "real"    // goroutines, wall clock, HTTP
	VirtualWorld = "virtual" // a seed decides everything
)

// Header describes the run to whoever reads or judges its history: in which world it
// plays, and on which store.
func (r *Run) Header(in, store string) history.Header {
	s := r.Scenario
	h := history.Header{
		Scenario: s.Name, Core: r.Core.Name, World: in, Store: store, Policy: r.Policy.String(),
		Codec: string(JSON), Seed: r.Seed, Clients: s.Clients(), Repetitions: r.Repetitions,
		Layout: r.Layout.Recorded(), OwnWaits: r.Core.OwnWaits, MinConflicts: s.Expect.MinConflicts,
		Faults: s.Planned(), Started: time.Now().UTC().Format(time.RFC3339),
	}
	for _, t := range s.Expect.Thresholds {
		h.Thresholds = append(h.Thresholds, t.String())
	}
	if s.Via == ViaAPI {
		h.Via = string(s.Via)
		h.Receives, h.Visibility = s.Queue.MostReceives(), s.Queue.HiddenFor().Nanoseconds()
		h.Grace = s.Queue.GraceOf().Nanoseconds()
	}
	if in == VirtualWorld {
		h.Codec = string(r.Codec())
		h.Started = world.Epoch.Format(time.RFC3339) // the history is the same whenever it is made
	}
	return h
}

// UntimedHeader is that of a schedule, which has an order and no times. It shows what it
// shows: neither contention nor faults are wanted of it.
func (r *Run) UntimedHeader() history.Header {
	h := r.Header(VirtualWorld, "model")
	h.Untimed, h.MinConflicts, h.Faults = true, 0, nil
	return h
}
