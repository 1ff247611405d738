package scenarios

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// memory keeps the events of a run.
type memory struct {
	mu     sync.Mutex
	events []*history.Event
}

func (m *memory) Add(e *history.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e.Clone())
}

// play runs a scenario against the embedded S3 and judges it.
func play(t *testing.T, name, core string, adjust func(*Run)) (Played, check.Report, []*history.Event) {
	t.Helper()
	s, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if s.Duration > 0 {
		s.Duration = Duration(500 * time.Millisecond)
	}
	run := must(NewRun(s, must(cores.Find(core))))
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	m := &memory{}
	if adjust != nil {
		adjust(run)
	}
	played, err := run.Play(t.Context(), func(n int) world.World {
		return world.NewReal(archive.WallClock{}, server.Store().WithPrefix(fmt.Sprintf("r%d/", n)), nil)
	}, m)
	if err != nil {
		t.Fatal(err)
	}
	judge := check.New(history.Header{World: "real", Policy: run.Policy.String(), OwnWaits: run.Core.OwnWaits, MinConflicts: s.Expect.MinConflicts})
	for _, e := range m.events {
		judge.Add(e)
	}
	return played, judge.Finish(), m.events
}

func TestProductionKeepsEveryInvariant(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played, report, _ := play(t, name, "production", nil)
			expectOK(t, played, report)
		})
	}
}

// TestBrokenCoresAreCaught runs every core that a scenario says it catches. How calls meet in
// the real world is chance, so what one play does not show one of a few does.
func TestBrokenCoresAreCaught(t *testing.T) {
	for _, name := range Names() {
		s, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for core, invariants := range s.Expect.Violations {
			t.Run(name+"/"+core, func(t *testing.T) {
				t.Parallel()
				missing := slices.Clone(invariants)
				for range 10 {
					_, report, _ := play(t, name, core, nil)
					missing = slices.DeleteFunc(missing, func(i string) bool { return report.Found[check.Invariant(i)] > 0 })
					if len(missing) == 0 {
						return
					}
				}
				t.Errorf("%v not violated in ten plays", missing)
			})
		}
	}
}

func TestLibraryIsComplete(t *testing.T) {
	files, err := library.ReadDir("library")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		if !f.IsDir() {
			names = append(names, f.Name()[:len(f.Name())-len(".yaml")])
		}
	}
	slices.Sort(names)
	listed := slices.Sorted(slices.Values(Names()))
	if !slices.Equal(names, listed) {
		t.Errorf("files %v, listed %v", names, listed)
	}
}
