package measure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/sandbox"
)

// playInOrder measures the points of a plan one after the other, since some of them are in
// the real world: played at the same time they would measure each other.
func playInOrder(ctx context.Context, plan Plan, c Config) ([]*Measured, error) {
	if c.Elsewhere != nil {
		return nil, errors.New("what was played in the real world is not to be had from elsewhere: its repetitions share a store")
	}
	measured := make([]*Measured, len(plan.Points))
	told := newTold(plan, c.Progress)
	var failed error
	for i := range plan.Points {
		point := &plan.Points[i]
		if c.Skip != nil && c.Skip(i) {
			told.end(point)
			continue
		}
		var err error
		switch {
		case failed != nil || ctx.Err() != nil:
			measured[i], err = nothing(point)
		case point.real():
			measured[i], err = c.playReal(ctx, i, point, told)
		default:
			measured[i], err = c.playAlone(ctx, i, point, told)
		}
		if err == nil && c.Done != nil && !measured[i].Interrupted {
			err = c.Done(i, measured[i])
		}
		failed = cmp.Or(failed, err)
		told.end(point)
	}
	return measured, failed
}

// nothing is the measurement of a point that was not begun.
func nothing(p *Point) (*Measured, error) {
	pool, err := NewPool(p, nil, 0)
	if err != nil {
		return nil, err
	}
	m, err := pool.Measurement()
	return &Measured{m, pool.numbers}, err
}

// playAlone plays a virtual point of such a plan.
func (c *Config) playAlone(ctx context.Context, i int, p *Point, t *told) (*Measured, error) {
	one := Config{
		Workers: c.Workers, Keep: c.Keep, Windows: c.Windows, History: func(int) (string, error) { return c.history(i) },
		Progress: func(of Progress) { t.tell(of.Repetitions, of.Operations, of.Conflicts) },
	}
	if c.Each != nil {
		one.Each = func(_, n int, r *check.Report) bool { return c.Each(i, n, r) }
	}
	all, err := Play(ctx, Plan{[]Point{*p}}, one)
	if len(all) == 0 {
		return nil, err
	}
	return all[0], err
}

// playReal plays all repetitions of a point in the real world into the file of its
// history, without a name into one that nobody needs afterwards, and then judges that.
func (c *Config) playReal(ctx context.Context, i int, p *Point, t *told) (m *Measured, err error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if c.Allowance.Spent() {
		m, err := nothing(p)
		return spent(m, c.Allowance), err
	}
	whole := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	target, err := c.open(ctx, i, p, stop)
	switch _, left := errors.AsType[*sandbox.LeftError](err); {
	case errors.Is(err, sandbox.ErrSpent) && !left:
		m, err := nothing(p)
		return spent(m, c.Allowance), err
	case err != nil:
		return nil, err
	}
	defer func() { err = errors.Join(err, target.close(whole)) }()
	file, err := c.history(i)
	if err != nil {
		return nil, err
	}
	if file == "" {
		dir, err := os.MkdirTemp("", "simulate-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }() // the system clears it up in the end
		file = filepath.Join(dir, "history")
	}
	h := p.Header()
	h.Prices = target.prices(&p.Target).name()
	playErr := Record(ctx, file, h, func(ctx context.Context, sink history.Sink) error {
		counting := &counted{Sink: sink, told: t}
		_, err := p.Run.Play(ctx, target.world, counting)
		if ctx.Err() != nil && !counting.any { // the history shall say so
			sink.Add(&history.Event{Kind: history.End, Interrupted: true})
		}
		return err
	})
	m, err = FromFile(file)
	if err != nil && playErr != nil { // it is why the history can't be read to its end
		if m, err = fromFile(file, playErr); err != nil {
			return nil, playErr
		}
	}
	if err != nil {
		return nil, fmt.Errorf("judge it: %w", err)
	}
	settings := target.settings()
	m.Settings = &settings
	switch why := context.Cause(ctx); {
	case whole.Err() != nil || why == nil:
	case errors.Is(why, sandbox.ErrSpent):
		m = spent(m, c.Allowance)
	case playErr == nil:
		playErr = &TargetError{why}
	}
	if c.Judged != nil {
		c.Judged(i, m)
	}
	return m, playErr
}

// prices are those of whoever serves the store.
func (o *opened) prices(t *Target) priced {
	s3, _ := t.s3() // of another kind of store there is no bucket
	list, known := PricesAt(o.settings().Endpoint, s3.Bucket)
	return priced{list, known}
}

// spent is a measurement that ended because no request was left. What it has shown until
// then holds, but that nothing is wrong.
func spent(m *Measured, a *sandbox.Allowance) *Measured {
	m.Interrupted = false
	why := fmt.Sprintf("it was ended before its time, as all of %d requests were sent: --max-requests allows more", a.Most())
	if m.Verdict.Final() {
		m.Notes = append(m.Notes, why)
		return m
	}
	m.Verdict, m.Reasons = check.Inconclusive, append(m.Reasons, why)
	return m
}

// Record plays into the file of a history. What can't be kept is worth nothing: play's
// context ends if an event could not be written.
func Record(ctx context.Context, file string, h history.Header, play func(context.Context, history.Sink) error) error {
	f, err := history.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := history.NewWriter(f, h)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w.OnError = stop
	err = play(ctx, w)
	if closeErr := cmp.Or(w.Close(), f.Close()); closeErr != nil {
		return fmt.Errorf("write the history: %w", closeErr)
	}
	return err
}

// told says how far a plan is whose points are played in order.
type told struct {
	progress func(Progress) // nil: nobody asks
	mu       sync.Mutex
	done     Progress // without the point that is being played
	last     Progress // with it
	cost     float64  // of the points that are done
	all      float64
}

func newTold(plan Plan, progress func(Progress)) *told {
	t := &told{progress: progress}
	t.done.OfPoints = len(plan.Points)
	for i := range plan.Points {
		if plan.Points[i].Run.Scenario != nil {
			t.all += plan.Points[i].Cost() * float64(plan.Points[i].Run.Repetitions)
		}
	}
	return t
}

// tell says how much of the point that is being played is done.
func (t *told) tell(repetitions, operations, conflicts int) {
	if t.progress == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.done
	now.Repetitions += repetitions
	now.Operations += operations
	now.Conflicts += conflicts
	t.last = now
	t.progress(now)
}

// end adds a point, with what was told of it last.
func (t *told) end(p *Point) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done.Repetitions, t.done.Operations, t.done.Conflicts = t.last.Repetitions, t.last.Operations, t.last.Conflicts
	t.done.Points++
	if p.Run.Scenario != nil && t.all > 0 {
		t.cost += p.Cost() * float64(p.Run.Repetitions)
		t.done.Share = t.cost / t.all
	}
	if t.progress != nil {
		t.progress(t.done)
	}
}

// counted counts what happens in the real world.
type counted struct {
	history.Sink
	told                               *told
	mu                                 sync.Mutex
	any                                bool
	repetitions, operations, conflicts int
}

// Add implements [history.Sink].
func (c *counted) Add(e *history.Event) {
	c.Sink.Add(e)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.any = true
	switch {
	case e.Kind == history.Begin:
		c.repetitions++
	case e.Kind == history.Return:
		c.operations++
	case e.Kind == history.Put && (e.Answer == history.PreconditionFailed || e.Answer == history.Conflict):
		c.conflicts++
	default:
		return
	}
	c.told.tell(c.repetitions, c.operations, c.conflicts)
}
