package check_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// kept is a sink that keeps the events.
type kept struct {
	mu     sync.Mutex
	events []*history.Event
}

func (k *kept) Add(e *history.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events = append(k.events, e.Clone())
}

// played is a repetition of a scenario of the library in virtual time.
func played(t *testing.T, scenario string, spec cores.Spec, seed uint64) (history.Header, []*history.Event) {
	t.Helper()
	s, err := scenarios.Open(scenario)
	if err != nil {
		t.Fatal(err)
	}
	run, err := scenarios.NewRun(s, spec)
	if err != nil {
		t.Fatal(err)
	}
	run.Seed = seed
	var k kept
	if err := run.PlayAgain(context.Background(), 1, &k); err != nil {
		t.Fatalf("%s with %s: %v", scenario, spec.Name, err)
	}
	return run.Header(scenarios.VirtualWorld, "model"), k.events
}

func judge(a apart) check.Report {
	j := check.New(a.header)
	for _, e := range a.events {
		j.Add(e)
	}
	return j.Finish()
}

// harm takes recorders away from a history, or cuts them, at random.
func (a apart) harm(rng *rand.Rand) (harmed apart, how string) {
	for range 1 + rng.IntN(2) {
		if len(a.header.Shards) < 2 {
			break
		}
		clock := rng.IntN(len(a.header.Shards))
		if rng.IntN(2) == 0 {
			how += fmt.Sprintf(" without %d", clock)
			a = a.without(clock)
		} else {
			after := rng.IntN(1 + a.of(clock))
			how += fmt.Sprintf(" %d cut after %d", clock, after)
			a = a.cut(clock, after)
		}
	}
	return a, how
}

// experiment is how many cases there are: few in a build, all when they are asked for.
func experiment(quick, full int) int {
	if os.Getenv("HOLDFAST_EXPERIMENT") == "full" {
		return full
	}
	return quick
}

var soundScenarios = []string{
	"storm", "burst", "lost-reply", "create-race", "delete-race", "backend-fan-in", "sustained-contention",
	"user-vs-backend", "any-edit", "three-writers", "several-entries", "redelivery", "group-commit", "fifo-batches", "hostile-answers", "hostile-deletions", "impatient",
}

// TestSoundGapsAreNotAccused: whatever recorders are missing or died, nothing is held against
// a sound core or its store.
func TestSoundGapsAreNotAccused(t *testing.T) {
	specs := []cores.Spec{}
	for _, name := range []string{"production", "reference"} {
		spec, err := cores.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		specs = append(specs, spec)
	}
	specs = append(specs, cores.Sound()...)
	verdicts, open, unfollowed := map[check.Verdict]int{}, map[string]int{}, 0
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range experiment(300, 2000) {
		spec, scenario := specs[n%len(specs)], soundScenarios[rng.IntN(len(soundScenarios))]
		h, events := played(t, scenario, spec, uint64(n))
		whole := judge(apart{h, events})
		if whole.Verdict.Final() {
			t.Fatalf("%s with %s, seed %d: %s when whole", scenario, spec.Name, n, whole.Verdict)
		}
		a, how := takeApart(h, events, 2+rng.IntN(4), rng).harm(rng)
		if n%2 == 0 {
			a, how = a.skewed(rng), how+" skewed"
		}
		r := judge(a)
		verdicts[r.Verdict]++
		unfollowed += r.Tally.Unfollowed
		for _, u := range r.Undetermined {
			open[string(u.Invariant)+" "+u.Anomaly] += u.Count
		}
		if r.Verdict.Final() {
			t.Errorf("%s with %s, seed %d,%s: %s", scenario, spec.Name, n, how, r.Verdict)
			for _, v := range r.Violations {
				t.Logf("  %s %s: %s", v.Invariant, v.Anomaly, v.Summary)
			}
			for _, f := range r.StoreFindings {
				t.Logf("  %s: %s", f.Kind, f.Summary)
			}
		}
		if len(a.header.Shards) < a.header.Recorders && r.Verdict == check.OK {
			t.Errorf("%s with %s, seed %d,%s: ok though a recorder is missing", scenario, spec.Name, n, how)
		}
	}
	t.Log(verdicts, open, "unfollowed", unfollowed)
	for _, v := range []check.Verdict{check.OK, check.Inconclusive} {
		if verdicts[v] == 0 {
			t.Errorf("no case was %s: %v", v, verdicts)
		}
	}
}
