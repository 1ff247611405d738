package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sandbox"
)

// Kind is that of a plan of a load.
const Kind = "load"

// Job is what a plan of a load holds. A campaign of n shards has n units of it: that a shard has
// ended is the unit's mark.
type Job struct {
	Point measure.Point `json:"point"`
}

// Validate reports why a load of so many shards can't be played.
func (j *Job) Validate(shards int) error {
	if err := j.Point.Validate(); err != nil {
		return err
	}
	if j.Point.Target.Name() == measure.Embedded {
		return errors.New("the shards of a load play on one store, which all of them reach: add --store s3://bucket/prefix")
	}
	return j.Point.Run.Shardable(shards)
}

// Load is a planned one.
type Load struct {
	*campaign.Campaign
	Job Job
}

// Open reads the job of a plan.
func Open(c *campaign.Campaign) (*Load, error) {
	l := &Load{Campaign: c}
	if err := c.Job(&l.Job); err != nil {
		return nil, err
	}
	return l, l.Job.Validate(c.Plan.Shards)
}

// member is an attempt of a shard.
type member struct{ shard, attempt int }

func (m member) String() string { return fmt.Sprintf("%05d-%04d", m.shard, m.attempt) }

// The names of objects.
const (
	sandboxKey = "load/sandbox"
	goKey      = "load/go"
	finalKey   = "load/final"
	readyDir   = "load/ready/"
	left       = ".left"
)

func (m member) claim() string        { return "load/claims/" + m.String() }
func (m member) ready() string        { return readyDir + m.String() }
func (m member) ended() string        { return "load/ended/" + m.String() }
func (m member) history() string      { return "load/history/" + m.String() + "/" }
func (m member) segment(n int) string { return fmt.Sprintf("%s%06d", m.history(), n) }

func readMember(name string) (m member, ok bool) {
	shard, attempt, ok := strings.Cut(name, "-")
	if !ok {
		return m, false
	}
	var err, of error
	m.shard, err = strconv.Atoi(shard)
	m.attempt, of = strconv.Atoi(attempt)
	return m, err == nil && of == nil && m.String() == name
}

// gone is what go says: which attempt of each shard plays.
type gone struct {
	Attempts []int `json:"attempts"`
}

// Begun reports whether the load goes on or is over: then no shard is played again.
func (l *Load) Begun(ctx context.Context) (bool, error) {
	g, err := l.begun(ctx)
	return g != nil, err
}

// begun reads go; nil: it is not there yet.
func (l *Load) begun(ctx context.Context) (*gone, error) {
	var g gone
	there, err := l.read(ctx, goKey, &g)
	switch {
	case err != nil || !there:
		return nil, err
	case len(g.Attempts) != l.Plan.Shards:
		return nil, l.garbled(goKey)
	}
	return &g, nil
}

// read reads an object of JSON, and reports whether there is one.
func (l *Load) read(ctx context.Context, key string, into any) (there bool, err error) {
	body, err := l.Get(ctx, key)
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case json.Unmarshal(body, into) != nil:
		return false, l.garbled(key)
	}
	return true, nil
}

func (l *Load) garbled(key string) error {
	return fmt.Errorf("%s/%s is not what a worker of this campaign has written: plan the load again under another prefix", l.Name(), key)
}

// point is the job's, in the sandbox that the first shard has chosen.
func (l *Load) point(ctx context.Context) (measure.Point, error) {
	type place struct {
		ID string `json:"id"`
	}
	p := l.Job.Point
	body, err := json.Marshal(place{sandbox.NewID()})
	if err != nil {
		return p, err
	}
	if err := l.Create(ctx, sandboxKey, body); err != nil && !errors.Is(err, campaign.ErrExists) {
		return p, err
	}
	var chosen place
	if _, err := l.read(ctx, sandboxKey, &chosen); err != nil {
		return p, err
	}
	p.Target.ID = chosen.ID
	return p, nil
}

// BegunError says that the load has begun without this attempt.
type BegunError struct {
	Shard, Attempt int  // the attempt that plays, or has played
	Ended          bool // it has
}

func (e *BegunError) Error() string {
	if e.Ended {
		return fmt.Sprintf("shard %d has ended, by attempt %d: there is nothing left to do", e.Shard, e.Attempt)
	}
	return fmt.Sprintf("the load has begun, with attempt %d of shard %d: if that has died, the shard is lost, for a load is not played again", e.Attempt, e.Shard)
}

// late is the [BegunError] of who comes after go.
func (l *Load) late(ctx context.Context, g *gone, shard int) error {
	m := member{shard, g.Attempts[shard]}
	_, ended, err := l.end(ctx, m)
	if err != nil {
		return err
	}
	return &BegunError{m.shard, m.attempt, ended}
}

// end is what an attempt has said at its end.
type end struct {
	Segments    int    `json:"segments"`
	Interrupted bool   `json:"interrupted,omitempty"` // it was told to end before its time
	Failure     string `json:"failure,omitempty"`     // why it could not go on
}

func (l *Load) end(ctx context.Context, m member) (e end, ended bool, err error) {
	ended, err = l.read(ctx, m.ended(), &e)
	return e, ended, err
}

// DefaultBarrier is for how long a shard waits for the others.
const DefaultBarrier = 5 * time.Minute
