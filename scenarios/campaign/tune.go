package campaign

import (
	"context"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/tuning"
)

// Tuning is the job of a campaign that searches a policy. What is played depends on what was shown
// before: each round of the search is a stage.
type Tuning struct {
	Run         scenarios.Run `json:"run"`
	Objective   string        `json:"objective"`
	Incumbents  []string      `json:"incumbents,omitempty"`
	Evaluations int           `json:"evaluations"`
	Capacity    bool          `json:"capacity,omitempty"`
	// Architectures asks for all that can be done about the object.
	Architectures bool   `json:"architectures,omitempty"`
	Flags         string `json:"flags"`  // see [tuning.Config]
	Replay        string `json:"replay"` // the command that searches the same on one machine
}

// Config is that of the search.
func (t *Tuning) Config() (tuning.Config, error) {
	c := tuning.Config{
		Run: t.Run, Evaluations: t.Evaluations, Capacity: t.Capacity, Architectures: t.Architectures, Flags: t.Flags,
		Incumbents: tuning.DefaultIncumbents(),
	}
	var err error
	if c.Objective, err = tuning.ParseObjective(t.Objective); err != nil {
		return c, err
	}
	inUse, others, err := tuning.ParseIncumbents(t.Incumbents)
	if c.Comparators = others; len(inUse) > 0 {
		c.Incumbents = inUse
	}
	return c, err
}

// Play takes part in the search until it ends: the worker plays its shard's share of each round,
// and what nobody else plays.
func (t *Tuning) Play(ctx context.Context, s *Shard) error {
	c, err := t.Config()
	if err != nil {
		return err
	}
	rounds := &Rounds{Campaign: s.Campaign}
	c.Elsewhere = func(ctx context.Context, parts []measure.Part, add func(int, *measure.Sample)) error {
		return rounds.Play(ctx, s, parts, add)
	}
	if _, err := tuning.Tune(ctx, c); err != nil {
		return err
	}
	if ctx.Err() != nil { // which is no error to who searches
		return context.Cause(ctx)
	}
	return rounds.Finish(ctx)
}

// Merge makes the result of what is published, as one machine finds it. A search of which something is missing is told as far as it got:
// inconclusive, if that is not enough to judge it by.
func (t *Tuning) Merge(ctx context.Context, campaign *Campaign) (*tuning.Result, *MissingError, error) {
	c, err := t.Config()
	if err != nil {
		return nil, nil, err
	}
	rounds := &Rounds{Campaign: campaign}
	searching, cancel := context.WithCancel(ctx)
	defer cancel()
	c.Elsewhere = func(_ context.Context, parts []measure.Part, add func(int, *measure.Sample)) error {
		err := rounds.Collect(ctx, parts, add)
		if rounds.Missing != nil {
			cancel() // which the search takes for an interrupt, and says what it knows
		}
		return err
	}
	found, err := tuning.Tune(searching, c)
	if err != nil || rounds.Missing == nil {
		return found, nil, err
	}
	found.Interrupted = false
	if found.Verdict == check.OK || found.Verdict == check.Inconclusive {
		found.Verdict, found.Passed = check.Inconclusive, false
		found.Reasons = []string{rounds.Missing.Error()}
	}
	return found, rounds.Missing, nil
}
