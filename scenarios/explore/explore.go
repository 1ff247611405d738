// Package explore runs a scenario under every schedule, or under many chosen ones,
// and judges each.
//
// A schedule is the order in which the actors' store calls take effect, with at
// most so many faults, each at any place: a request or reply that is lost, a write
// that arrives after its client has given up, a 503, a 409, a client that dies and
// whose message comes again, a write that is sent twice below its client. Each call takes effect as a whole; the time that
// passes between calls is left out, so that any order is possible that any
// latencies and waits could bring about, and no deadline ever ends a call. The core
// under test is the same code as everywhere else.
//
// # What is guaranteed
//
// A complete search has seen every schedule, except those that differ from one
// seen in nothing but the order of moves that do not affect each other; a test
// compares it with a search that leaves out none. A schedule is repeatable: its
// text plays it again.
//
// What it can't show: more faults than it was told to inject, more operations than
// the scenario has, and races between two tasks of one client.
//
// # Why it is shaped so
//
// A stack can't be copied, so each schedule is played from its beginning. Sleep sets leave out
// orders that differ in independent moves only, and independence is decided in the state where
// both moves are possible: a condition that fails stays failed, so most losers commute. A wrong
// idea of it is noticed by a test. What makes that fast are package memo, which parses and
// edits each document once, and worlds, players and judges that are used again.
package explore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// Strategy is how schedules are chosen.
type Strategy string

// The strategies.
const (
	Exhaustive Strategy = "exhaustive" // all of them, depth first
	Random     Strategy = "random"     // each move at random
	PCT        Strategy = "pct"        // priorities with few changes, which find bugs that need few (Burckhardt et al., ASPLOS 2010)
)

// Config says what to explore. Run, Strategy and Workers are required.
type Config struct {
	Run      *scenarios.Run
	Strategy Strategy
	// Faults that may befall the calls of one schedule.
	Faults int
	// Schedules bounds their number; 0: no bound. Of a random strategy it is the
	// number itself.
	Schedules int
	// Budget bounds the time; 0: no bound.
	Budget  time.Duration
	Workers int
	// Invariant to look for; empty: any.
	Invariant check.Invariant
	// Clock is what Elapsed is measured by; nil: it is not.
	Clock archive.Clock
	// Continuations of each prefix of a witness that are played at most, to find out where
	// the violation became inevitable; 0: none are.
	Continuations int
	// Progress, which may be nil, is told now and then how many were explored.
	Progress func(schedules int)

	// Of tests: a search without reduction, and one with another idea of what is
	// independent.
	full        bool
	independent func(a, b move) bool
}

// Result is what was found.
type Result struct {
	Strategy  Strategy
	Schedules int // that were played to their end and judged
	// Complete: there are no other schedules.
	Complete bool
	Elapsed  time.Duration // without the shortening of the witness
	// Acknowledged updates in all of them, and conflicts, also in those that were left
	// because all their ends were seen: without any, they prove nothing.
	Acknowledged, Conflicts int
	// Saves, Appends and Creates are those of the acknowledged updates that the core was
	// asked for by these calls.
	Saves, Appends, Creates int
	// Witness is the first schedule found that violates an invariant, made as
	// short as possible; nil: there is none.
	Witness *Witness
	// Stopped says why the search ended before it was complete; empty if it did not.
	Stopped string
}

// Missing is why a search is not complete of which nobody has played some parts.
const Missing = "parts of it were not played"

// Interrupted is why a search stopped whose context ended.
const Interrupted = "it was interrupted"

// Witness is a schedule that violates an invariant.
type Witness struct {
	Schedule  Schedule
	Report    check.Report
	Invariant check.Invariant
	Calls     int // store calls
	Found     int // number of the schedule in the search, from 1
	Longest   int // calls of the schedule as it was found
	// Events are all of the schedule.
	Events []*history.Event
	// Prefixes say how it may go on after none of its moves, after the first, …, after all;
	// empty: nobody asked, it was interrupted, or some never end.
	Prefixes []Prefix

	moves []name
}

// Explore plays schedules until all were seen, one violates an invariant, or the
// bounds are reached.
func Explore(ctx context.Context, c Config) (Result, error) {
	if err := c.prepare(); err != nil {
		return Result{}, err
	}
	defer measure.CollectAt(measure.VirtualGCPercent)()
	searching := ctx
	if c.Budget > 0 {
		var cancel context.CancelFunc
		searching, cancel = context.WithTimeoutCause(ctx, c.Budget, errBudget)
		defer cancel()
	}
	elapsed := c.stopwatch()
	shown, err := c.search(searching)
	if err != nil {
		return Result{}, err
	}
	result := shown.result(searching, &c)
	result.Elapsed = elapsed()
	return result, c.explain(ctx, result.Witness)
}

// Conclude makes the result of what the parts of a search have shown, in their order; nil is one
// that nobody has played. It is what one machine says that plays all of them.
func (c Config) Conclude(ctx context.Context, shown []*Shown) (Result, error) {
	if err := c.prepare(); err != nil {
		return Result{}, err
	}
	defer measure.CollectAt(measure.VirtualGCPercent)()
	all := newPool(c.Strategy)
	for i, s := range shown {
		all.add(i, s)
	}
	result := all.result(context.Background(), &c)
	return result, c.explain(ctx, result.Witness)
}

// explain makes a witness as short as it can be and says how it came about; nil is none.
func (c *Config) explain(ctx context.Context, w *Witness) error {
	if w == nil {
		return nil
	}
	whole := context.WithoutCancel(ctx)
	p := c.newRunner()
	defer p.close()
	if err := p.shrink(whole, w); err != nil {
		return err
	}
	var all recorded
	_, err := Replay(whole, c.Run, w.Schedule, &all)
	w.Events = all
	if err != nil || c.Continuations == 0 {
		return err
	}
	w.Prefixes, err = c.prefixes(ctx, w)
	return err
}

// recorded are events that are kept.
type recorded []*history.Event

// Add implements [history.Sink].
func (r *recorded) Add(e *history.Event) { *r = append(*r, e.Clone()) }

// validate reports what the search lacks.
func (c *Config) validate() error {
	switch {
	case c.Run == nil:
		return errors.New("an exploration needs a run: make one by scenarios.NewRun")
	case c.Strategy != Exhaustive && c.Strategy != Random && c.Strategy != PCT:
		return fmt.Errorf("there is no strategy %q (known: %s, %s, %s)", c.Strategy, Exhaustive, Random, PCT)
	case c.Continuations < 0:
		return fmt.Errorf("continuations of a witness must be 0 or more, not %d", c.Continuations)
	case c.Workers < 1:
		return fmt.Errorf("an exploration needs 1 worker or more, not %d", c.Workers)
	}
	return c.Run.Validate()
}

// prepare makes a search of what was asked for, or says why there is none.
func (c *Config) prepare() error {
	if err := c.validate(); err != nil {
		return err
	}
	if c.Run.Scenario.Duration > 0 {
		return fmt.Errorf("scenario %s ends by the clock, which a schedule does not have: explore one with a number of operations, or bound them",
			c.Run.Scenario.Name)
	}
	if c.Run.Scenario.TakesMessages() {
		return fmt.Errorf("back ends of scenario %s take messages from a queue, whose order and timeouts no schedule has: use run --world virtual",
			c.Run.Scenario.Name)
	}
	c.Run = prepared(c.Run)
	return nil
}

// stopwatch starts one; it says how much time has passed.
func (c *Config) stopwatch() (elapsed func() time.Duration) {
	if c.Clock == nil {
		return func() time.Duration { return 0 }
	}
	start := c.Clock.Now()
	return func() time.Duration { return c.Clock.Now().Sub(start) }
}

// prepared is the run as schedules play it.
func prepared(r *scenarios.Run) *scenarios.Run {
	run, scenario := *r, *r.Scenario
	run.Repetitions, run.AnyOrder = 1, true
	// Documents that are replaced after some updates would tie the actors together
	// outside of the store, where no order is explored.
	scenario.Objects.FreshAfter = 0
	scenario.Faults = nil // the search injects its own
	scenario.Codec = scenarios.JSON
	run.Scenario = &scenario
	return &run
}

var errBudget = errors.New("the budget is used up")

func (c *Config) newRunner() *runner {
	return newRunner(c.Run, c.Run.UntimedHeader(), c.Faults)
}

// violates returns the invariant that a report violates, of those looked for.
func (c *Config) violates(r *check.Report) check.Invariant {
	for _, v := range r.Violations {
		if c.Invariant == "" || v.Invariant == c.Invariant {
			return v.Invariant
		}
	}
	return ""
}
