package measure

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
)

// measured is what a pool comes to, to the byte.
func measuredBy(t *testing.T, p *Pool) string {
	t.Helper()
	m, err := p.Measurement()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(struct {
		Measurement
		Puts, Makespans []float64
	}{m, m.PutsEach, m.MakespansMS})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPartsPoolInAnyOrder: whoever played them, and whatever their sizes.
func TestPartsPoolInAnyOrder(t *testing.T) {
	for _, name := range []string{"storm", "burst", "two-users"} {
		const repetitions = 24
		point := &Point{Run: simulated(t, name, "unlocked", 3, repetitions, 1).run}
		rng := rand.New(rand.NewPCG(1, 2))
		first := ""
		for _, size := range []int{1, 5, 10, repetitions} {
			var samples []*Sample
			for n := 1; n <= repetitions; n += size {
				samples = append(samples, Part{point, n, min(n+size-1, repetitions)}.Play(t.Context()))
			}
			rng.Shuffle(len(samples), func(i, j int) { samples[i], samples[j] = samples[j], samples[i] })
			pool, err := NewPool(point, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range samples {
				if pool.complete() {
					t.Errorf("complete after %d of %d parts", i, len(samples))
				}
				pool.Add(s)
			}
			text := measuredBy(t, pool)
			if first == "" {
				first = text
			}
			if text != first {
				t.Errorf("%s in parts of %d: another measurement:\n%s\n%s", name, size, first, text)
			}
		}
	}
}

// TestAPartIsPlayedElsewhere, from its JSON, as it is here.
func TestAPartIsPlayedElsewhere(t *testing.T) {
	here := Part{&Point{Run: simulated(t, "storm", "production", 5, 6, 1).run, World: scenarios.VirtualWorld, Replay: "simulate run storm"}, 2, 6}
	text, err := json.Marshal(here)
	if err != nil {
		t.Fatal(err)
	}
	var elsewhere Part
	if err := json.Unmarshal(text, &elsewhere); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, second := range []Part{here, elsewhere} {
		pool, err := NewPool(here.Point, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		pool.Add(second.Play(t.Context()))
		pool.Add(Part{here.Point, 1, 1}.Play(t.Context()))
		all = append(all, measuredBy(t, pool))
	}
	if all[0] != all[1] {
		t.Errorf("here\n%s\nelsewhere\n%s", all[0], all[1])
	}
}

// TestAPlanIsWhatItsPointsAre: points of one plan, on any number of workers, are measured
// as if each were alone.
func TestAPlanIsWhatItsPointsAre(t *testing.T) {
	var plan Plan
	var alone []string
	for seed := range uint64(6) {
		point := Point{Run: simulated(t, "storm", "production", seed, int(3+7*seed), 1).run}
		one, err := Play(t.Context(), Plan{[]Point{point}}, Config{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		alone, plan.Points = append(alone, asJSON(t, one[0])), append(plan.Points, point)
	}
	for _, workers := range []int{1, 2, 7} {
		done := map[int]bool{}
		all, err := Play(t.Context(), plan, Config{Workers: workers, Done: func(i int, m *Measured) error {
			if done[i] || m.Interrupted {
				t.Errorf("point %d is done again, or interrupted: %v", i, m.Interrupted)
			}
			done[i] = true
			return nil
		}})
		if err != nil || len(done) != len(plan.Points) {
			t.Fatalf("%v; %d are done", err, len(done))
		}
		for i, m := range all {
			if got := asJSON(t, m); got != alone[i] {
				t.Errorf("%d workers, point %d:\n%s\nalone\n%s", workers, i, got, alone[i])
			}
		}
	}
}

func asJSON(t *testing.T, m *Measured) string {
	t.Helper()
	text, err := json.Marshal(m.Measurement)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTheFirstErrorWins: which point ends a plan does not depend on who was faster, and
// those before it are complete.
func TestTheFirstErrorWins(t *testing.T) {
	failed := errors.New("failed")
	var plan Plan
	for seed := range uint64(30) {
		plan.Points = append(plan.Points, Point{Run: simulated(t, "two-users", "production", seed, 2, 1).run})
	}
	for _, workers := range []int{1, 4} {
		all, err := Play(t.Context(), plan, Config{Workers: workers, Done: func(i int, m *Measured) error {
			if i >= 11 {
				return errors.Join(failed, errors.New(m.Replay))
			}
			return nil
		}})
		if !errors.Is(err, failed) {
			t.Fatal(err)
		}
		for i, m := range all {
			if i <= 11 && m.Interrupted {
				t.Errorf("%d workers: point %d is not complete", workers, i)
			}
		}
	}
}

// TestEachMayEndAPoint, which is measured by what it has shown.
func TestEachMayEndAPoint(t *testing.T) {
	point := Point{Run: simulated(t, "burst", "unlocked", 1, 500, 1).run}
	seen := 0
	all, err := Play(t.Context(), Plan{[]Point{point}}, Config{Each: func(_, n int, r *check.Report) bool {
		if seen++; n != seen || len(r.Found) == 0 {
			t.Errorf("repetition %d is number %d: %v", n, seen, r.Found)
		}
		return n < 7
	}})
	if err != nil || seen != 7 || all[0].Verdict != check.Violated || all[0].Interrupted {
		t.Errorf("%v; %d repetitions; %+v", err, seen, all[0].Verdict)
	}
}

// TestAHistoryThatCannotBeKept is an error, and what was measured is there.
func TestAHistoryThatCannotBeKept(t *testing.T) {
	point := Point{Run: simulated(t, "two-users", "production", 1, 3, 1).run}
	if _, err := Play(t.Context(), Plan{[]Point{point}}, Config{History: into("no/such/folder/history")}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	all, err := Play(t.Context(), Plan{[]Point{point}}, Config{History: into("/dev/full")})
	if err == nil || len(all) != 1 || all[0].Counts.Acknowledged == 0 {
		t.Errorf("%v, %v", err, all)
	}
}
