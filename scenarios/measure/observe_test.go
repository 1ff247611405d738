package measure

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
	"holdfast/archive/telemetry"
	"holdfast/scenarios"
	"holdfast/scenarios/world"
)

// TestObservingDisturbsNothing: an observed run has the history of one that is not,
// and its metrics do not depend on the number of workers.
func TestObservingDisturbsNothing(t *testing.T) {
	for _, name := range []string{"storm", "backend-fan-in", "redelivery"} {
		unobserved, _ := outcome(t, simulated(t, name, "production", 7, 6, 2))
		var metrics []string
		for _, workers := range []int{1, 4} {
			var out bytes.Buffer
			emf, err := telemetry.NewEMF(&out, telemetry.EMFOptions{Clock: midnight{}})
			if err != nil {
				t.Fatal(err)
			}
			s := simulated(t, name, "production", 7, 6, workers)
			s.run.Observe = func(string, scenarios.Kind) archive.Observer { return telemetry.Metrics(emf) }
			observed, _ := outcome(t, s)
			if !bytes.Equal(unobserved, observed) {
				t.Errorf("%s: observing it changes its history", name)
			}
			if err := emf.Flush(); err != nil {
				t.Fatal(err)
			}
			metrics = append(metrics, out.String())
		}
		if metrics[0] != metrics[1] || metrics[0] == "" {
			t.Errorf("%s: the metrics depend on the number of workers", name)
		}
	}
}

// TestEachActorIsObservedOnce: a repetition that is played again, because its history
// is to be kept, was observed when it was played first.
func TestEachActorIsObservedOnce(t *testing.T) {
	const repetitions = 20
	var mu sync.Mutex
	started := map[string]int{}
	s := simulated(t, "two-users", "production", 1, repetitions, 2)
	s.run.Observe = func(actor string, kind scenarios.Kind) archive.Observer {
		mu.Lock()
		defer mu.Unlock()
		started[actor+" "+string(kind)]++
		return archive.Observer{}
	}
	outcome(t, s)
	again := newWitness(s.run.Header(scenarios.VirtualWorld, "model"))
	if err := s.run.PlayAgain(t.Context(), 3, again); err != nil || again.numbers.counts.Acknowledged != 2 {
		t.Fatalf("%v; %+v", err, again.numbers.counts)
	}
	want := map[string]int{"alice user": repetitions, "bob user": repetitions}
	if d := cmp.Diff(want, started); d != "" {
		t.Error(d)
	}
}

// midnight is a clock that stands still.
type midnight struct{ archive.WallClock }

func (midnight) Now() time.Time { return world.Epoch }
