package tuning

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"holdfast/archive"
	"holdfast/archive/telemetry"
	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// The streams of seeds. What is compared plays the same stream; what is to be
// confirmed plays one that nobody has seen.
const (
	streamScale    = "scale"    // how large a repetition is
	streamSearch   = "search"   // candidates race
	streamFinal    = "final"    // those that are left, with their bounds
	streamPromise  = "promise"  // how rare the rarest are
	streamValidate = "validate" // what was promised
	streamAdvice   = "advice"   // a policy beside one that differs in one thing
	streamCapacity = "capacity" // more writers
	streamConfirm  = "confirm"  // beside the real world
)

// player plays a scenario with policies, and stops when an invariant is violated.
type player struct {
	run      scenarios.Run
	prices   reports.Prices
	workers  int
	played   int // repetitions
	progress func(played int)
}

// violatedError ends a search: what loses modifications needs no tuning.
type violatedError struct{ run reports.Run }

func (e *violatedError) Error() string { return "an invariant is violated" }

// seedOf is the seed of a batch: of streams that never meet, and exact in JSON.
func seedOf(root uint64, stream string, batch int) uint64 {
	h := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%d", root, stream, batch))
	const exact = 53 // bits of a float64
	return binary.BigEndian.Uint64(h[:8]) >> (64 - exact)
}

// batches plays so many more batches of a stream, each of so many repetitions.
func (p *player) batches(ctx context.Context, m *measured, stream string, batches, repetitions int) error {
	for range batches {
		if err := p.playBatch(ctx, m, seedOf(p.run.Seed, stream, len(m.batches)), repetitions); err != nil {
			return err
		}
	}
	return nil
}

// errStopped is a search that was interrupted.
var errStopped = errors.New("the search was interrupted")

// playBatch plays the repetitions of a seed and adds what it measured.
func (p *player) playBatch(ctx context.Context, m *measured, seed uint64, repetitions int) error {
	run := p.run
	run.Policy, run.Seed, run.Repetitions = m.policy, seed, repetitions
	if m.tally != nil {
		run.Observe = func(string, scenarios.Kind) archive.Observer { return telemetry.Metrics(m.tally) }
	}
	gaveUpBefore, affected := 0, 0
	numbers := reports.NewCollector()
	result, played, err := reports.Simulate(ctx, reports.Simulation{
		Run: run, Header: header(&run), Workers: p.workers, Numbers: numbers,
		Progress: func(_ int, total reports.Counts) {
			if total.Exhausted > gaveUpBefore {
				affected++
			}
			gaveUpBefore = total.Exhausted
		},
	})
	switch {
	case err != nil:
		return fmt.Errorf("play %s with %s and seed %d: %w", run.Scenario.Name, m.policy, seed, err)
	case result.Verdict == check.Violated:
		return &violatedError{result}
	case played.Interrupted:
		return errStopped
	}
	p.played += repetitions
	if p.progress != nil {
		p.progress(p.played)
	}
	m.numbers.Merge(numbers)
	m.batches, m.affected, m.total = append(m.batches, result), m.affected+affected, nil
	return nil
}

func header(run *scenarios.Run) history.Header {
	s := run.Scenario
	h := history.Header{
		Scenario: s.Name, Core: run.Core.Name, World: "virtual", Store: "model", Policy: run.Policy.String(),
		Codec: string(run.Codec()), Seed: run.Seed, Clients: s.Clients(), Repetitions: run.Repetitions,
		Layout: run.Layout.Recorded(), MinConflicts: s.Expect.MinConflicts, Started: world.Epoch.Format(time.RFC3339),
	}
	if s.Via == scenarios.ViaAPI {
		h.Via = string(s.Via)
	}
	return h
}

// measured is what a policy did in the batches of a stream.
type measured struct {
	policy   archive.Policy
	prices   reports.Prices
	batches  []reports.Run // of equal size
	numbers  *reports.Collector
	affected int // repetitions in which somebody gave up
	total    *reports.Run
	tally    *tally  // nil: nobody asks for it
	sorted   []int64 // latencies; see the method
}

func (p *player) measure(policy archive.Policy) *measured {
	return &measured{policy: policy, prices: p.prices, numbers: reports.NewCollector()}
}

// pooled is the result of all batches together.
func (m *measured) pooled() *reports.Run {
	if m.total == nil {
		m.total = &reports.Run{}
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

func (m *measured) of(r *reports.Run, metric string) float64 {
	v, ok := r.Metric(metric)
	switch {
	case !ok:
		return missing
	case metric == costPer1000:
		return r.Counts.CostPer1000(m.prices)
	}
	return v
}

// interval of a metric; without a value it is 0, as JSON has no infinity.
func (m *measured) interval(metric string) Interval {
	if metric == gaveUp {
		return giveUps(m).Interval
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
