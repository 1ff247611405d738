package explore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/stores"
)

// SelfTest says how thorough a self-test is.
type SelfTest struct {
	// Schedules bounds the search for each bug.
	Schedules int
	// Seeds is the number of storms that the sound cores must weather, and bounds the
	// search for the bugs that need time.
	Seeds   int
	Workers int
	// Progress, which may be nil, is told what has been done, thousands of times a
	// second. It is called from several goroutines, one at a time.
	Progress func(what string)
}

// Caught is a planted bug, and how it was found.
type Caught struct {
	Bug       cores.Bug
	Caught    bool
	Schedules int // played, or seeds, the one that shows it included
	Witness   *Witness
	Faults    int
	// Bounds are the flags that make the scenario as small as it was.
	Bounds string
	// Accused is what the store, which is sound, was wrongly accused of; empty: nothing. An
	// exploration that accuses it ends with an error.
	Accused string
}

// Cleared is a sound core that was put before the judge: nothing may be found.
type Cleared struct {
	Core      string
	Where     string // "explore two-users --faults 1", or "storm"
	Schedules int
	Complete  bool
	// Accused is what it was wrongly accused of; empty: nothing.
	Accused string
}

// Tested is the result of a self-test.
type Tested struct {
	Bugs    []Caught
	Cleared []Cleared
	Stores  []Doubted
}

// soundCore is one that must never be accused, and goes through a share of the schedules
// and seeds: each habit of the reference core takes one of ten.
type soundCore struct {
	name  string
	share int // one of so many
}

func soundCores() []soundCore {
	all := []soundCore{{"production", 1}, {"reference", 2}}
	for _, s := range cores.Sound() {
		all = append(all, soundCore{s.Name, 10})
	}
	return all
}

// share is one of so many of a number, rounded up.
func share(n, of int) int { return (n + of - 1) / of }

// inTimes are the scenarios that they go through in virtual time, and for which share
// of the seeds: those with a service around the core take ten times as long, and more.
var inTimes = []struct {
	scenario string
	share    int
}{{"storm", 1}, {"redelivery", 25}, {"queue-redelivers", 25}, {"outbox", 50}, {"service-faults", 40}, {"impatient", 20}, {"hurried", 20}, {"any-edit", 40}, {"poisoned-batches", 40}, {"poisoned-group", 40}, {"service-batches", 40}}

// Run searches for each planted bug in its scenario, one schedule after the other,
// until its own invariant catches it; lets the production core work with each planted store; and lets the sound cores go through the same
// scenarios with the same faults, and through many seeds of storm.
func (t *SelfTest) Run(ctx context.Context) (Tested, error) {
	defer measure.CollectAt(measure.VirtualGCPercent)()
	bugs, planted := cores.Bugs(), stores.All()
	result := Tested{Bugs: make([]Caught, len(bugs)), Stores: make([]Doubted, len(planted))}
	type place struct {
		scenario string
		faults   int
	}
	var jobs []func() error
	var places []place
	known := map[place]bool{}
	for i, b := range bugs {
		jobs = append(jobs, func() (err error) {
			result.Bugs[i], err = t.catch(ctx, b)
			return err
		})
		if p := (place{b.Scenario, b.Faults}); !b.InTime && !known[p] {
			known[p], places = true, append(places, p)
		}
	}
	for i, p := range planted {
		jobs = append(jobs, func() (err error) {
			result.Stores[i], err = t.doubt(ctx, p)
			return err
		})
	}
	for _, core := range soundCores() {
		for _, p := range places {
			n := len(result.Cleared)
			result.Cleared = append(result.Cleared, Cleared{})
			jobs = append(jobs, func() (err error) {
				result.Cleared[n], err = t.clear(ctx, core, p.scenario, p.faults)
				return err
			})
		}
	}
	if err := t.each(jobs); err != nil {
		return result, err
	}
	for _, core := range soundCores() {
		for _, s := range inTimes {
			c, err := t.weather(ctx, core.name, s.scenario, share(t.Seeds, s.share*core.share))
			if err != nil {
				return result, err
			}
			result.Cleared = append(result.Cleared, c)
		}
	}
	return result, ctx.Err()
}

// each does the jobs on the workers.
func (t *SelfTest) each(jobs []func() error) error {
	var wg sync.WaitGroup
	queue := make(chan func() error)
	errs := make([]error, max(t.Workers, 1))
	for i := range errs {
		wg.Go(func() {
			for job := range queue {
				errs[i] = errors.Join(errs[i], job())
			}
		})
	}
	for _, job := range jobs {
		queue <- job
	}
	close(queue)
	wg.Wait()
	return errors.Join(errs...)
}

var telling sync.Mutex

func (t *SelfTest) tell(format string, args ...any) {
	if t.Progress != nil {
		telling.Lock()
		defer telling.Unlock()
		t.Progress(fmt.Sprintf(format, args...))
	}
}

// Small is one repetition of a scenario of the library with few enough operations to see all of its
// schedules.
func Small(name string, spec cores.Spec) (run *scenarios.Run, bounds string, err error) {
	s, err := scenarios.Open(name)
	if err != nil {
		return nil, "", err
	}
	if len(s.Timeline) == 0 {
		clients, operations := 2, 1
		if name == "three-writers" {
			operations = 2
		}
		if err := errors.Join(s.Scale(clients), s.Bound(operations)); err != nil {
			return nil, "", err
		}
		bounds = fmt.Sprintf("--clients %d --operations %d", clients, operations)
	}
	run, err = scenarios.NewRun(s, spec)
	return run, bounds, err
}

func (t *SelfTest) catch(ctx context.Context, b cores.Bug) (Caught, error) {
	if b.InTime {
		return t.catchInTime(ctx, b)
	}
	run, bounds, err := Small(b.Scenario, b.Spec)
	if err != nil {
		return Caught{}, err
	}
	c := Caught{Bug: b, Faults: b.Faults, Bounds: bounds}
	found, err := Explore(ctx, Config{
		Run: run, Strategy: Exhaustive, Faults: b.Faults, Schedules: t.Schedules, Workers: 1, Invariant: check.Invariant(b.Invariant),
	})
	if err != nil {
		return c, fmt.Errorf("search for %s: %w", b.Name, err)
	}
	c.Witness, c.Caught, c.Schedules = found.Witness, found.Witness != nil, found.Schedules
	t.tell("%s: %d schedules of %s", b.Name, c.Schedules, b.Scenario)
	return c, nil
}

func (t *SelfTest) clear(ctx context.Context, core soundCore, scenario string, faults int) (Cleared, error) {
	spec, err := cores.Find(core.name)
	if err != nil {
		return Cleared{}, err
	}
	run, _, err := Small(scenario, spec)
	if err != nil {
		return Cleared{}, err
	}
	c := Cleared{Core: core.name, Where: fmt.Sprintf("explore %s --faults %d", scenario, faults)}
	found, err := Explore(ctx, Config{Run: run, Strategy: Exhaustive, Faults: faults, Schedules: share(t.Schedules, core.share), Workers: 1})
	if err != nil {
		return c, fmt.Errorf("explore %s with the %s core: %w", scenario, core.name, err)
	}
	c.Schedules, c.Complete = found.Schedules, found.Complete
	if w := found.Witness; w != nil {
		c.Accused = fmt.Sprintf("%s %s: %s", w.Invariant, w.Report.Violations[0].Anomaly, w.Report.Violations[0].Summary)
	}
	t.tell("%s core: %d schedules of %s", core.name, c.Schedules, scenario)
	return c, nil
}

// inTime is a scenario of the library as it is, many times.
func inTime(name string, spec cores.Spec, repetitions int) (*scenarios.Run, error) {
	s, err := scenarios.Open(name)
	if err != nil {
		return nil, err
	}
	run, err := scenarios.NewRun(s, spec)
	if err == nil {
		run.Repetitions = repetitions
	}
	return run, err
}

// catchInTime plays a bug's scenario in virtual time, seed after seed.
func (t *SelfTest) catchInTime(ctx context.Context, b cores.Bug) (Caught, error) {
	c := Caught{Bug: b}
	run, err := inTime(b.Scenario, b.Spec, t.Seeds)
	if err != nil {
		return c, err
	}
	_, err = measure.Play(ctx, measure.Plan{Points: []measure.Point{{Run: *run}}}, measure.Config{
		Workers: 1,
		Each: func(_, n int, r *check.Report) bool {
			c.Schedules = n
			c.Caught = r.Found[check.Invariant(b.Invariant)] > 0
			c.Accused = cmp.Or(c.Accused, accusesStore(r))
			return !c.Caught
		},
	})
	if err != nil {
		return c, fmt.Errorf("search for %s: %w", b.Name, err)
	}
	t.tell("%s: %d seeds of %s", b.Name, c.Schedules, b.Scenario)
	return c, nil
}

// weather lets a core go through many repetitions of a scenario.
func (t *SelfTest) weather(ctx context.Context, core, scenario string, seeds int) (Cleared, error) {
	spec, err := cores.Find(core)
	if err != nil {
		return Cleared{}, err
	}
	run, err := inTime(scenario, spec, seeds)
	if err != nil {
		return Cleared{}, err
	}
	c := Cleared{Core: core, Where: scenario, Complete: true}
	measured, err := measure.Play(ctx, measure.Plan{Points: []measure.Point{{Run: *run}}}, measure.Config{
		Workers: t.Workers,
		Each: func(_, n int, r *check.Report) bool {
			c.Schedules++
			if c.Accused == "" && len(r.Violations) > 0 {
				v := r.Violations[0]
				c.Accused = fmt.Sprintf("repetition %d: %s %s: %s", n, v.Invariant, v.Anomaly, v.Summary)
			}
			c.Accused = cmp.Or(c.Accused, accusesStore(r))
			t.tell("%s core: %d of %d seeds of %s", core, n, seeds, scenario)
			return true
		},
	})
	if err != nil {
		return c, err
	}
	c.Complete = !measured[0].Interrupted
	return c, nil
}
