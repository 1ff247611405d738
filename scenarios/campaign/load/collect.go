package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// State is what became of a shard.
type State string

// The states of a shard.
const (
	Ended   State = "ended"   // all that it has recorded is there
	Cut     State = "cut"     // it ended before its time, as it was told to; all is there
	Failed  State = "failed"  // it could not go on; all that it has recorded is there
	Lost    State = "lost"    // it died: what came last is missing
	Unseen  State = "unseen"  // it died before it had recorded anything
	Playing State = "playing" // it is at work, or has been less than a minute ago
)

// Outcome is what became of a shard, and what there is of it.
type Outcome struct {
	Shard, Attempt int
	State          State
	File           string // its history; empty: there is none
	Failure        string // why it could not go on
}

// Collected is what there is of a load.
type Collected struct {
	Shards []Outcome // in their order
	Final  string    // the file of the final state; empty: shards are playing, so nobody has read it
}

// Files are those of all histories.
func (c *Collected) Files() []string {
	var all []string
	for i := range c.Shards {
		if c.Shards[i].File != "" {
			all = append(all, c.Shards[i].File)
		}
	}
	if c.Final != "" {
		all = append(all, c.Final)
	}
	return all
}

// In are the numbers of the shards in a state.
func (c *Collected) In(s State) []int {
	var all []int
	for i := range c.Shards {
		if c.Shards[i].State == s {
			all = append(all, c.Shards[i].Shard)
		}
	}
	return all
}

// pollEvery is the time between two looks whether all shards have ended.
const pollEvery = 2 * time.Second

// Collect writes the histories of all shards into a directory, and reads the final state if
// that was not done yet. It waits as long for shards that are playing, or have not begun. If the
// load has not begun by then, it is an [AbsentError].
func (l *Load) Collect(ctx context.Context, dir string, wait time.Duration) (*Collected, error) {
	var shards []Outcome
	for began := time.Now(); ; {
		var err error
		shards, err = l.outcomes(ctx)
		missing, absent := errors.AsType[*AbsentError](err)
		if err != nil && !absent {
			return nil, err
		}
		waited := time.Since(began)
		if absent {
			missing.Waited = waited
		}
		if playing := slices.ContainsFunc(shards, func(p Outcome) bool { return p.State == Playing }); !playing && !absent {
			break
		} else if waited >= wait && absent {
			return nil, err
		} else if waited >= wait {
			break
		}
		if !pause(ctx, min(pollEvery, wait-waited)) {
			return nil, context.Cause(ctx)
		}
	}
	c := &Collected{Shards: shards}
	for i := range c.Shards {
		if err := l.fetch(ctx, dir, &c.Shards[i]); err != nil {
			return nil, err
		}
	}
	if len(c.In(Playing)) > 0 {
		return c, nil
	}
	return c, l.final(ctx, dir, c)
}

// outcomes says what became of each shard.
func (l *Load) outcomes(ctx context.Context) ([]Outcome, error) {
	g, err := l.begun(ctx)
	if err != nil {
		return nil, err
	}
	if g == nil {
		attempts, err := l.present(ctx)
		if err != nil {
			return nil, err
		}
		absent := &AbsentError{Of: l.Plan.Shards}
		for shard, attempt := range attempts {
			if attempt == 0 {
				absent.Shards = append(absent.Shards, shard)
			}
		}
		return nil, absent
	}
	survey, err := l.Survey(ctx, campaign.Whole, l.Plan.Units)
	if err != nil {
		return nil, err
	}
	shards := make([]Outcome, l.Plan.Shards)
	for k := range shards {
		p := &shards[k]
		*p = Outcome{Shard: k, Attempt: g.Attempts[k]}
		e, ended, err := l.end(ctx, p.member())
		switch {
		case err != nil:
			return nil, err
		case !ended && survey.Shards[k].State == campaign.Running:
			p.State = Playing
		case !ended:
			p.State = Lost
		case e.Failure != "":
			p.State, p.Failure = Failed, e.Failure
		case e.Interrupted:
			p.State = Cut
		default:
			p.State = Ended
		}
	}
	return shards, nil
}

func (p *Outcome) member() member { return member{p.Shard, p.Attempt} }

// fetch puts the segments of a shard together.
func (l *Load) fetch(ctx context.Context, dir string, p *Outcome) (err error) {
	all, err := l.List(ctx, p.member().history())
	if err != nil {
		return err
	}
	e, ended, err := l.end(ctx, p.member())
	switch {
	case err != nil:
		return err
	case ended && len(all) < e.Segments:
		return fmt.Errorf("%s/%s holds %d of %d segments: some were removed, so the load can't be judged", l.Name(), p.member().history(), len(all), e.Segments)
	case len(all) == 0 && p.State == Lost:
		p.State = Unseen
		return nil
	case len(all) == 0:
		return nil
	}
	p.File = filepath.Join(dir, p.member().String()+".ndjson.zst")
	f, err := os.Create(p.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for n := range all {
		frame, err := l.Get(ctx, p.member().segment(n))
		if errors.Is(err, archive.ErrNotFound) {
			return l.garbled(all[n].Key) // under a number that none has
		}
		if err == nil {
			_, err = f.Write(frame)
		}
		if err != nil {
			return fmt.Errorf("fetch the history of shard %d: %w", p.Shard, err)
		}
	}
	return nil
}

// final has the final state read and published, by the first who merges, and writes it to a
// file. All shards have ended: what was read once stays.
func (l *Load) final(ctx context.Context, dir string, c *Collected) error {
	file := filepath.Join(dir, "final.ndjson.zst")
	body, err := l.Get(ctx, finalKey)
	if errors.Is(err, archive.ErrNotFound) {
		if body, err = l.readFinal(ctx, c); err != nil {
			return err
		}
		if err = l.Create(ctx, finalKey, body); errors.Is(err, campaign.ErrExists) {
			body, err = l.Get(ctx, finalKey)
		}
	}
	if err != nil {
		return err
	}
	c.Final = file
	return os.WriteFile(file, body, 0o644)
}

func (l *Load) readFinal(ctx context.Context, c *Collected) ([]byte, error) {
	keys := map[string]bool{}
	for _, file := range c.Files() {
		if err := keysIn(file, keys); err != nil {
			return nil, err
		}
	}
	point, err := l.point(ctx)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	var w *history.Writer
	err = point.ReadFinal(ctx, l.Plan.Shards, slices.Sorted(maps.Keys(keys)), func(h history.Header) (history.Sink, error) {
		var err error
		w, err = history.NewWriter(&text, h)
		return w, err
	})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("read what the shards have left: %w", err)
	}
	return compress([]byte(text.String()))
}

// keysIn adds the keys of the objects that a history, which may have been cut, is about.
func keysIn(file string, keys map[string]bool) error {
	rd, err := history.Open(file)
	if err != nil {
		return err
	}
	defer rd.Close()
	for e, err := range rd.Events() {
		if err != nil {
			break // whoever judges it says what is wrong
		}
		if e.Calls() {
			keys[e.Key] = true
		}
	}
	return nil
}

// Clean removes what the shards have left in the store. They must have ended, and the final
// state must have been read. Told is as in [measure.Config].
func (l *Load) Clean(ctx context.Context, told func(where string, objects int, within time.Duration)) error {
	point, err := l.point(ctx)
	if err != nil {
		return err
	}
	return point.Remove(ctx, told)
}

// Target is the store that the shards play on, for messages.
func (l *Load) Target() *measure.Target { return &l.Job.Point.Target }

// Judge judges the histories as one, which it writes to a file.
func (c *Collected) Judge(file string) (*measure.Measured, error) {
	all, err := history.OpenTogether(c.Files()...)
	if err != nil {
		return nil, err
	}
	if err := all.Save(file); err != nil {
		return nil, fmt.Errorf("write the history: %w", err)
	}
	return measure.FromFile(file)
}
