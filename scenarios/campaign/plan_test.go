package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"holdfast/archive"
	"holdfast/archive/storefault"
	"holdfast/archive/storetest/broken"
)

func somePlan() Plan {
	return Plan{Program: program, Kind: "sweep", Command: []string{"sweep", "burst"}, Shards: 7, Units: 40, Job: json.RawMessage(`{"a":[1,2]}`)}
}

// TestPlanOnce: a plan is written once, the same again is no error, and another is refused.
func TestPlanOnce(t *testing.T) {
	onPrefixes(t, func(t *testing.T, p *Prefix) {
		if _, err := Load(t.Context(), p); !errors.Is(err, ErrNoPlan) || err.Error() != p.Name()+": there is no plan: write one by simulate campaign plan, or correct the prefix" {
			t.Error(err)
		}
		for _, want := range []bool{false, true, true} {
			c, again, err := Write(t.Context(), p, somePlan())
			if err != nil || again != want || c.Plan.Units != 40 || c.Plan.Schema != PlanSchema || string(c.Plan.Job) != `{"a":[1,2]}` {
				t.Error(c, again, err)
			}
		}
		other := somePlan()
		other.Shards = 8
		if _, _, err := Write(t.Context(), p, other); !errors.Is(err, ErrOtherPlan) || err.Error() != p.Name()+": there is another plan (sweep in 7 shards): a plan is not changed: choose another prefix" {
			t.Error(err)
		}
		c, err := Load(t.Context(), p)
		if err != nil || c.Plan.Shards != 7 {
			t.Error(c, err)
		}
	})
}

// TestTwoPlanners: of two that plan at once one succeeds, if they plan different things.
func TestTwoPlanners(t *testing.T) {
	p := In(broken.NewMemory(), "mem://x")
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			plan := somePlan()
			plan.Shards += i
			_, _, errs[i] = Write(t.Context(), p, plan)
		})
	}
	all.Wait()
	written := 0
	for _, err := range errs {
		if err == nil {
			written++
		} else if !errors.Is(err, ErrOtherPlan) {
			t.Error(err)
		}
	}
	if written != 1 {
		t.Error(errs)
	}
}

// TestPlanSays what is wrong with it.
func TestPlanSays(t *testing.T) {
	p := In(broken.NewMemory(), "mem://x")
	for want, change := range map[string]func(*Plan){
		"0 shards: want 1 to 100000":                      func(p *Plan) { p.Shards = 0 },
		"100001 shards: want 1 to 100000":                 func(p *Plan) { p.Shards = 100_001 },
		"10000001 units: a campaign has at most 10000000": func(p *Plan) { p.Units = 10_000_001 },
		"the plan does not say which program may play it": func(p *Plan) { p.Program = "" },
	} {
		plan := somePlan()
		change(&plan)
		if _, _, err := Write(t.Context(), p, plan); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	c := planned(t, broken.NewMemory(), 3, 5)
	if err := c.Check(program); err != nil {
		t.Error(err)
	}
	err := c.Check("fedcba987654")
	if _, is := errors.AsType[*ProgramError](err); !is || err.Error() != "mem://x was planned by program 0123456789ab, and this is fedcba987654, which may show other things for the same seed: use that program, or plan again with this one under another prefix" {
		t.Error(err)
	}
	if _, err := c.Shard(3, 0); err == nil || err.Error() != "there is no shard 3: mem://x has 3, from 0 to 2" {
		t.Error(err)
	}
}

// TestGarbledPlan: what is no plan is told, and no panic.
func TestGarbledPlan(t *testing.T) {
	newer, err := compress([]byte(`{"schema":"simulate.campaign-plan/v2"}`))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := (&Plan{Schema: PlanSchema, Program: program, Shards: 1, Job: json.RawMessage(`{}`)}).encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range [][]byte{nil, []byte("hello"), newer, whole[:len(whole)-3]} {
		m := broken.NewMemory()
		if _, err := m.Put(t.Context(), planKey, body, archive.Condition{}); err != nil {
			t.Fatal(err)
		}
		_, err := Load(t.Context(), In(m, "mem://x"))
		if !errors.Is(err, ErrNoPlan) || !strings.HasPrefix(err.Error(), "mem://x/plan.json.zst: there is no plan that can be read: ") {
			t.Error(err)
		}
	}
}

// TestAlteredPlan: a plan whose job has other units than it says is not played, and merges to nothing
// that passes.
func TestAlteredPlan(t *testing.T) {
	c := planned(t, broken.NewMemory(), 1, 3)
	for _, err := range []error{
		(&Points{}).Play(t.Context(), alone(t, c, 0)),
		second((&Points{}).Merge(t.Context(), c, nil)),
		(&Exploration{}).Play(t.Context(), alone(t, c, 0)),
		third((&Exploration{}).Merge(t.Context(), c, 1)),
	} {
		if !errors.Is(err, ErrNoPlan) || !strings.Contains(err.Error(), "it says 3 units, and its job has 0") {
			t.Error(err)
		}
	}
}

func second[A any](_ A, err error) error        { return err }
func third[A, B any](_ A, _ B, err error) error { return err }

// TestStoreWithoutConditions: a store on which two workers could overwrite each other is found
// when the campaign is planned.
func TestStoreWithoutConditions(t *testing.T) {
	p := In(broken.Store(storefault.IgnoredCondition), "mem://x")
	_, _, err := Write(t.Context(), p, somePlan())
	if err == nil || !strings.Contains(err.Error(), "ignores If-None-Match") {
		t.Error(err)
	}
	unlisted := In(struct{ archive.Store }{broken.NewMemory()}, "mem://x")
	if _, err := unlisted.List(t.Context(), ""); !errors.Is(err, ErrNoListing) {
		t.Error(err)
	}
}

// TestWithoutListing: a store that can't list can be merged from.
func TestWithoutListing(t *testing.T) {
	c := planned(t, struct{ archive.Store }{broken.NewMemory()}, 3, 20)
	for i := range 2 {
		if err := alone(t, c, i).Play(t.Context(), Whole, 20, unit); err != nil {
			t.Error(err)
		}
	}
	if got, gaps := published(t, c); len(got) != 13 || len(gaps) != 1 || gaps[0].First != 13 {
		t.Error(got, gaps)
	}
	if _, err := c.Status(context.Background()); !errors.Is(err, ErrNoListing) {
		t.Error(err)
	}
}
