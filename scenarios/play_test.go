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

// TestBrokenCoresAreCaught runs every core that a scenario says it catches.
func TestBrokenCoresAreCaught(t *testing.T) {
	for _, name := range Names() {
		s, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for core, invariants := range s.Expect.Violations {
			t.Run(name+"/"+core, func(t *testing.T) {
				t.Parallel()
				_, report, _ := play(t, name, core, nil)
				for _, want := range invariants {
					if report.Found[check.Invariant(want)] == 0 {
						t.Errorf("%s was not violated; found %v", want, report.Found)
					}
				}
				for found := range report.Found {
					t.Logf("%s violated %d times", found, report.Found[found])
				}
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
