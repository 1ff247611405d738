package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sync"

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

// partsOfShard are how many parts an exhaustive search has for each shard, at least: they differ
// in size by factors of a hundred.
const partsOfShard = 64

// mostParts of an exhaustive search, about: each worker reads all of them.
const mostParts = 20_000

// NewExploration cuts a search for so many shards. What it shows does not depend on their number.
func NewExploration(ctx context.Context, c explore.Config, shards int) (*Exploration, error) {
	parts, err := c.Cut(ctx, min(shards*partsOfShard, mostParts))
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
	idle := idlers{config: e.Config(1)}
	defer idle.close()
	return s.Play(ctx, Whole, len(e.Parts), func(ctx context.Context, unit int) ([]byte, error) {
		one, err := idle.take(ctx)
		if err != nil {
			return nil, err
		}
		defer idle.put(one)
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

// idlers are players that play no part at the moment: each can play the next one.
type idlers struct {
	config explore.Config
	mu     sync.Mutex
	idle   []*explore.Player
}

func (i *idlers) take(ctx context.Context) (*explore.Player, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if n := len(i.idle); n > 0 {
		p := i.idle[n-1]
		i.idle = i.idle[:n-1]
		return p, nil
	}
	return i.config.NewPlayer(ctx)
}

func (i *idlers) put(p *explore.Player) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.idle = append(i.idle, p)
}

func (i *idlers) close() {
	for _, p := range i.idle {
		p.Close()
	}
}
