package explore

import (
	"context"
	"fmt"
	"slices"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// runner plays schedules of one run, one after the other, on one goroutine.
type runner struct {
	player *scenarios.Player
	header history.Header
	faults int
	kinds  variants

	stage stage
	judge *check.Judge
	tally tally
	// Of the schedule under way: what was acknowledged, and the operations that have begun
	// and not ended.
	acknowledged updates
	open         []operation
	also         history.Sink // of tests: gets all events
	// taken are the moves of the schedule under way, if they are wanted.
	taken   []taken
	keeping bool
}

// taken is a move as a schedule names it.
type taken struct {
	name
	actor string
}

// operation is one under way: what it does.
type operation struct {
	number int
	do     string
}

// tally says what the schedules were worth: without conflicts and acknowledged
// updates they prove nothing.
type tally struct {
	Acknowledged updates `json:"acknowledged"` // by schedules that were played to their end
	Conflicts    int     `json:"conflicts,omitempty"`
}

func (t *tally) add(o tally) {
	t.Acknowledged.add(o.Acknowledged)
	t.Conflicts += o.Conflicts
}

// updates are numbers of them: all, and those of a kind.
type updates struct {
	All     int `json:"all,omitempty"`
	Saves   int `json:"saves,omitempty"`
	Appends int `json:"appends,omitempty"`
	Creates int `json:"creates,omitempty"`
}

func (u *updates) add(o updates) {
	u.All += o.All
	u.Saves += o.Saves
	u.Appends += o.Appends
	u.Creates += o.Creates
}

// count counts an operation, unless it is a load, which updates nothing.
func (u *updates) count(do string) {
	switch do {
	case "load":
		return
	case "save":
		u.Saves++
	case "append":
		u.Appends++
	case "create":
		u.Creates++
	}
	u.All++
}

func newRunner(r *scenarios.Run, header history.Header, faults int) *runner {
	p := &runner{player: r.VirtualPlayer(), header: header, faults: faults, kinds: everyVariant, judge: check.New(header)}
	p.stage.model, p.stage.crew = world.NewModel(), &world.Crew{}
	return p
}

func (p *runner) close() { p.stage.crew.Close() }

// Add implements [history.Sink].
func (p *runner) Add(e *history.Event) {
	if e.Op > 0 {
		switch {
		case e.Kind == history.Invoke:
			p.open = append(p.open, operation{e.Op, e.Do})
		case e.Kind == history.Return:
			if do := p.ended(e.Op); e.Outcome == history.Committed {
				p.acknowledged.count(do)
			}
		case e.Kind == history.Put:
			if e.Answer == history.PreconditionFailed || e.Answer == history.Conflict {
				p.tally.Conflicts++
			}
		}
	}
	if p.also != nil {
		p.also.Add(e)
	}
	p.judge.Add(e)
}

// ended returns what an operation did that is under way no longer.
func (p *runner) ended(number int) string {
	i := slices.IndexFunc(p.open, func(o operation) bool { return o.number == number })
	do := p.open[i].do
	last := len(p.open) - 1
	p.open[i], p.open = p.open[last], p.open[:last]
	return do
}

// chooser decides which move comes next; false ends the schedule there.
type chooser interface {
	choose(s *stage, moves []move) (move, bool)
}

// play plays one schedule and judges it.
func (p *runner) play(ctx context.Context, c chooser) (check.Report, error) {
	s := &p.stage
	s.reset(p.faults, p.kinds)
	p.taken, p.open, p.acknowledged = p.taken[:0], p.open[:0], updates{}
	s.choose = c.choose
	if p.keeping {
		s.choose = func(s *stage, moves []move) (move, bool) {
			m, ok := c.choose(s, moves)
			if ok {
				p.taken = append(p.taken, taken{m.name, m.call.actor})
			}
			return m, ok
		}
	}
	p.judge.Reset(p.header)
	// It goes on when the context ends: half a schedule says nothing.
	if _, _, err := p.player.Play(context.WithoutCancel(ctx), 1, s, p); err != nil {
		return check.Report{}, fmt.Errorf("play a schedule: %w", err)
	}
	if s.endless {
		return check.Report{}, errEndless
	}
	if !s.stopped {
		p.tally.Acknowledged.add(p.acknowledged)
	}
	report := p.judge.Finish()
	if len(report.StoreFindings) > 0 {
		f := report.StoreFindings[0]
		return report, fmt.Errorf("the judge finds fault with the model of a store, which has none: %s: %s", f.Kind, f.Summary)
	}
	return report, nil
}

var errEndless = fmt.Errorf("a schedule does not end within %d calls: bound the retries of the policy", mostMoves)

// reset makes the stage as new.
func (s *stage) reset(faults int, kinds variants) {
	s.model.Reset()
	s.steps, s.numbers, s.alive, s.budget, s.kinds, s.stopped, s.endless = 0, 0, 0, faults, kinds, false, false
	s.ready, s.waiting, s.late, s.settled = s.ready[:0], s.waiting[:0], s.late[:0], nil
	s.signals = s.signals[:0]
}
