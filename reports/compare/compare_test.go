package compare

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// made is a virtual run of some repetitions, each as usual and then as change makes it.
func made(scenario string, repetitions int, change func(r *measure.Repetition, random *rand.Rand)) Run {
	m := measure.Measurement{
		Scenario: scenario, Core: "production", World: "virtual", Store: "model", Via: "core", Policy: "full(base=50ms)", Seed: 1, Clients: 4,
		Repetitions: repetitions, Verdict: check.OK, Violated: map[string]int{}, Replay: "simulate run " + scenario + " --seed 1",
	}
	for n := 1; n <= repetitions; n++ {
		random := rand.New(rand.NewPCG(1, uint64(n)))
		retries := random.IntN(5)
		r := measure.Repetition{
			N: n, Operations: 20, Acknowledged: 20, Puts: 20 + retries, Gets: 20 + retries, Conflicts: retries,
			MakespanMS: 1000 + 40*float64(retries), LatencyMS: 50 + 2*float64(retries), P99MS: 90 + 5*float64(retries),
		}
		if change != nil {
			change(&r, random)
		}
		h := fnv.New64a()
		fmt.Fprintf(h, "%+v", r)
		r.Digest = history.Sum(h.Sum64())
		m.Each = append(m.Each, r)
		m.Counts.Acknowledged += r.Acknowledged
		m.Counts.Puts += r.Puts
		for _, invariant := range r.Violated {
			m.Violated[invariant]++
			m.Verdict = check.Violated
		}
	}
	return Run{Measurement: m, Settings: map[string]string{"core": "production", "latency": "s3-standard"}}
}

func compared(old, new Run, s Settings) Comparison {
	return Compare(Side{Runs: []Run{old}}, Side{Runs: []Run{new}}, s)
}

// row is that of a metric.
func row(t *testing.T, c Comparison, metric string) Row {
	t.Helper()
	for _, r := range c.Rows {
		if r.Metric == metric {
			return r
		}
	}
	t.Fatalf("there is no row of %s: %+v", metric, c.Rows)
	return Row{}
}

func TestTheSameIsTheSame(t *testing.T) {
	for _, repetitions := range []int{1, 2, 100} {
		c := compared(made("burst", repetitions, nil), made("burst", repetitions, nil), Defaults())
		if c.Regressed() || c.Improved() || c.Undecided() || len(c.Warnings) > 0 || len(c.Rows) != len(metrics) {
			t.Errorf("%d repetitions: %+v", repetitions, c)
		}
		if p := c.Runs[0]; p.Compared != repetitions || p.Differing != 0 || p.First != 0 || p.Verdict != Same || p.Method != Paired {
			t.Errorf("%d repetitions: %+v", repetitions, p)
		}
		for _, r := range c.Rows {
			if r.Verdict != Same || *r.Delta != 0 || r.P != nil {
				t.Errorf("%d repetitions: %+v", repetitions, r)
			}
		}
	}
}

// TestOneViolationInTenThousand is found, whatever the statistics say.
func TestOneViolationInTenThousand(t *testing.T) {
	broken := made("burst", 10_000, func(r *measure.Repetition, _ *rand.Rand) {
		if r.N == 7312 {
			r.Violated = []string{"I1"}
		}
	})
	for _, repetitions := range []int{10_000, 10} {
		c := compared(made("burst", repetitions, nil), broken, Defaults())
		r := row(t, c, "I1 nothing lost")
		if r.Verdict != Worse || !c.Regressed() || *r.New != 1 || !strings.Contains(r.Note, "1 of 10000 repetitions, the first is 7312") || c.Rows[0].Kind != Invariant {
			t.Errorf("against %d: %+v", repetitions, r)
		}
	}
	if c := compared(broken, broken, Defaults()); c.Regressed() || row(t, c, "I1 nothing lost").Verdict != Same {
		t.Error("what both violate is called a difference")
	}
	if r := row(t, compared(broken, made("burst", 10_000, nil), Defaults()), "I1 nothing lost"); r.Verdict != Better {
		t.Errorf("a violation that is mended, seed by seed, is %s", r.Verdict)
	}
	if r := row(t, compared(broken, made("burst", 100, nil), Defaults()), "I1 nothing lost"); r.Verdict != Unclear {
		t.Errorf("that a rare violation was not met in a few repetitions is %s", r.Verdict)
	}
}

// TestWhatIsNotWorseIsTold: repetitions that went otherwise and are no worse fail nothing.
func TestWhatIsNotWorseIsTold(t *testing.T) {
	old := made("burst", 1000, nil)
	old.Repetitions, old.Replay = 1000, "simulate run burst --runs 1000 --seed 1"
	moved := made("burst", 1000, func(r *measure.Repetition, random *rand.Rand) {
		if r.N >= 212 && r.N <= 225 {
			r.MakespanMS += 20 - 40*float64(r.N%2)
		}
	})
	moved.Replay = old.Replay + " --core mine"
	c := compared(old, moved, Defaults())
	p := c.Runs[0]
	if c.Regressed() || c.Improved() || c.Undecided() || p.Differing != 14 || p.First != 212 || p.Compared != 1000 {
		t.Errorf("%+v", p)
	}
	if p.ReplayOld != old.Replay+" --repetition 212" || p.ReplayNew != moved.Replay+" --repetition 212" {
		t.Errorf("it is replayed by %s and %s", p.ReplayOld, p.ReplayNew)
	}
	if r := row(t, c, "makespan_ms"); r.Verdict != Same || *r.DeltaHigh > 0.02 {
		t.Errorf("%+v", r)
	}
}

// TestPairs: what a change is called, of 100 repetitions.
func TestPairs(t *testing.T) {
	for name, c := range map[string]struct {
		metric string
		change func(r *measure.Repetition, random *rand.Rand)
		want   Verdict
	}{
		"an attempt more in each repetition": {"puts.per_update", func(r *measure.Repetition, _ *rand.Rand) { r.Puts++ }, Worse},
		"an attempt less":                    {"puts.per_update", func(r *measure.Repetition, _ *rand.Rand) { r.Puts-- }, Better},
		"fewer acknowledged":                 {"acknowledged.per_repetition", func(r *measure.Repetition, _ *rand.Rand) { r.Acknowledged-- }, Worse},
		"given up, where nobody did":         {"given_up.per_repetition", func(r *measure.Repetition, _ *rand.Rand) { r.GaveUp = r.N / 51 }, Worse},
		"given up once":                      {"given_up.per_repetition", func(r *measure.Repetition, _ *rand.Rand) { r.GaveUp = r.N / 100 }, Unclear},
		"a difference that is too small":     {"latency_ms.mean", func(r *measure.Repetition, _ *rand.Rand) { r.LatencyMS *= 1.01 }, Same},
		"noise":                              {"latency_ms.p99", func(r *measure.Repetition, random *rand.Rand) { r.P99MS *= 0.5 + random.Float64() }, Unclear},
	} {
		got := compared(made("burst", 100, nil), made("burst", 100, c.change), Defaults())
		r := row(t, got, c.metric)
		if r.Verdict != c.want || got.Regressed() != (c.want == Worse) || got.Undecided() {
			t.Errorf("%s is %s: delta %v, p %v", name, r.Verdict, r.Delta, r.P)
		}
	}
}

// TestOneDraw: of a single repetition that went otherwise the size of the difference is not
// known, and so is neither what is worse.
func TestOneDraw(t *testing.T) {
	more := func(r *measure.Repetition, _ *rand.Rand) { r.Puts += 10 }
	c := compared(made("burst", 1, nil), made("burst", 1, more), Defaults())
	if c.Regressed() || !c.Undecided() || row(t, c, "puts.per_update").Verdict != Unclear || row(t, c, "counts.puts").Verdict != Unclear {
		t.Errorf("%+v", c)
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "--runs 11 or more") {
		t.Error(c.Warnings)
	}
	if c := compared(made("burst", 11, nil), made("burst", 11, more), Defaults()); !c.Regressed() || c.Undecided() {
		t.Errorf("as many repetitions as are asked for do not show it: %+v", c)
	}
}

// TestTotals: results without their repetitions.
func TestTotals(t *testing.T) {
	without := func(r Run) Run { r.Each = nil; return r }
	old, other := made("burst", 50, nil), made("burst", 50, func(r *measure.Repetition, _ *rand.Rand) { r.Puts++ })
	if c := compared(without(old), without(old), Defaults()); c.Undecided() || c.Regressed() {
		t.Errorf("equal totals: %+v", c)
	}
	if c := compared(without(old), without(other), Defaults()); !c.Undecided() || c.Regressed() || row(t, c, "counts.puts").Verdict != Unclear {
		t.Errorf("other totals: %+v", c)
	}
	other.Seed = 2
	if c := compared(without(old), without(other), Defaults()); !c.Undecided() || len(c.Rows) != 0 {
		t.Errorf("another seed: %+v", c)
	}
}

// TestSamples: runs of different seeds, and of the real world.
func TestSamples(t *testing.T) {
	slower := func(r *measure.Repetition, _ *rand.Rand) { r.LatencyMS *= 1.1 }
	seeded := func(r Run, seed uint64) Run { r.Seed = seed; return r }
	c := compared(made("burst", 40, nil), seeded(made("burst", 40, slower), 2), Defaults())
	if r := row(t, c, "latency_ms.mean"); r.Verdict != Worse || r.Kind != Distribution || !c.Regressed() || c.Runs[0].Method != Unpaired || c.Runs[0].Differing != 0 {
		t.Errorf("%+v", r)
	}
	if r := row(t, c, "gets.per_update"); r.Verdict == Worse || r.Verdict == Better {
		t.Errorf("what does not differ is %s", r.Verdict)
	}
	few := compared(made("burst", 3, nil), seeded(made("burst", 3, slower), 2), Defaults())
	if !few.Undecided() || few.Regressed() || !strings.Contains(row(t, few, "latency_ms.mean").Note, "3 and 3 repetitions are too few") {
		t.Errorf("of three: %+v", few)
	}
	inReality := func(r Run) Run { r.World, r.Store = "real", "fake"; return r }
	old, new := inReality(made("burst", 40, nil)), inReality(made("burst", 40, slower))
	c = compared(old, new, Defaults())
	if r := row(t, c, "latency_ms.mean"); r.Verdict != Worse || !r.Advisory || r.Kind != WallClock || c.Regressed() || c.Undecided() {
		t.Errorf("the wall clock decides: %+v", r)
	}
	s := Defaults()
	s.WallClock = true
	if c := compared(old, new, s); !c.Regressed() {
		t.Error("the wall clock does not decide though it is asked to")
	}
	if c := compared(made("burst", 40, nil), new, s); !c.Undecided() || c.Regressed() || len(c.Rows) != 0 || !strings.Contains(strings.Join(c.Warnings, ""), "different worlds") {
		t.Errorf("two worlds are compared: %+v", c)
	}
}

func TestMatching(t *testing.T) {
	with := func(policy, via string) Run {
		r := made("burst", 10, nil)
		r.Policy, r.Via = policy, via
		return r
	}
	old := []Run{with("a", "core"), with("b", "core"), with("c", "core"), with("a", "api")}
	new := []Run{with("c", "core"), with("d", "core"), with("a", "core"), made("storm", 10, nil)}
	c := Compare(Side{Runs: old}, Side{Runs: new}, Defaults())
	var pairs []string
	for _, p := range c.Runs {
		pairs = append(pairs, p.Old.Policy+p.New.Policy)
	}
	if diff := gocmp.Diff([]string{"cc", "bd", "aa"}, pairs); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(c.Missing, []string{"burst, via API"}) || !slices.Equal(c.Added, []string{"storm"}) || !c.Undecided() {
		t.Errorf("missing %q, added %q", c.Missing, c.Added)
	}
	if c := Compare(Side{Runs: old}, Side{Runs: new, Partial: true}, Defaults()); len(c.Missing) != 0 || c.Undecided() {
		t.Errorf("what was not asked for is missing: %q", c.Missing)
	}
	if c := Compare(Side{Runs: old}, Side{Runs: new[3:]}, Defaults()); !c.Undecided() {
		t.Error("nothing in common is compared")
	}
}

// TestWarnings: settings that differ are named, and sizes; what is compared is none.
func TestWarnings(t *testing.T) {
	old, new := made("burst", 10, nil), made("burst", 20, nil)
	new.Settings = map[string]string{"core": "mine", "latency": "s3-express", "actors.writer.count": "5"}
	c := compared(old, new, Defaults())
	want := []string{
		"settings differ, and what they change is not the program's doing: burst: actors.writer.count none → 5, latency s3-standard → s3-express",
		"numbers of repetitions differ: burst: 10 and 20",
	}
	if diff := gocmp.Diff(want, c.Warnings); diff != "" {
		t.Error(diff)
	}
	if c.Runs[0].Compared != 10 || c.Undecided() {
		t.Errorf("%+v", c.Runs[0])
	}
}

// TestDigestsAlone: a program that takes them otherwise is not said to behave otherwise.
func TestDigestsAlone(t *testing.T) {
	again := made("burst", 20, nil)
	for i := range again.Each {
		again.Each[i].Digest++
	}
	said := func(c Comparison) bool {
		return strings.Contains(strings.Join(c.Warnings, "\n"), "take digests otherwise")
	}
	if c := compared(made("burst", 20, nil), again, Defaults()); !said(c) || c.Regressed() || c.Undecided() {
		t.Errorf("%+v", c.Warnings)
	}
	again.Each[7].Digest--
	if c := compared(made("burst", 20, nil), again, Defaults()); said(c) {
		t.Error("it is said though a repetition went alike")
	}
	more := made("burst", 20, func(r *measure.Repetition, _ *rand.Rand) { r.Puts++ })
	if c := compared(made("burst", 20, nil), more, Defaults()); said(c) {
		t.Error("it is said though a total differs")
	}
}

// TestRepetitionsAreAlignedByNumber: a history may leave some out, and the last may be cut.
func TestRepetitionsAreAlignedByNumber(t *testing.T) {
	old, new := made("burst", 30, nil), made("burst", 30, nil)
	new.Each = slices.Delete(new.Each, 4, 9)
	new.Each[len(new.Each)-1].Cut, new.Each[len(new.Each)-1].Digest = true, 0
	if p := compared(old, new, Defaults()).Runs[0]; p.Compared != 24 || p.Differing != 0 {
		t.Errorf("%+v", p)
	}
}

// TestExpectations: thresholds and steps that come out otherwise, and the store's faults.
func TestExpectations(t *testing.T) {
	old, new := made("burst", 10, nil), made("burst", 10, nil)
	old.Thresholds = []measure.ThresholdResult{{Expression: "attempts.p99<6", Value: 5, Passed: true}}
	new.Thresholds = []measure.ThresholdResult{{Expression: "attempts.p99<6", Value: 7}}
	old.Steps = []measure.StepResult{{Step: "T4 bob save", Want: "conflict", Got: "committed"}}
	new.Steps = []measure.StepResult{{Step: "T4 bob save", Want: "conflict", Got: "conflict", Passed: true}}
	new.StoreFindings = []check.StoreFinding{{Kind: "lost_version", Count: 2}}
	c := compared(old, new, Defaults())
	for metric, want := range map[string]Verdict{"threshold attempts.p99<6": Worse, "step T4 bob save": Better, "lost_version": Worse} {
		if r := row(t, c, metric); r.Verdict != want {
			t.Errorf("%s is %s", metric, r.Verdict)
		}
	}
}

// TestHolmIsOverAllRuns: what is significant alone is not, among many.
func TestHolmIsOverAllRuns(t *testing.T) {
	alone := func(r *measure.Repetition, random *rand.Rand) { r.MakespanMS *= 0.95 + 0.13*random.Float64() }
	noise := func(r *measure.Repetition, random *rand.Rand) { r.P99MS *= 0.5 + random.Float64() }
	var olds, news []Run
	for i := range 60 {
		name := fmt.Sprintf("s%d", i)
		olds, news = append(olds, made(name, 30, nil)), append(news, made(name, 30, noise))
	}
	olds[0], news[0] = made("s0", 30, nil), made("s0", 30, alone)
	one := row(t, Compare(Side{Runs: olds[:1]}, Side{Runs: news[:1]}, Settings{Alpha: 0.05, MinEffect: 0.001}), "makespan_ms")
	all := row(t, Compare(Side{Runs: olds}, Side{Runs: news}, Settings{Alpha: 0.05, MinEffect: 0.001}), "makespan_ms")
	if *one.PUnadjusted != *all.PUnadjusted || !(*one.P < 0.05 && 0.05 < *all.P) {
		t.Errorf("alone p is %v, among 60 runs %v", *one.P, *all.P)
	}
}

func TestAComparisonIsTheSameBytes(t *testing.T) {
	noise := func(r *measure.Repetition, random *rand.Rand) { r.P99MS *= 0.5 + random.Float64() }
	text := func() string {
		b, err := json.Marshal(compared(made("burst", 30, nil), made("burst", 30, noise), Defaults()))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if diff := gocmp.Diff(text(), text()); diff != "" {
		t.Error(diff)
	}
}

func TestSettings(t *testing.T) {
	for _, s := range []Settings{{Alpha: 0}, {Alpha: 0.7}, {Alpha: 0.01, MinEffect: -1}, {Alpha: 0.01, MinEffect: 1}} {
		if s.Validate() == nil {
			t.Errorf("%+v is fine", s)
		}
	}
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
}
