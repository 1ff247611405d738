package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/scenarios"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/stores"
)

// shown is all that a measurement says, for whoever reads it.
type shown struct {
	Measurement      Measurement
	Played, GivenUp  int
	Puts, Makespans  []float64
	Each             []Repetition
	Latencies        []int64
	CallTime         int64
	Answered         []Answered
	Actors           []string
	GaveUp           []int
	LatenciesOfParts []int64
}

func shownBy(m *Measured) shown {
	actors, gaveUp := m.Numbers.Actors()
	return shown{
		m.Measurement, m.Played, m.GivenUpIn, m.PutsEach, m.MakespansMS, m.Each, m.Latencies, int64(m.CallTime),
		m.Numbers.Answered(), actors, gaveUp, m.Numbers.Latencies(),
	}
}

// asBytes is what is shown as JSON, the numbers that the documents leave out included.
func asBytes(t testing.TB, all []*Measured) string {
	t.Helper()
	var every []shown
	for _, m := range all {
		every = append(every, shownBy(m))
	}
	text, err := json.MarshalIndent(every, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// encodedUnits are what the units of a plan have shown, as bytes.
func encodedUnits(ctx context.Context, plan *Plan, size int) (all [][]byte) {
	var player Player
	defer player.Close()
	for _, part := range plan.Units(size) {
		all = append(all, player.Play(ctx, part).Encode(nil))
	}
	return all
}

// fromBytes gives samples of their bytes, in a random order.
func fromBytes(units [][]byte, rng *rand.Rand) func(context.Context, []Part, func(int, *Sample)) error {
	return func(_ context.Context, parts []Part, add func(int, *Sample)) error {
		if len(parts) != len(units) {
			return fmt.Errorf("%d parts are %d units", len(parts), len(units))
		}
		for _, i := range rng.Perm(len(units)) {
			if units[i] == nil {
				continue
			}
			s, err := DecodeSample(units[i])
			if err != nil {
				return err
			}
			add(i, s)
		}
		return nil
	}
}

// measuredIn is what a plan comes to, and the histories of its points.
func measuredIn(t testing.TB, dir string, plan Plan, c Config) (result string, histories []byte) {
	t.Helper()
	file := func(i int) string { return filepath.Join(dir, fmt.Sprint("history-", i)) }
	if dir != "" {
		c.History = func(i int) (string, error) { return file(i), nil }
	} else {
		c.Windows = true
	}
	all, err := Play(context.Background(), plan, c)
	if err != nil {
		t.Fatal(err)
	}
	for i := range plan.Points {
		if dir != "" {
			text, err := os.ReadFile(file(i))
			if err != nil {
				t.Fatal(err)
			}
			histories = append(histories, text...)
		}
	}
	return asBytes(t, all), histories
}

// pooledIn is what the units of a plan come to in pools, which get their bytes in a random order.
func pooledIn(t testing.TB, plan Plan, size int, rng *rand.Rand) string {
	t.Helper()
	units, encoded := plan.Units(size), encodedUnits(t.Context(), &plan, size)
	var all []*Measured
	for i := range plan.Points {
		pool, err := NewPool(&plan.Points[i], nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range rng.Perm(len(units)) {
			if units[k].Point != &plan.Points[i] {
				continue
			}
			s, err := DecodeSample(encoded[k])
			if err != nil || !s.Of(units[k]) {
				t.Fatal(err)
			}
			pool.Add(s)
		}
		m, err := pool.Measurement()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &Measured{m, pool.numbers})
	}
	return asBytes(t, all)
}

// runsOfLibrary are all scenarios with cores that keep and that violate their promises.
func runsOfLibrary(t testing.TB, repetitions int) (all []scenarios.Run) {
	t.Helper()
	for i, name := range scenarios.Names() {
		broken := cores.All()
		for _, core := range []string{"production", broken[i%len(broken)].Name} {
			run := simulated(t, name, core, uint64(i), repetitions, 1).run
			if run.Validate() == nil {
				all = append(all, run)
			}
		}
	}
	for i, planted := range stores.All() {
		run := simulated(t, planted.Scenario, "production", uint64(i), repetitions, 1).run
		run.Between = planted.Around
		all = append(all, run)
	}
	return all
}

// TestPlayedElsewhereIsPlayedHere: of all scenarios, with faults, over the API, with broken cores
// and broken stores: the same measurements to the last number, and the same histories.
func TestPlayedElsewhereIsPlayedHere(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	violated, blamed, windows := 0, 0, 0
	for i, run := range runsOfLibrary(t, 2) {
		plan := Plan{[]Point{{Run: run}}}
		keep := int64(0)
		if i%2 == 1 {
			keep = 1 // all but the first and those of evidence are left out
		}
		here, file := measuredIn(t, t.TempDir(), plan, Config{Keep: keep})
		there, again := measuredIn(t, t.TempDir(), plan, Config{
			Keep: keep, Elsewhere: fromBytes(encodedUnits(t.Context(), &plan, 0), rng),
		})
		if diff := cmp.Diff(here, there); diff != "" {
			t.Fatalf("%s with %s: here (-) and elsewhere (+): %s", run.Scenario.Name, run.Core.Name, diff)
		}
		if !bytes.Equal(file, again) {
			t.Errorf("%s with %s: another history", run.Scenario.Name, run.Core.Name)
		}
		violated += strings.Count(there, `"verdict": "violated"`)
		blamed += strings.Count(there, `"verdict": "store_at_fault"`)
		windows += strings.Count(there, `"windows": [`)
	}
	if violated < 10 || blamed < 5 || windows < violated {
		t.Errorf("%d are violated, of %d the store is at fault, %d have windows", violated, blamed, windows)
	}
}

// TestAnyCutIsTheSame, whatever the units and their order, and with histories or without.
func TestAnyCutIsTheSame(t *testing.T) {
	library := runsOfLibrary(t, 1)
	rapid.Check(t, func(rt *rapid.T) {
		var plan Plan
		for range rapid.IntRange(1, 2).Draw(rt, "points") {
			run := rapid.SampledFrom(library).Draw(rt, "run")
			run.Seed, run.Repetitions = rapid.Uint64Range(0, 1000).Draw(rt, "seed"), rapid.IntRange(1, 6).Draw(rt, "repetitions")
			plan.Points = append(plan.Points, Point{Run: run})
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "order"), 0))
		here, _ := measuredIn(t, "", plan, Config{})
		there := pooledIn(t, plan, rapid.IntRange(1, 7).Draw(rt, "size"), rng)
		if diff := cmp.Diff(here, there); diff != "" {
			rt.Fatalf("here (-) and elsewhere (+): %s", diff)
		}
	})
}

// TestAUnitHasItsBytes, whoever plays it: on however many processors, after other parts, and
// from the point as JSON.
func TestAUnitHasItsBytes(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, run := range []scenarios.Run{
		simulated(t, "storm", "production", 7, 9, 1).run, simulated(t, "redelivery", "unlocked", 7, 9, 1).run,
		simulated(t, "burst", "unlocked", 7, 9, 1).run,
	} {
		plan := Plan{[]Point{{Run: run}}}
		runtime.GOMAXPROCS(1)
		want := encodedUnits(t.Context(), &plan, 2)
		runtime.GOMAXPROCS(2)
		text, err := json.Marshal(plan)
		if err != nil {
			t.Fatal(err)
		}
		var elsewhere Plan
		if err := json.Unmarshal(text, &elsewhere); err != nil {
			t.Fatal(err)
		}
		units := elsewhere.Units(2)
		for i, part := range slices.Backward(units) {
			if got := part.Play(t.Context()).Encode([]byte("before"))[len("before"):]; !bytes.Equal(got, want[i]) {
				t.Errorf("%s: unit %d has other bytes:\n%q\n%q", run.Scenario.Name, i, got, want[i])
			}
			s, err := DecodeSample(want[i])
			if err != nil || s.Err(t.Context()) != nil {
				t.Fatal(err, s.Err(t.Context()))
			}
			if again := s.Encode(nil); !bytes.Equal(again, want[i]) {
				t.Errorf("%s: unit %d, read and written, has other bytes:\n%q\n%q", run.Scenario.Name, i, again, want[i])
			}
		}
	}
}

// TestMissingParts leave their point interrupted, with what the others show.
func TestMissingParts(t *testing.T) {
	plan := Plan{[]Point{{Run: simulated(t, "burst", "unlocked", 1, 6, 1).run}, {Run: simulated(t, "burst", "production", 1, 6, 1).run}}}
	units := encodedUnits(t.Context(), &plan, 0)
	units[0], units[2] = nil, nil
	all, err := Play(t.Context(), plan, Config{Windows: true, Elsewhere: fromBytes(units, rand.New(rand.NewPCG(1, 1)))})
	if err != nil {
		t.Fatal(err)
	}
	m := all[0]
	if !m.Interrupted || m.Played != 4 || m.Each[0].N != 2 || m.Verdict != "violated" || len(m.Windows) == 0 || m.Windows[0].Repetition != 2 {
		t.Errorf("interrupted: %v, %d played, %s, %v", m.Interrupted, m.Played, m.Verdict, m.Windows)
	}
	if all[1].Interrupted || all[1].Played != 6 {
		t.Errorf("%+v", all[1])
	}
}

// TestWhatIsNoPart is an error, and not measured.
func TestWhatIsNoPart(t *testing.T) {
	plan := Plan{[]Point{{Run: simulated(t, "two-users", "production", 1, 4, 1).run}}}
	parts := plan.Units(0)
	first := func() *Sample { return parts[0].Play(t.Context()) }
	for want, give := range map[string]func(add func(int, *Sample)){
		"part 0 was given twice": func(add func(int, *Sample)) { add(0, first()); add(0, first()) },
		"there is no part 4":     func(add func(int, *Sample)) { add(4, first()) },
		"what is said to be part 1 is of the repetitions 1 to 1, not 2 to 2": func(add func(int, *Sample)) { add(1, first()) },
	} {
		all, err := Play(t.Context(), plan, Config{Elsewhere: func(_ context.Context, _ []Part, add func(int, *Sample)) error {
			give(add)
			return nil
		}})
		if err == nil || !strings.Contains(err.Error(), want) || all[0].Played > 1 || !all[0].Interrupted {
			t.Errorf("%v, not: %s", err, want)
		}
	}
}
