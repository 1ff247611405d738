package tuning

import (
	"context"
	"errors"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/stores"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// six is a small fan-in, which a search of a second or two can tune.
func six(t testing.TB) Config {
	return Config{
		Run: run(t, "backend-fan-in", 6, standard), Objective: objective(t, DefaultObjective),
		Incumbents: DefaultIncumbents(), Workers: runtime.GOMAXPROCS(0),
	}
}

var tunedOnce sync.Once
var tunedSix *Result

// sixTuned is the smallest plan of [six], which several tests look at.
func sixTuned(t *testing.T) *Result {
	t.Helper()
	tunedOnce.Do(func() { tunedSix = tuned(t, six(t)) })
	if tunedSix == nil {
		t.Fatal("the search has failed in another test")
	}
	return tunedSix
}

func TestTheRecommendationMeetsItsObjectiveWhereTheDocumentedFails(t *testing.T) {
	r := sixTuned(t)
	if !r.Passed || r.Recommendation == nil || r.Recommendation.Validated == nil {
		t.Fatalf("%+v", r)
	}
	v, p := r.Recommendation.Validated, r.Recommendation.Promised
	if !v.Meets || v.Exhaustion.Observed > 0 || v.PutsPerCommit.High >= 6 {
		t.Errorf("validated: %+v", v)
	}
	if v.Policy != p.Policy || math.Abs(v.P99.Value-p.P99.Value) > 0.1*p.P99.Value {
		t.Errorf("promised %v %+v, validated %v %+v", p.Policy, p.P99, v.Policy, v.P99)
	}
	if r.Incumbents[0].Name != "documented" || r.Incumbents[0].Meets {
		t.Errorf("documented: %+v", r.Incumbents[0])
	}
	if r.Recommendation.RunnerUp == nil || r.Recommendation.RunnerUp.Why == "" {
		t.Errorf("runner-up: %+v", r.Recommendation.RunnerUp)
	}
	if len(r.Front) == 0 || r.Plan.ToldApart == 0 {
		t.Errorf("front %v, plan %+v", r.Front, r.Plan)
	}
	if !slices.ContainsFunc(r.Advice, func(a Advice) bool { return a.Rule == "thin-evidence" }) {
		t.Error("a million operations were not played, and nothing says so")
	}
	if r.Recommendation.NeedOperations < 2_990_000 {
		t.Errorf("needs %d operations", r.Recommendation.NeedOperations)
	}
	if again, err := archive.ParsePolicy(strings.TrimPrefix(r.Recommendation.YAML, "policy: ")); err != nil || again != p.Policy {
		t.Errorf("%s reads as %v, %v", r.Recommendation.YAML, again, err)
	}
}

// TestTheValidationSeesNewSeeds: streams have no seed in common.
func TestTheValidationSeesNewSeeds(t *testing.T) {
	seen := map[uint64]string{}
	for _, stream := range []string{streamScale, streamSearch, streamFinal, streamPromise, streamValidate, streamAdvice, streamCapacity, streamConfirm, streamStability, streamRobust} {
		for batch := range 5000 {
			seed := seedOf(1, stream, batch)
			if other, known := seen[seed]; known {
				t.Fatalf("%s and %s share seed %d", stream, other, seed)
			}
			if uint64(float64(seed)) != seed {
				t.Fatalf("seed %d is not exact in JSON", seed)
			}
			seen[seed] = stream
		}
	}
}

// TestNobodyCanMeetIt: an objective that no policy meets is answered with what would
// help, and with nothing else being called good.
func TestNobodyCanMeetIt(t *testing.T) {
	numbers(t)
	c := six(t)
	c.Objective = objective(t, "exhausted.rate<1e-6, latency_ms.p99<120, min puts.per_commit")
	r := tuned(t, c)
	if r.Passed || r.Recommendation.Validated.Meets {
		t.Fatalf("%+v", r.Recommendation)
	}
	i := slices.IndexFunc(r.Advice, func(a Advice) bool { return a.Rule == "hot-object" })
	if i < 0 {
		t.Fatalf("%+v", r.Advice)
	}
	for _, want := range []string{"6 writers", "objects", "batches", "queue", "p99"} {
		if !strings.Contains(r.Advice[i].Text, want) {
			t.Errorf("it does not speak of %s: %s", want, r.Advice[i].Text)
		}
	}
	met := sixTuned(t)
	if slices.ContainsFunc(met.Advice, func(a Advice) bool { return a.Rule == "hot-object" }) {
		t.Error("an object is called hot where the objective is met")
	}
}

func TestGiveUpsThatAreAllowedAreUsed(t *testing.T) {
	numbers(t)
	c := six(t)
	c.Objective = objective(t, "exhausted.rate<0.2, min puts.per_commit")
	r := tuned(t, c)
	g := r.Recommendation.Validated.Exhaustion
	if !r.Passed || g.Method != Counted || g.High >= 0.2 {
		t.Errorf("%v: %+v", r.Recommendation.Promised.Policy, g)
	}
	if slices.ContainsFunc(r.Advice, func(a Advice) bool { return a.Rule == "thin-evidence" }) {
		t.Errorf("%d of %d gave up, and the evidence is called thin", g.Observed, g.Operations)
	}
}

func TestWithoutContentionNothingIsJudged(t *testing.T) {
	numbers(t)
	c := Config{
		Run: written(t, twoApart, standard), Objective: objective(t, DefaultObjective), Incumbents: DefaultIncumbents(), Workers: 2,
	}
	r := tuned(t, c)
	if r.Verdict != check.Inconclusive || r.Recommendation != nil || len(r.Advice) != 1 || r.Advice[0].Rule != "no-contention" {
		t.Errorf("%+v", r.Advice)
	}
	if met := sixTuned(t); slices.ContainsFunc(met.Advice, func(a Advice) bool { return a.Rule == "no-contention" }) {
		t.Error("six writers at once are called no contention")
	}
}

func TestAViolationWithholdsAdvice(t *testing.T) {
	c := six(t)
	core, err := cores.Find("unlocked")
	if err != nil {
		t.Fatal(err)
	}
	c.Run.Core, c.Evaluations, c.Flags = core, 100_000, "backend-fan-in --clients 6"
	r, err := Tune(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != check.Violated || r.Passed || r.Recommendation != nil || len(r.Violations) == 0 {
		t.Errorf("%+v", r)
	}
	if len(r.Advice) != 1 || r.Advice[0].Rule != "withheld" || !strings.Contains(r.Advice[0].Evidence, "simulate run backend-fan-in --clients 6 --world virtual") {
		t.Errorf("%+v", r.Advice)
	}
	if sound := sixTuned(t); slices.ContainsFunc(sound.Advice, func(a Advice) bool { return a.Rule == "withheld" }) {
		t.Error("advice is withheld from a sound core")
	}
}

// TestAStoreThatBreaksItsWordWithholdsAdvice: no policy repairs it.
func TestAStoreThatBreaksItsWordWithholdsAdvice(t *testing.T) {
	c := six(t)
	c.Evaluations = 100_000
	for _, p := range stores.All() {
		if p.Name == "stale-read" {
			c.Run.Between = p.Around
		}
	}
	r, err := Tune(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != check.StoreAtFault || r.Passed || r.Recommendation != nil || len(r.Violations) > 0 || len(r.StoreFindings) == 0 {
		t.Errorf("%+v", r)
	}
	if len(r.Advice) != 1 || !strings.Contains(r.Advice[0].Text, "the store breaks its word here") {
		t.Errorf("%+v", r.Advice)
	}
}

func TestAnInterruptedSearchTellsWhatItHas(t *testing.T) {
	numbers(t)
	for _, stage := range []string{"race", "finals", "validation"} {
		c := six(t)
		c.Evaluations = leastOf(t, c)
		ctx, stop := context.WithCancel(t.Context())
		seen := 0
		c.Progress = func(p Progress) {
			const enough = 200 // of the race, to have a leader
			if seen++; p.Stage == stage && seen > enough {
				stop()
			}
		}
		r, err := Tune(ctx, c)
		if err != nil || !r.Interrupted || r.Recommendation == nil || r.Passed || r.Verdict != check.Inconclusive || r.Plan.Candidates == 0 {
			t.Fatalf("%s: %v, %+v", stage, err, r)
		}
		if r.Recommendation.Validated != nil {
			t.Errorf("%s: a validation that was interrupted counts", stage)
		}
	}
}

// TestTheWinnerMustKeepItsPromise: one whose numbers were luck is passed over.
func TestTheWinnerMustKeepItsPromise(t *testing.T) {
	numbers(t)
	c := six(t)
	s := &search{Config: c, player: c.player(), result: &Result{}}
	s.Evaluations = leastOf(t, c)
	var err error
	if s.scale, err = s.measureScale(t.Context(), c.Objective); err != nil {
		t.Fatal(err)
	}
	patient := archive.DefaultPolicy()
	patient.Retries = 100
	sound := playedBy(t, c.Run, patient, 12, 60)
	few := policy(t, "full(base=50ms,cap=400ms,retries=5)")
	lucky := playedBy(t, run(t, "backend-fan-in", 1, standard), few, 12, 360) // as if nobody had met
	if err = s.decide(s.Evaluations); err != nil {
		t.Fatal(err)
	}
	if s.misses(lucky) > 0 || s.misses(sound) > 0 {
		t.Fatal("both must look good")
	}
	s.finals, s.winner = []*measured{lucky, sound}, lucky
	if err := s.promise(t.Context()); err != nil {
		t.Fatal(err)
	}
	best := s.result.Recommendation
	if s.winner != sound || best.Promised.Policy.Kind != archive.Full || !best.Promised.Meets {
		t.Errorf("%+v", best)
	}
	if up := best.RunnerUp; up == nil || up.Policy != few || !strings.Contains(up.Why, "other seeds") {
		t.Errorf("runner-up: %+v", best.RunnerUp)
	}
}

// hurried are back ends whose messages come again before all can commit.
const hurried = `
name: hurried
shows: Ten back ends with a queue that delivers again after 600 ms.
why: For tests.
via: api
queue: {visibility: 600ms}
actors:
  - {name: backend, kind: backend, count: 6, load: {operations: 1}}
`

// TestNoDeadlineOutlastsThePatience: where none that is shorter meets the objective, it is
// missed, and what is in use without a deadline is recommended with one or not at all.
func TestNoDeadlineOutlastsThePatience(t *testing.T) {
	numbers(t)
	c := six(t)
	c.Run = written(t, hurried, standard)
	endless := policy(t, "full(base=89ms,cap=360ms,retries=200)")
	c.Incumbents = []Incumbent{{"endless", endless}}
	r := tuned(t, c)
	best := r.Recommendation
	if r.Passed || len(r.Missed) == 0 || best.Promised.Policy.Deadline > patienceOfHurried || best.Promised.Policy.Deadline == 0 {
		t.Errorf("%v; missed: %v", best.Promised.Policy, r.Missed)
	}
	if i := r.Incumbents[0]; i.Unfit != mayOutlast || !i.Meets {
		t.Errorf("%+v", i)
	}
	if slices.ContainsFunc(r.Advice, func(a Advice) bool { return a.Rule == "deadline-too-long" && a.Subject == Recommended }) {
		t.Errorf("%+v", r.Advice)
	}
}

const patienceOfHurried = 600 * time.Millisecond

// TestWhatIsInUseCompetes, and is Recommended if nothing beats it.
func TestWhatIsInUseCompetes(t *testing.T) {
	numbers(t)
	c := six(t)
	best := sixTuned(t).Recommendation.Promised.Policy
	c.Incumbents = []Incumbent{{"incumbent", best}}
	r := tuned(t, c)
	again := r.Recommendation.Promised
	if !r.Passed || again.P99.Value > 1.1*sixTuned(t).Recommendation.Promised.P99.Value {
		t.Errorf("%v is Recommended, %v in use", again.Policy, best)
	}
	if again.Policy == best && !strings.Contains(r.Recommendation.Retries, "incumbent") {
		t.Errorf("the number of retries is explained as %s", r.Recommendation.Retries)
	}
}

// TestCreatorsThatMustLoseAreNoHotObject: one of ten creators wins, whatever the policy.
func TestCreatorsThatMustLoseAreNoHotObject(t *testing.T) {
	numbers(t)
	c := six(t)
	c.Run = run(t, "create-race", 0, standard)
	r := tuned(t, c)
	if r.Passed || slices.ContainsFunc(r.Advice, func(a Advice) bool { return a.Rule == "hot-object" }) {
		t.Errorf("passed %v, %+v", r.Passed, r.Advice)
	}
}

// TestASearchLacksNothing: what lacks something is refused with a sentence.
func TestASearchLacksNothing(t *testing.T) {
	for want, without := range map[string]func(*Config){
		"needs a run": func(c *Config) { c.Run.Scenario = nil }, "needs an objective": func(c *Config) { c.Objective = Objective{} },
		"needs a policy in use": func(c *Config) { c.Incumbents = nil }, "not -1": func(c *Config) { c.Evaluations = -1 },
		"needs a budget":   func(c *Config) { c.Evaluations, c.Budget = 0, 0 },
		"a clock":          func(c *Config) { c.Evaluations, c.Budget = 0, time.Second },
		"needs a document": func(c *Config) { c.Run.Document = nil; c.Evaluations = 1000 },
	} {
		c := six(t)
		without(&c)
		if _, err := Tune(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestAPlanThatIsTooSmallIsRefused(t *testing.T) {
	c := six(t)
	c.Evaluations = 10
	_, err := Tune(t.Context(), c)
	var few *TooFewError
	if !errors.As(err, &few) || few.Asked != 10 || few.Least != leastOf(t, six(t)) {
		t.Errorf("%v", err)
	}
}

func TestEveryKindOfPolicyIsSearched(t *testing.T) {
	c := six(t)
	all := crowd{attempt: c.Run.Latency().Attempt(), window: time.Second}.grid(archive.Policy{Retries: 10})
	for _, kind := range []archive.Kind{archive.None, archive.Constant, archive.Exponential, archive.Equal, archive.Full, archive.Decorrelated, archive.Adaptive} {
		if !slices.ContainsFunc(all, func(p archive.Policy) bool { return p.Kind == kind }) {
			t.Errorf("%s is not searched", kind)
		}
	}
	for _, p := range all {
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
		for _, near := range neighbours(p, 1.2) {
			if near.Validate() != nil || near.Kind != p.Kind || near.Retries != p.Retries {
				t.Errorf("%v is no neighbour of %v", near, p)
			}
		}
	}
}

// TestAViolationBeforeAnInterrupt is told, also of a batch that the interrupt cut short.
func TestAViolationBeforeAnInterrupt(t *testing.T) {
	c := six(t)
	spec, err := cores.Find("unlocked")
	if err != nil {
		t.Fatal(err)
	}
	c.Run.Core = spec
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var clients atomic.Int64
	c.Run.Observe = func(string, scenarios.Kind) archive.Observer {
		const enough = 10_000 // have lost something
		if clients.Add(1) == enough {
			cancel()
		}
		return archive.Observer{}
	}
	p := c.player()
	m := p.measure(spec.Policy)
	const more = 10_000_000 // than anybody plays until then
	var violated *violatedError
	if err := p.batches(ctx, m, streamSearch, 1, more); !errors.As(err, &violated) || !violated.run.Interrupted {
		t.Errorf("%v", err)
	}
}
