package tuning

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
)

// regretSetting is something to tune, whose best policy is looked for by brute force too.
type regretSetting struct {
	name, scenario string
	clients        int
	latency        string // "bimodal": nine of ten legs take 10 ms, one 200 ms
	objective      string
}

const (
	minP99   = "exhausted.rate<1e-6, puts.per_commit<6, min latency_ms.p99"
	minPuts  = "exhausted.rate<1e-6, min puts.per_commit"
	bimodal  = "bimodal"
	patient  = "backend-fan-in, with messages that stay invisible for five minutes"
	mostLost = 0.05 // of the minimized metric, by what the search did not find
)

var regretSettings = []regretSetting{
	{"1, Standard", "backend-fan-in", 1, "s3-standard", minP99},
	{"2, Standard", "backend-fan-in", 2, "s3-standard", minP99},
	{"5, Express", "backend-fan-in", 5, "s3-express", minP99},
	{"10, legs of 400 ms", "backend-fan-in", 10, "normal(400ms,80ms)", minP99},
	{"20, heavy tail", "backend-fan-in", 20, "lognormal(10ms,200ms)", minP99},
	{"20, up to 10 % give up", "burst", 20, "normal(10ms,2ms)", "exhausted.rate<0.1, puts.per_commit<4, min latency_ms.p99"},
	{"30, Standard", "backend-fan-in", 30, "s3-standard", minP99},
	{"30, Standard, least puts", "backend-fan-in", 30, "s3-standard", minPuts},
	{"30, Standard, 1 % give up", "backend-fan-in", 30, "s3-standard", "exhausted.rate<0.01, latency_ms.p99<5000, min puts.per_commit"},
	{"30, bimodal", "backend-fan-in", 30, bimodal, minP99},
	{"30, Express, median", "backend-fan-in", 30, "s3-express", "exhausted.rate<1e-6, puts.per_commit<4, min latency_ms.p50"},
	{"16 for 5 s, Express", "sustained-contention", 16, "s3-express", minP99},
	{"100, Standard", "backend-fan-in", 100, "s3-standard", minP99},
	{"100, Express, least puts", "backend-fan-in", 100, "s3-express", "exhausted.rate<1e-6, latency_ms.p99<4000, min puts.per_commit"},
	{"300, Standard", patient, 300, "s3-standard", minP99},
	{"500, Standard", patient, 500, "s3-standard", minP99},
	{"1,000, Express", "backend-fan-in", 1000, "s3-express", minP99},
}

// config is what Tune gets.
func (r *regretSetting) config(t *testing.T) Config {
	t.Helper()
	s, err := scenarios.Open(strings.TrimSuffix(r.scenario, strings.TrimPrefix(patient, "backend-fan-in")))
	if err != nil {
		t.Fatal(err)
	}
	if r.scenario == patient {
		s.Queue.Visibility = scenarios.Duration(5 * time.Minute)
	}
	latency := r.latency
	if latency == bimodal {
		file := filepath.Join(t.TempDir(), "legs.txt")
		if err := os.WriteFile(file, []byte(strings.Repeat("10ms\n", 9)+"200ms\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		latency = "empirical(" + file + ")"
	}
	return Config{
		Run: runOf(t, s, r.clients, latency), Objective: objective(t, r.objective), Incumbents: DefaultIncumbents(),
		Workers: runtime.GOMAXPROCS(0),
	}
}

// brute is a search by brute force: it plays everything on the same seeds, and what was
// best there on others.
type brute struct {
	*search
	fineness float64 // the ratio of two neighbours of the first grid
	// operations of a policy in the first grid, in the finer ones around the best, and of
	// the very best on new seeds.
	operations [3]int
	streams    int
}

// judgement is how far a policy is beyond the limits, as it was seen.
type judgement func(*measured) float64

// best returns what a last round on new seeds measured of the best by each judgement, and of
// another policy.
func (b *brute) best(t *testing.T, also archive.Policy, by ...judgement) (all []*measured, of *measured) {
	t.Helper()
	var finer []archive.Policy
	for _, m := range b.top(t, b.everything(), b.operations[0], 6, by) {
		finer = append(finer, b.finer(m.policy)...)
	}
	finer = b.policies(b.top(t, unique(finer), b.operations[1], 8, by))
	all = b.play(t, append(finer, also), b.operations[2])
	return all, all[len(all)-1]
}

// least is the best of those that are no further beyond the limits than a policy.
func (b *brute) least(all []*measured, than *measured, beyond judgement) *measured {
	within := slices.DeleteFunc(slices.Clone(all), func(m *measured) bool { return beyond(m) > beyond(than) })
	return slices.MinFunc(within, func(x, y *measured) int {
		return cmp.Compare(x.value(b.Objective.Minimize), y.value(b.Objective.Minimize))
	})
}

func (b *brute) policies(all []*measured) (policies []archive.Policy) {
	for _, m := range all {
		policies = append(policies, m.policy)
	}
	return policies
}

// everything is a grid over all kinds, bases and caps, and where give-ups are counted over
// retries and deadlines.
func (b *brute) everything() []archive.Policy {
	bounds := archive.Policy{Retries: archive.Unlimited, Deadline: deadline(b.patience)}
	ratio := b.fineness
	if b.Objective.Target() >= countable {
		ratio *= ratio // there are four dimensions
	}
	steps := func(from, to time.Duration) (all []time.Duration) {
		for d := float64(from); d <= float64(to); d *= ratio {
			all = append(all, readable(time.Duration(d)))
		}
		return all
	}
	attempt := b.attempt
	bases := steps(max(attempt/16, b.narrowest()/32), max(8*attempt, b.window))
	caps := steps(max(attempt, b.narrowest()/2), min(max(64*attempt, 2*b.window), bounds.Deadline))
	var all []archive.Policy
	for _, k := range kinds {
		for _, base := range having(k.HasBase(), bases) {
			for _, most := range having(k.HasCap(), caps) {
				if p, ok := candidate(k, base, most, bounds); ok && b.unfit(b.inTime(p)) == "" {
					all = append(all, p)
				}
			}
		}
	}
	if b.Objective.Target() < countable {
		return all
	}
	var bounded []archive.Policy
	for _, p := range all {
		for retries := 2.; retries < 50; retries *= ratio {
			for _, d := range append(steps(2*attempt, b.window), bounds.Deadline) {
				p.Retries, p.Deadline = int(retries), d
				bounded = append(bounded, p)
			}
		}
	}
	return unique(bounded)
}

// finer is a fine grid around a policy.
func (b *brute) finer(p archive.Policy) []archive.Policy {
	all := []archive.Policy{p}
	for base := -3.; base <= 3; base++ {
		for most := -3.; most <= 3; most++ {
			step := math.Pow(b.fineness, 0.25)
			q, ok := candidate(p.Kind, readable(scaled(p.Base, math.Pow(step, base))), readable(scaled(p.Cap, math.Pow(step, most))), p)
			if q = q.Trimmed(); ok && b.unfit(b.inTime(q)) == "" {
				all = append(all, q)
			}
		}
	}
	if b.Objective.Target() < countable {
		return all
	}
	for _, q := range slices.Clone(all) {
		for _, by := range []float64{0.85, 1.18} {
			q.Deadline = readable(scaled(p.Deadline, by))
			all = append(all, q)
		}
		q.Deadline, q.Retries = p.Deadline, p.Retries+1
		all = append(all, q)
	}
	return all
}

// top plays policies on seeds of their own and returns the best by each judgement.
func (b *brute) top(t *testing.T, policies []archive.Policy, operations, n int, by []judgement) (best []*measured) {
	t.Helper()
	all := b.play(t, policies, operations)
	for _, beyond := range by {
		slices.SortStableFunc(all, func(x, y *measured) int {
			return cmp.Or(
				cmp.Compare(beyond(x), beyond(y)),
				cmp.Compare(x.value(b.Objective.Minimize), y.value(b.Objective.Minimize)),
			)
		})
		for _, m := range all[:min(n, len(all))] {
			if !slices.Contains(best, m) {
				best = append(best, m)
			}
		}
	}
	return best
}

func (b *brute) play(t *testing.T, policies []archive.Policy, operations int) []*measured {
	t.Helper()
	b.streams++
	repetitions := max(operations/b.search.operations, 1)
	batches := min(repetitions, 8)
	all, err := b.playEach(t.Context(), policies, fmt.Sprint("regret ", b.streams), batches, max(repetitions/batches, 1))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// counted judges by what was seen only: nobody may have given up.
func (b *brute) counted(m *measured) float64 {
	total := 0.0
	for _, c := range b.Objective.Constraints {
		total += excess(c, m.value(c.Metric))
	}
	return total
}

// foreseen judges as the race does: by the time that a policy would need for give-ups as rare
// as the objective wants, too.
func (b *brute) foreseen(m *measured) float64 {
	total := b.counted(m)
	if m.value(exhaustedRate) == 0 && b.Objective.Target() < countable && m.policy.Deadline > 0 {
		total += max(float64(m.deadlineFor(b.Objective.Target()))/float64(m.policy.Deadline)-1, 0)
	}
	return total
}

// TestRegret compares what the search recommends with the best of a fine grid, each on
// seeds that neither has seen. HOLDFAST_EXPERIMENT=full does so in all settings, in about
// half an hour, and HOLDFAST_SETTING=NAME in those whose name contains NAME.
func TestRegret(t *testing.T) {
	numbers(t)
	settings, fineness, effort, limit := []regretSetting{regretSettings[2], regretSettings[6]}, 2., 1, 3*mostLost
	operations := [3]int{150, 200, 3000}
	full := os.Getenv("HOLDFAST_EXPERIMENT") == "full"
	if full {
		settings, fineness, effort, limit = regretSettings, math.Sqrt2, 8, mostLost
		operations = [3]int{200, 500, 8000}
	}
	for _, setting := range settings {
		if !strings.Contains(setting.name, os.Getenv("HOLDFAST_SETTING")) {
			continue
		}
		t.Run(setting.name, func(t *testing.T) {
			c := setting.config(t)
			c.Evaluations = effort * leastOf(t, c)
			began := time.Now()
			r := tuned(t, c)
			took := time.Since(began)
			recommended := archive.DefaultPolicy() // is as good as any where nothing can be told apart
			if r.Recommendation != nil && r.Recommendation.Validated != nil {
				recommended = r.Recommendation.Validated.Policy
			} else if !slices.ContainsFunc(r.Advice, func(a Advice) bool { return a.Rule == "no-contention" }) {
				t.Fatalf("nothing is recommended: %v", r.Reasons)
			}
			c.Run.Seed += 1000
			s := &search{Config: c, player: c.player()}
			var err error
			if s.scale, err = s.measureScale(t.Context(), c.Objective); err != nil {
				t.Fatal(err)
			}
			s.result, s.played = &Result{}, 0
			b := &brute{search: s, fineness: fineness, operations: operations}
			all, of := b.best(t, recommended, b.foreseen, b.counted)
			metric := c.Objective.Minimize
			least := func(beyond judgement) (*measured, float64) {
				best := b.least(all, of, beyond)
				return best, of.value(metric)/best.value(metric) - 1
			}
			best, regret := least(b.foreseen)
			cheapest, most := least(b.counted)
			t.Logf("| %s | %s | %v: %.4g | %v: %.4g | %.1f %% | %v: %.1f %% | passed %v, beyond by %.2g | %d in %.0f s, %d |", setting.name, metric,
				shapeOf(of.policy), of.value(metric), shapeOf(best.policy), best.value(metric), 100*regret, shapeOf(cheapest.policy), 100*most,
				r.Passed, b.foreseen(of), r.Plan.Played, took.Seconds(), s.played)
			if r.Recommendation != nil && !r.Passed && b.foreseen(of) == 0 {
				t.Errorf("%v keeps the limits, and the search says that it misses them: %v", of.policy, r.Missed)
			}
			if regret > limit {
				t.Errorf("the best is %v, recommended is %v", best.policy, of.policy)
			}
		})
	}
}

// shapeOf is short for a table.
func shapeOf(p archive.Policy) string {
	text, _, _ := strings.Cut(p.String(), ",retries")
	return text + ")"
}
