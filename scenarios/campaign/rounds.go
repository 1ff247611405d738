package campaign

import (
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast/scenarios/measure"
)

// Rounds are the stages of a campaign whose units depend on what earlier ones have shown: the
// n-th call of [Rounds.Play] or [Rounds.Collect] is about the n-th stage. Each worker, and whoever
// merges, makes the same calls, since what decides on the next round are the results of those before
// it, which are the same for all of them.
type Rounds struct {
	*Campaign
	next int // stage
	// Missing is why [Rounds.Collect] has ended; nil: it has not.
	Missing *MissingError
}

// MissingError says what nobody has published of a stage.
type MissingError struct {
	Stage Stage
	Units int // of the stage
	Gaps  []Gap
}

func (e *MissingError) Error() string {
	n := 0
	for _, g := range e.Gaps {
		n += g.Last - g.First + 1
	}
	return fmt.Sprintf("%d of %d units of %s were not published", n, e.Units, e.Stage)
}

// round is a stage that is being played or collected.
type round struct {
	*Campaign
	stage   Stage
	parts   []measure.Part
	add     func(i int, s *measure.Sample)
	taken   []bool // shards of which all results were added
	players *partPlayers
}

func (r *Rounds) begin(parts []measure.Part, add func(i int, s *measure.Sample)) *round {
	r.next++
	return &round{
		Campaign: r.Campaign, stage: StageOf(r.next - 1), parts: parts, add: add, taken: make([]bool, r.Plan.Shards), players: newPartPlayers(),
	}
}

// Collect gives what all parts of the next stage have shown; see [measure.Config]. It fails by a
// [MissingError] if some were not published.
func (r *Rounds) Collect(ctx context.Context, parts []measure.Part, add func(i int, s *measure.Sample)) error {
	d := r.begin(parts, add)
	gaps, err := d.take(ctx)
	if err == nil && len(gaps) > 0 {
		r.Missing = &MissingError{d.stage, len(parts), gaps}
		err = r.Missing
	}
	return err
}

// finishedKey is the object that says that there is no stage after the last one.
const finishedKey = "finished"

// Finish says that there is no other stage. Results do not depend on it: it is there for who waits.
func (r *Rounds) Finish(ctx context.Context) error { return r.Put(ctx, finishedKey, nil) }

// The pauses between two looks at what others have published: a few requests each.
const (
	shortestPause = 10 * time.Millisecond
	longestPause  = 2 * time.Second
)

// Play gives what all parts of the next stage have shown; see [measure.Config]. It plays the share
// of the worker's own shard, and the shares of those shards that nobody plays, which the workers
// that are there divide among themselves; for the rest it waits. So the campaign ends with any
// number of workers, also one, and whenever they come and go.
func (r *Rounds) Play(ctx context.Context, s *Shard, parts []measure.Part, add func(i int, s *measure.Sample)) error {
	d := r.begin(parts, add)
	defer d.players.close()
	if err := d.play(ctx, s); err != nil {
		return err
	}
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		gaps, err := d.take(ctx)
		if err != nil || len(gaps) == 0 {
			return err
		}
		orphan, err := d.orphan(ctx, s.Index)
		if err != nil {
			return err
		}
		if orphan >= 0 {
			if err := d.play(ctx, s.as(orphan)); err != nil {
				return err
			}
			pause = shortestPause
			continue
		}
		if stopped, err := r.Stopped(ctx); err != nil {
			return err
		} else if stopped {
			return ErrStopped
		}
		if err := r.clock.Sleep(ctx, pause); err != nil {
			return context.Cause(ctx)
		}
	}
}

// as is the worker at work on another shard. Its heartbeats are still its own shard's.
func (s *Shard) as(index int) *Shard {
	return &Shard{Campaign: s.Campaign, Index: index, Attempt: s.Attempt, Workers: s.Workers, Every: s.Every, Progress: s.Progress}
}

// play plays the share of a shard, and publishes it.
func (d *round) play(ctx context.Context, s *Shard) error {
	return s.Play(ctx, d.stage, len(d.parts), func(ctx context.Context, unit int) ([]byte, error) {
		return d.players.play(ctx, d.parts[unit], label(&d.parts[unit]))
	})
}

// take adds the results of the shards that are complete, and returns what is missing of the others.
func (d *round) take(ctx context.Context) (missing []Gap, err error) {
	known, err := d.names(ctx, d.stage)
	if err != nil {
		return nil, err
	}
	for shard := range d.taken {
		if d.taken[shard] {
			continue
		}
		found := d.chain(ctx, d.stage, shard, len(d.parts), known)
		switch {
		case found.err != nil:
			return nil, found.err
		case found.missing != nil:
			missing = append(missing, *found.missing)
			continue
		}
		if err := found.give(d.decode); err != nil {
			return nil, err
		}
		d.taken[shard] = true
	}
	return missing, nil
}

// decode adds the result of a unit.
func (d *round) decode(unit int, result []byte) error {
	want := label(&d.parts[unit])
	if len(result) < len(want) || !slices.Equal(result[:len(want)], want) {
		return fmt.Errorf("determinism is lost: unit %d of %s was published for another part than %q, which is played there by what earlier stages have shown: workers have come to other decisions from the same results", unit, d.stage, want)
	}
	sample, err := measure.DecodeSample(result[len(want):])
	if err != nil {
		return fmt.Errorf("unit %d of %s: %w", unit, d.stage, err)
	}
	d.add(unit, sample)
	return nil
}

// label says which part a result is of, as far as parts of a search differ: a search that has
// gone another way is noticed.
func label(p *measure.Part) []byte {
	run := &p.Point.Run
	return fmt.Appendf(nil, "%s %s %s seed %d, %d clients, repetitions %d to %d of %d\n",
		run.Scenario.Name, run.Core.Name, run.Policy, run.Seed, run.Scenario.Clients(), p.First, p.Last, run.Repetitions)
}

// orphan is a shard that nobody plays and that the worker of a shard is to play; -1: there is none.
// Of several, each of those who are there takes others.
func (d *round) orphan(ctx context.Context, own int) (int, error) {
	survey, err := d.Survey(ctx, d.stage, len(d.parts))
	if err != nil {
		return -1, err
	}
	var orphans, there []int
	for i := range survey.Shards {
		s := &survey.Shards[i]
		switch {
		case i == own || s.life(survey.Now) == Running:
			there = append(there, i)
		case !d.taken[i] && s.State != Done:
			orphans = append(orphans, i)
		}
	}
	rank := slices.Index(there, own)
	if rank < len(orphans) {
		return orphans[rank], nil
	}
	return -1, nil
}
