package scenarios

import "holdfast/scenarios/network"

// Throttle is the fault by which the store refuses what comes too fast; the zero Fault if
// there is none.
func (s *Scenario) Throttle() network.Fault {
	for _, f := range s.Faults {
		if f.Kind == network.ByLoad {
			return network.Fault(f)
		}
	}
	return network.Fault{}
}

func (s *Scenario) faults() []network.Fault {
	all := make([]network.Fault, len(s.Faults))
	for i, f := range s.Faults {
		all[i] = network.Fault(f)
	}
	return all
}

// Planned are the faults that are to strike a certain call or operation. A run in which
// one of them has struck nobody has not played the scenario.
func (s *Scenario) Planned() []string {
	var planned []string
	for _, f := range s.Faults {
		if f.Nth > 0 {
			planned = append(planned, network.Fault(f).String())
		}
	}
	return planned
}
