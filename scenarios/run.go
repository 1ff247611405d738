package scenarios

import (
	"errors"
	"fmt"

	"holdfast/archive"
	"holdfast/scenarios/cores"
)

// Run is a scenario with all that playing it needs: see [Run.Validate]. [NewRun] makes one
// as the scenario says.
type Run struct {
	Scenario    *Scenario
	Document    *archive.Change
	Layout      *Layout // of the document; nil: the archive's own
	Core        cores.Spec
	Policy      archive.Policy
	Seed        uint64
	Repetitions int
	// AnyOrder lets each actor of a timeline do its own steps in their order, but
	// without waiting for those of the others.
	AnyOrder bool
	// Observe, which may be nil, returns an observer of what the core does for an
	// actor. It is asked each time that the actor's process starts. Its hooks see the
	// calls of repetitions that are played at the same time, and must not block.
	Observe func(actor string, kind Kind) archive.Observer
}

// NewRun is one repetition of the scenario with a core, on the scenario's document and with
// its policy, or else the core's, see [cores.Spec.PolicyFor]. Its seed is 1.
func NewRun(s *Scenario, core cores.Spec) (*Run, error) {
	layout, doc, err := s.Open()
	if err != nil {
		return nil, err
	}
	policy := core.PolicyFor((*archive.Policy)(s.Policy))
	return &Run{Scenario: s, Document: doc, Layout: layout, Core: core, Policy: policy, Seed: 1, Repetitions: 1}, nil
}

// Validate reports what playing the run lacks: a scenario, a document, a core, a policy that
// can be followed, and a number of repetitions.
func (r *Run) Validate() error {
	switch {
	case r.Scenario == nil:
		return errors.New("a run needs a scenario: make it by NewRun")
	case r.Document == nil:
		return fmt.Errorf("the run of %s needs a document to play on: make it by NewRun", r.Scenario.Name)
	case r.Core.New == nil:
		return fmt.Errorf("the run of %s needs a core, such as cores.Find finds", r.Scenario.Name)
	case r.Repetitions < 1:
		return fmt.Errorf("the run of %s needs 1 repetition or more, not %d", r.Scenario.Name, r.Repetitions)
	}
	if err := r.Policy.Validate(); err != nil {
		return fmt.Errorf("the run of %s needs a retry policy: %w", r.Scenario.Name, err)
	}
	return nil
}
