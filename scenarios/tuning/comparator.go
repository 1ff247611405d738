package tuning

import (
	"context"

	"holdfast/archive"
	"holdfast/scenarios/cores"
)

// Comparator is a policy whose waits are drawn by a core of its own, see [cores.Published].
type Comparator struct {
	Core   cores.Spec
	Bounds archive.Policy // of which only the bounds count
}

// validateComparators plays them on the seeds of the validation, each in so many batches.
func (s *search) validateComparators(ctx context.Context, batches int) error {
	for i := range s.Comparators {
		c := &s.Comparators[i]
		m := s.measure(c.Bounds)
		m.core = &c.Core
		if err := s.batches(ctx, m, streamValidate, batches, s.batch); err != nil {
			return err
		}
		shown := m.summary(c.Core.Name, s.Objective)
		shown.Core = c.Core.Name
		s.result.Incumbents = append(s.result.Incumbents, shown)
	}
	return nil
}
