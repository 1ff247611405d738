package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"holdfast/archive"
)

// Status is how far a campaign is.
type Status struct {
	Survey
	Stage   Stage // that is being played
	Stopped bool
	// Disputed is how determinism was lost; nil: it was not.
	Disputed *DeterminismError
	// Shards by their state.
	Done, Running, Silent, Missing int
	// Units of the stage that are published, and those that workers have complete beside them, as
	// far as they were asked; of how many.
	Published, Complete, Units int
	// Workers are the heartbeats of those that are running, at most [MostAsked] of them.
	Workers []Beat
	// PerSecond are the units that those who are running play; 0: nobody has told yet.
	PerSecond float64
	// Left is the time that they will take for all that is not complete; 0: unknown, or none.
	Left time.Duration
}

// MostAsked are the workers whose heartbeat is read: a request each. What they say stands for
// the others, too.
const MostAsked = 64

// Status says how far the campaign is, at the cost of a [Campaign.Survey] and at most [MostAsked]
// reads.
func (c *Campaign) Status(ctx context.Context) (*Status, error) {
	stage, units, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	survey, err := c.Survey(ctx, stage, units)
	if err != nil {
		return nil, err
	}
	s := &Status{Survey: *survey, Stage: stage, Units: units}
	if s.Stopped, err = c.Stopped(ctx); err != nil {
		return nil, err
	}
	err = c.undisputed(ctx, stage)
	if disputed, is := errors.AsType[*DeterminismError](err); is {
		s.Disputed = disputed
	} else if err != nil {
		return nil, err
	}
	if c.Plan.Units == 0 {
		if err := c.staged(ctx, s); err != nil {
			return nil, err
		}
	}
	for i := range s.Shards {
		s.Published += s.Shards[i].Published
		switch s.Shards[i].State {
		case Done:
			s.Done++
		case Running:
			s.Running++
		case Silent:
			s.Silent++
		case Missing:
			s.Missing++
		}
	}
	s.Complete = s.Published
	return s, c.ask(ctx, s)
}

// staged says what became of the shards of a campaign that goes by stages: none is done before all
// are, as another stage may follow.
func (c *Campaign) staged(ctx context.Context, s *Status) error {
	_, err := c.Get(ctx, finishedKey)
	if err != nil && !errors.Is(err, archive.ErrNotFound) {
		return err
	}
	for i := range s.Shards {
		if shard := &s.Shards[i]; err == nil {
			shard.State = Done
		} else {
			shard.State = shard.life(s.Now)
		}
	}
	return nil
}

// current is the stage that is being played, as marks tell, and how many units it has.
func (c *Campaign) current(ctx context.Context) (stage Stage, units int, err error) {
	if c.Plan.Units > 0 {
		return Whole, c.Plan.Units, nil
	}
	all, err := c.List(ctx, "stages/")
	if err != nil {
		return "", 0, err
	}
	for _, o := range all {
		name, _, _ := strings.Cut(strings.TrimPrefix(o.Key, "stages/"), "/")
		n, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if _, _, of, ok := StageOf(n).readMark(o.Key); ok {
			stage, units = StageOf(n), of // the last in the order of names
		}
	}
	return stage, units, nil
}

// ask reads what running workers say.
func (c *Campaign) ask(ctx context.Context, s *Status) error {
	rates := 0
	for i := range s.Shards {
		shard := &s.Shards[i]
		if shard.State != Running || len(s.Workers) == MostAsked {
			continue
		}
		body, err := c.Get(ctx, shard.worker)
		if err != nil && !errors.Is(err, archive.ErrNotFound) {
			return err
		}
		var b Beat
		if err != nil || json.Unmarshal(body, &b) != nil {
			continue
		}
		s.Workers = append(s.Workers, b)
		s.Complete += min(max(b.Complete-shard.Published, 0), shard.Units-shard.Published)
		if took := b.At.Sub(b.Started).Seconds(); took > 0 && b.Played > 0 {
			s.PerSecond += float64(b.Played) / took
			rates++
		}
	}
	if rates > 0 {
		s.PerSecond *= float64(s.Running) / float64(rates)
		s.Left = time.Duration(float64(s.Units-s.Complete) / s.PerSecond * float64(time.Second))
	}
	return nil
}
