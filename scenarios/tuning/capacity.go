package tuning

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"holdfast/archive"
)

// Capacity says how many writers policies bear within the objective.
type Capacity struct {
	Objective string  `json:"objective"`
	Clients   int     `json:"clients"` // of the scenario, as --clients counts them
	Curves    []Curve `json:"curves"`
}

// Curve is a policy with what it does for different numbers of writers.
type Curve struct {
	Name   string         `json:"name"`
	Policy archive.Policy `json:"policy"`
	// Writers is the largest number that was played and stayed within the objective; 0:
	// not even one writer does.
	Writers int `json:"writers"`
	// Broken is the smallest number above Writers that did not; 0: none was found up to
	// the largest that was played.
	Broken int `json:"broken"`
	// Monotone: no larger number stayed within where a smaller one did not.
	Monotone bool    `json:"monotone"`
	Points   []Point `json:"points"` // by clients
}

// Point is a number of clients that was played.
type Point struct {
	Clients int    `json:"clients"`
	Meets   bool   `json:"meets"`
	Missed  string `json:"missed,omitempty"` // the first limit that is not kept
	// Metrics are those of the objective; Method says how the give-ups are known.
	Metrics map[string]Interval `json:"metrics"`
	Method  string              `json:"method"`
	P99     float64             `json:"latency_p99_ms"`
	Puts    float64             `json:"puts_per_commit"`
}

// mostWriters ends the search upwards.
const mostWriters = 1024

// measureCapacity finds the curves of the incumbents and of the recommendation.
func (s *search) measureCapacity(ctx context.Context) error {
	if !s.Capacity {
		return nil
	}
	defer s.pace.aside()()
	c := &Capacity{Objective: s.Objective.String(), Clients: s.run.Scenario.Scalable()}
	s.result.Capacity = c
	for _, i := range slices.Concat(s.Incumbents, []Incumbent{{Recommended, s.promised.policy}}) {
		curve := Curve{Name: i.Name, Policy: i.Policy}
		err := bisect(&curve, mostWriters, s.run.Scenario.Scalable(), func(clients int) (Point, error) { return s.point(ctx, i.Policy, clients) })
		if err != nil {
			return err
		}
		c.Curves = append(c.Curves, curve)
	}
	return nil
}

// capacityOperations are what a point is judged by; give-ups that are rarer than what
// so many show are extrapolated.
const capacityOperations = 20_000

// point plays a number of clients, each number with the same seeds for all policies.
func (s *search) point(ctx context.Context, policy archive.Policy, clients int) (Point, error) {
	p := *s.player
	p.run.Scenario = changed(s.run.Scenario)
	if err := p.run.Scenario.Scale(clients); err != nil {
		return Point{}, fmt.Errorf("play %d clients: %w", clients, err)
	}
	operations := max(s.operations*clients/max(s.run.Scenario.Scalable(), 1), 1)
	repetitions := max(capacityOperations/(variantBatches*operations), 1)
	m := p.measure(policy)
	err := p.batches(ctx, m, streamCapacity, variantBatches, repetitions)
	s.played = p.played
	if err != nil {
		return Point{}, err
	}
	sum := m.summary("", s.Objective)
	point := Point{
		Clients: clients, Meets: true, Metrics: sum.Metrics, Method: sum.Exhaustion.Method, P99: sum.P99.Value, Puts: sum.PutsPerCommit.Value,
	}
	for _, c := range s.Objective.Constraints {
		if point.Meets && !c.Holds(m.compared(c)) {
			point.Meets, point.Missed = false, c.String()
		}
	}
	return point, nil
}

// bisect doubles the number of writers until one is beyond the objective, then halves
// what is between. It plays a few numbers below what it found, to see whether those
// are within too, and for the curve some beyond it and the scenario's own.
func bisect(c *Curve, most, own int, play func(clients int) (Point, error)) error {
	played := map[int]Point{}
	meets := func(n int) (bool, error) {
		p, known := played[n]
		if !known {
			var err error
			if p, err = play(n); err != nil {
				return false, err
			}
			played[n] = p
		}
		return p.Meets, nil
	}
	low, high := 0, 1
	for ; high <= most; high *= 2 {
		ok, err := meets(high)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		low = high
	}
	if high > most {
		high = 0 // nothing was beyond
	}
	for high-low > max(1, low/20) { // to 5 %, which is more than the model is worth
		middle := (low + high) / 2
		ok, err := meets(middle)
		if err != nil {
			return err
		}
		if ok {
			low = middle
		} else {
			high = middle
		}
	}
	for _, n := range []int{low * 3 / 8, low * 5 / 8, low * 7 / 8, own, 2 * high, 4 * high} {
		if n > 0 && n <= most {
			if _, err := meets(n); err != nil {
				return err
			}
		}
	}
	c.Writers, c.Broken, c.Monotone = low, high, true
	for _, n := range slices.Sorted(maps.Keys(played)) {
		c.Points = append(c.Points, played[n])
	}
	for i, p := range c.Points {
		c.Monotone = c.Monotone && (!p.Meets || !slices.ContainsFunc(c.Points[:i], func(b Point) bool { return !b.Meets }))
	}
	return nil
}
