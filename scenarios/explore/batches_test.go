package explore

import (
	"context"
	"errors"
	"testing"

	"holdfast/scenarios"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/world"
)

// TestBatchesInEveryOrder: two batches of one object, by consumers of a queue and by
// processes, in every order, with one fault at any place: none loses, doubles or lies.
func TestBatchesInEveryOrder(t *testing.T) {
	const senders = "actors: [{name: be, kind: backend, count: 4, load: {operations: 1}}]\n"
	for name, source := range map[string]string{
		"queue": "name: t\nshows: T.\nqueue: {kind: standard, batch: 2, concurrency: 2}\n" + senders,
		"fifo":  "name: t\nshows: T.\nobjects: {count: 2}\nqueue: {kind: fifo, batch: 2, concurrency: 2}\n" + senders,
		"delay": "name: t\nshows: T.\nqueue: {kind: standard, batch: 2, concurrency: 2, delay: 10ms, window: 50ms}\n" + senders,
		"group": "name: t\nshows: T.\ngroup: {processes: 2, wait: 5ms}\n" + senders,
	} {
		t.Run(name, func(t *testing.T) {
			s := must(scenarios.Parse("x.yaml", []byte(source)))
			run := must(scenarios.NewRun(s, must(cores.Find(cores.Production))))
			r := must(Explore(t.Context(), Config{Run: run, Strategy: Exhaustive, Faults: 1, Workers: 2}))
			if r.Witness != nil || !r.Complete || r.Schedules < 10 || r.Conflicts == 0 && name != "fifo" {
				t.Errorf("%+v; witness %+v", r, r.Witness)
			}
		})
	}
}

// TestTwoConsumersOfOneObject: of a FIFO queue, with a fault at any place. What one that dies
// had goes to nobody else in a schedule.
func TestTwoConsumersOfOneObject(t *testing.T) {
	s := must(scenarios.Open("fifo-batches"))
	s.Queue.Concurrency = 2
	run := must(scenarios.NewRun(s, must(cores.Find(cores.Production))))
	r := must(Explore(t.Context(), Config{Run: run, Strategy: Exhaustive, Faults: 1, Workers: 2}))
	if r.Witness != nil || !r.Complete || r.Schedules < 20 || r.Conflicts == 0 || r.Acknowledged < 30*r.Schedules {
		t.Errorf("%+v; witness %+v", r, r.Witness)
	}
}

// TestStuck: a world in which every task waits for another says so, and lets go of them.
func TestStuck(t *testing.T) {
	s := &stage{model: world.NewModel(), crew: &world.Crew{}}
	s.reset(0, 0)
	left := 0
	err := s.Run(t.Context(), func(ctx context.Context) {
		s.Go(func() {
			defer func() { left++ }()
			_ = s.NewSignal().Wait(ctx)
			t.Error("it went on, though nobody had woken it")
		})
	})
	if !errors.Is(err, errStuck) || left != 0 {
		t.Errorf("%v, %d left", err, left)
	}
	if s.crew.Close(); left != 1 {
		t.Errorf("%d left when the crew was closed", left)
	}
}
