package measure

import (
	"context"
	"errors"
	"fmt"
)

// gather takes what the parts have shown that were played elsewhere.
func (p *playing) gather(ctx context.Context) error {
	if p.Each != nil {
		return errors.New("repetitions that were played elsewhere can't be told of one by one")
	}
	all := p.queue
	parts := make([]Part, len(all))
	for i := range all {
		parts[i] = all[i].Part
	}
	given := make([]bool, len(all)) // guarded by mu, and so is wrong
	var wrong error
	err := p.Elsewhere(ctx, parts, func(i int, s *Sample) {
		p.mu.Lock()
		not := fits(parts, given, i, s)
		wrong = errors.Join(wrong, not)
		p.mu.Unlock()
		if not == nil {
			p.add(all[i], s)
		}
	})
	for i := range all {
		if !given[i] {
			p.add(all[i], parts[i].Missing())
		}
	}
	return errors.Join(wrong, err)
}

// fits reports why a sample is not that of a part, or was given before.
func fits(parts []Part, given []bool, i int, s *Sample) error {
	switch {
	case i < 0 || i >= len(parts):
		return fmt.Errorf("there is no part %d: the plan has %d, from 0", i, len(parts))
	case !s.Of(parts[i]):
		return fmt.Errorf("what is said to be part %d is of the repetitions %d to %d, not %d to %d", i, s.first, s.last, parts[i].First, parts[i].Last)
	case given[i]:
		return fmt.Errorf("part %d was given twice", i)
	}
	given[i] = true
	return nil
}
