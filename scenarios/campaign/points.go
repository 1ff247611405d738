package campaign

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/scenarios/measure"
)

// Points are the job of a campaign that plays points in virtual worlds: of [Whole] each unit is a
// range of a point's repetitions.
type Points struct {
	Points []measure.Point `json:"points"`
	// Size is the number of repetitions that a unit has at most.
	Size int `json:"repetitions_of_a_unit"`
}

const (
	// fineUnits are as many as let shards be of even length: with fewer repetitions than that,
	// each is a unit.
	fineUnits = 2_048
	// mostOfUnit is more than enough for setting up a unit to cost nothing.
	mostOfUnit = 10
	// coarseUnits are as many as a campaign has about at most: what units cost beside their
	// repetitions does not grow any more.
	coarseUnits = 100_000
)

// NewPoints cuts points into units, by what they are alone. Points that need a file where they
// are played are refused.
func NewPoints(points []measure.Point) (*Points, error) {
	for i := range points {
		if file := points[i].Run.Latency().File(); file != "" {
			return nil, fmt.Errorf("latency %s: workers do not have the file %s: use a distribution, or the file of a measured profile, which the plan holds", points[i].Run.Latency().Name, file)
		}
	}
	p := &Points{Points: points}
	all := p.Repetitions()
	p.Size = max(min(all/fineUnits, mostOfUnit), all/coarseUnits, 1)
	return p, nil
}

// Repetitions are those of all points.
func (p *Points) Repetitions() int {
	all := 0
	for i := range p.Points {
		all += p.Points[i].Run.Repetitions
	}
	return all
}

// units are the parts that are played.
func (p *Points) units() []measure.Part {
	plan := measure.Plan{Points: p.Points}
	return plan.Units(p.Size)
}

// Units is how many there are.
func (p *Points) Units() int { return len(p.units()) }

// Play has a shard's units played and published.
func (p *Points) Play(ctx context.Context, s *Shard) error {
	defer measure.CollectAt(measure.VirtualGCPercent)()
	units := p.units()
	if err := s.has(len(units)); err != nil {
		return err
	}
	players := newPartPlayers()
	defer players.close()
	return s.Play(ctx, Whole, len(units), func(ctx context.Context, unit int) ([]byte, error) {
		return players.play(ctx, units[unit], nil)
	})
}

// Merge puts together what is published of each point, as one machine measures it, and gives each
// with how many of its repetitions nobody has published, in their order. It returns what is
// missing of the campaign.
func (p *Points) Merge(ctx context.Context, c *Campaign, each func(point int, m *measure.Measurement, unplayed int) error) ([]Gap, error) {
	g := &merge{units: p.units(), each: each}
	if err := c.has(len(g.units)); err != nil {
		return nil, err
	}
	gaps, err := c.Collect(ctx, Whole, len(g.units), g.add)
	if err == nil {
		err = g.upTo(len(g.units))
	}
	return gaps, err
}

// merge takes units in their order.
type merge struct {
	units []measure.Part
	each  func(int, *measure.Measurement, int) error
	next  int           // unit
	point int           // of it
	pool  *measure.Pool // of the point; nil: next begins it
	// unplayed repetitions of the same.
	unplayed int
}

func (g *merge) add(unit int, result []byte) error {
	if err := g.upTo(unit); err != nil {
		return err
	}
	sample, err := measure.DecodeSample(result)
	if err == nil && !sample.Of(g.units[unit]) {
		err = errors.New("it is of other repetitions")
	}
	if err != nil {
		return fmt.Errorf("the result of unit %d: %w", unit, err)
	}
	return g.take(sample)
}

// upTo takes the units before one as missing.
func (g *merge) upTo(unit int) error {
	for g.next < unit {
		part := g.units[g.next]
		g.unplayed += part.Last - part.First + 1
		if err := g.take(part.Missing()); err != nil {
			return err
		}
	}
	return nil
}

// take adds the next unit's sample to its point, and ends that with its last one.
func (g *merge) take(s *measure.Sample) (err error) {
	point := g.units[g.next].Point
	if g.pool == nil {
		if g.pool, err = measure.NewPool(point, nil, 0); err != nil {
			return err
		}
	}
	g.pool.Add(s)
	if g.next++; g.next < len(g.units) && g.units[g.next].Point == point {
		return nil
	}
	m, err := g.pool.Measurement()
	if err == nil {
		err = g.each(g.point, &m, g.unplayed)
	}
	g.point, g.pool, g.unplayed = g.point+1, nil, 0
	return err
}

// estimating is for how long repetitions are played at least to say how long all take.
const estimating = 200 * time.Millisecond

// Estimate is how long all of it takes on one core, by playing repetitions of the point in the
// middle, of those in the order of what they cost; 0: none ended within ctx.
func (p *Points) Estimate(ctx context.Context) (time.Duration, error) {
	var order []*measure.Point
	all := 0.0
	for i := range p.Points {
		point := &p.Points[i]
		order = append(order, point)
		all += point.Cost() * float64(point.Run.Repetitions)
	}
	slices.SortStableFunc(order, func(a, b *measure.Point) int { return cmp.Compare(a.Cost(), b.Cost()) })
	middle := order[len(order)/2]
	first, _ := middle.Run.Numbers()
	part := measure.Part{Point: middle, First: first, Last: first}
	var player measure.Player
	defer player.Close()
	var began time.Time
	played := 0
	for ; played < 2 || time.Since(began) < estimating; played++ {
		if played == 1 { // the first one sets up more than others
			began = time.Now()
		}
		err := player.Play(ctx, part).Err(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return 0, err
		}
	}
	if played < 2 {
		return 0, nil
	}
	return time.Duration(float64(time.Since(began)) / float64(played-1) * all / middle.Cost()), nil
}

// Job decodes what is to be played into a value of its kind.
func (c *Campaign) Job(job any) error {
	if err := json.Unmarshal(c.Plan.Job, job); err != nil {
		return fmt.Errorf("%s: what the plan holds is no job of %s: %w", c.at(planKey), c.Plan.Kind, err)
	}
	return nil
}
