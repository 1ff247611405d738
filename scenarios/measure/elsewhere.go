package measure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// gather measures a plan by samples that were played elsewhere.
func (p *playing) gather(ctx context.Context) ([]*Measured, error) {
	if p.Each != nil {
		return nil, errors.Join(errors.New("repetitions that were played elsewhere can't be told of one by one"), p.closeFiles())
	}
	units := p.units(p.UnitSize)
	parts := make([]Part, len(units))
	for i := range units {
		parts[i] = units[i].Part
	}
	added := make([]bool, len(units))
	var wrong error // guarded by mu
	err := p.Elsewhere(ctx, parts, func(i int, s *Sample) {
		if of := p.fits(units, added, i, s); of != nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			wrong = errors.Join(wrong, of)
			return
		}
		if p.needs(units[i].point) {
			p.add(units[i], s)
		}
	})
	p.closeRanks()
	measured, failed := p.finish()
	return measured, errors.Join(failed, wrong, err)
}

// fits reports why a sample is not that of a unit, or is there already.
func (p *playing) fits(units []part, added []bool, i int, s *Sample) error {
	if i < 0 || i >= len(units) {
		return fmt.Errorf("there is no unit %d: the plan has %d, from 0", i, len(units))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch u := &units[i]; {
	case s.first != u.First || s.last != u.Last:
		return fmt.Errorf("what is said to be unit %d is of the repetitions %d to %d, not %d to %d", i, s.first, s.last, u.First, u.Last)
	case added[i]:
		return fmt.Errorf("unit %d is there twice", i)
	}
	added[i] = true
	return nil
}

// needs reports whether what is still to come of a point counts.
func (p *playing) needs(point int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pools[point] != nil && point <= p.last && !p.pools[point].over()
}

// closeRanks lets the samples count in front of which others are missing: what they show
// would not be undone by those.
func (p *playing) closeRanks() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pool := range p.pools {
		if pool == nil {
			continue
		}
		for _, first := range slices.Sorted(maps.Keys(pool.early)) {
			if s := pool.early[first]; s != nil { // not yet added with the one before it
				pool.missing, pool.next = true, first
				pool.Add(s)
			}
		}
	}
}
