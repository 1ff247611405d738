package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"holdfast/scenarios/measure"
)

// Each figure of each run is twice as bad, in every repetition: but ten of them can't show it of
// one of so many figures.
func TestTooFewRepetitionsForSoManyFigures(t *testing.T) {
	var old, new Side
	for i := range 20 {
		name := fmt.Sprintf("scenario-%d", i)
		old.Runs = append(old.Runs, made(name, 10, nil))
		new.Runs = append(new.Runs, made(name, 10, func(r *measure.Repetition, _ *rand.Rand) { r.Puts *= 2; r.LatencyMS *= 2; r.P99MS *= 2 }))
	}
	if c := Compare(old, new, Defaults()); !c.Undecided() || c.Regressed() || !strings.Contains(strings.Join(c.Warnings, " "), "too little is known") {
		t.Errorf("undecided %t, regressed %t, %q", c.Undecided(), c.Regressed(), c.Warnings)
	}
	one := compared(old.Runs[0], new.Runs[0], Defaults())
	if one.Undecided() || !one.Regressed() {
		t.Errorf("a single run: undecided %t, regressed %t", one.Undecided(), one.Regressed())
	}
	if c := Compare(old, old, Defaults()); c.Undecided() {
		t.Error("runs that go alike are undecided")
	}
}

// What NEW is not held against can't be said to hold.
func TestWhatIsNotChecked(t *testing.T) {
	old, new := made("burst", 20, nil), made("burst", 20, nil)
	old.Thresholds = []measure.ThresholdResult{{Expression: "attempts.mean<5", Passed: true}, {Expression: "attempts.max<9", Passed: true}}
	old.Steps = []measure.StepResult{{Step: "T4", Passed: true}}
	new.Thresholds = old.Thresholds[1:]
	c := compared(old, new, Defaults())
	if want := "OLD was held against what NEW was not: burst: threshold attempts.mean<5; burst: step T4"; !slices.Equal(c.Warnings, []string{want}) {
		t.Errorf("%q", c.Warnings)
	}
	if c := compared(new, old, Defaults()); len(c.Warnings) > 0 {
		t.Errorf("%q", c.Warnings)
	}
}

// A few repetitions that became many times as slow raise the mean, and ranks do not see them: so
// means are tested too.
func TestFewRepetitionsThatAreFarWorse(t *testing.T) {
	spread := func(seed uint64, far float64) Run {
		r := made("burst", 1000, func(r *measure.Repetition, _ *rand.Rand) {
			random := rand.New(rand.NewPCG(seed, uint64(r.N)))
			if r.MakespanMS = 1000 + 200*random.NormFloat64(); random.Float64() < far {
				r.MakespanMS *= 20
			}
		})
		r.Seed = seed
		return r
	}
	moved := spread(3, 0.05)
	moved.Seed = 2
	for name, c := range map[string]Comparison{
		"other seeds": compared(spread(2, 0), spread(3, 0.05), Defaults()), "the same seed": compared(spread(2, 0), moved, Defaults()),
	} {
		if r := row(t, c, "makespan_ms"); r.Verdict != Worse || !c.Regressed() {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := row(t, compared(spread(2, 0), spread(3, 0), Defaults()), "makespan_ms"); r.Verdict == Worse || r.Verdict == Better {
		t.Errorf("nothing differs: %+v", r)
	}
}

// Where values are far from normal and nothing differs, means seem to differ no more often than
// they may.
func TestMeansOfSkewedValues(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	values := func(n int) (all []float64) {
		for range n {
			v := 1000 + 100*random.NormFloat64()
			if random.Float64() < 0.02 {
				v *= 25
			}
			all = append(all, v)
		}
		return all
	}
	const pairs, level = 4000, 0.01
	unpaired, paired := 0, 0
	for range pairs {
		old, new := values(60), values(75)
		if *unpairedMeans(old, new) <= level {
			unpaired++
		}
		for i := range old {
			old[i] -= new[i]
		}
		if *pairedMeans(old) <= level {
			paired++
		}
	}
	if most := int(1.5 * level * pairs); unpaired > most || paired > most {
		t.Errorf("%d and %d of %d", unpaired, paired, pairs)
	}
	if unpairedMeans(values(29), values(29)) != nil || unpairedMeans(values(30), values(40)) != nil || pairedMeans(values(29)) != nil {
		t.Error("too few, or too uneven, are tested")
	}
}

// What a baseline rounds is no difference of a repetition that went alike.
func TestRoundedNumbers(t *testing.T) {
	old := made("burst", 29, nil)
	new := made("burst", 29, func(r *measure.Repetition, _ *rand.Rand) {
		if r.N%3 == 0 {
			r.LatencyMS *= 3
		}
	})
	for i := range old.Each {
		old.Each[i].LatencyMS += float64(i%2)/1000 - 0.0005
	}
	if r := row(t, compared(old, new, Defaults()), "latency_ms.mean"); r.Verdict != Worse {
		t.Errorf("%+v", r)
	}
}
