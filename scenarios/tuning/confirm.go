package tuning

import (
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/stat"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// Confirmation holds the model against the real world: what it predicted for a policy
// beside what was measured with goroutines, over HTTP.
type Confirmation struct {
	// Store is the one that was asked; empty: the embedded S3, with the legs of the model.
	Store string `json:"store,omitempty"`
	// Latency is that of the model: legs, the same in both worlds, or the store's profile.
	Latency     string  `json:"latency"`
	Repetitions int     `json:"repetitions"`
	Level       float64 `json:"level"` // of each interval
	// Tolerance widens each interval, as a share of its ends.
	Tolerance float64     `json:"tolerance"`
	Policies  []Confirmed `json:"policies"`
	Agrees    bool        `json:"agrees"`
}

// Confirmed is one policy in both worlds.
type Confirmed struct {
	Name     string         `json:"name"`
	Policy   archive.Policy `json:"policy"`
	Measures []Measure      `json:"measures"`
	// Predicted and Measured are the shares of operations by the attempts they needed.
	Predicted []float64 `json:"predicted_attempts"`
	Measured  []float64 `json:"measured_attempts"`
	// Overhead is what a call took in the real world beyond its legs, on average: the
	// server, HTTP, the SDK and the scheduler. The model's legs are longer by it.
	Overhead float64 `json:"overhead_ms"`
	Agrees   bool    `json:"agrees"`
}

// Measure is one number with the interval in which the model expects it.
type Measure struct {
	Name      string   `json:"name"`
	Predicted Interval `json:"predicted"`
	Measured  float64  `json:"measured"`
	Agrees    bool     `json:"agrees"`
}

// ConfirmLevel of each interval. A number outside fails the confirmation and ten are
// compared, so that of a model that is right one confirmation in fifty fails, at most.
const ConfirmLevel = 0.998

// Tolerance is that of legs which both worlds have: timers of the real world are late by a part
// of a millisecond, which is more than the model scatters where waits have no jitter.
const Tolerance = 0.01

// ProfileTolerance is that of a measured profile: what some fifty calls have shown of a store
// is known to about a tenth.
const ProfileTolerance = 0.1

// predictions is how many sets of repetitions the model plays, each as large as the
// // measured one: enough for the quantiles that make the interval.
const predictions = 1000

// Prediction is what the model expects of so many repetitions.
type Prediction struct {
	policy archive.Policy
	sets   []measure.Measurement
	all    *measure.Measurement
}

// Predict plays the model. The scenario's latency must be one that the real world has too:
// legs only, or the profile of the store.
func Predict(ctx context.Context, c Config, policy archive.Policy, repetitions int) (*Prediction, error) {
	p := c.player()
	m := p.measure(policy)
	if err := p.batches(ctx, m, streamConfirm, predictions, repetitions); err != nil {
		return nil, fmt.Errorf("predict %s: %w", policy, err)
	}
	return &Prediction{policy, m.batches, m.pooled()}, nil
}

// Confirm judges what was measured. Each number is compared with the distribution of
// the same number over the model's sets: a Monte Carlo test, at level 1 − ConfirmLevel.
// Tolerance widens the intervals.
func (p *Prediction) Confirm(name string, measured *measure.Measurement, tolerance float64) Confirmed {
	c := Confirmed{
		Name: name, Policy: p.policy, Agrees: true,
		Predicted: shares(p.all.Attempts.Histogram), Measured: shares(measured.Attempts.Histogram),
	}
	for _, s := range statistics {
		var of []float64
		for i := range p.sets {
			of = append(of, s.of(&p.sets[i], p.all))
		}
		m := Measure{Name: s.name, Predicted: p.interval(of, s.distance, tolerance), Measured: s.of(measured, p.all)}
		m.Agrees = m.Predicted.Low <= m.Measured && m.Measured <= m.Predicted.High
		c.Agrees = c.Agrees && m.Agrees
		c.Measures = append(c.Measures, m)
	}
	return c
}

// Confirm says how the model compares with the real world. Where they differ nothing is
// shown of the recommendation: it was found in the model.
func (r *Result) Confirm(c *Confirmation) {
	r.Confirmation = c
	r.Passed = r.Passed && c.Agrees
}

// NotConfirmed says that the comparison was asked for and has no result.
func (r *Result) NotConfirmed() {
	if r.Verdict == check.OK && r.Confirmation == nil {
		r.Passed = false
		r.Reasons = append(r.Reasons, "the model was to be held against the real world, and that did not come to an end")
	}
}

// Differing names the numbers that the model did not expect.
func (c *Confirmation) Differing() []string {
	var all []string
	for _, p := range c.Policies {
		for _, m := range p.Measures {
			if !m.Agrees {
				all = append(all, p.Name+" "+m.Name)
			}
		}
	}
	return all
}

// AdviseOnSettings replaces what could not be said about the SDK without one: it makes
// so many requests for a call.
func (r *Result) AdviseOnSettings(requests int) {
	r.Advice = slices.DeleteFunc(r.Advice, func(a Advice) bool { return a.Rule == stacked })
	if a := stackedRetries(requests); a != nil {
		r.Advice = append(r.Advice, *a)
	}
}

// interval holds ConfirmLevel of the values, of a distance those from 0, which has no value of
// its own to be wide in proportion to: shares of operations are off by as much.
func (p *Prediction) interval(values []float64, distance bool, tolerance float64) Interval {
	slices.Sort(values)
	at := func(q float64) float64 { return stat.Quantile(q, stat.Empirical, values, nil) }
	if distance {
		return Interval{at(0.5), 0, at(ConfirmLevel) + tolerance - Tolerance}
	}
	tail := (1 - ConfirmLevel) / 2
	return Interval{at(0.5), at(tail) * (1 - tolerance), at(1-tail) * (1 + tolerance)}
}

// statistics are what is compared.
var statistics = []struct {
	name     string
	of       func(r, all *measure.Measurement) float64
	distance bool // from the model, so that only large values speak against it
}{
	{"attempts.mean", func(r, _ *measure.Measurement) float64 { return r.Attempts.Mean }, false},
	{"attempts histogram (KS distance)", histogramDistance, true},
	{"exhausted.rate", func(r, _ *measure.Measurement) float64 { return r.Rates[exhaustedRate] }, false},
	{"latency_ms.p99", func(r, _ *measure.Measurement) float64 { return orZero(r, "latency_ms.p99") }, false},
	{"makespan_ms.mean", func(r, _ *measure.Measurement) float64 { return orZero(r, "makespan_ms.mean") }, false},
}

func orZero(r *measure.Measurement, metric string) float64 {
	v, _ := r.Metric(metric)
	return v
}

// histogramDistance is Kolmogorov's and Smirnov's between the attempts of a run and
// those of the model. Its distribution is taken from the model's own sets, since the
// operations of one repetition are not independent.
func histogramDistance(r, all *measure.Measurement) float64 {
	x, wx := weights(r.Attempts.Histogram)
	y, wy := weights(all.Attempts.Histogram)
	if len(x) == 0 || len(y) == 0 {
		return 1
	}
	return stat.KolmogorovSmirnov(x, wx, y, wy)
}

func weights(histogram []int) (values, weights []float64) {
	for needed, n := range histogram {
		if n > 0 {
			values, weights = append(values, float64(needed)), append(weights, float64(n))
		}
	}
	return values, weights
}

func shares(histogram []int) []float64 {
	total := 0
	for _, n := range histogram {
		total += n
	}
	all := make([]float64, len(histogram))
	for i, n := range histogram {
		all[i] = float64(n) / float64(max(total, 1))
	}
	return all
}
