package reports

import (
	"math"
	"slices"
	"strings"
	"testing"

	"holdfast/reports/page"
	"holdfast/reports/schema"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// exactRuns are of one seed, and need so many attempts.
func exactRuns(t *testing.T, attempts ...float64) []KeptRun {
	runs := madeRuns(t, 1, len(attempts), len(attempts), 1)
	for i := range runs {
		runs[i].Run = runs[0].Run
		runs[i].Run.Attempts.Mean = attempts[i]
	}
	return runs
}

// TestManySmallSteps: what comes in slight steps, or is made good in part, is worse all the same;
// and what came long ago, or was made good, is not.
func TestManySmallSteps(t *testing.T) {
	creeping, longAgo := []float64{4}, []float64{4, 4.06, 4.12}
	for range 19 {
		creeping = append(creeping, creeping[len(creeping)-1]*1.01)
		longAgo = append(longAgo, 4.12)
	}
	rules := NewTrendRules()
	rules.FailOnChange = true
	for name, tt := range map[string]struct {
		attempts []float64
		want     Class
		lead     string
	}{
		"creeping":          {creeping, Regressed, "attempts.mean worse +10\u00a0% since run 11 of 20"},
		"partly made good":  {[]float64{4, 4, 4.4, 4.4, 4.3, 4.3}, Regressed, "attempts.mean worse +7.5\u00a0% since run 3 of 6"},
		"made good":         {[]float64{4, 4, 4.4, 4.4, 4.01, 4.01}, Passed, "attempts.mean better -8.9\u00a0% since run 5 of 6"},
		"made good slowly":  {[]float64{4, 4, 4.12, 4.06, 4}, Passed, "attempts.mean worse +3\u00a0% since run 3 of 5"},
		"two slight steps":  {[]float64{4, 4.03, 4.06}, Passed, "attempts.mean slight +0.74\u00a0% since run 3 of 3"},
		"steps of long ago": {longAgo, Passed, "attempts.mean slight +1.5\u00a0% since run 3 of 22"},
		"worse at once":     {[]float64{4, 4, 4.4, 4.41}, Regressed, "attempts.mean worse +10\u00a0% since run 3 of 4"},
		"from nothing":      {[]float64{0, 0, 1, 0.5}, Regressed, "attempts.mean worse, 0 → 0.5 since run 3 of 4"},
	} {
		trended := NewTrended(exactRuns(t, tt.attempts...), nil, rules)
		if trended.Class() != tt.want || !strings.Contains(trended.lead(), tt.lead) {
			t.Errorf("%s: class %v: %s", name, trended.Class(), trended.lead())
		}
		validate(t, schema.Trend, []byte(formatted(t, "json", trended)))
		if advice := trended.Page().Advice; (len(advice) > 0) != (tt.want == Regressed) {
			t.Errorf("%s: advice %+v", name, advice)
		}
	}
}

// TestLatestRunDidNotPass: then neither a word nor the colour of the page says that all is well.
func TestLatestRunDidNotPass(t *testing.T) {
	for verdict, want := range map[check.Verdict]struct {
		class Class
		word  string
	}{
		check.Violated: {Violated, "FAIL"}, check.StoreAtFault: {StoreAtFault, StoreWord}, check.Inconclusive: {Inconclusive, "INCONCLUSIVE"},
	} {
		runs := exactRuns(t, 4, 4, 4)
		runs[2].Run.Verdict = verdict
		trended := trend(runs)
		p := trended.Page()
		if trended.Class() != want.class || p.Verdict != want.word || p.Tone == page.Good || !strings.Contains(p.Lead, "run-2") ||
			!strings.HasPrefix(formatted(t, "text", trended), want.word+"  ") {
			t.Errorf("the latest is %s: class %v, %s: %s", verdict, trended.Class(), p.Verdict, p.Lead)
		}
	}
}

// TestGaps: runs without a value hide neither a change of the others nor where it is.
func TestGaps(t *testing.T) {
	runs := madeRuns(t, 3, 40, 30, 1.05)
	for _, at := range []int{5, 12, 33} {
		runs[at].Run.Counts.Acknowledged = 0
	}
	m := followed(t, trend(runs), "attempts.mean")
	if c := m.latest(); m.State != Changed || c == nil || c.Verdict != Worse || c.At != 30 || m.Values[12] != nil {
		t.Errorf("%+v", m)
	}
	exact := exactRuns(t, 4, 4, 9, 5)
	exact[2].Run.Counts.Acknowledged = 0
	m = followed(t, trend(exact), "attempts.mean")
	if len(m.Changes) != 1 || m.Changes[0].At != 3 || math.Abs(*m.Changes[0].Delta-0.25) > 1e-9 {
		t.Errorf("exactly: %+v", m.Changes)
	}
}

// TestOneOutlier is no change, wherever it is.
func TestOneOutlier(t *testing.T) {
	for _, at := range []int{0, 1, 20, 37, 38, 39} {
		runs := madeRuns(t, 3, 40, 40, 1)
		one := &runs[at].Run
		one.Attempts.Mean *= 3
		one.LatencyMS = &measure.Latency{P50: one.LatencyMS.P50 * 5, P99: one.LatencyMS.P99 * 5}
		trended := trend(runs)
		if i := slices.IndexFunc(trended.Series[0].Metrics, func(m TrendMetric) bool { return m.State != Steady }); i >= 0 {
			t.Errorf("run %d: %+v", at+1, trended.Series[0].Metrics[i].Changes)
		}
	}
}

// TestOtherRandomNumbersAreNoRegression: a program that draws others has other figures for certain,
// as with another seed, and is not worse for it; one that needs more writes is.
func TestOtherRandomNumbersAreNoRegression(t *testing.T) {
	measured, err := measuredRuns()
	if err != nil {
		t.Fatal(err)
	}
	rules := NewTrendRules()
	rules.FailOnChange = true
	kept := func(name string, m measure.Measurement) KeptRun {
		m.Seed = 1
		return KeptRun{Name: name, Run: m, repetitions: func() []measure.Repetition { return m.Each }}
	}
	regressed, differing := 0, 0
	for i := range measured[1:] {
		trended := NewTrended([]KeptRun{kept("a", measured[i]), kept("b", measured[i+1])}, nil, rules)
		if trended.Class() == Regressed {
			regressed++
		}
		if m := followed(t, trended, "makespan_ms.mean"); m.State == Changed {
			differing++
		}
		validate(t, schema.Trend, []byte(formatted(t, "json", trended)))
	}
	if regressed > 1 || differing != len(measured)-1 {
		t.Errorf("of %d pairs %d are a regression, %d differ", len(measured)-1, regressed, differing)
	}
	wasteful := measured[1]
	wasteful.Each = slices.Clone(wasteful.Each)
	for i := range wasteful.Each {
		wasteful.Each[i].Puts += wasteful.Each[i].Puts / 12
	}
	wasteful.Attempts.Mean *= 1.08
	trended := NewTrended([]KeptRun{kept("a", measured[0]), kept("b", wasteful)}, nil, rules)
	if m := followed(t, trended, "attempts.mean"); trended.Class() != Regressed || !m.worse() {
		t.Errorf("8 %% more attempts: class %v, %+v", trended.Class(), m.Changes)
	}
	alone := wasteful // without repetitions, every change counts
	alone.Seed = measured[0].Seed
	if trended := NewTrended([]KeptRun{{Name: "a", Run: measured[0]}, {Name: "b", Run: alone}}, nil, rules); trended.Class() != Regressed {
		t.Errorf("of documents alone: class %v", trended.Class())
	}
}
