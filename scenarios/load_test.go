package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

const ms = int64(time.Millisecond)

// TestOpenLoopCountsFromTheIntendedStart: a store that is slower than the rate
// makes the operations late, and their due times still follow the rate.
func TestOpenLoopCountsFromTheIntendedStart(t *testing.T) {
	const source = "name: t\nshows: T.\nactors: [{name: be, kind: backend, load: {operations: 200, rate: 100}}]\n"
	_, events := inMemory(t, source, func(_ *Run, s *plain) { s.takes = 50 * time.Millisecond })

	begin := int64(0)
	var due, invoked, latency []int64
	for _, e := range events {
		switch {
		case e.Kind == history.Begin:
			begin = e.At
		case e.Kind == history.Invoke:
			due, invoked = append(due, e.Due), append(invoked, e.At)
		case e.Kind == history.Return:
			latency = append(latency, e.At-due[len(due)-1])
		}
	}
	if len(due) != 200 {
		t.Fatalf("%d operations", len(due))
	}
	// The due times are the actor's own random stream, whatever the store does.
	rng := stream(1, "t", 1, "be")
	at := begin
	for i := range due {
		at += int64(rng.ExpFloat64() / 100 * float64(time.Second))
		archive.NewModificationID(rng)
		if d := due[i] - at; d < -1000 || d > 1000 { // rounding to whole nanoseconds adds up
			t.Fatalf("operation %d is due at %d, want %d", i, due[i], at)
		}
		if invoked[i] < due[i] {
			t.Fatalf("operation %d begins at %d, before it is due at %d", i, invoked[i], due[i])
		}
	}
	// 200 operations of 100 ms, due within about 2 s: the last is late by about 18 s.
	if late := latency[199]; late < 15_000*ms || late > 20_000*ms {
		t.Errorf("the last operation took %v from when it was due", time.Duration(late))
	}
	if alone := latency[0]; alone != 100*ms {
		t.Errorf("the first operation took %v, want 100ms", time.Duration(alone))
	}
}

func TestLoadsEndInTime(t *testing.T) {
	for _, c := range []struct {
		name, load         string
		atLeast, atMost    int
		latest, noEarlier  int64 // of the last event
		fixedNumberOfCalls bool
	}{
		{"without pause", "{}", 50, 50, 5000 * ms, 5000 * ms, true},
		{"thinking", "{think: 100ms}", 15, 40, 5100 * ms, 4000 * ms, false},
		{"rate", "{rate: 5}", 12, 40, 5100 * ms, 4000 * ms, false},
		{"a pause longer than the run", "{think: 10h}", 1, 1, 100 * ms, 100 * ms, true},
		{"hardly any rate", "{rate: 0.0000000000001}", 0, 0, 0, 0, true},
	} {
		source := "name: t\nshows: T.\nduration: 5s\nactors: [{name: be, kind: backend, load: " + c.load + "}]\n"
		_, events := inMemory(t, source, func(_ *Run, s *plain) { s.takes = 50 * time.Millisecond })
		operations, begin, last := 0, int64(0), int64(0)
		for _, e := range events {
			switch e.Kind {
			case history.Begin:
				begin, last = e.At, e.At
			case history.Return:
				operations++
				last = e.At
			}
		}
		if operations < c.atLeast || operations > c.atMost {
			t.Errorf("%s: %d operations, want %d to %d", c.name, operations, c.atLeast, c.atMost)
		}
		if took := last - begin; took > c.latest || took < c.noEarlier {
			t.Errorf("%s: it took %v, want %v to %v", c.name, time.Duration(took), time.Duration(c.noEarlier), time.Duration(c.latest))
		}
	}
}

// TestUserReloadsAfterAConflict: told of a conflict the user loads, edits and
// saves again; everything is recorded as an operation of its own.
func TestUserReloadsAfterAConflict(t *testing.T) {
	const source = `
name: t
shows: T.
actors: [{name: ann, kind: user, load: {operations: 1}}]
`
	doc := must(archive.ParseChange([]byte(`{"changeId":"CHG-1","changeTitle":"x","modifications":[]}`)))
	const key = "archive/CHG-1.json"
	rivals := 2
	s := must(Parse("t", []byte(source)))
	clock, m := newLeaping(), &memory{}
	store := newPlain(clock)
	// A rival that nobody records changes the only field before each of the first saves.
	store.refuse = func(string) error {
		if rivals > 0 && store.objects[key].body != nil {
			rivals--
			store.objects[key] = object{
				fmt.Appendf(nil, `{"changeId":"CHG-1","changeTitle":"rival %d","modifications":[]}`, rivals), fmt.Sprintf("r%d", rivals),
			}
		}
		return nil
	}
	run := &Run{
		Scenario: s, Document: doc, Policy: archive.Policy{Kind: archive.None, Retries: 5}, Seed: 1, Repetitions: 1,
	}
	run.Core = must(cores.Find("production"))
	if _, err := run.Play(t.Context(), func(int) world.World { return world.NewReal(clock, store, nil) }, m); err != nil {
		t.Fatal(err)
	}
	want := `ann load
ann get ok
ann committed
ann save
ann get ok
ann put 412
ann get ok
ann conflict
ann load
ann get ok
ann committed
ann save
ann get ok
ann put 412
ann get ok
ann conflict
ann load
ann get ok
ann committed
ann save
ann get ok
ann put ok
ann committed`
	if got := script(m.events); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	var ids []string
	for _, e := range m.events {
		if e.Kind == history.Invoke && e.Do == "save" {
			ids = append(ids, e.IDs...)
			if !slices.Equal(e.Sets, []string{"changeTitle"}) {
				t.Errorf("a save sets %v", e.Sets)
			}
		}
	}
	slices.Sort(ids)
	if len(ids) != 3 || len(slices.Compact(ids)) != 3 {
		t.Errorf("three saves have the modifications %v", ids)
	}
}

// TestInterferenceReachesEveryClient: "with" means all clients of an actor, and
// "times" counts for the one who interferes.
func TestInterferenceReachesEveryClient(t *testing.T) {
	const source = `
name: t
shows: T.
actors:
  - {name: be, kind: backend, count: 3, load: {operations: 1}}
  - {name: imp, kind: backend, interferes: {with: be, before: get, times: %s}}
`
	for times, want := range map[string]int{"0": 3, "1": 1, "2": 2, "9": 3} {
		_, events := inMemory(t, strings.Replace(source, "%s", times, 1), func(r *Run, s *plain) {
			s.takes = 0
			r.Policy.Retries = 50
		})
		done := 0
		met := map[string]bool{}
		for _, e := range events {
			if e.Kind == history.Invoke {
				if e.Actor == "imp" {
					done++
				} else {
					met[e.Actor] = true
				}
			}
		}
		if len(met) != 3 || done < want || want < 3 && done != want {
			t.Errorf("times %s: %d updates with %v", times, done, met)
		}
	}
}

// TestActorsStopAtAStoreThatRefusesEverything: the history must not fill up.
func TestActorsStopAtAStoreThatRefusesEverything(t *testing.T) {
	const source = "name: t\nshows: T.\nduration: 1h\nactors: [{name: be, kind: backend, count: 2, load: {}}]\n"
	_, events := inMemory(t, source, func(_ *Run, s *plain) {
		s.refuse = func(string) error {
			if s.writes == 0 {
				return nil // the setup's
			}
			return fmt.Errorf("403 AccessDenied")
		}
	})
	operations := 0
	for _, e := range events {
		if e.Kind == history.Invoke {
			operations++
		}
	}
	if operations != 2*mostFailures {
		t.Errorf("%d operations, want %d", operations, 2*mostFailures)
	}
}
