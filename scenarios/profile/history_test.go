package profile

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
)

// recorded writes a history of calls, and returns its file.
func recorded(t *testing.T, events ...history.Event) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := history.NewWriter(f, history.Header{Schema: history.Schema, Scenario: "s", Core: "production", World: "real", Store: "s3://b", Policy: "none", Codec: "json"})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(events, func(a, b history.Event) int { return cmp.Compare(a.At, b.At) })
	for i := range events {
		w.Add(&events[i])
	}
	w.Add(&history.Event{Kind: history.End, At: events[len(events)-1].At})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// aRun reads for 5 ms and writes for 20, n times, one call after another.
func aRun(n int) (all []history.Event, at time.Duration) {
	for range n {
		all = append(all,
			history.Event{Kind: history.Get, Actor: "a", Key: "k", Start: int64(at), At: int64(at + 5*time.Millisecond), Answer: history.OK, ETag: "e", Doc: &history.Doc{}},
			history.Event{Kind: history.Put, Actor: "a", Key: "k", Start: int64(at + 5*time.Millisecond), At: int64(at + 25*time.Millisecond), Answer: history.OK, If: history.IfMatch, IfETag: "e", ETag: "f", Doc: &history.Doc{}})
		at += 30 * time.Millisecond
	}
	return all, at
}

func refused(answer string, start, end time.Duration) history.Event {
	return history.Event{Kind: history.Put, Actor: "b", Key: "k", Start: int64(start), At: int64(end), Answer: answer, If: history.IfMatch, IfETag: "e", Doc: &history.Doc{}}
}

func TestProfileOfARun(t *testing.T) {
	events, end := aRun(40)
	ms := time.Millisecond
	for i := range time.Duration(10) { // beside nobody, and beside a write
		events = append(events, refused(history.PreconditionFailed, end+i*10*ms, end+i*10*ms+5*ms))
	}
	end += 200 * ms
	for i := range time.Duration(6) {
		write := refused(history.OK, end+i*100*ms, end+i*100*ms+20*ms)
		write.ETag = "g"
		events = append(events, write,
			refused(history.PreconditionFailed, end+i*100*ms+ms, end+i*100*ms+71*ms),
			refused(history.Conflict, end+i*100*ms+2*ms, end+i*100*ms+6*ms))
	}
	p, err := FromHistory(recorded(t, events...), network.Source{By: "simulate run"})
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	l := p.Latency()
	if whole := l.Request.Mean() + l.Read.Mean() + l.Reply.Mean(); whole != 5*ms {
		t.Errorf("reads take %v", whole)
	}
	if whole := l.Request.Mean() + l.Write.Mean() + l.Reply.Mean(); whole != 20*ms {
		t.Errorf("writes take %v", whole)
	}
	if l.Refusal.Mean() != 0 || l.Waiting.Mean() != 65*ms || l.Conflict409 != 0.5 || p.Source.By != "simulate run, calls alone" || p.Source.Samples[puts] != 40 {
		t.Errorf("%+v, %+v", l, p.Source)
	}
	text, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := network.ParseProfile("profile.yaml", text); err != nil {
		t.Error(err)
	}
}

// TestNoProfileOfARun: of few calls, of those that faults befell, and of the harness's.
func TestNoProfileOfARun(t *testing.T) {
	few, _ := aRun(20)
	struck, _ := aRun(40)
	for i := range struck {
		struck[i].Fault = "slow(by=1s)"
	}
	own, _ := aRun(40)
	for i := range own {
		own[i].Actor = history.SetupActor
	}
	for name, events := range map[string][]history.Event{"few": few, "struck by faults": struck, "the harness's": own} {
		if p, err := FromHistory(recorded(t, events...), network.Source{}); p != nil || err != nil {
			t.Errorf("calls that are %s make %+v, %v", name, p, err)
		}
	}
	if _, err := FromHistory("/nowhere", network.Source{}); err == nil {
		t.Error("there is no such file")
	}
}
