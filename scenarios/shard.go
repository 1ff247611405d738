package scenarios

import (
	"context"
	"errors"
	"fmt"

	"holdfast/scenarios/history"
)

// Shard makes a run one of several that play a scenario together in the real world: on the
// same objects, at the same time, each in a process of its own. Of the scenario's clients
// each shard plays its share, see [Shard.Plays]; what a client does is what it does in a run
// of one process.
//
// The names of a shard's clients begin with [history.Shard.Prefix], their random streams are
// made of these, and the ids of their modifications are [history.IDs]. The documents are
// stored by whoever comes first. A document that is due for a fresh one (fresh_after) is so
// by the updates of all shards, which its history shows. Actors that write for the first time
// together (first_writes_together) do so within their shard. Nobody reads the final state:
// that is for who knows that all shards have ended.
type Shard struct {
	Number  int // from 0
	Attempt int // from 1
	Of      int // how many shards there are
	// Meet is called once the documents are stored and before the clients start, and returns
	// when those of all shards are to start. Now is the time of the run's history. An error
	// ends the run.
	Meet func(ctx context.Context, now func() int64) error
}

// Plays reports whether the shard plays a client, by its number among all of the scenario's,
// from 0, in the order of the actors: client n is of shard n modulo the number of shards. So
// no shard has more than one client more than another, be it of all actors or of one.
func (s *Shard) Plays(client int) bool { return client%s.Of == s.Number }

// prefix is what the names of its clients begin with; of nil, the only one, with nothing.
func (s *Shard) prefix() string {
	if s == nil {
		return ""
	}
	return (&history.Shard{Number: s.Number, Attempt: s.Attempt}).Prefix()
}

// Shardable reports why the run can't be played by so many shards together.
func (r *Run) Shardable(shards int) error {
	if err := r.Validate(); err != nil {
		return err
	}
	s, why := r.Scenario, ""
	switch {
	case shards < 1:
		return fmt.Errorf("the number of shards must be 1 or more, not %d", shards)
	case r.Core.VirtualOnly:
		why = "its core, " + r.Core.Name + ", plays in a virtual world only"
	case r.Repetitions > 1 || r.First > 0:
		why = "it is a load of one repetition: leave --runs and --repetition out"
	case s.Schedule != "":
		why = "it replays a schedule, which has one order of all calls"
	case len(s.Timeline) > 0:
		why = "it has a timeline, whose steps wait for each other"
	case s.Via == ViaAPI:
		why = "it goes through the API (via: api), whose queue is in one process"
	case s.Queued():
		why = "its back ends send to a queue, which is in one process"
	case s.Group.Processes > 0:
		why = "its back ends are in a group, which is in one process"
	case s.Throttle().Kind != "":
		why = "a fault throttles its store, which each shard would do for itself"
	}
	for i := range s.Actors {
		if a := &s.Actors[i]; why == "" && a.Interferes != nil {
			why = fmt.Sprintf("its %s interferes with calls of %s, who may be of another shard", a.Name, a.Interferes.With)
		}
	}
	if why != "" {
		return fmt.Errorf("%s can't be played by several shards together: %s", s.Name, why)
	}
	if n := s.Clients(); shards > n {
		return fmt.Errorf("%s has %d clients, of which none is left for some of %d shards: --clients sets their number, --shards that of the shards", s.Name, n, shards)
	}
	return nil
}

// validate reports what is wrong with taking part as a shard.
func (s *Shard) validate(r *Run) error {
	switch {
	case s == nil:
		return nil
	case s.Number < 0 || s.Number >= s.Of || s.Attempt < 1:
		return fmt.Errorf("shard %d of %d, attempt %d: there is none such", s.Number, s.Of, s.Attempt)
	case s.Meet == nil:
		return errors.New("a shard must be told when to start")
	}
	shared := *r
	shared.Shard = nil
	return shared.Shardable(s.Of)
}
