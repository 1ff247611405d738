package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// hiccups is a real world in which the harness's calls fail as a test says: before
// they are made or after. Numbers count the calls of a kind, from 1.
type hiccups struct {
	*world.Real
	before, after func(call string, n int) error
	calls         map[string]int
}

func (h *hiccups) Store(actor string) archive.Store {
	if !world.Harness(actor) {
		return h.Real.Store(actor)
	}
	return &hiccupping{h.Real.Store(actor), h}
}

type hiccupping struct {
	archive.Store
	world *hiccups
}

func (s *hiccupping) meet(call string, do func() error) error {
	h := s.world
	h.calls[call]++
	n := h.calls[call]
	if h.before != nil {
		if err := h.before(call, n); err != nil {
			return err
		}
	}
	if err := do(); err != nil {
		return err
	}
	if h.after != nil {
		return h.after(call, n)
	}
	return nil
}

func (s *hiccupping) Get(ctx context.Context, key string) (body []byte, etag string, err error) {
	err = s.meet("get", func() error { body, etag, err = s.Store.Get(ctx, key); return err })
	if err != nil {
		return nil, "", err
	}
	return body, etag, nil
}

func (s *hiccupping) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (etag string, err error) {
	call := "put"
	if strings.HasPrefix(key, "customers/") {
		call = "trigger"
	}
	err = s.meet(call, func() error { etag, err = s.Store.Put(ctx, key, body, cond); return err })
	if err != nil {
		return "", err
	}
	return etag, nil
}

const twoWriters = `
name: two-writers
shows: Two back ends append.
why: Somebody has to do something between the harness's calls.
actors:
  - {name: ann, kind: backend}
  - {name: bob, kind: backend}
timeline:
  - {at: T1, actor: ann, do: append, expect: committed}
  - {at: T2, actor: bob, do: append, expect: committed}
`

// playHiccups plays two appends while the harness's calls fail as the world says.
func playHiccups(t *testing.T, via Via, w *hiccups) (check.Report, []*history.Event, error) {
	t.Helper()
	s := must(Parse(t.Name(), []byte(twoWriters)))
	s.Via = via
	clock, m := newLeaping(), &memory{}
	w.Real, w.calls = world.NewReal(clock, newPlain(clock), nil), map[string]int{}
	run := must(NewRun(s, must(cores.Find("production"))))
	run.Policy = archive.Policy{Kind: archive.None, Retries: 5}
	_, err := run.Play(t.Context(), func(int) world.World { return w }, m)
	judge := check.New(history.Header{})
	for _, e := range m.events {
		judge.Add(e)
	}
	return judge.Finish(), m.events, err
}

// TestHarnesssOwnCalls are repeated whatever passing trouble they meet, each try is in
// the history, and the judge is as sure as if nothing had been.
func TestHarnesssOwnCalls(t *testing.T) {
	first := func(call string, err error) func(string, int) error {
		return func(c string, n int) error {
			if c == call && n == 1 {
				return err
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		via   Via
		world hiccups
		tries map[string]int // of the calls
	}{
		"409 to the document's PUT":             {ViaCore, hiccups{before: first("put", archive.ErrConflict)}, map[string]int{"put": 2, "get": 1}},
		"503 to the document's PUT":             {ViaCore, hiccups{before: first("put", archive.ErrThrottled)}, map[string]int{"put": 2, "get": 1}},
		"no connection for it":                  {ViaCore, hiccups{before: first("put", archive.ErrUnavailable)}, map[string]int{"put": 2, "get": 1}},
		"its answer is lost":                    {ViaCore, hiccups{after: first("put", archive.ErrOutcomeUnknown)}, map[string]int{"put": 2, "get": 2}},
		"it never arrives":                      {ViaCore, hiccups{before: first("put", archive.ErrOutcomeUnknown)}, map[string]int{"put": 2, "get": 1}},
		"it was sent twice by a layer below":    {ViaCore, hiccups{after: first("put", archive.ErrPreconditionFailed)}, map[string]int{"put": 1, "get": 2}},
		"its answer is lost and the look fails": {ViaCore, hiccups{after: first("put", archive.ErrOutcomeUnknown), before: first("get", archive.ErrThrottled)}, map[string]int{"put": 3, "get": 3}},
		"503 to the final read":                 {ViaCore, hiccups{before: first("get", archive.ErrThrottled)}, map[string]int{"put": 1, "get": 2}},
		"no answer to the final read":           {ViaCore, hiccups{after: first("get", archive.ErrUnavailable)}, map[string]int{"put": 1, "get": 2}},
		"409 to a trigger":                      {ViaAPI, hiccups{before: first("trigger", archive.ErrConflict)}, map[string]int{"trigger": 7, "put": 1}},
		"the answer to a trigger is lost":       {ViaAPI, hiccups{after: first("trigger", archive.ErrOutcomeUnknown)}, map[string]int{"trigger": 7, "put": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w := c.world
			report, events, err := playHiccups(t, c.via, &w)
			verdict := check.OK
			if name == "it was sent twice by a layer below" {
				verdict = check.StoreAtFault // it refused what it has stored
			}
			if err != nil || report.Verdict != verdict || len(report.Violations) > 0 {
				t.Fatalf("%v: %s %v %v\n%s", err, report.Verdict, report.Reasons, report.Violations, tellAll(events))
			}
			for call, want := range c.tries {
				if w.calls[call] != want {
					t.Errorf("%d calls of kind %s, want %d", w.calls[call], call, want)
				}
			}
			recorded := 0
			for _, e := range events {
				if world.Harness(e.Actor) {
					recorded++
				}
			}
			made := w.calls["put"] + w.calls["get"] + w.calls["trigger"]
			if recorded != made {
				t.Errorf("%d of the harness's %d calls are in the history", recorded, made)
			}
		})
	}
}

func tellAll(events []*history.Event) string {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%s %s %s %s %s\n", e.Actor, e.Kind, e.Key, e.Answer, e.Outcome)
	}
	return b.String()
}

// TestHarnesssOwnCallsAreBounded: a store that never answers ends the run with what was
// being done, the key, and how often it was tried; one that refuses does so at once.
func TestHarnesssOwnCallsAreBounded(t *testing.T) {
	always := func(call string, err error) func(string, int) error {
		return func(c string, _ int) error {
			if c == call {
				return err
			}
			return nil
		}
	}
	denied := errors.New("403 AccessDenied")
	for _, c := range []struct {
		world hiccups
		says  string
		tries int
	}{
		{hiccups{before: always("put", archive.ErrConflict)}, "store the scenario's document archive/CHG-12345.json: given up after 16 tries in 21.15s: ", 16},
		{hiccups{before: always("get", archive.ErrUnavailable)}, "read the final state of archive/CHG-12345.json: given up after 16 tries in 21.15s: ", 16},
		{hiccups{before: always("put", denied)}, "store the scenario's document archive/CHG-12345.json: 403 AccessDenied", 1},
		{hiccups{before: always("get", denied)}, "read the final state of archive/CHG-12345.json: 403 AccessDenied", 1},
	} {
		w := c.world
		report, _, err := playHiccups(t, ViaCore, &w)
		if err == nil || !strings.Contains(err.Error(), c.says) || report.Verdict != check.Inconclusive {
			t.Errorf("%v, judged %s; want an error that says %q", err, report.Verdict, c.says)
		}
		if got := max(w.calls["put"], w.calls["get"]); got != c.tries {
			t.Errorf("%q: %d tries, want %d", c.says, got, c.tries)
		}
	}
}

// TestForeignDocumentIsNotTakenForTheHarnesssOwn: whose key holds something else.
func TestForeignDocumentIsNotTakenForTheHarnesssOwn(t *testing.T) {
	w := &hiccups{}
	w.before = func(call string, _ int) error {
		if call == "put" {
			_, err := w.Real.Store("x").Put(context.Background(), "archive/CHG-12345.json", []byte("{}"), archive.Condition{})
			return err
		}
		return nil
	}
	if _, _, err := playHiccups(t, ViaCore, w); !errors.Is(err, archive.ErrPreconditionFailed) {
		t.Errorf("%v", err)
	}
}

// TestHeavyTail: the harness's own calls are no part of a virtual run's load. Latency
// befalls none of them, faults neither, and they use up nothing of what the store can serve.
func TestHeavyTail(t *testing.T) {
	s := must(Open("burst"))
	if err := s.Scale(2); err != nil {
		t.Fatal(err)
	}
	tail := must(network.ParseLatency("lognormal(10ms,5s)"))
	s.Latency = (*Latency)(&tail)
	run := must(NewRun(s, must(cores.Find("production"))))
	run.Policy, run.Repetitions = archive.DefaultPolicy(), 300
	slow := 0
	_, err := playVirtual(t.Context(), run, func(int) history.Sink { return &memory{} },
		func(n int, sink history.Sink) {
			events := sink.(*memory).events
			for _, e := range events {
				switch {
				case !world.Harness(e.Actor):
					if e.Start > 0 && e.At-e.Start > 5e9 {
						slow++
					}
				case e.Answer != history.OK || e.Start != e.At:
					t.Errorf("repetition %d: %s %s took %d ns and was answered %s", n, e.Actor, e.Kind, e.At-e.Start, e.Answer)
				}
			}
			if !slices.ContainsFunc(events, func(e *history.Event) bool { return e.Actor == history.FinalActor }) {
				t.Errorf("repetition %d: no final read", n)
			}
		})
	if err != nil || slow == 0 {
		t.Errorf("%v; %d calls of clients took over 5 s, want some", err, slow)
	}
}
