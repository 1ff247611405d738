package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"holdfast/scenarios"
	"holdfast/scenarios/explore"
)

// Exploration is the job of a campaign that explores a scenario's schedules: a unit of [Whole] is
// a part of the search.
type Exploration struct {
	Run       scenarios.Run    `json:"run"`
	Strategy  explore.Strategy `json:"strategy"`
	Faults    int              `json:"faults"`
	Schedules int              `json:"schedules,omitempty"` // of a strategy that draws them
	Parts     []explore.Unit   `json:"parts"`
	// Continuations of each beginning of a witness.
	Continuations int `json:"continuations"`
	// Replay is the command that explores again on one machine, and Witness the one that plays a
	// schedule, which is added to it.
	Replay  string `json:"replay"`
	Witness string `json:"witness"`
}

// fewestParts of an exhaustive search, if it has as many schedules: they differ in size by factors
// of a hundred, and those of a shard are to be alike together.
const fewestParts = 4096

// NewExploration cuts a search into units.
func NewExploration(ctx context.Context, c explore.Config) (*Exploration, error) {
	parts, err := c.Cut(ctx, fewestParts)
	if err != nil {
		return nil, err
	}
	return &Exploration{Run: *c.Run, Strategy: c.Strategy, Faults: c.Faults, Schedules: c.Schedules, Continuations: c.Continuations, Parts: parts}, nil
}

// Config is that of the search.
func (e *Exploration) Config(workers int) explore.Config {
	return explore.Config{Run: &e.Run, Strategy: e.Strategy, Faults: e.Faults, Schedules: e.Schedules, Continuations: e.Continuations, Workers: workers}
}

// part is the number of the one that a unit is. Parts near each other are of similar size, so
// the units of a shard are parts from everywhere: steps of the golden ratio come nowhere twice, and
// everywhere evenly (Knuth, "The Art of Computer Programming", volume 3, section 6.4, theorem S).
func (e *Exploration) part(unit int) int {
	n := len(e.Parts)
	step := max(int(float64(n)*(math.Phi-1)), 1)
	for gcd(step, n) > 1 {
		step++
	}
	return unit * step % n
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// Play has a shard's parts played and published.
func (e *Exploration) Play(ctx context.Context, s *Shard) error {
	if err := s.has(len(e.Parts)); err != nil {
		return err
	}
	players := idle[*explore.Player]{start: func() (*explore.Player, error) { return e.Config(1).NewPlayer(ctx) }}
	defer players.close()
	return s.Play(ctx, Whole, len(e.Parts), func(ctx context.Context, unit int) ([]byte, error) {
		one, err := players.take()
		if err != nil {
			return nil, err
		}
		defer players.put(one)
		shown, err := one.Play(ctx, e.Parts[e.part(unit)])
		if err != nil {
			return nil, err
		}
		return json.Marshal(shown)
	})
}

// Merge makes the result of what is published, as one machine makes it, and returns what is
// missing. A search that has found a violation lacks nothing after it.
func (e *Exploration) Merge(ctx context.Context, c *Campaign, workers int) (explore.Result, []Gap, error) {
	if err := c.has(len(e.Parts)); err != nil {
		return explore.Result{}, nil, err
	}
	shown := make([]*explore.Shown, len(e.Parts))
	gaps, err := c.Collect(ctx, Whole, len(e.Parts), func(unit int, result []byte) error {
		s := &explore.Shown{}
		shown[e.part(unit)] = s
		if err := json.Unmarshal(result, s); err != nil {
			return fmt.Errorf("unit %d is not what a part of a search shows: %w", unit, err)
		}
		return nil
	})
	if err != nil {
		return explore.Result{}, gaps, err
	}
	found, err := e.Config(workers).Conclude(ctx, shown)
	return found, gaps, err
}

// Estimate is how long all parts take on one core: parts from everywhere are played for a while. 0:
// none of them ended before ctx did.
func (e *Exploration) Estimate(ctx context.Context) (time.Duration, error) {
	p, err := e.Config(1).NewPlayer(ctx)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	began := time.Now()
	for unit := range e.Parts {
		_, err := p.Play(ctx, e.Parts[e.part(unit)])
		took := time.Since(began)
		switch {
		case ctx.Err() != nil:
			return 0, nil
		case err != nil:
			return 0, err
		case took >= estimating || unit+1 == len(e.Parts):
			return took / time.Duration(unit+1) * time.Duration(len(e.Parts)), nil
		}
	}
	return 0, nil
}
