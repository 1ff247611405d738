package tuning

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/measure"
)

// Config is what is to be tuned.
type Config struct {
	// Run is the scenario with its document, core and seed; its policy does not
	// matter.
	Run        scenarios.Run
	Objective  Objective
	Incumbents []Incumbent // policies to compare with, and to advise on
	// Comparators are validated beside them and shown. They are never recommended, as no
	// archive has such a policy, and so nothing is advised on their parameters.
	Comparators []Comparator
	// Evaluations are the repetitions to play, of all candidates together. 0: as many as
	// this machine plays within the budget, or the smallest plan if that is more.
	Evaluations int
	Budget      time.Duration // by Clock, which is needed for that only
	Clock       archive.Clock
	Workers     int // play at the same time; the result does not depend on them
	// Flags name the scenario, with the flags of "simulate run" that it is played with:
	// for replays.
	Flags string
	// Capacity asks how many writers each policy bears.
	Capacity bool
	// Architectures asks for all that can be done about the object, each with the best of
	// its settings; otherwise a few are played.
	Architectures bool
	// Elsewhere, if it is not nil, gives what the parts of each round of the search have shown
	// in the place of playing them here, see [measure.Config]. Its rounds come one after the
	// other, and are the same wherever the same is searched for by a number of evaluations.
	Elsewhere func(ctx context.Context, parts []measure.Part, add func(i int, s *measure.Sample)) error
	// Progress, which may be nil, is told how far the search is.
	Progress func(Progress)
}

// validate reports what the search lacks.
func (c *Config) validate() error {
	switch {
	case c.Run.Scenario == nil:
		return errors.New("a search needs a run: make it by scenarios.NewRun")
	case c.Objective.Minimize == "":
		return errors.New("a search needs an objective: read one by ParseObjective, such as DefaultObjective")
	case len(c.Incumbents) == 0:
		return errors.New("a search needs a policy in use to compare with, such as DefaultIncumbents")
	case checkIncumbents(c.Incumbents) != nil:
		return checkIncumbents(c.Incumbents)
	case c.Evaluations < 0:
		return fmt.Errorf("a search needs a number of evaluations, or 0 and a budget, not %d", c.Evaluations)
	case c.Evaluations == 0 && (c.Budget <= 0 || c.Clock == nil):
		return errors.New("a search without a number of evaluations needs a budget, and a clock to keep it by")
	case c.Evaluations == 0 && c.Elsewhere != nil:
		return errors.New("a search that is played elsewhere needs a number of evaluations: a budget of time is this machine's")
	}
	return nil
}

// Progress is how far a search is.
type Progress struct {
	Stage  string
	Played int     // repetitions
	Share  float64 // of what was planned; capacity and small plans go beyond 1
}

// scale is how large a repetition is, and what follows from it. It does not depend on the
// size of the plan.
type scale struct {
	crowd
	operations int // of a repetition
	patience   time.Duration
	throttles  string         // by what the store throttles; empty: it does not
	contended  bool           // writes meet others
	bounds     archive.Policy // of candidates in the race
	candidates []archive.Policy
	batch      int // repetitions of one seed
	fewest     int // batches of a policy that is judged
}

const (
	batchOperations = 100 // at least, so that a batch has a p99
	rareOperations  = 2000
	fewestJudged    = 800 // operations of a policy that is judged, but in 4 batches at least
	fewBatches      = 2   // of a candidate, before it may be cut by rank
)

// measureScale plays a few repetitions with the default policy.
func (p *player) measureScale(ctx context.Context, o Objective) (scale, error) {
	s := scale{patience: Patience(p.run.Scenario), throttles: throttling(&p.run)}
	s.crowd = crowd{
		attempt: p.run.Latency().Attempt(), window: time.Duration(writersOfOne(p.run.Scenario)) * p.run.Latency().Exposure(), puts: o.mostPuts(),
	}
	m := p.measure(archive.DefaultPolicy())
	const repetitions = 2
	if err := p.batches(ctx, m, streamScale, 1, repetitions); err != nil {
		return s, err
	}
	s.operations = max(m.pooled().Counts.Operations/repetitions, 1)
	s.contended = m.contended()
	// So wide that nobody reaches them but who would starve without.
	s.bounds = archive.Policy{Retries: max(200, 10*p.run.Scenario.Clients()), Deadline: 10 * time.Minute}
	s.candidates = s.grid(s.bounds)
	least := batchOperations
	for _, metric := range o.metrics() {
		if strings.HasSuffix(metric, "p999") {
			least = rareOperations
		}
	}
	s.batch = (least + s.operations - 1) / s.operations
	s.fewest = max(fewestJudged/(s.batch*s.operations), 4)
	return s, nil
}

// commitTime is how far apart two commits on one key are at least, on average: the
// time that the store serves a write, or else two legs, since the next writer must have
// been told what the last one wrote, and be heard; more, if the store bears fewer of a key.
func commitTime(run *scenarios.Run) time.Duration {
	l := run.Latency()
	served := l.Write.Mean()
	if served == 0 {
		served = l.Exposure()
	}
	if bears := l.PerKey.Writes; bears > 0 {
		served = max(served, time.Duration(float64(time.Second)/bears))
	}
	return served
}

const (
	gatewayPatience   = 29 * time.Second // after which an API gateway gives up on a user's request
	defaultVisibility = 30 * time.Second // of a queue's messages
)

// Patience is how long a call may take: what a user waits, or for how long a message
// stays invisible to others.
func Patience(s *scenarios.Scenario) time.Duration {
	patience := defaultVisibility
	if hasKind(s, scenarios.Backend) && s.Queue.Visibility > 0 {
		patience = time.Duration(s.Queue.Visibility)
	}
	if hasKind(s, scenarios.User) || hasKind(s, scenarios.Creator) {
		patience = min(patience, gatewayPatience)
	}
	return patience
}

func hasKind(s *scenarios.Scenario, kind scenarios.Kind) bool {
	for i := range s.Actors {
		if s.Actors[i].Kind == kind {
			return true
		}
	}
	return false
}

// deadline leaves a sixth of the patience for the last attempt, which the deadline
// does not cut short.
func deadline(patience time.Duration) time.Duration {
	d := patience * 5 / 6
	if d >= 2*time.Second {
		return d.Truncate(time.Second)
	}
	return readable(d)
}

func (c *Config) player() *player {
	return &player{run: c.Run, workers: max(c.Workers, 1), elsewhere: c.Elsewhere, prices: measure.PricesOf(c.Run.Latency().Prices())}
}
