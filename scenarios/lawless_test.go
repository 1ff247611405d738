package scenarios

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// lawless is a world whose store ignores every condition of a write and says that all
// is well, as some servers do.
type lawless struct{ world.World }

func (l lawless) Store(actor string) archive.Store { return unconditional{l.World.Store(actor)} }

type unconditional struct{ archive.Store }

func (u unconditional) Put(ctx context.Context, key string, body []byte, _ archive.Condition) (string, error) {
	return u.Store.Put(ctx, key, body, archive.Condition{})
}

// aboutConflicts are the scenarios that say how many they need.
func aboutConflicts(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(Names(), func(name string) bool { return must(Open(name)).Expect.MinConflicts == 0 })
}

// TestNoEmptyPass: no scenario about conflicts may pass on a store that ignores
// conditions, in either world, through the core or the service.
func TestNoEmptyPass(t *testing.T) {
	names := aboutConflicts(t)
	for _, name := range []string{"two-users", "two-users-same-field", "user-vs-backend", "create-race", "single-try", "three-writers", "backend-fan-in", "storm"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s does not say how many conflicts it needs", name)
		}
	}
	for _, name := range names {
		for _, via := range []Via{ViaCore, ViaAPI} {
			if via == ViaAPI && !slices.Contains(viaAPI, name) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", name, via), func(t *testing.T) {
				t.Parallel()
				run := prepared(t, name, via)
				if name != "sustained-contention" { // which takes half a second and more
					expectNoPass(t, run, playLawlessly(t, run, realStore(t)))
				}
				expectNoPass(t, run, playLawlessly(t, run, nil))
			})
		}
	}
}

// TestAgainstALawfulStore: the same judge passes the same scenarios on a store that
// keeps its word.
func TestAgainstALawfulStore(t *testing.T) {
	for _, name := range aboutConflicts(t) {
		run := prepared(t, name, ViaCore)
		judge := check.New(headerOf(run))
		if err := run.PlayAgain(t.Context(), 1, judge); err != nil {
			t.Fatal(err)
		}
		if r := judge.Finish(); r.Verdict != check.OK {
			t.Errorf("%s: %s %v", name, r.Verdict, r.Reasons)
		}
	}
}

func prepared(t *testing.T, name string, via Via) *Run {
	t.Helper()
	s := must(Open(name))
	if s.Via == "" {
		s.Via = via
	}
	if s.Via == ViaAPI {
		s.Codec = JSON
	}
	if s.Duration > 0 {
		s.Duration = Duration(500 * time.Millisecond)
	}
	return must(NewRun(s, must(cores.Find("production"))))
}

func headerOf(run *Run) history.Header {
	return history.Header{World: "virtual", Policy: run.Policy.String(), MinConflicts: run.Scenario.Expect.MinConflicts}
}

func realStore(t *testing.T) archive.Store {
	t.Helper()
	server := must(fakes3.Start())
	t.Cleanup(func() { _ = server.Close() })
	return server.Store()
}

// playLawlessly plays a run once: in the real world on a store, in the virtual one
// without.
func playLawlessly(t *testing.T, run *Run, store archive.Store) check.Report {
	t.Helper()
	h := headerOf(run)
	if store != nil {
		h.World = "real"
		m := &memory{}
		if _, err := run.Play(t.Context(), func(int) world.World {
			return world.NewReal(archive.WallClock{}, unconditional{store}, nil)
		}, m); err != nil {
			t.Fatal(err)
		}
		judge := check.New(h)
		for _, e := range m.events {
			judge.Add(e)
		}
		return judge.Finish()
	}
	crew := &world.Crew{}
	defer crew.Close()
	judge := check.New(h)
	p := run.VirtualPlayer()
	if _, _, err := p.Play(t.Context(), 1, lawless{p.virtualWorld(crew)}, judge); err != nil {
		t.Fatal(err)
	}
	return judge.Finish()
}

func expectNoPass(t *testing.T, run *Run, r check.Report) {
	t.Helper()
	if r.Verdict == check.OK {
		t.Errorf("%s passes on a store that ignores conditions: %d conflicts", run.Scenario.Name, r.Tally.Refusals)
	}
}
