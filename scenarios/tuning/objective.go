package tuning

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"holdfast/scenarios"
)

// DefaultObjective keeps give-ups below one in a million. The bound on writes is
// there because whoever may write without end gets the shortest latency by
// retrying at once, at twenty writes and more for each commit.
const DefaultObjective = "exhausted.rate<1e-6, puts.per_commit<6, min latency_ms.p99"

// Objective is what a policy must keep to, and what is to be as small as possible.
type Objective struct {
	Constraints []scenarios.Threshold
	Minimize    string // a metric
}

const objectiveExample = "such as 'exhausted.rate<1e-6, min latency_ms.p99'"

// ParseObjective reads constraints METRIC<LIMIT and exactly one "min METRIC",
// separated by commas. The metrics are those of thresholds, but for those whose
// value depends on how many repetitions are played. Without a limit of give-ups it is
// that of the default: the best policy would be to give up at once.
func ParseObjective(text string) (Objective, error) {
	var o Objective
	for part := range strings.SplitSeq(text, ",") {
		if err := o.add(strings.TrimSpace(part)); err != nil {
			return o, fmt.Errorf("objective %q: %w", text, err)
		}
	}
	if o.Minimize == "" {
		return o, fmt.Errorf("objective %q: it lacks \"min METRIC\", %s", text, objectiveExample)
	}
	if !slices.ContainsFunc(o.Constraints, func(c scenarios.Threshold) bool { return c.Metric == exhaustedRate }) {
		o.Constraints = slices.Insert(o.Constraints, 0, scenarios.Threshold{Metric: exhaustedRate, Op: "<", Limit: defaultTarget})
	}
	return o, nil
}

func (o *Objective) add(part string) error {
	if part == "" {
		return fmt.Errorf("a part is empty, between two commas or at an end")
	}
	if name, minimized := strings.CutPrefix(part, "min "); minimized {
		if o.Minimize != "" {
			return fmt.Errorf("min stands twice: one metric can be minimized, the others need limits")
		}
		o.Minimize = strings.TrimSpace(name)
		if err := scenarios.CheckMetric(o.Minimize); err != nil {
			return err
		}
		if strings.HasPrefix(o.Minimize, "acknowledged.") {
			return fmt.Errorf("min %s: more of it is better; give it a limit, such as acknowledged.rate>0.99", o.Minimize)
		}
		return tunable(o.Minimize)
	}
	t, err := parseConstraint(part)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(o.Constraints, func(c scenarios.Threshold) bool { return c.Metric == t.Metric && c.Upper() == t.Upper() }) {
		return fmt.Errorf("%s has two limits", t.Metric)
	}
	for _, c := range o.Constraints {
		if low, high := c, t; c.Metric == t.Metric {
			if low.Upper() {
				low, high = high, low
			}
			if low.Limit >= high.Limit {
				return fmt.Errorf("no value keeps both %s and %s", c, t)
			}
		}
	}
	o.Constraints = append(o.Constraints, t)
	return nil
}

func parseConstraint(text string) (scenarios.Threshold, error) {
	t, err := scenarios.ParseThreshold(text)
	switch {
	case err != nil:
		return t, err
	case t.Op == "==":
		return t, fmt.Errorf("%s: no measured value can be shown to equal a number; use < or >", text)
	case math.IsNaN(t.Limit) || math.IsInf(t.Limit, 0):
		return t, fmt.Errorf("%s: the limit must be a finite number", text)
	case t.Metric == exhaustedRate && (!t.Upper() || t.Limit <= 0 || t.Limit > 1):
		return t, fmt.Errorf("%s: no run shows that nobody ever gives up; want %s< a share above 0 and at most 1, such as 1e-6", text, exhaustedRate)
	}
	return t, tunable(t.Metric)
}

// tunable refuses metrics that grow with the number of repetitions, which is the
// plan's and differs between candidates.
func tunable(metric string) error {
	switch {
	case strings.HasPrefix(metric, "counts."):
		return fmt.Errorf("%s grows with the number of repetitions: use a rate or puts.per_commit", metric)
	case strings.HasSuffix(metric, ".max"):
		return fmt.Errorf("%s grows with the number of repetitions: use p99 or p999", metric)
	}
	return nil
}

// The metrics that every report shows.
const (
	exhaustedRate = "exhausted.rate"
	latencyP99    = "latency_ms.p99"
	putsPerCommit = "puts.per_commit"
	costPer1000   = "cost_usd.per_1000_commits"
)

// String returns the text that [ParseObjective] reads.
func (o Objective) String() string {
	var parts []string
	for _, c := range o.Constraints {
		parts = append(parts, c.String())
	}
	return strings.Join(append(parts, "min "+o.Minimize), ", ")
}

// metrics lists what is compared: the limited metrics, then the minimized one.
func (o Objective) metrics() []string {
	var all []string
	for _, c := range o.Constraints {
		all = append(all, c.Metric)
	}
	return append(all, o.Minimize)
}

// mostPuts is the limit of writes for each commit; 0: there is none.
func (o Objective) mostPuts() float64 {
	for _, c := range o.Constraints {
		if c.Metric == putsPerCommit && c.Upper() {
			return c.Limit
		}
	}
	return 0
}

// defaultTarget is the limit of give-ups of an objective that states none.
const defaultTarget = 1e-6

// Target is the share of operations that may give up.
func (o Objective) Target() float64 {
	for _, c := range o.Constraints {
		if c.Metric == exhaustedRate {
			return c.Limit
		}
	}
	return defaultTarget
}

// guard keeps a search from the very edge of a limit: the best of many that seem to be
// within it would be one that is not.
const guard = 0.02

// guarded has the limits, but that of give-ups, drawn in by the guard.
func (o Objective) guarded() Objective {
	o.Constraints = slices.Clone(o.Constraints)
	for i, c := range o.Constraints {
		by := guard * math.Abs(c.Limit)
		if c.Metric == exhaustedRate {
			continue // its bounds have a margin of their own
		}
		if c.Upper() {
			by = -by
		}
		o.Constraints[i].Limit += by
	}
	return o
}

// tieBreak is what decides between candidates that are equal by the objective.
func (o Objective) tieBreak() string {
	if o.Minimize == putsPerCommit || o.Minimize == costPer1000 {
		return latencyP99
	}
	return putsPerCommit
}

// excess is how far a value is beyond a limit, as a share of it; 0: it is not.
func excess(t scenarios.Threshold, value float64) float64 {
	if t.Holds(value) {
		return 0
	}
	by := value - t.Limit
	if !t.Upper() {
		by = -by
	}
	return max(by, 0)/max(math.Abs(t.Limit), 1e-9) + 1e-12 // a value at the limit of < is beyond it
}
