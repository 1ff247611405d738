package tuning

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"holdfast/scenarios"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/units"
)

// How much is played of each architecture.
const (
	optionOperations = 1500   // of each of its settings
	validOperations  = 12_000 // of the best of them
	shiftOperations  = 3000   // where things are not as they were played, and to find what it carries
	validBatches     = 20
	optionBatches    = 4
)

// trial is an option that was played.
type trial struct {
	*measured
	option   option
	unstable bool
	missed   []string
}

// shift is what is not as it was played; the zero value is nothing.
type shift struct {
	name  string
	load  func(*scenarios.Scenario) error // changes the clients, or the rate of their loads; nil: neither
	store float64                         // so many times the commits a second; 0: as many
}

// play is how much is played of an option.
type play struct {
	stream              string
	operations, batches int
	steady              bool // loads with a rate are played twice as long, too
	shift               shift
}

// tryOption plays an option.
func (s *search) tryOption(ctx context.Context, o option, how play) (*trial, error) {
	p := *s.player
	run, err := how.shift.of(s.run, &o)
	if err != nil {
		return nil, fmt.Errorf("play %s: %w", o.String(), err)
	}
	p.run, p.prices = run, measure.PricesOf(run.Latency().Prices())
	t := &trial{option: o}
	if how.steady && offered(p.run.Scenario) > 0 {
		err = t.playTwice(ctx, &p, how)
	} else {
		t.measured = p.measure(o.policy)
		each := max(s.operations*loaded(p.run.Scenario)/max(loaded(s.run.Scenario), 1), 1)
		err = p.batches(ctx, t.measured, how.stream, how.batches, max((how.operations+how.batches*each-1)/(how.batches*each), 1))
	}
	s.played = p.played
	var violated *violatedError
	if errors.As(err, &violated) {
		violated.where = fmt.Sprintf(" (it was seen with %s, which this command does not play)", o.String())
	}
	if err != nil {
		return nil, err
	}
	t.missed = s.missedBy(t)
	return t, nil
}

// of is the run of an option there.
func (w *shift) of(run scenarios.Run, o *option) (scenarios.Run, error) {
	if w.load != nil {
		run.Scenario = changed(run.Scenario)
		if err := w.load(run.Scenario); err != nil {
			return run, err
		}
	}
	run, err := o.of(run)
	if err == nil && w.store > 0 {
		run.Scenario.Latency = new(scenarios.Latency(run.Latency().Times(1 / w.store)))
	}
	return run, err
}

// playTwice plays a load with a rate as it is and twice as long, with the same seeds. It is
// stable unless p99 grows by more than at the very edge, where it does by √2.
func (t *trial) playTwice(ctx context.Context, p *player, how play) error {
	once, twice, err := p.twice(ctx, t.option.policy, how.stream, how.batches)
	t.measured = once
	if err != nil {
		return err
	}
	var logs []float64
	before, after := once.values(latencyP99), twice.values(latencyP99)
	for i := range before {
		if before[i] == missing || after[i] == missing {
			t.unstable = true // whoever is not answered at all waits longest
			return nil
		}
		logs = append(logs, math.Log(after[i]/before[i]))
	}
	mean, _ := meanHalf(logs)
	t.unstable = mean > math.Log(math.Sqrt2)
	return nil
}

// price of a million updates.
func (t *trial) price() Price {
	c := t.pooled().Counts
	if c.Acknowledged == 0 {
		return Price{}
	}
	million := 1e6 / float64(c.Acknowledged)
	price := Price{Store: c.Cost(t.prices) * million}
	switch t.option.queue.Kind {
	case scenarios.Standard:
		price.Queue = float64(c.QueueRequests) * measure.StandardQueuePrice / 1e6 * million
	case scenarios.FIFO:
		price.Queue = float64(c.QueueRequests) * measure.FIFOQueuePrice / 1e6 * million
	}
	return price
}

// notStored is the share of the updates that are not stored, nor handed back to a person.
func (t *trial) notStored() float64 {
	c := t.pooled().Counts
	return float64(c.Operations-c.Acknowledged-c.UserConflicts) / float64(max(c.Operations, 1))
}

// valueOf is a metric of the objective. Where one write stores many updates, writes and
// dollars are of an update, not of a commit.
func (t *trial) valueOf(metric string) float64 {
	switch metric {
	case exhaustedRate:
		return t.notStored()
	case putsPerCommit:
		return t.value(putsPerUpdate)
	case costPer1000:
		return t.price().Total() / 1000
	}
	return t.value(metric)
}

const putsPerUpdate = "puts.per_update"

// missedBy names what is not kept. That updates are lost as rarely as the objective wants
// is not shown by so few: it is missed where it is seen to be.
func (s *search) missedBy(t *trial) []string {
	if t.unstable {
		return []string{"stability (waits grow for as long as the load lasts)"}
	}
	var all []string
	for _, c := range s.Objective.Constraints {
		if v := t.valueOf(c.Metric); !c.Holds(v) {
			all = append(all, fmt.Sprintf("%s (it is %s)", c, units.Metric(c.Metric, v)))
		}
	}
	if p99 := t.value(latencyP99); p99 > ms(s.patience) {
		all = append(all, fmt.Sprintf("patience (p99 is %s, which is more than %v)", units.Seconds(p99), s.patience))
	}
	return all
}

// compareTrials orders by what is missed, then by what is minimized, then by price.
func (s *search) compareTrials(a, b *trial) int {
	return cmp.Or(
		cmp.Compare(len(a.missed), len(b.missed)),
		cmp.Compare(a.valueOf(s.Objective.Minimize), b.valueOf(s.Objective.Minimize)),
		cmp.Compare(a.price().Total(), b.price().Total()),
	)
}

// bestOption is the best of an architecture's settings, with its bounds.
func (s *search) bestOption(ctx context.Context, a *architecture) (option, error) {
	if len(a.options) == 1 && !a.options[0].bounds {
		return a.options[0], nil
	}
	var all []*trial
	for _, o := range a.options {
		t, err := s.tryOption(ctx, o, play{stream: streamOptions, operations: optionOperations, batches: optionBatches})
		if err != nil {
			return option{}, err
		}
		if o.bounds {
			t.option.policy, t.option.bounds = s.bounded(t.measured), false
		}
		all = append(all, t)
	}
	slices.SortStableFunc(all, s.compareTrials)
	for _, t := range all {
		if s.unfit(t.option.policy) == "" {
			return t.option, nil
		}
	}
	return all[0].option, nil
}
