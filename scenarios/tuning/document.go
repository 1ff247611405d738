package tuning

import (
	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/profile"
)

// Schema names the document; it changes with every incompatible change.
const Schema = "simulate.tune/v1"

// unlimited is the number of attempts of a policy without a bound.
const unlimited = archive.Unlimited

// Result is what a search found: the document that tune --json prints.
type Result struct {
	Schema string `json:"schema"`
	// Passed: the recommendation meets the objective, in a model that agrees with the
	// real world if it was asked.
	Passed bool `json:"passed"`
	// Missed are the limits that the recommendation was seen to miss.
	Missed   []string `json:"missed,omitempty"`
	Scenario string   `json:"scenario"`
	Core     string   `json:"core"`
	Latency  string   `json:"latency"`
	// Profile is what was measured of the store that was asked; null: none was measured.
	Profile   *profile.Saved `json:"profile,omitempty"`
	Codec     string         `json:"codec"`
	Layout    string         `json:"layout,omitempty"` // of the documents; empty: the archive's own
	Clients   int            `json:"clients"`
	Objective string         `json:"objective"`
	Seed      uint64         `json:"seed"`
	Verdict   check.Verdict  `json:"verdict"`
	// Reasons say why it is inconclusive, or not confirmed; Violations, why nothing is recommended.
	Reasons     []string          `json:"reasons,omitempty"`
	Violations  []check.Violation `json:"violations"`
	Interrupted bool              `json:"interrupted,omitempty"`
	// StoreFindings are why nothing is recommended, if the store is at fault.
	StoreFindings []check.StoreFinding `json:"store_findings,omitempty"`
	Plan          Plan                 `json:"plan"`
	// Stability is null where no load has a rate.
	Stability *Stability `json:"stability,omitempty"`
	// Recommendation is null if the search ended before it had one.
	Recommendation *Recommendation `json:"recommendation"`
	Incumbents     []Policy        `json:"incumbents"` // on the seeds of the validation
	Front          []Policy        `json:"front"`      // on the seeds of the finals
	// Robustness is of the recommendation; null if the search did not come to it.
	Robustness []Robust `json:"robustness,omitempty"`
	// Architectures is null if the search did not come to them.
	Architectures *Architectures `json:"architectures,omitempty"`
	Advice        []Advice       `json:"advice"`
	Capacity      *Capacity      `json:"capacity,omitempty"`
	Confirmation  *Confirmation  `json:"confirmation,omitempty"`
	Replay        string         `json:"replay"`
	// Directory is where it is kept; empty: nowhere.
	Directory string `json:"-"`
}

// Plan is what was played.
type Plan struct {
	Evaluations int `json:"evaluations"` // repetitions that were planned
	Played      int `json:"played"`      // repetitions, of all parts
	Candidates  int `json:"candidates"`
	ToldApart   int `json:"told_apart"` // candidates dropped as significantly worse
	Cut         int `json:"cut"`        // candidates dropped by rank
	Batch       int `json:"batch"`      // repetitions of one seed
	// Overrun is null unless the plan was chosen by a budget and took a quarter longer, or more.
	Overrun *Overrun `json:"overrun,omitempty"`
}

// Overrun is a budget that was not kept. What comes on top of it does not count.
type Overrun struct {
	BudgetMS float64 `json:"budget_ms"`
	TookMS   float64 `json:"took_ms"`
	// Smallest: there is no smaller plan.
	Smallest bool `json:"smallest_plan"`
}

// Policy is a policy with what was measured of it.
type Policy struct {
	Name   string         `json:"name,omitempty"`
	Policy archive.Policy `json:"policy"`
	// Core draws its waits, and of the policy only the bounds count; empty: its kind does.
	Core  string `json:"core,omitempty"`
	Meets bool   `json:"meets"` // the objective's limits
	// TooSoon: it comes back at once to a store that throttles, so it is never recommended.
	TooSoon bool `json:"too_soon,omitempty"`
	// Unfit says why it is never recommended, whatever its numbers; empty: it may be.
	Unfit         string     `json:"unfit,omitempty"`
	Repetitions   int        `json:"repetitions"`
	Operations    int        `json:"operations"`
	Exhaustion    Exhaustion `json:"give_ups"`
	P99           Interval   `json:"latency_p99_ms"`
	LatencyMax    float64    `json:"latency_max_ms"`
	PutsPerCommit Interval   `json:"puts_per_commit"`
	Cost          Interval   `json:"cost_usd_per_1000_commits"`
	// Metrics are those of the objective.
	Metrics map[string]Interval `json:"metrics"`
}

// Recommendation is the policy that the search ended with.
type Recommendation struct {
	Promised  Policy      `json:"promised"`  // on the seeds of the search
	Validated *Policy     `json:"validated"` // on seeds that the search never saw; null: interrupted before
	RunnerUp  *Comparison `json:"runner_up"` // null: nothing else was left
	// Retries and Deadline say how the bounds were chosen.
	Retries  string `json:"retries"`
	Deadline string `json:"deadline"`
	// NeedOperations would show the limit of give-ups without extrapolation; 0: it is
	// shown, or missed.
	NeedOperations int `json:"need_operations,omitempty"`
	// Go and YAML are to be pasted.
	Go   string `json:"go"`
	YAML string `json:"yaml"`
}

// Comparison is how the recommendation was told apart from another policy.
type Comparison struct {
	Policy archive.Policy `json:"policy"`
	Metric string         `json:"metric"`
	// Difference is the other's metric minus the recommendation's.
	Difference Difference `json:"difference"`
	Batches    int        `json:"batches"`
	Why        string     `json:"why"`
}

// summary is what a table shows of a measurement.
func (m *measured) summary(name string, o Objective) Policy {
	r := m.pooled()
	p := Policy{
		Name: name, Policy: m.policy, Meets: true, Repetitions: r.Repetitions, Operations: r.Counts.Operations, Exhaustion: exhaustion(m),
		P99: m.interval(latencyP99), PutsPerCommit: m.interval(putsPerCommit), Cost: m.interval(costPer1000),
		LatencyMax: m.longestCall(), Metrics: map[string]Interval{},
	}
	for _, metric := range o.metrics() {
		p.Metrics[metric] = m.interval(metric)
	}
	for _, c := range o.Constraints {
		p.Meets = p.Meets && c.Holds(m.atLimit(c.Metric, c.Upper()))
	}
	return p
}

// longestCall in milliseconds; 0: nothing was acknowledged.
func (m *measured) longestCall() float64 {
	if l := m.pooled().LatencyMS; l != nil {
		return l.Max
	}
	return 0
}
