package campaign

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"holdfast/archive"
)

// PlanSchema names the document of a plan.
const PlanSchema = "simulate.campaign-plan/v1"

// planKey is JSON, compressed by Zstandard: each worker reads it, and it repeats itself.
const planKey = "plan.json.zst"

// MostShards of a campaign: what names have digits for.
const MostShards = 100_000

// Plan is what is to be played. It is written once, and never changed.
type Plan struct {
	Schema string `json:"schema"`
	// Program is who may play it: another program may show other things for the same seed.
	Program string   `json:"program"`
	Version string   `json:"version,omitempty"` // of the program, for people
	Kind    string   `json:"kind"`              // run, sweep, tune, explore or load
	Command []string `json:"command"`           // what plays the same on one machine, for people
	Shards  int      `json:"shards"`
	// Units are those of [Whole]; 0: the campaign goes by stages, whose units depend on what was
	// shown before.
	Units int `json:"units,omitempty"`
	// Job is all that is to be played, as a value of its kind.
	Job json.RawMessage `json:"job"`
}

// Campaign is a plan under its prefix. It may be used by many goroutines.
type Campaign struct {
	*Prefix
	Plan   Plan
	digest [sha256.Size]byte // of the plan: pieces say of which they are
}

// The ways in which a prefix is not what was asked for: trying again is no use.
var (
	ErrNoPlan    = errors.New("there is no plan")
	ErrOtherPlan = errors.New("there is another plan")
)

// Write writes a plan under a prefix, and reports whether it was there already. Another plan
// that is there stays, and is [ErrOtherPlan].
func Write(ctx context.Context, p *Prefix, plan Plan) (c *Campaign, again bool, err error) {
	plan.Schema = PlanSchema
	if err := plan.validate(); err != nil {
		return nil, false, err
	}
	body, err := plan.encode()
	if err != nil {
		return nil, false, err
	}
	err = p.claim(ctx, planKey, body, PublishFor)
	switch {
	case errors.Is(err, archive.ErrPreconditionFailed):
		again = true
	case err != nil:
		return nil, false, err
	default:
		if err := p.keepsConditions(ctx, body); err != nil {
			return nil, false, err
		}
	}
	if c, err = Load(ctx, p); err != nil {
		return nil, again, err
	}
	if there, err := c.Plan.encode(); err != nil || !bytes.Equal(there, body) {
		return nil, again, errors.Join(err, fmt.Errorf("%s: %w (%s in %d shards): a plan is not changed: choose another prefix", p.name, ErrOtherPlan, c.Plan.Kind, c.Plan.Shards))
	}
	return c, again, nil
}

// keepsConditions tries whether a second create of the plan is refused: on a store that
// overwrites, two workers of one index could each believe that their results are those that count.
func (p *Prefix) keepsConditions(ctx context.Context, body []byte) error {
	err := p.claim(ctx, planKey, body, PublishFor)
	if errors.Is(err, archive.ErrPreconditionFailed) {
		return nil
	}
	if err == nil {
		err = errors.New("the store has written it twice, so it ignores If-None-Match: use another (simulate doctor examines it)")
	}
	return fmt.Errorf("create %s: %w", p.at(planKey), err)
}

// Load reads the plan of a prefix. [ErrNoPlan]: there is none, or none that can be read.
func Load(ctx context.Context, p *Prefix) (*Campaign, error) {
	body, err := p.Get(ctx, planKey)
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return nil, fmt.Errorf("%s: %w: write one by simulate campaign plan, or correct the prefix", p.name, ErrNoPlan)
	case err != nil:
		return nil, err
	}
	plan, err := decodePlan(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w that can be read: %w: choose another prefix, or the program that wrote it", p.at(planKey), ErrNoPlan, err)
	}
	return &Campaign{p, *plan, sha256.Sum256(body)}, nil
}

// has reports that a job has not the units that the plan says it has, so that somebody has altered it.
func (c *Campaign) has(units int) error {
	if c.Plan.Units == units {
		return nil
	}
	return fmt.Errorf("%s: %w that can be played: it says %d units, and its job has %d: choose another prefix", c.at(planKey), ErrNoPlan, c.Plan.Units, units)
}

func (p *Plan) encode() ([]byte, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write the plan: %w", err)
	}
	return compress(text)
}

func decodePlan(body []byte) (*Plan, error) {
	text, err := decompress(body)
	if err != nil {
		return nil, err
	}
	var p Plan
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, err
	}
	if p.Schema != PlanSchema {
		return nil, fmt.Errorf("its schema is %q, and this program knows %s", p.Schema, PlanSchema)
	}
	return &p, p.validate()
}

func (p *Plan) validate() error {
	switch {
	case p.Shards < 1 || p.Shards > MostShards:
		return fmt.Errorf("%d shards: want 1 to %d", p.Shards, MostShards)
	case p.Units < 0 || p.Units > mostUnits:
		return fmt.Errorf("%d units: a campaign has at most %d: make them larger", p.Units, mostUnits)
	case p.Program == "":
		return errors.New("the plan does not say which program may play it")
	}
	return nil
}

// ProgramError says that a plan is another program's.
type ProgramError struct{ Prefix, Plan, Here string }

func (e *ProgramError) Error() string {
	return fmt.Sprintf("%s was planned by program %s, and this is %s, which may show other things for the same seed: use that program, or plan again with this one under another prefix", e.Prefix, e.Plan, e.Here)
}

// Check reports that this program may not play the plan: a [ProgramError].
func (c *Campaign) Check(program string) error {
	if c.Plan.Program == program {
		return nil
	}
	return &ProgramError{c.name, c.Plan.Program, program}
}

// mostBytes bounds what is decompressed into memory.
const mostBytes = 1 << 30

func compress(text []byte) ([]byte, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, err
	}
	return e.EncodeAll(text, nil), e.Close()
}

func decompress(body []byte) ([]byte, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(mostBytes))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.DecodeAll(body, nil)
}
