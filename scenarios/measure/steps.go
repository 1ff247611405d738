package measure

import "holdfast/scenarios/history"

// steps takes from the events of a run how its steps ended, each way once.
type steps []StepResult

// Add implements [history.Sink].
func (s *steps) Add(e *history.Event) {
	if e.Kind == history.Step {
		s.add(StepResult{Step: e.Do, Want: e.Expected.Want, Got: e.Expected.Got, Passed: !e.Expected.Missed})
	}
}

func (s *steps) add(step StepResult) {
	for _, known := range *s {
		if known == step {
			return
		}
	}
	*s = append(*s, step)
}

func (s steps) missed() bool {
	for i := range s {
		if !s[i].Passed {
			return true
		}
	}
	return false
}
