package explore

import (
	"testing"

	"holdfast/scenarios"
	"holdfast/scenarios/cores"
)

// TestBatchesInEveryOrder: two batches of one object, by consumers of a queue and by
// processes, in every order, with one fault at any place: none loses, doubles or lies.
func TestBatchesInEveryOrder(t *testing.T) {
	const senders = "actors: [{name: be, kind: backend, count: 4, load: {operations: 1}}]\n"
	for name, source := range map[string]string{
		"queue": "name: t\nshows: T.\nqueue: {kind: standard, batch: 2, concurrency: 2}\n" + senders,
		"fifo":  "name: t\nshows: T.\nobjects: {count: 2}\nqueue: {kind: fifo, batch: 2, concurrency: 2}\n" + senders,
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
