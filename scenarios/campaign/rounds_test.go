package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/storetest/broken"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/tuning"
)

// elsewhere is a [measure.Config.Elsewhere].
type elsewhere func(ctx context.Context, parts []measure.Part, add func(int, *measure.Sample)) error

const roundsOfSearch = 5

// searched is a search of some rounds, each of which depends on what the one before it has shown.
func searched(ctx context.Context, e elsewhere) (string, error) {
	s, err := scenarios.Open("burst")
	if err != nil {
		return "", err
	}
	core, err := cores.Find("production")
	if err == nil {
		err = errors.Join(s.Scale(3))
	}
	if err != nil {
		return "", err
	}
	run, err := scenarios.NewRun(s, core)
	if err != nil {
		return "", err
	}
	said := ""
	run.Repetitions = 2
	for range roundsOfSearch {
		plan := measure.Plan{}
		for range 4 {
			run.Seed = (run.Seed*31 + 7) % (1 << 40)
			plan.Points = append(plan.Points, measure.Point{Run: *run})
		}
		all, err := measure.Play(ctx, plan, measure.Config{Elsewhere: e})
		if err != nil {
			return said, err
		}
		for _, m := range all {
			text, err := json.Marshal(m.Measurement)
			if err != nil {
				return said, err
			}
			said += string(text)
			run.Seed += uint64(m.Counts.Puts)
		}
	}
	return said, nil
}

// inRounds is a campaign that goes by stages.
func inRounds(t *testing.T, shards int) *Campaign {
	t.Helper()
	c, _, err := Write(t.Context(), In(broken.NewMemory(), "mem://x"), Plan{Program: program, Kind: "tune", Shards: shards, Job: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// works takes part in a search as the worker of a shard, until it ends. Before each round, which
// it may end, it is asked.
func works(ctx context.Context, c *Campaign, index int, before func(round int)) (string, error) {
	s, err := c.Shard(index, 0)
	if err != nil {
		return "", err
	}
	s.Workers = 2
	defer s.Begin(ctx)()
	rounds := &Rounds{Campaign: c}
	return searched(ctx, func(ctx context.Context, parts []measure.Part, add func(int, *measure.Sample)) error {
		if before != nil {
			before(rounds.next)
		}
		return rounds.Play(ctx, s, parts, add)
	})
}

func merged(ctx context.Context, c *Campaign) (string, *MissingError, error) {
	rounds := &Rounds{Campaign: c}
	said, err := searched(ctx, func(ctx context.Context, parts []measure.Part, add func(int, *measure.Sample)) error {
		return rounds.Collect(ctx, parts, add)
	})
	return said, rounds.Missing, err
}

// TestRounds come to the same with any number of workers, whichever they are.
func TestRounds(t *testing.T) {
	want, err := searched(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		shards  int
		workers []int
	}{{1, []int{0}}, {3, []int{1}}, {3, []int{0, 1, 2}}, {7, []int{6, 2}}, {40, []int{3}}, {3, []int{1, 1}}} {
		t.Run(fmt.Sprint(c.shards, c.workers), func(t *testing.T) {
			there := inRounds(t, c.shards)
			var workers sync.WaitGroup
			for _, index := range c.workers {
				workers.Go(func() {
					if got, err := works(t.Context(), there, index, nil); got != want || err != nil {
						t.Errorf("worker of shard %d: %v\n%s\non one machine\n%s", index, err, got, want)
					}
				})
			}
			workers.Wait()
			if again, missing, err := merged(t.Context(), there); again != want || missing != nil || err != nil {
				t.Errorf("merged: %v, %v\n%s", missing, err, again)
			}
		})
	}
}

// TestRoundsAfterDeath: whoever is killed leaves its share to the others, and comes again.
func TestRoundsAfterDeath(t *testing.T) {
	want, err := searched(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for round := range roundsOfSearch {
		there := inRounds(t, 3)
		ctx, kill := context.WithCancel(t.Context())
		if _, err := works(ctx, there, 1, func(n int) {
			if n == round {
				kill()
			}
		}); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		_, missing, err := merged(t.Context(), there)
		if missing == nil || missing.Stage != StageOf(round) || !errors.As(err, &missing) || len(missing.Gaps) == 0 {
			t.Errorf("killed in round %d: %v, %v", round, missing, err)
		}
		if got, err := works(t.Context(), there, 1, nil); got != want || err != nil {
			t.Errorf("killed in round %d: %v\n%s", round, err, got)
		}
	}
}

// TestOrphans: what nobody plays is divided among those who are there.
func TestOrphans(t *testing.T) {
	c := inRounds(t, 6)
	d := (&Rounds{Campaign: c}).begin(make([]measure.Part, 12), nil)
	for _, index := range []int{1, 4} {
		s, err := c.Shard(index, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Begin(t.Context())()
		if err := s.Play(t.Context(), d.stage, 12, unit); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		all, err := c.List(t.Context(), beats)
		if err != nil || time.Now().After(deadline) {
			t.Fatal(all, err)
		}
		if len(all) == 2 {
			break
		}
	}
	for own, want := range map[int]int{1: 0, 4: 2} {
		if got, err := d.orphan(t.Context(), own); got != want || err != nil {
			t.Errorf("the worker of shard %d plays %d, want %d (%v)", own, got, want, err)
		}
	}
	for i := range d.taken {
		d.taken[i] = i != 5
	}
	for own, want := range map[int]int{1: 5, 4: -1} {
		if got, err := d.orphan(t.Context(), own); got != want || err != nil {
			t.Errorf("of shard 5 the worker of shard %d plays %d, want %d (%v)", own, got, want, err)
		}
	}
}

// TestRoundsGoOtherWays: a worker that has come to another decision is noticed.
func TestRoundsGoOtherWays(t *testing.T) {
	there := inRounds(t, 1)
	if _, err := works(t.Context(), there, 0, nil); err != nil {
		t.Fatal(err)
	}
	rounds := &Rounds{Campaign: there}
	_, err := searched(t.Context(), func(ctx context.Context, parts []measure.Part, add func(int, *measure.Sample)) error {
		other := *parts[0].Point
		other.Run.Policy = archive.DocumentedPolicy()
		parts[0].Point = &other
		return rounds.Collect(ctx, parts, add)
	})
	if err == nil || !strings.Contains(err.Error(), "determinism is lost") || !strings.Contains(err.Error(), archive.DocumentedPolicy().String()) {
		t.Error(err)
	}
}

// TestStoppedRounds: a campaign that is stopped ends its workers, also those who wait.
func TestStoppedRounds(t *testing.T) {
	there := inRounds(t, 2)
	other, err := there.Shard(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Begin(t.Context())() // and plays nothing
	_, err = works(t.Context(), there, 0, func(round int) {
		go func() { time.Sleep(50 * time.Millisecond); _ = there.Stop(t.Context()) }()
	})
	if !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
}

// TestWaitingWithoutAStore: a worker that waits for others does not take it for a stop that it
// can't look for one, or is told to end while it looks: both would be started again no more.
func TestWaitingWithoutAStore(t *testing.T) {
	for _, why := range []error{errors.New("403 AccessDenied"), context.Canceled} {
		ctx, cancel := context.WithCancel(t.Context())
		memory := broken.NewMemory()
		blind := &broken.Twisted{Memory: memory}
		waits := false
		blind.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
			if key == stopKey && waits {
				if errors.Is(why, context.Canceled) {
					cancel()
				}
				return nil, "", why
			}
			return memory.Get(ctx, key)
		}
		c, _, err := Write(ctx, In(blind, "mem://x"), Plan{Program: program, Kind: "tune", Shards: 2, Job: []byte(`{}`)})
		if err != nil {
			t.Fatal(err)
		}
		other, err := c.Shard(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		end := other.Begin(ctx) // and plays nothing
		_, err = works(ctx, c, 0, func(int) { waits = true })
		end()
		cancel()
		if err == nil || errors.Is(err, ErrStopped) {
			t.Error(why, err)
		}
	}
}

// TestTuning: two of three workers find what one machine finds, although one of them is killed in
// the middle and comes again; so does whoever merges, also in the middle, as far as it goes.
func TestTuning(t *testing.T) {
	if raceDetector {
		t.Skip("a whole search takes a minute then; TestRounds has the same workers")
	}
	job := tuningOf(t)
	c, err := job.Config()
	if err != nil {
		t.Fatal(err)
	}
	c.Workers = 2
	found, err := tuning.Tune(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	want := asJSON(t, found)
	there := inRounds(t, 3)
	ctx, kill := context.WithCancel(t.Context())
	first, err := there.Shard(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	first.Progress = func(complete, units int) {
		if stages, _ := there.List(t.Context(), "stages/0012/"); len(stages) > 0 && complete < units {
			kill()
		}
	}
	if err := job.Play(ctx, first); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	partly, missing, err := job.Merge(t.Context(), there)
	if err != nil || missing == nil || partly.Verdict != check.Inconclusive || partly.Passed || len(partly.Reasons) != 1 || !strings.Contains(partly.Reasons[0], "stages/00") {
		t.Errorf("in the middle: %v, %v\n%s", err, missing, asJSON(t, partly))
	}
	if s, err := there.Status(t.Context()); err != nil || s.Done != 0 || s.Missing != 3 {
		t.Errorf("in the middle: %+v, %v", s, err)
	}
	var workers sync.WaitGroup
	for _, index := range []int{0, 2} {
		workers.Go(func() {
			s, err := there.Shard(index, 1)
			if err == nil {
				defer s.Begin(t.Context())()
				err = job.Play(t.Context(), s)
			}
			if err != nil {
				t.Error(index, err)
			}
		})
	}
	workers.Wait()
	if s, err := there.Status(t.Context()); err != nil || s.Done != 3 {
		t.Errorf("finished: %+v, %v", s, err)
	}
	merged, missing, err := job.Merge(t.Context(), there)
	if err != nil || missing != nil || asJSON(t, merged) != want {
		t.Errorf("%v, %v\n%s\non one machine\n%s", err, missing, asJSON(t, merged), want)
	}
}

// tuningOf is a small search, as a worker reads it.
func tuningOf(t *testing.T) *Tuning {
	t.Helper()
	s, err := scenarios.Open("backend-fan-in")
	if err == nil {
		err = s.Scale(10)
	}
	if err != nil {
		t.Fatal(err)
	}
	core, err := cores.Find("production")
	if err != nil {
		t.Fatal(err)
	}
	s.Codec = scenarios.Compact
	run, err := scenarios.NewRun(s, core)
	if err != nil {
		t.Fatal(err)
	}
	run.Policy = archive.DefaultPolicy()
	text, err := json.Marshal(&Tuning{Run: *run, Objective: tuning.DefaultObjective, Evaluations: 8875, Flags: "backend-fan-in --clients 10", Incumbents: []string{"default", "client-go-retry"}})
	if err != nil {
		t.Fatal(err)
	}
	job := &Tuning{}
	if err := json.Unmarshal(text, job); err != nil {
		t.Fatal(err)
	}
	return job
}

func asJSON(t *testing.T, of any) string {
	t.Helper()
	text, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
