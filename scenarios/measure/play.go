package measure

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/sandbox"
)

// Config says how a plan is played, and who is told of it. Its zero value plays all
// points on all processors and keeps no history.
type Config struct {
	// Workers play parts at the same time; the result does not depend on their number.
	// 0: as many as there are processors.
	Workers int
	// History returns the file in which a point's history is kept, once its store is open;
	// empty, or nil: nobody needs it. Of many repetitions in a virtual world it gets the
	// first ones, up to Keep bytes (0: [DefaultKeep]), and those that violate an invariant:
	// the seed makes every other one again.
	History func(point int) (file string, err error)
	Keep    int64
	// Windows: measurements have what happened around what was found, as they have where a
	// history is kept.
	Windows bool
	// Elsewhere, which may be nil, has the parts of virtual points played by others: it gives
	// what each has shown to add, in any order, from any goroutine, and each once at most, and
	// the measurements are those of a plan that was played here. What it does not give leaves
	// its point interrupted; those after it count. What has to be kept in a history is played
	// again, here. It goes with no Each and no point in the real world.
	Elsewhere func(ctx context.Context, parts []Part, add func(i int, s *Sample)) error
	// Skip, which may be nil, says of which points there is no need.
	Skip func(point int) bool
	// Each, which may be nil, is told of every repetition of a virtual point as soon as it
	// and all before it are judged, and says whether the point goes on. One that does not
	// is measured by what it has shown, the rest of the part that was played included, and
	// is not Done.
	Each func(point, repetition int, r *check.Report) (goOn bool)
	// Done, which may be nil, is told of each point that was played to its end as soon as
	// it was, in no certain order. Its error ends the plan after this point: those before it
	// are played to their end, so that which error is the first does not depend on chance.
	Done func(point int, m *Measured) error
	// Judged, which may be nil, is told of each point in the real world as soon as it is
	// judged, before the store is left as it was: that can take a minute.
	Judged func(point int, m *Measured)
	// Allowance bounds the requests to real stores, but for those of cleaning up; nil: there
	// may be any number. A point that ends by it is inconclusive.
	Allowance *sandbox.Allowance
	// Cleaning, which may be nil, is told when a real store is about to be left as it was: from
	// where, how many objects, or versions, are removed, and how long that may take.
	Cleaning func(point int, where string, objects int, within time.Duration)
	// Progress, which may be nil, is told now and then how far the plan is.
	// Calls of Each, Done, Judged and Progress are made one at a time.
	Progress func(Progress)

	shared bool // the sandbox is that of several shards
}

// Measured is a measurement with the numbers that it is made of.
type Measured struct {
	Measurement
	Numbers *Collector
}

// Progress says how far a plan is.
type Progress struct {
	Points, OfPoints int // measured, and all
	Repetitions      int // of all points
	// Share of the work that is done, by an estimate of what a point costs.
	Share                 float64
	Operations, Conflicts int
}

// PointError says which point could not be played, and why.
type PointError struct {
	Point int
	Err   error
}

func (e *PointError) Error() string { return e.Err.Error() }
func (e *PointError) Unwrap() error { return e.Err }

// VirtualGCPercent is for virtual worlds, which hold little and throw much away. With Go's
// default a third of the time would be spent on collecting it.
const VirtualGCPercent = 400

// Play measures the points of a plan, and returns them in its order; nil is a point that
// was skipped. After an interrupt, or for points after one that ended the plan, they are
// what was shown until then, called interrupted. An interrupt is no error.
func Play(ctx context.Context, plan Plan, c Config) ([]*Measured, error) {
	for i := range plan.Points {
		if plan.Points[i].real() {
			return playInOrder(ctx, plan, c)
		}
	}
	defer CollectAt(VirtualGCPercent)()
	p, err := newPlaying(plan, c)
	if err != nil {
		return nil, err
	}
	if p.Elsewhere != nil {
		err = p.gather(ctx)
	} else {
		p.here(ctx)
	}
	measured, failed := p.finish()
	return measured, cmp.Or(failed, err)
}

// here plays all parts.
func (p *playing) here(ctx context.Context) {
	var wg sync.WaitGroup
	for range min(p.Workers, len(p.queue)) {
		wg.Go(func() { p.work(ctx) })
	}
	wg.Wait()
}

// playing is a plan that is being played in virtual worlds.
type playing struct {
	Plan
	Config

	mu       sync.Mutex // of all that follows
	moved    sync.Cond  // signalled when a sample was added
	queue    []part     // that nobody has begun
	pools    []*Pool    // nil: skipped
	files    []*history.File
	measured []*Measured
	errs     []error // of each point
	last     int     // no point after this one counts
	done     Progress
	all      float64 // cost
}

func newPlaying(plan Plan, c Config) (*playing, error) {
	n := len(plan.Points)
	p := &playing{
		Plan: plan, Config: c, queue: plan.parts(c.Skip, 0), pools: make([]*Pool, n), files: make([]*history.File, n),
		measured: make([]*Measured, n), errs: make([]error, n), last: n,
	}
	p.moved.L = &p.mu
	p.done.OfPoints = n
	if p.Workers < 1 {
		p.Workers = runtime.GOMAXPROCS(0)
	}
	for i := range plan.Points {
		if c.Skip != nil && c.Skip(i) {
			p.done.Points++
			continue
		}
		if err := p.open(i); err != nil {
			return nil, errors.Join(err, p.closeFiles())
		}
		p.all += plan.Points[i].Cost() * float64(plan.Points[i].Run.Repetitions)
	}
	return p, nil
}

// open makes the pool of a point.
func (p *playing) open(i int) error {
	name, err := p.history(i)
	switch {
	case err != nil:
		return err
	case name == "":
		p.pools[i], err = NewPool(&p.Points[i], nil, 0)
	default:
		if p.files[i], err = history.Create(name); err != nil {
			return err
		}
		p.pools[i], err = NewPool(&p.Points[i], p.files[i], p.Keep)
	}
	if err != nil {
		return err
	}
	p.pools[i].windows = p.Windows || name != ""
	if p.Each != nil {
		p.pools[i].each = func(n int, r *check.Report) bool { return p.Each(i, n, r) }
	}
	return nil
}

func (c *Config) history(i int) (string, error) {
	if c.History == nil {
		return "", nil
	}
	return c.History(i)
}

func (p *playing) work(ctx context.Context) {
	var player Player
	defer player.Close()
	for {
		next, ok := p.take(ctx)
		if !ok {
			return
		}
		pool := p.pools[next.point]
		p.add(next, player.play(ctx, next.Part, wanted{each: pool.each != nil, kept: pool.kept, windows: pool.windows}))
	}
}

// ahead is how many parts of a point whose history is kept may wait for one before them,
// for each worker: they hold their events.
const ahead = 4

// take returns the next part to play.
func (p *playing) take(ctx context.Context) (next part, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for len(p.queue) > 0 && (p.queue[0].point > p.last || p.pools[p.queue[0].point].over()) {
			p.queue = p.queue[1:] // nobody needs it any more
		}
		if len(p.queue) == 0 || ctx.Err() != nil {
			return part{}, false
		}
		next = p.queue[0]
		if pool := p.pools[next.point]; pool.kept == nil || len(pool.early) < ahead*p.Workers {
			p.queue = p.queue[1:]
			return next, true
		}
		p.moved.Wait() // for the part that the others wait for, which somebody plays
	}
}

// add takes what a part has shown.
func (p *playing) add(of part, s *Sample) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.moved.Broadcast()
	pool := p.pools[of.point]
	pool.Add(s)
	p.done.Repetitions += s.played()
	p.done.Share += p.Points[of.point].Cost() * float64(s.played()) / p.all
	p.done.Operations += s.numbers.counts.Operations
	p.done.Conflicts += s.numbers.counts.Conflicts412 + s.numbers.counts.Conflicts409
	if pool.complete() {
		p.done.Points++
		p.end(of.point)
	} else if pool.err != nil {
		p.fail(of.point, &PointError{of.point, pool.err})
	}
	if p.Progress != nil {
		p.Progress(p.done)
	}
}

// fail ends the plan after a point.
func (p *playing) fail(point int, err error) {
	p.errs[point], p.last = err, min(p.last, point)
}

// end makes the measurement of a point of which nothing is missing.
func (p *playing) end(i int) {
	m := p.measure(i)
	if p.errs[i] == nil && p.Done != nil && i <= p.last {
		if err := p.Done(i, m); err != nil {
			p.fail(i, err)
		}
	}
}

// measure makes the measurement of a point out of what there is of it.
func (p *playing) measure(i int) *Measured {
	pool := p.pools[i]
	m, err := pool.Measurement()
	if p.files[i] != nil {
		err = errors.Join(err, p.files[i].Close())
		p.files[i] = nil
	}
	if err != nil && p.errs[i] == nil {
		p.fail(i, err)
	}
	p.measured[i] = &Measured{m, pool.numbers}
	p.pools[i] = &Pool{next: pool.next, last: pool.last, err: pool.err, ended: true} // its memory is not needed any more
	return p.measured[i]
}

// finish measures what is not complete, and returns the first error.
func (p *playing) finish() ([]*Measured, error) {
	for i, pool := range p.pools {
		if pool != nil && p.measured[i] == nil {
			p.measure(i)
		}
	}
	err := p.closeFiles()
	for _, failed := range p.errs {
		if failed != nil {
			return p.measured, failed
		}
	}
	return p.measured, err
}

// closeFiles closes the histories of points of which nothing was measured.
func (p *playing) closeFiles() (err error) {
	for _, f := range p.files {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}
