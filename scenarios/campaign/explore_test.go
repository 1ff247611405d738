package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"holdfast/archive/storetest/broken"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/explore"
)

func exploring(t *testing.T, scenario, core string, c explore.Config) explore.Config {
	t.Helper()
	spec, err := cores.Find(core)
	if err == nil {
		c.Run, _, err = explore.Small(scenario, spec)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.Workers, c.Continuations = 2, 10
	return c
}

// exploration plans a search in so many shards, and reads it as a worker does.
func exploration(t *testing.T, c explore.Config, shards int) (*Campaign, *Exploration) {
	t.Helper()
	e, err := NewExploration(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	job, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	there, _, err := Write(t.Context(), In(broken.NewMemory(), "mem://x"), Plan{Program: program, Kind: "explore", Shards: shards, Units: len(e.Parts), Job: job})
	if err != nil {
		t.Fatal(err)
	}
	read := &Exploration{}
	if err := json.Unmarshal(there.Plan.Job, read); err != nil {
		t.Fatal(err)
	}
	return there, read
}

// TestExplorations are told as on one machine, whatever the number of shards and their order.
func TestExplorations(t *testing.T) {
	for name, c := range map[string]explore.Config{
		"complete": exploring(t, "repeated-message", "production", explore.Config{Strategy: explore.Exhaustive, Faults: 1}),
		"violated": exploring(t, "two-users", "documented", explore.Config{Strategy: explore.Exhaustive, Faults: 1}),
		"drawn":    exploring(t, "three-writers", "production", explore.Config{Strategy: explore.PCT, Faults: 1, Schedules: 200}),
		"found":    exploring(t, "three-writers", "unlocked", explore.Config{Strategy: explore.Random, Schedules: 200}),
	} {
		t.Run(name, func(t *testing.T) {
			found, err := explore.Explore(t.Context(), c)
			want := described(t, found, err)
			if sound := name == "complete" || name == "drawn"; sound != (found.Witness == nil) || found.Schedules == 0 {
				t.Fatal(want)
			}
			for _, shards := range []int{1, 3, 7} {
				there, e := exploration(t, c, shards)
				for _, i := range rand.New(rand.NewPCG(1, uint64(shards))).Perm(shards) {
					s, err := there.Shard(i, 0)
					if err == nil {
						err = e.Play(t.Context(), s)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				found, gaps, err := e.Merge(t.Context(), there, 2)
				if got := described(t, found, err); got != want || len(gaps) > 0 {
					t.Errorf("%d shards, missing %v:\n%s\non one machine\n%s", shards, gaps, got, want)
				}
			}
		})
	}
}

// described is all that a result says.
func described(t *testing.T, r explore.Result, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	if r.Witness != nil {
		text = r.Witness.Schedule.String()
	}
	all, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return text + string(all)
}

// TestExplorationsLack what nobody has published, and say so.
func TestExplorationsLack(t *testing.T) {
	there, e := exploration(t, exploring(t, "two-users", "production", explore.Config{Strategy: explore.Exhaustive, Faults: 1}), 3)
	for _, i := range []int{0, 2} {
		s, err := there.Shard(i, 0)
		if err == nil {
			err = e.Play(t.Context(), s)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	found, gaps, err := e.Merge(t.Context(), there, 1)
	if err != nil || len(gaps) != 1 || gaps[0].Shard != 1 || found.Complete || found.Stopped != explore.Missing {
		t.Errorf("%v, missing %v: %+v", err, gaps, found)
	}
}

// TestInterruptedExploration: half a part is not published, and is played again.
func TestInterruptedExploration(t *testing.T) {
	there, e := exploration(t, exploring(t, "two-users", "production", explore.Config{Strategy: explore.Exhaustive, Faults: 1}), 1)
	ctx, cancel := context.WithCancel(t.Context())
	s, _ := there.Shard(0, 0)
	s.Workers = 1
	s.Progress = func(complete, _ int) {
		if complete == 5 {
			cancel()
		}
	}
	if err := e.Play(ctx, s); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	_, gaps, err := e.Merge(t.Context(), there, 1)
	if err != nil || len(gaps) != 1 || gaps[0].First < 5 || gaps[0].First > 6 {
		t.Fatal(gaps, err)
	}
	again, _ := there.Shard(0, 1)
	if err := e.Play(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if found, gaps, err := e.Merge(t.Context(), there, 1); err != nil || len(gaps) > 0 || !found.Complete {
		t.Error(found, gaps, err)
	}
}

// TestGarbledParts of a search are named, and never counted.
func TestGarbledParts(t *testing.T) {
	there, e := exploration(t, exploring(t, "two-users", "production", explore.Config{Strategy: explore.Exhaustive}), 1)
	s, _ := there.Shard(0, 0)
	if err := s.Play(t.Context(), Whole, len(e.Parts), func(context.Context, int) ([]byte, error) { return []byte("{"), nil }); err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Merge(t.Context(), there, 1); err == nil || !strings.Contains(err.Error(), "unit 0 is not") {
		t.Error(err)
	}
}

// TestShardsAreParts of a search from everywhere: no two units are one part, and parts that
// follow each other are in different shards.
func TestShardsAreParts(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 64, 90, 1000, 1001, fewestParts} {
		e := Exploration{Parts: make([]explore.Unit, n)}
		seen, last := map[int]bool{}, -2
		for unit := range n {
			part := e.part(unit)
			if part < 0 || part >= n || seen[part] {
				t.Fatalf("of %d parts unit %d is %d", n, unit, part)
			}
			if n > 7 && (part == last+1 || part == last-1) {
				t.Fatalf("of %d parts units %d and the one before it are %d and %d", n, unit, part, last)
			}
			seen[part], last = true, part
		}
	}
}
