package tuning

import (
	"context"
	"math"
)

// carries looks for the largest load within the objective: clients at once or, of loads with
// a rate, updates a second.
func (c *comparison) carries(ctx context.Context, o option) (*Carries, error) {
	sc := c.run.Scenario
	n, rate := sc.Scalable(), offered(sc)
	if rate == 0 && n == 0 {
		return nil, nil
	}
	result := &Carries{Of: "clients"}
	load := func(n float64) shift { return shift{load: clientsTo(int(n))} }
	own, most, step := float64(n), float64(mostWriters), 1.0
	if rate > 0 {
		result.Of = "updates a second"
		load = func(r float64) shift { return shift{load: faster(r / rate)} }
		own, most, step = rate, 64*rate, rate/64
	}
	missedAt := func(n float64) (string, error) {
		t, err := c.tryOption(ctx, o, play{stream: streamCapacity, operations: shiftOperations / 2, batches: optionBatches, steady: true, shift: load(n)})
		if err != nil || len(t.missed) == 0 {
			return "", err
		}
		return t.missed[0], nil
	}
	var err error
	result.Most, result.Missed, err = largest(own, most, step, missedAt)
	result.AndMore = result.Missed == ""
	return result, err
}

// largest is the largest load, in steps and to a twentieth, of which nothing is missed: from
// the scenario's own by doubling or halving, and then halving what is between. It says what is
// missed beyond, if anything is; 0: a step is too much.
func largest(own, most, step float64, missedAt func(float64) (string, error)) (low float64, missed string, err error) {
	high := 0.0
	try := func(at float64) error {
		m, err := missedAt(at)
		if m == "" {
			low = at
		} else {
			high, missed = at, m
		}
		return err
	}
	whole := func(v float64) float64 { return step * math.Floor(v/step) }
	for at := own; at >= step && at <= most && (low == 0 || high == 0); {
		if err := try(at); err != nil {
			return 0, "", err
		}
		if at *= 2; high > 0 {
			at = whole(high / 2)
		}
	}
	for low > 0 && high-low > max(step, low/20) {
		if err := try(whole((low + high) / 2)); err != nil {
			return 0, "", err
		}
	}
	return low, missed, nil
}
