// Package simtest puts a core before the judge in go test:
//
//	func TestMyCore(t *testing.T) {
//		simtest.Core(t, func(e simtest.Environment) (archive.Core, error) {
//			return mine.New(e.Store, e.Policy, e.Clock, e.Rand)
//		})
//	}
//
// The core is whatever updates documents in a store: a rewrite of [archive.Archive], or
// that with somebody's store, codec or options around it. It goes through every schedule
// of some small scenarios, with a fault at any place; through many seeds of scenarios in
// which much goes wrong, in virtual time; and through the real world, with goroutines
// against an embedded S3 over HTTP. A violated invariant fails the test, and so does a part
// that proves nothing, such as one in which no update was acknowledged. So does a core that
// is never seen to save, to append, or to create.
//
// In the virtual parts the core must take its time and its chance from its [Environment],
// and start no goroutines: else what it does can't be repeated, and a wait stops the world.
// They play many clients, each with a core of its own, in turns that end only in calls of the
// store and the clock: one that waits for anything else, such as the end of its context, a
// lock that another client's core holds, or [archive.WallClock], waits for ever. If there is
// no progress for [Config.Patience], the test's program ends and shows where it stands.
package simtest

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/measure"
)

// Environment is what a core runs in: one client's store, clock, random stream and policy.
// Its Options are those of [archive.New].
type Environment = cores.Environment

// Config says how thoroughly a core is tested. Its zero value is for every change: it takes
// some seconds.
type Config struct {
	// Policy is what the core is given as its retry policy. Zero: [archive.DefaultPolicy].
	Policy archive.Policy
	// OwnWaits: the core waits as it sees fit. Else its waits are held against the policy.
	OwnWaits bool
	// Schedules are those of each small scenario, at most. 0: 20,000.
	Schedules int
	// Seeds are the repetitions of each scenario in virtual time. 0: 200.
	Seeds int
	// Duration is how long the load in the real world is kept up. 0: a second.
	Duration time.Duration
	// Patience is how long a virtual part may take to come to its next client, which is as a
	// rule far below a millisecond; then the program ends. 0: two minutes.
	Patience time.Duration
}

// Core is [Config.Core] of the zero value.
func Core(t *testing.T, newCore func(Environment) (archive.Core, error)) {
	t.Helper()
	Config{}.Core(t, newCore)
}

// explored are the scenarios of which every schedule is played. Together they have users
// and back ends, saves, appends, creates and deletes.
var explored = []string{"two-users", "two-users-same-field", "save-again", "user-vs-backend", "create-race", "delete-race", "repeated-message"}

// stormy are those that are played with many seeds.
var stormy = []string{"storm", "lost-reply", "redelivery"}

// Core tests a core that newCore makes for each client, as a subtest for each scenario.
func (c Config) Core(t *testing.T, newCore func(Environment) (archive.Core, error)) {
	t.Helper()
	if err := c.validate(newCore); err != nil {
		t.Fatal(err)
	}
	spec := c.spec(newCore)
	var all acknowledged
	for _, name := range explored {
		t.Run("schedules of "+name, func(t *testing.T) { all.add(c.explore(t, name, c.watched(t, spec))) })
	}
	for _, name := range stormy {
		t.Run("seeds of "+name, func(t *testing.T) { c.weather(t, name, c.watched(t, spec)) })
	}
	t.Run("the real world", func(t *testing.T) { c.live(t, spec) })
	if err := all.validate(); err != nil {
		t.Error(err)
	}
}

// acknowledged is what was acknowledged in all scenarios whose schedules were played.
type acknowledged struct{ scenarios, saves, appends, creates int }

func (a *acknowledged) add(r explore.Result) {
	a.scenarios++
	a.saves += r.Saves
	a.appends += r.Appends
	a.creates += r.Creates
}

// validate reports what was never acknowledged, unless some scenarios were left out.
func (a *acknowledged) validate() error {
	if a.scenarios < len(explored) {
		return nil
	}
	var never []string
	for _, of := range []struct {
		name string
		n    int
	}{{"save", a.saves}, {"append", a.appends}, {"create", a.creates}} {
		if of.n == 0 {
			never = append(never, of.name)
		}
	}
	if never == nil {
		return nil
	}
	return fmt.Errorf("no %s was acknowledged in any schedule, so nothing is known of what the core does there: does it return an error each time?",
		strings.Join(never, " and no "))
}

func (c Config) validate(newCore func(Environment) (archive.Core, error)) error {
	switch {
	case newCore == nil:
		return errors.New("simtest needs a function that makes the core")
	case c.Schedules < 0 || c.Seeds < 0 || c.Duration < 0 || c.Patience < 0:
		return fmt.Errorf("simtest: Schedules %d, Seeds %d, Duration %v and Patience %v must be 0, for their defaults, or more",
			c.Schedules, c.Seeds, c.Duration, c.Patience)
	case c.Policy != archive.Policy{}:
		return c.Policy.Validate()
	}
	return nil
}

func (c Config) spec(newCore func(Environment) (archive.Core, error)) cores.Spec {
	return cores.Spec{
		Name: "under test", JSONOnly: true, OwnWaits: c.OwnWaits, OwnPolicy: true, Policy: cmp.Or(c.Policy, archive.DefaultPolicy()),
		New: func(e Environment) (archive.Core, error) {
			core, err := newCore(e)
			if core == nil && err == nil {
				err = errors.New("simtest: the function that makes the core returned none, and no error")
			}
			return core, err
		},
	}
}

// watched is the core with a watchdog, for as long as a test runs in a virtual world. There is
// a core for each client of each schedule and each seed: that is its progress.
func (c Config) watched(t *testing.T, spec cores.Spec) cores.Spec {
	const patience = 2 * time.Minute
	dog := &watchdog{name: t.Name(), patience: cmp.Or(c.Patience, patience), bark: end}
	t.Cleanup(dog.watch())
	newCore := spec.New
	spec.New = func(e Environment) (archive.Core, error) {
		dog.progress()
		return newCore(e)
	}
	return spec
}

func (c Config) explore(t *testing.T, name string, spec cores.Spec) explore.Result {
	t.Helper()
	run, _, err := explore.Small(name, spec)
	if err != nil {
		t.Fatal(err)
	}
	const schedules = 20_000
	found, err := explore.Explore(t.Context(), explore.Config{
		Run: run, Strategy: explore.Exhaustive, Faults: 1, Schedules: cmp.Or(c.Schedules, schedules), Workers: runtime.GOMAXPROCS(0),
	})
	switch {
	case err != nil:
		t.Fatal(err)
	case found.Witness != nil:
		told(t, found.Witness.Report.Violations)
		t.Errorf("shortest schedule of %s that shows it: %s", name, found.Witness.Schedule)
	case found.Acknowledged == 0:
		t.Errorf("in %d schedules no update was acknowledged, so none could be lost", found.Schedules)
	}
	t.Logf("%d schedules, %d acknowledged updates, %d conflicts; all of them: %v", found.Schedules, found.Acknowledged, found.Conflicts, found.Complete)
	return found
}

func (c Config) weather(t *testing.T, name string, spec cores.Spec) {
	run := runOf(t, name, spec)
	const seeds = 200
	run.Repetitions = cmp.Or(c.Seeds, seeds)
	judged(t, measure.Point{Run: *run})
}

func (c Config) live(t *testing.T, spec cores.Spec) {
	run := runOf(t, "sustained-contention", spec)
	if err := run.Scenario.Limit(cmp.Or(c.Duration, time.Second)); err != nil {
		t.Fatal(err)
	}
	judged(t, measure.Point{Run: *run, World: scenarios.RealWorld})
}

func runOf(t *testing.T, name string, spec cores.Spec) *scenarios.Run {
	t.Helper()
	s, err := scenarios.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	s.Expect.Thresholds = nil // which are about speed
	run, err := scenarios.NewRun(s, spec)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// judged measures a point and fails the test for what it shows.
func judged(t *testing.T, p measure.Point) {
	t.Helper()
	all, err := measure.Play(t.Context(), measure.Plan{Points: []measure.Point{p}}, measure.Config{})
	if err != nil {
		t.Fatal(err)
	}
	m := all[0]
	switch m.Verdict {
	case check.Violated:
		told(t, m.Violations)
	case check.StoreAtFault:
		t.Errorf("the store broke its promise, which is no fault of the core: %s", m.StoreFindings[0].Summary)
	case check.Inconclusive:
		t.Errorf("it proves nothing: %s", strings.Join(m.Reasons, "; "))
	}
	t.Logf("%d repetitions, %d of %d updates acknowledged, %d conflicts", m.Repetitions, m.Counts.Acknowledged, m.Counts.Operations,
		m.Counts.Conflicts412+m.Counts.Conflicts409)
}

// told fails the test with the first violation of each invariant, and what happened.
func told(t *testing.T, all []check.Violation) {
	t.Helper()
	seen := map[check.Invariant]bool{}
	for _, v := range all {
		if seen[v.Invariant] {
			continue
		}
		seen[v.Invariant] = true
		var b strings.Builder
		for i := range v.Witness {
			e := &v.Witness[i]
			fmt.Fprintf(&b, "\n  %-12s %-7s %s", e.Actor, e.Kind, strings.Join(strings.Fields(fmt.Sprint(e.Do, " ", e.Key, " ", e.ETag, " ", e.Answer, e.Outcome)), " "))
		}
		t.Errorf("%s %s (%s): %s%s", v.Invariant, v.Invariant.Title(), v.Anomaly, v.Summary, b.String())
	}
}
