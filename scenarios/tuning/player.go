package tuning

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/measure"
)

// The streams of seeds. What is compared plays the same stream; what is to be
// confirmed plays one that nobody has seen.
const (
	streamScale         = "scale"         // how large a repetition is
	streamSearch        = "search"        // candidates race
	streamFinal         = "final"         // those that are left, with their bounds
	streamPromise       = "promise"       // how rare the rarest are
	streamValidate      = "validate"      // what was promised
	streamAdvice        = "advice"        // a policy beside one that differs in one thing
	streamCapacity      = "capacity"      // more writers
	streamConfirm       = "confirm"       // beside the real world
	streamOptions       = "options"       // settings of an architecture
	streamArchitectures = "architectures" // the best of them
	// streamStability: everybody is always busy, or a load lasts longer
	streamStability = "stability"
	// streamRobust: more writers, a slower store, 503s
	streamRobust = "robustness"
)

// player plays a scenario with policies, and stops when an invariant is violated.
type player struct {
	run      scenarios.Run
	prices   measure.Prices
	workers  int
	played   int // repetitions
	progress func(played int)
	// elsewhere, if it is not nil, plays in the place of this machine.
	elsewhere func(ctx context.Context, parts []measure.Part, add func(i int, s *measure.Sample)) error
}

// violatedError ends a search: what loses modifications, core or store, needs no tuning.
type violatedError struct {
	run   measure.Measurement
	where string // what is not as in the run that a replay plays; empty: nothing
}

func (e *violatedError) Error() string { return "an invariant is violated" }

// errStopped is a search that was interrupted.
var errStopped = errors.New("the search was interrupted")

// seedOf is the seed of a batch: of streams that never meet, and exact in JSON.
func seedOf(root uint64, stream string, batch int) uint64 {
	h := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%d", root, stream, batch))
	const exact = 53 // bits of a float64
	return binary.BigEndian.Uint64(h[:8]) >> (64 - exact)
}

// batch is the repetitions of a seed with a policy.
type batch struct {
	of   *measured
	seed uint64
}

// batches plays so many more batches of a stream, each of so many repetitions.
func (p *player) batches(ctx context.Context, m *measured, stream string, batches, repetitions int) error {
	return p.play(ctx, p.more(nil, m, stream, batches), repetitions)
}

// playEach plays so many batches of a stream with each policy.
func (p *player) playEach(ctx context.Context, policies []archive.Policy, stream string, batches, repetitions int) ([]*measured, error) {
	var each []*measured
	var all []batch
	for _, policy := range policies {
		m := p.measure(policy)
		each, all = append(each, m), p.more(all, m, stream, batches)
	}
	return each, p.play(ctx, all, repetitions)
}

// more appends the next batches of a policy in a stream.
func (p *player) more(all []batch, m *measured, stream string, batches int) []batch {
	have := m.skipped + len(m.batches)
	for n := range batches {
		all = append(all, batch{m, seedOf(p.run.Seed, stream, have+n)})
	}
	return all
}

// play plays batches, on all processors, and adds what they measured to their policies. If
// it is stopped, those before the first that is missing count.
func (p *player) play(ctx context.Context, all []batch, repetitions int) error {
	var plan measure.Plan
	for _, b := range all {
		plan.Points = append(plan.Points, measure.Point{Run: p.runOf(b, repetitions)})
	}
	ended := p.played
	measured, err := measure.Play(ctx, plan, measure.Config{
		Workers: p.workers, Elsewhere: p.elsewhere,
		Done: func(_ int, m *measure.Measured) error {
			if m.Verdict.Final() {
				return &violatedError{run: m.Measurement}
			}
			if ended += repetitions; p.progress != nil {
				p.progress(ended)
			}
			return nil
		},
	})
	for i, m := range measured {
		if m.Interrupted || m.Verdict.Final() {
			break
		}
		p.played += repetitions
		all[i].of.add(m)
	}
	for _, m := range measured { // also in a batch that was interrupted: the rest of it would not undo that
		if m.Verdict.Final() {
			return &violatedError{run: m.Measurement}
		}
	}
	var failed *measure.PointError
	switch {
	case errors.As(err, &failed):
		run := &plan.Points[failed.Point].Run
		return fmt.Errorf("play %s with %s and seed %d: %w", run.Scenario.Name, run.Policy, run.Seed, err)
	case err == nil && ctx.Err() != nil:
		return errStopped
	}
	return err
}

// runOf is the run of a batch.
func (p *player) runOf(b batch, repetitions int) scenarios.Run {
	run := p.run
	run.Policy, run.Seed, run.Repetitions = b.of.policy, b.seed, repetitions
	if b.of.core != nil {
		run.Core = *b.of.core
	}
	return run
}

// measured is what a policy did in the batches of a stream.
type measured struct {
	policy         archive.Policy
	core           *cores.Spec // that draws its waits; nil: the core under test
	prices         measure.Prices
	batches        []measure.Measurement // of equal size
	numbers        *measure.Collector
	affected       int // repetitions in which somebody gave up
	total          *measure.Measurement
	skipped        int                 // batches of the stream, which chose it
	falls          string              // where it does not hold up, if it was asked; empty: nowhere
	sorted         []int64             // latencies; see the method
	scenario       *scenarios.Scenario // nil: each client is an actor of its own
	attempts, slow tails               // nil: not fitted yet
}

// add takes what a batch measured.
func (m *measured) add(b *measure.Measured) {
	m.numbers.Merge(b.Numbers)
	m.batches, m.affected, m.total = append(m.batches, b.Measurement), m.affected+b.GivenUpIn, nil
	m.attempts, m.slow = nil, nil
}

func (p *player) measure(policy archive.Policy) *measured {
	return &measured{policy: policy, prices: p.prices, numbers: measure.NewCollector(), scenario: p.run.Scenario}
}

// pooled is the result of all batches together.
func (m *measured) pooled() *measure.Measurement {
	if m.total == nil {
		m.total = &measure.Measurement{}
		for i := range m.batches {
			m.total.Repetitions += m.batches[i].Repetitions
		}
		m.numbers.Fill(m.total, check.Counts{})
	}
	return m.total
}

// value is a metric of all batches together; missing if nothing was measured.
func (m *measured) value(metric string) float64 { return m.of(m.pooled(), metric) }

// values are a metric of each batch.
func (m *measured) values(metric string) []float64 {
	all := make([]float64, len(m.batches))
	for i := range m.batches {
		all[i] = m.of(&m.batches[i], metric)
	}
	return all
}

func (m *measured) of(r *measure.Measurement, metric string) float64 {
	if metric == costPer1000 && r.Counts.Committed > 0 { // which is by the prices of what is searched for
		return r.Counts.CostPer1000(m.prices)
	}
	v, ok := r.Metric(metric)
	switch {
	case !ok:
		return missing
	case metric == exhaustedRate:
		return float64(r.Counts.GivenUp()) / float64(max(r.Counts.Operations, 1))
	}
	return v
}

// interval of a metric; without a value it is 0, as JSON has no infinity.
func (m *measured) interval(metric string) Interval {
	if metric == exhaustedRate {
		return exhaustion(m).Interval
	}
	v := m.value(metric)
	if v == missing {
		return Interval{}
	}
	if at, ok := quantileOf(metric); ok {
		return m.quantileInterval(v, at)
	}
	return interval(v, m.values(metric))
}

// atLimit is the end of a metric's interval at which a constraint is judged: the
// unfavourable one.
func (m *measured) atLimit(metric string, high bool) float64 {
	switch {
	case m.value(metric) != missing && high:
		return m.interval(metric).High
	case m.value(metric) != missing:
		return m.interval(metric).Low
	case high:
		return missing
	}
	return -missing
}
