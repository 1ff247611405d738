package explore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func runOf(t testing.TB, scenario, core string, adjust func(*scenarios.Scenario)) *scenarios.Run {
	t.Helper()
	s := must(scenarios.Open(scenario))
	if adjust != nil {
		adjust(s)
	}
	return must(scenarios.NewRun(s, must(cores.Find(core))))
}

// bounded makes a scenario small.
func bounded(clients, operations int) func(*scenarios.Scenario) {
	return func(s *scenarios.Scenario) {
		if err := errors.Join(s.Scale(clients), s.Bound(operations)); err != nil {
			panic(err)
		}
	}
}

// signature is what every client was told by the store, in its order, and what was
// there at the end: two schedules with the same one are the same to everybody.
type signature struct{ told map[string]string }

func (s *signature) Add(e *history.Event) {
	switch e.Kind {
	case history.Get, history.Put, history.Head, history.Delete:
		if e.Actor != history.SetupActor {
			s.told[e.Actor] += fmt.Sprintf("%s %s %s;", e.Kind, e.Answer, e.ETag)
		}
	case history.Return:
		s.told[e.Actor] += e.Outcome + ";"
	}
}

func (s *signature) String() string {
	var b strings.Builder
	for _, actor := range slices.Sorted(maps.Keys(s.told)) {
		fmt.Fprintf(&b, "%s: %s\n", actor, s.told[actor])
	}
	return b.String()
}

// seen is what a whole search came upon.
type seen struct {
	schedules  int
	signatures map[string]bool
	violated   map[check.Invariant]bool
}

// searchAll goes through all schedules, whatever they violate.
func searchAll(t *testing.T, run *scenarios.Run, faults int, full bool, independent func(a, b move) bool) seen {
	t.Helper()
	found := seen{signatures: map[string]bool{}, violated: map[check.Invariant]bool{}}
	c := &Config{Run: prepared(run), Strategy: Exhaustive, Faults: faults, Workers: 1, full: full, independent: independent}
	p := c.newRunner()
	defer p.close()
	d := &search{full: full, independent: independent}
	for {
		s := &signature{told: map[string]string{}}
		p.also = s
		report, err := p.play(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if !d.blocked {
			found.schedules++
			found.signatures[s.String()] = true
			for i := range report.Found {
				found.violated[i] = true
			}
		}
		if !d.next() {
			return found
		}
	}
}

// TestReductionAgainstBruteForce: the reduced search comes upon everything that a
// search of all orders does, and upon each of it once.
func TestReductionAgainstBruteForce(t *testing.T) {
	for _, c := range []struct {
		scenario string
		faults   int
		adjust   func(*scenarios.Scenario)
		cores    string
	}{
		{"two-users", 0, nil, "production documented unlocked reread-etag check-then-write base-ignored"},
		{"two-users", 1, nil, "production unlocked"},
		{"two-users-same-field", 0, nil, "production last-writer-wins"},
		{"user-vs-backend", 0, nil, "production documented unlocked"},
		{"create-race", 0, bounded(3, 1), "production create-no-condition"},
		{"create-race", 1, bounded(2, 1), "production create-412-is-success"},
		{"delete-race", 0, bounded(1, 1), "production recreate unlocked"},
		{"single-try", 1, nil, "production give-up-unseen doubt-forgotten"},
		{"three-writers", 0, bounded(2, 1), "production no-condition append-again"},
		{"lost-reply", 1, bounded(1, 1), "production blind-retry settled-by-etag"},
		{"repeated-message", 1, bounded(2, 1), "production new-id-on-redelivery"},
	} {
		for core := range strings.FieldsSeq(c.cores) {
			t.Run(fmt.Sprintf("%s/%d/%s", c.scenario, c.faults, core), func(t *testing.T) {
				t.Parallel()
				run := runOf(t, c.scenario, core, c.adjust)
				all := searchAll(t, run, c.faults, true, nil)
				reduced := searchAll(t, run, c.faults, false, nil)
				if !maps.Equal(all.signatures, reduced.signatures) {
					t.Errorf("all orders: %d signatures, reduced: %d", len(all.signatures), len(reduced.signatures))
				}
				if !maps.Equal(all.violated, reduced.violated) {
					t.Errorf("all orders violate %v, reduced %v", all.violated, reduced.violated)
				}
				t.Logf("%d schedules, reduced to %d, with %d signatures; violated %v",
					all.schedules, reduced.schedules, len(all.signatures), all.violated)
			})
		}
	}
}

// TestTooMuchReductionIsNoticed shows that the comparison can fail.
func TestTooMuchReductionIsNoticed(t *testing.T) {
	run := runOf(t, "three-writers", "production", bounded(2, 1))
	all := searchAll(t, run, 0, true, nil)
	for name, wrong := range map[string]func(a, b move) bool{
		"everything is independent": func(a, b move) bool { return a.client != b.client },
		"writes are":                func(a, b move) bool { return independent(a, b) || a.call.method.Writes() && b.call.method.Writes() },
		"reads and writes are":      func(a, b move) bool { return independent(a, b) || a.call.method.Writes() != b.call.method.Writes() },
	} {
		if reduced := searchAll(t, run, 0, false, wrong); len(reduced.signatures) == len(all.signatures) {
			t.Errorf("%s: still %d signatures", name, len(all.signatures))
		}
	}
}

// TestOnlyUpdatesAreAcknowledged: a load is none, whatever it is told.
func TestOnlyUpdatesAreAcknowledged(t *testing.T) {
	type counts struct{ acknowledged, saves, appends, creates int }
	for _, c := range []struct {
		scenario string
		strategy Strategy
		each     counts // of a schedule
	}{
		{"two-users", Exhaustive, counts{acknowledged: 2, saves: 2}},
		{"two-users", Random, counts{acknowledged: 2, saves: 2}},
		{"create-race", Exhaustive, counts{acknowledged: 1, creates: 1}},
		{"user-vs-backend", Exhaustive, counts{acknowledged: 3, saves: 1, appends: 2}},
		{"user-vs-backend", PCT, counts{acknowledged: 3, saves: 1, appends: 2}},
	} {
		run, _, err := Small(c.scenario, must(cores.Find("production")))
		if err != nil {
			t.Fatal(err)
		}
		r := must(Explore(t.Context(), Config{Run: run, Strategy: c.strategy, Schedules: 50, Workers: 2}))
		n := r.Schedules
		got, want := counts{r.Acknowledged, r.Saves, r.Appends, r.Creates}, counts{n * c.each.acknowledged, n * c.each.saves, n * c.each.appends, n * c.each.creates}
		if got != want || n == 0 {
			t.Errorf("%s, %s: %+v in %d schedules, want %+v", c.scenario, c.strategy, got, n, want)
		}
	}
}

// TestWhatLedToAViolationIsCounted: both updates of the two schedules that were played, also
// if the search had only begun.
func TestWhatLedToAViolationIsCounted(t *testing.T) {
	r := must(Explore(t.Context(), Config{Run: runOf(t, "two-users", "unlocked", nil), Strategy: Exhaustive, Workers: 1}))
	if r.Witness == nil || r.Schedules != 2 || r.Acknowledged != 4 || r.Saves != 4 {
		t.Errorf("%+v", r)
	}
}

func TestResultDoesNotDependOnTheWorkers(t *testing.T) {
	for _, core := range []string{"production", "unlocked", "settled-by-etag"} {
		var first Result
		for _, workers := range []int{1, 2, 4} {
			c := Config{Run: runOf(t, "lost-reply", core, bounded(2, 1)), Strategy: Exhaustive, Faults: 1, Workers: workers}
			r := must(Explore(t.Context(), c))
			r.Elapsed = 0
			if workers == 1 {
				first = r
				continue
			}
			same := r.Schedules == first.Schedules && r.Complete == first.Complete && r.Acknowledged == first.Acknowledged &&
				r.Conflicts == first.Conflicts && (r.Witness == nil) == (first.Witness == nil)
			if same && r.Witness != nil {
				same = r.Witness.Schedule.String() == first.Witness.Schedule.String() && r.Witness.Found == first.Witness.Found
			}
			if !same {
				t.Errorf("%s core: %d workers: %+v, one: %+v", core, workers, r, first)
			}
		}
	}
}

// TestWitnessesAreShort: nothing can be left out of a witness, and those of the
// original two cores have at most 8 store calls.
func TestWitnessesAreShort(t *testing.T) {
	for _, scenario := range []string{"two-users", "user-vs-backend"} {
		for _, core := range []string{"documented", "unlocked"} {
			run := runOf(t, scenario, core, nil)
			r := must(Explore(t.Context(), Config{Run: run, Strategy: Exhaustive, Workers: 2}))
			w := r.Witness
			if w == nil || w.Calls > 8 || w.Calls != len(w.Schedule) || w.Report.Found[w.Invariant] == 0 {
				t.Fatalf("%s, %s core: %+v", scenario, core, w)
			}
			p := newRunner(prepared(run), history.Header{}, w.Schedule.Faults())
			for i := range w.Schedule {
				shorter := slices.Delete(slices.Clone(w.Schedule), i, i+1)
				if again := must(p.attempt(t.Context(), w.Invariant, &follower{schedule: shorter, lenient: true})); again != nil {
					t.Errorf("%s, %s core: %s is not needed in %s", scenario, core, w.Schedule[i], w.Schedule)
				}
			}
			p.close()
			found := measure.Windows(run.Layout.Recorded(), w.Report.Violations, nil, w.Events)
			if len(found) != len(w.Report.Violations) {
				t.Errorf("%s, %s core: %d windows around %d violations", scenario, core, len(found), len(w.Report.Violations))
			}
			for _, of := range found {
				if want := len(w.Report.Violations[of.Violation].Witness); len(of.Witness) != want || of.Before+of.After+len(of.Skipped) > 0 {
					t.Errorf("%s, %s core: of a witness of %d events %v are there", scenario, core, want, of.Witness)
				}
			}
			t.Logf("%s, %s core: %s in %s", scenario, core, w.Invariant, w.Schedule)
		}
	}
}

// replayed judges a replay.
func replayed(ctx context.Context, run *scenarios.Run, s Schedule) (check.Report, error) {
	judge := check.New(history.Header{})
	_, err := Replay(ctx, run, s, &judged{judge})
	return judge.Finish(), err
}

func TestReplay(t *testing.T) {
	run := runOf(t, "two-users", "unlocked", nil)
	w := must(Explore(t.Context(), Config{Run: run, Strategy: Exhaustive, Workers: 1})).Witness
	again := must(ParseSchedule(w.Schedule.String()))
	if !slices.Equal(again, w.Schedule) {
		t.Errorf("%s is read as %s", w.Schedule, again)
	}
	if r := must(replayed(t.Context(), run, again)); r.Found[w.Invariant] == 0 {
		t.Errorf("%s does not violate %s again: %v", again, w.Invariant, r.Found)
	}
	_, err := replayed(t.Context(), run, must(ParseSchedule("alice alice bob!late")))
	if err == nil || !strings.Contains(err.Error(), "move 3") || !strings.Contains(err.Error(), "bob!late") {
		t.Errorf("a move that is not possible: %v", err)
	}
}

func TestParseSchedule(t *testing.T) {
	for _, text := range []string{"alice", "alice bob!reply-lost bob!slow bob!late", "a!409 a!503 a!crash a!crash-after a!request-lost"} {
		if s := must(ParseSchedule(text)); s.String() != text {
			t.Errorf("%q is written as %q", text, s)
		}
	}
	for text, want := range map[string]string{"": "empty", "alice bob!gone": "move 2", "!late": "names no actor"} {
		if _, err := ParseSchedule(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", text, err, want)
		}
	}
}

func TestSamples(t *testing.T) {
	for _, strategy := range []Strategy{Random, PCT} {
		c := Config{Run: runOf(t, "backend-fan-in", "settled-by-etag", bounded(4, 1)), Strategy: strategy, Faults: 1, Schedules: 20_000, Workers: 2}
		r := must(Explore(t.Context(), c))
		if r.Witness == nil || r.Complete {
			t.Fatalf("%s: %+v", strategy, r)
		}
		c.Workers = 1
		if again := must(Explore(t.Context(), c)); again.Witness == nil || again.Witness.Found != r.Witness.Found ||
			again.Witness.Schedule.String() != r.Witness.Schedule.String() {
			t.Errorf("%s: another witness: %+v, %+v", strategy, again.Witness, r.Witness)
		}
		t.Logf("%s: schedule %d: %s", strategy, r.Witness.Found, r.Witness.Schedule)
		c = Config{Run: runOf(t, "two-users", "production", nil), Strategy: strategy, Schedules: 100, Workers: 2}
		if r := must(Explore(t.Context(), c)); r.Schedules != 100 || r.Complete || r.Witness != nil || r.Stopped == "" {
			t.Errorf("%s of a sound core: %+v", strategy, r)
		}
		c.Schedules, c.Budget = 0, time.Second
		if r := must(Explore(t.Context(), c)); r.Schedules == 0 || r.Complete || !strings.Contains(r.Stopped, "budget") {
			t.Errorf("%s with a budget: %+v", strategy, r)
		}
	}
}

func TestAnExhaustiveSearchThatIsCutShortSaysSo(t *testing.T) {
	r := must(Explore(t.Context(), Config{Run: runOf(t, "three-writers", "production", nil), Strategy: Exhaustive, Schedules: 500, Workers: 2}))
	if r.Complete || r.Stopped == "" || r.Schedules < 400 {
		t.Errorf("%+v", r)
	}
}

// TestEndlessSchedules: a client that is overtaken for ever ends the search with a
// word on it, not never.
func TestEndlessSchedules(t *testing.T) {
	run := runOf(t, "persistent-conflict", "production", nil)
	run.Policy = archive.Policy{Kind: archive.None, Retries: archive.Unlimited}
	if _, err := Explore(t.Context(), Config{Run: run, Strategy: Exhaustive, Workers: 1}); !errors.Is(err, errEndless) {
		t.Errorf("got %v", err)
	}
}

// TestFaultsHappen: every variant of a fault befalls a call somewhere in a full
// search, and a back end that died does its work again with the same id.
func TestFaultsHappen(t *testing.T) {
	run := runOf(t, "repeated-message", "production", bounded(2, 1))
	c := &Config{Run: prepared(run), Strategy: Exhaustive, Faults: 1, Workers: 1}
	p := c.newRunner()
	defer p.close()
	p.keeping = true
	ways := map[variant]int{}
	invoked := map[string]int{} // by modification id, in one schedule
	twice := 0
	p.also = sinkFunc(func(e *history.Event) {
		if e.Kind == history.Invoke {
			if invoked[e.IDs[0]]++; invoked[e.IDs[0]] == 2 {
				twice++
			}
		}
	})
	d := &search{}
	for more := true; more; more = d.next() {
		clear(invoked)
		if _, err := p.play(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		for _, m := range p.taken {
			ways[m.variant]++
		}
	}
	for v := plain; v <= landing; v++ {
		if ways[v] == 0 {
			t.Errorf("%q never happened", names[v])
		}
	}
	if twice == 0 {
		t.Error("no message came again")
	}
}

type sinkFunc func(*history.Event)

func (f sinkFunc) Add(e *history.Event) { f(e) }

func TestSelfTest(t *testing.T) {
	var mu sync.Mutex
	told := 0
	test := SelfTest{Schedules: 3000, Seeds: 60, Workers: 2, Progress: func(string) { mu.Lock(); told++; mu.Unlock() }}
	r := must(test.Run(t.Context()))
	for _, b := range r.Bugs {
		if !b.Caught || !b.Bug.InTime && b.Witness.Report.Found[check.Invariant(b.Bug.Invariant)] == 0 {
			t.Errorf("%s got away", b.Bug.Name)
		}
	}
	for _, c := range r.Cleared {
		if c.Accused != "" || c.Schedules == 0 {
			t.Errorf("%s core, %s: %d schedules, accused of %q", c.Core, c.Where, c.Schedules, c.Accused)
		}
	}
	for _, s := range cores.Sound() {
		for _, where := range []string{"explore single-try --faults 1", "storm", "redelivery"} {
			if !slices.ContainsFunc(r.Cleared, func(c Cleared) bool { return c.Core == s.Name && c.Where == where }) {
				t.Errorf("the %s core does not go through %s", s.Name, where)
			}
		}
	}
	if len(r.Bugs) < 32 || told == 0 {
		t.Errorf("%d bugs, %d lines of progress", len(r.Bugs), told)
	}
}

// TestSoundCoreAccused: of case "sound core accused". A core that looks by HEAD and gives
// up when the version has changed is told of nothing, under every schedule.
func TestSoundCoreAccused(t *testing.T) {
	for _, scenario := range []string{"single-try", "two-users", "three-writers"} {
		for _, s := range cores.Sound() {
			run, _, err := Small(scenario, s)
			if err != nil {
				t.Fatal(err)
			}
			c := Config{Run: run, Strategy: Exhaustive, Faults: 2, Schedules: 3000, Workers: 2}
			if scenario == "single-try" {
				c.Schedules = 0
			}
			r := must(Explore(t.Context(), c))
			if w := r.Witness; w != nil {
				t.Errorf("%s core in %s, after %d schedules: %s %s", s.Name, scenario, r.Schedules, w.Invariant, w.Report.Violations[0].Summary)
			}
			if scenario == "single-try" && !r.Complete {
				t.Errorf("%s core in %s: not complete after %d schedules", s.Name, scenario, r.Schedules)
			}
		}
	}
}

// TestSelfTestCanFail: a sound core is not caught, a broken one not cleared.
func TestSelfTestCanFail(t *testing.T) {
	test := SelfTest{Schedules: 200, Seeds: 20, Workers: 1}
	c := must(test.catch(t.Context(), cores.Bug{Spec: must(cores.Find("production")), Invariant: "I1", Scenario: "two-users"}))
	if c.Caught {
		t.Error("the production core was caught")
	}
	if c := must(test.clear(t.Context(), soundCore{"unlocked", 10}, "two-users", 0)); c.Accused == "" {
		t.Error("the unlocked core was cleared by exploration")
	}
	if c := must(test.weather(t.Context(), "unlocked", "storm", 20)); c.Accused == "" {
		t.Error("the unlocked core was cleared by storms")
	}
}

// TestBudgetEndsBetweenSchedules: running out of time is no error, wherever it happens.
func TestBudgetEndsBetweenSchedules(t *testing.T) {
	for _, strategy := range []Strategy{Exhaustive, Random, PCT} {
		for _, budget := range []time.Duration{1, 100 * time.Microsecond, time.Millisecond, 3 * time.Millisecond} {
			c := Config{Run: runOf(t, "backend-fan-in", "production", bounded(3, 2)), Strategy: strategy, Faults: 1, Budget: budget, Workers: 2}
			r, err := Explore(t.Context(), c)
			if err != nil || r.Complete || r.Witness != nil || !strings.Contains(r.Stopped, "budget") {
				t.Errorf("%s for %v: %+v, %v", strategy, budget, r, err)
			}
		}
	}
}

// TestAnExplorationLacksNothing: what lacks something is refused with a sentence.
func TestAnExplorationLacksNothing(t *testing.T) {
	for want, without := range map[string]func(*Config){
		"needs a run":                   func(c *Config) { c.Run = nil },
		`no strategy ""`:                func(c *Config) { c.Strategy = "" },
		"needs 1 worker or more, not 0": func(c *Config) { c.Workers = 0 },
		"needs a retry policy":          func(c *Config) { c.Run.Policy = archive.Policy{} },
	} {
		c := Config{Run: runOf(t, "two-users", "production", nil), Strategy: Exhaustive, Workers: 1}
		without(&c)
		if _, err := Explore(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// judged is a judge that takes events.
type judged struct{ *check.Judge }
