package scenarios

import (
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

const slowStore = `
name: slow-store
shows: With a store whose requests take ten seconds each, a call ends before whoever waits for it gives up.
why: For tests.
latency: uniform(4500ms,5000ms)
actors:
  - {name: backend, kind: backend, count: 3, load: {operations: 1, first_writes_together: true}}
`

// TestDefaultDeadlineFits below the 29 s of an API gateway and the 30 s of a queue's
// visibility timeout, with requests of ten seconds each: a call of the default policy is
// over after 25 s, whatever it is doing then, and says what it knows.
func TestDefaultDeadlineFits(t *testing.T) {
	ended := map[string]int{}
	for seed := range uint64(30) {
		s := must(Parse("slow-store.yaml", []byte(slowStore)))
		run := must(NewRun(s, must(cores.Find("production"))))
		run.Policy, run.Seed = archive.DefaultPolicy(), seed
		var events []*history.Event
		sink := &memory{}
		if _, err := playVirtual(t.Context(), run, into(sink), func(int, history.Sink) { events = sink.events }); err != nil {
			t.Fatal(err)
		}
		begun := map[int]int64{}
		for _, e := range events {
			switch e.Kind {
			case history.Invoke:
				begun[e.Op] = e.At
			case history.Return:
				ended[e.Outcome]++
				if took := time.Duration(e.At - begun[e.Op]); took > archive.DefaultPolicy().Deadline {
					t.Errorf("seed %d: %s ended as %s after %v", seed, e.Actor, e.Outcome, took)
				}
			}
		}
	}
	if ended[history.Committed] == 0 || ended[history.Unknown] == 0 || ended[history.Failed] > 0 {
		t.Errorf("ended as %v", ended)
	}
}
