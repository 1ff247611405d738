package compare

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// violations are the rows of invariants that either side violates. One that NEW violates and
// OLD does not is worse: it takes no statistics to say so. One of both is no difference.
func (c *Comparison) violations(old, new *Run) (rows []Row) {
	names := maps.Clone(old.Violated)
	if names == nil {
		names = map[string]int{}
	}
	maps.Copy(names, new.Violated)
	for _, name := range slices.SortedFunc(maps.Keys(names), byNumber) {
		if old.Violated[name] == 0 && new.Violated[name] == 0 {
			continue
		}
		a, b := float64(old.Violated[name]), float64(new.Violated[name])
		r := Row{
			Kind: Invariant, Metric: name + " " + check.Invariant(name).Title(), Old: &a, New: &b,
			OldSamples: old.Repetitions, NewSamples: new.Repetitions, Verdict: Same, Note: inRepetitions(new, name),
		}
		switch {
		case a == 0:
			r.Verdict = Worse
		case b == 0:
			r.Verdict = c.gone(old, new, name)
		}
		rows = append(rows, r)
	}
	return rows
}

// gone is the verdict on a violation that NEW does not have: Better only if it would have met
// it, were it as frequent as in OLD. Violations in one repetition count once.
func (c *Comparison) gone(old, new *Run, name string) Verdict {
	n, _ := violating(old, name)
	share := float64(n) / float64(max(old.Repetitions, 1))
	if math.Pow(1-share, float64(new.Repetitions)) <= c.Alpha {
		return Better
	}
	p := newPair(old, new)
	if p.Method == Paired && len(new.Each) >= len(old.Each) {
		return Better
	}
	return Unclear
}

// violating are the repetitions that violate an invariant, and the first; if that is not
// known, one for sure.
func violating(m *Run, name string) (n, first int) {
	for i := range m.Each {
		if slices.Contains(m.Each[i].Violated, name) {
			if n++; first == 0 {
				first = m.Each[i].N
			}
		}
	}
	return max(n, min(m.Violated[name], 1)), first
}

func inRepetitions(m *Run, name string) string {
	n, first := violating(m, name)
	switch {
	case first == 0:
		return ""
	case m.Repetitions == 1:
		return "NEW: in its one repetition"
	}
	return fmt.Sprintf("NEW: in %d of %d repetitions, the first is %d", n, m.Repetitions, first)
}

// byNumber sorts I2 before I10.
func byNumber(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return slices.Compare([]byte(a), []byte(b))
}

// findings are the rows of the store's broken promises.
func findings(old, new *Run) (rows []Row) {
	counted := map[string][2]float64{}
	for side, m := range []*Run{old, new} {
		for _, f := range m.StoreFindings {
			both := counted[string(f.Kind)]
			both[side] += float64(f.Count)
			counted[string(f.Kind)] = both
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(counted)) {
		a, b := counted[kind][0], counted[kind][1]
		r := Row{Kind: Store, Metric: kind, Old: &a, New: &b, OldSamples: old.Repetitions, NewSamples: new.Repetitions, Verdict: Same}
		switch {
		case a == 0:
			r.Verdict = Worse
		case b == 0:
			r.Verdict = Unclear // whether it was met again is chance
		}
		rows = append(rows, r)
	}
	return rows
}

// expectations are the rows of thresholds and steps that came out otherwise.
func expectations(old, new *Run) (rows []Row) {
	for _, t := range new.Thresholds {
		k := slices.IndexFunc(old.Thresholds, func(o measure.ThresholdResult) bool { return o.Expression == t.Expression })
		if k < 0 || old.Thresholds[k].Passed == t.Passed {
			continue
		}
		a, b := old.Thresholds[k].Value, t.Value
		rows = append(rows, Row{Kind: Expectation, Metric: "threshold " + t.Expression, Old: &a, New: &b, OldSamples: old.Repetitions, NewSamples: new.Repetitions, Verdict: met(t.Passed)})
	}
	for _, s := range new.Steps {
		k := slices.IndexFunc(old.Steps, func(o measure.StepResult) bool { return o.Step == s.Step })
		if k < 0 || old.Steps[k].Passed == s.Passed {
			continue
		}
		rows = append(rows, Row{
			Kind: Expectation, Metric: "step " + s.Step, OldSamples: old.Repetitions, NewSamples: new.Repetitions, Verdict: met(s.Passed),
			Note: fmt.Sprintf("wants %s; OLD got %s, NEW %s", s.Want, old.Steps[k].Got, s.Got),
		})
	}
	return rows
}

// unchecked are the thresholds and steps of which only OLD says how they came out.
func unchecked(old, new *Run) (all []string) {
	for _, t := range old.Thresholds {
		if !slices.ContainsFunc(new.Thresholds, func(n measure.ThresholdResult) bool { return n.Expression == t.Expression }) {
			all = append(all, label(new)+": threshold "+t.Expression)
		}
	}
	for _, s := range old.Steps {
		if !slices.ContainsFunc(new.Steps, func(n measure.StepResult) bool { return n.Step == s.Step }) {
			all = append(all, label(new)+": step "+s.Step)
		}
	}
	return all
}

func met(now bool) Verdict {
	if now {
		return Better
	}
	return Worse
}
