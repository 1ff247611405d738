package scenarios

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// playBatches plays uploads of four users, whose triggers six back ends handle that take
// batches from a queue.
func playBatches(t *testing.T, queue, more, core string, seed uint64) (check.Report, []*history.Event) {
	t.Helper()
	source := "name: t\nshows: T.\nvia: api\nlatency: normal(10ms,2ms)\nqueue: " + queue + "\n" + more + `
actors:
  - {name: user, kind: user, count: 4, load: {operations: 3, think: 200ms}}
  - {name: backend, kind: backend, count: 6, load: {operations: 1}}
`
	run := must(NewRun(must(Parse("x.yaml", []byte(source))), must(cores.Find(core))))
	run.Seed = seed
	m := &memory{}
	if _, err := playVirtual(t.Context(), run, into(m), nil); err != nil {
		t.Fatal(err)
	}
	judge := check.New(history.Header{Receives: run.Scenario.Queue.MostReceives(), Visibility: run.Scenario.Queue.HiddenFor().Nanoseconds()})
	for _, e := range m.events {
		judge.Add(e)
	}
	report := judge.Finish()
	for _, v := range report.Violations {
		t.Errorf("%s %s: %s", v.Invariant, v.Anomaly, v.Summary)
	}
	return report, m.events
}

// handled is what a history says of batches.
type handled struct {
	most     int // messages that a back end took at once
	together int // back ends that had messages at the same time
	batches  int // that were stored
	in       int // messages in them
	dead     int // letters
	order    map[string][]string
	delays   []time.Duration
}

func handledIn(events []*history.Event) handled {
	h := handled{order: map[string][]string{}}
	type taking struct {
		at       int64
		messages int
		open     int
	}
	has := map[string]*taking{}
	sent := map[string]int64{}
	for _, e := range events {
		switch {
		case e.Kind == history.Queue && e.Do == history.Sent:
			sent[e.Trigger] = e.At
		case e.Kind == history.Queue && e.Do == history.Delivered:
			h.delays = append(h.delays, time.Duration(e.At-sent[e.Trigger]))
			of := has[e.Actor]
			if of == nil || of.at != e.At {
				of = &taking{at: e.At}
				has[e.Actor] = of
			}
			of.messages, of.open = of.messages+1, of.open+1
			h.most, h.together = max(h.most, of.messages), max(h.together, len(has))
		case e.Kind == history.Queue && e.Do == history.Acknowledged:
			object, _, _ := (*history.Layout)(nil).SplitTrigger(e.Trigger)
			h.order[object] = append(h.order[object], e.Trigger)
			if of := has[e.Actor]; of != nil {
				if of.open--; of.open == 0 {
					delete(has, e.Actor)
				}
			}
		case e.Kind == history.Queue && e.Do == history.DeadLettered:
			h.dead++
		case e.Kind == history.Invoke && e.Do == history.DoBatch:
			h.batches++
		case e.Kind == history.Invoke && e.Through != "" && e.Trigger != "":
			h.in++
		}
	}
	return h
}

// sentIn are the messages of each object, in the order in which they were sent.
func sentIn(events []*history.Event) map[string][]string {
	sent := map[string][]string{}
	for _, e := range events {
		if e.Kind == history.Queue && e.Do == history.Sent {
			object, _, _ := (*history.Layout)(nil).SplitTrigger(e.Trigger)
			sent[object] = append(sent[object], e.Trigger)
		}
	}
	return sent
}

// TestBatchesOfTriggers: of whatever queue, each message is processed once, several by one
// write, and no back end takes more than a batch, nor more back ends than may.
func TestBatchesOfTriggers(t *testing.T) {
	for _, tt := range []struct {
		queue          string
		most, together int
	}{
		{"{kind: standard}", 6, 5},
		{"{kind: standard, batch: 3}", 3, 6},
		{"{kind: standard, batch: 5, concurrency: 2, delay: 50ms}", 5, 2},
		{"{kind: fifo, batch: 4}", 4, 1},
		{"{kind: fifo, delay: 50ms}", 10, 1},
	} {
		t.Run(tt.queue, func(t *testing.T) {
			report, events := playBatches(t, tt.queue, "", cores.Production, 3)
			h := handledIn(events)
			if report.Verdict != check.OK || h.most != tt.most || h.together != tt.together || h.dead > 0 {
				t.Errorf("%s: %+v", report.Verdict, h)
			}
			if h.batches == 0 || h.in < 2*h.batches {
				t.Errorf("%d messages in %d batches", h.in, h.batches)
			}
			for _, d := range h.delays {
				if d < 50*time.Millisecond && strings.Contains(tt.queue, "delay: 50ms") {
					t.Errorf("a message was there after %v", d)
				}
			}
			if sent := sentIn(events); strings.Contains(tt.queue, "fifo") && !reflect.DeepEqual(h.order, sent) {
				t.Errorf("acknowledged in the order %v, sent in %v", h.order, sent)
			}
		})
	}
}

// TestWindowOfTriggers: who waits for company writes less often.
func TestWindowOfTriggers(t *testing.T) {
	batches := func(window string) int {
		_, events := playBatches(t, "{kind: standard, concurrency: 1, batch: 100, window: "+window+"}", "", cores.Production, 3)
		return handledIn(events).batches
	}
	if none, long := batches("0s"), batches("2s"); long >= none || long == 0 {
		t.Errorf("%d batches without a window, %d with one", none, long)
	}
}

// TestPoisonedTriggers: the work on some never succeeds. They become dead letters, the
// others are processed, in the same batches and without company that fails.
func TestPoisonedTriggers(t *testing.T) {
	_, events := playBatches(t, "{kind: standard, poison: 0.2, visibility: 2s}", "", cores.Production, 3)
	sent := 0
	dead, processed := map[string]bool{}, map[string]bool{}
	for _, e := range events {
		switch {
		case e.Kind != history.Queue && e.Trigger != "":
			processed[e.Trigger] = true
		case e.Kind == history.Queue && e.Do == history.Sent:
			sent++
		case e.Kind == history.Queue && e.Do == history.DeadLettered:
			dead[e.Trigger] = true
		}
	}
	for trigger := range dead {
		if processed[trigger] {
			t.Errorf("%s is a dead letter, and was processed", trigger)
		}
	}
	if len(dead) < sent/10 || len(dead) > sent*3/10 || len(dead)+len(processed) != sent {
		t.Errorf("of %d messages %d are dead letters and %d processed", sent, len(dead), len(processed))
	}
}

// TestBatchesUnderFaults: messages come again, back ends die amid a batch, answers are lost:
// each message is processed once all the same, or was given up, by cores that store a
// batch by one write and by those that can't.
func TestBatchesUnderFaults(t *testing.T) {
	const faults = `faults:
  - crash(rate=0.05,when=before,restart=20ms,actor=backend)
  - crash(rate=0.05,when=after,restart=20ms,actor=backend)
  - reply-lost(rate=0.1)
  - duplicate(rate=0.3,after=30ms)
`
	for _, core := range []string{cores.Production, "reference"} {
		for _, queue := range []string{"{kind: standard, window: 20ms", "{kind: fifo, batch: 4", "{kind: standard, concurrency: 2, delay: 10ms"} {
			queue += ", poison: 0.05, visibility: 200ms, receives: 8, results: true, work: 10ms}"
			t.Run(core+" "+queue, func(t *testing.T) {
				died := 0
				for seed := range uint64(10) {
					report, events := playBatches(t, queue, faults, core, seed)
					if report.Verdict != check.OK {
						t.Errorf("seed %d: %s %v", seed, report.Verdict, report.Reasons)
					}
					for _, e := range events {
						if e.Outcome == history.Crashed && strings.HasPrefix(e.Actor, "backend") {
							died++
						}
					}
				}
				if died < 10 {
					t.Errorf("back ends died %d times amid an operation", died)
				}
			})
		}
	}
}

// TestForgottenInBatches: a batch that meets what a dead one had meant to write is judged by
// what itself was asked for.
func TestForgottenInBatches(t *testing.T) {
	s := must(Open("outbox"))
	s.Queue.Kind, s.Queue.Batch, s.Queue.Concurrency = Standard, 10, 2
	run := must(NewRun(s, must(cores.Find(cores.Production))))
	for run.Seed = range uint64(60) {
		m := &memory{}
		if _, err := playVirtual(t.Context(), run, into(m), nil); err != nil {
			t.Fatal(err)
		}
		judge := check.New(history.Header{Grace: s.Queue.GraceOf().Nanoseconds()})
		for _, e := range m.events {
			judge.Add(e)
		}
		if report := judge.Finish(); report.Verdict != check.OK {
			t.Errorf("seed %d: %s %v", run.Seed, report.Verdict, report.Reasons)
		}
	}
}
