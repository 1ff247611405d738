package scenarios

// Resolved is the run's scenario with what would be left to a default: core, policy and
// document and, in the virtual world, latency. A program whose defaults are others plays the
// same by it, given the seed and the number of repetitions.
func (r *Run) Resolved(in string) *Scenario {
	s := *r.Scenario
	s.Core, s.Policy = r.Core.Name, &Policy{Policy: r.Policy}
	if r.Core.OwnWaits {
		s.Policy.Core = r.Core.Name
	}
	if s.Document == "" && r.Layout == nil {
		s.Document = defaultDocument
	}
	if s.Latency == nil && in == VirtualWorld {
		l := Latency(r.Latency())
		s.Latency = &l
	}
	return &s
}
