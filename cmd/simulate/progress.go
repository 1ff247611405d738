package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/history"
)

// heartbeat is how often a line is written where there is no terminal.
const heartbeat = 5 * time.Second

// progress counts events on their way to the history and shows how far a run is.
type progress struct {
	history.Sink
	operations, conflicts atomic.Int64
	repetitions           atomic.Int64 // done, of a virtual run

	done chan struct{}
	wg   sync.WaitGroup
	bars *mpb.Progress
	bar  *mpb.Bar
}

// Add implements [history.Sink].
func (p *progress) Add(e *history.Event) {
	switch {
	case e.Kind == history.Return:
		p.operations.Add(1)
	case e.Kind == history.Put && (e.Answer == history.PreconditionFailed || e.Answer == history.Conflict):
		p.conflicts.Add(1)
	}
	p.Sink.Add(e)
}

// repetition is what a virtual run reports.
func (p *progress) repetition(done int, counts reports.Counts) {
	p.repetitions.Store(int64(done))
	p.operations.Store(int64(counts.Operations))
	p.conflicts.Store(int64(counts.Conflicts412 + counts.Conflicts409))
}

func (a *app) startProgress(o outputOptions, play *play) *progress {
	p := &progress{done: make(chan struct{})}
	switch a.progressKind(o) {
	case "bar":
		p.showBar(a, play)
	case "plain":
		p.wg.Go(func() { p.beat(a, play) })
	}
	return p
}

// progressKind is bar, plain or none.
func (a *app) progressKind(o outputOptions) string {
	switch {
	case o.quiet:
		return "none"
	case o.progress == "auto" && isTerminal(a.stderr):
		return "bar"
	case o.progress == "auto":
		return "plain"
	}
	return o.progress
}

// expected is the run's length: milliseconds if it ends by the clock, otherwise
// operations. Retries and reloads make the number of operations an estimate.
func expected(run *scenarios.Run) (total int64, byClock bool) {
	s := run.Scenario
	n := int64(run.Repetitions)
	if s.Duration > 0 {
		return n * time.Duration(s.Duration).Milliseconds(), true
	}
	return n * int64(s.Operations()), false
}

func (p *progress) showBar(a *app, play *play) {
	run := &play.run
	total, byClock := expected(run)
	if play.world == virtual {
		total = int64(run.Repetitions)
	}
	p.bars = mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(28), mpb.WithAutoRefresh())
	p.bar = p.bars.AddBar(total,
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(run.Scenario.Name, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			return fmt.Sprintf("%d ops, %d conflicts", p.operations.Load(), p.conflicts.Load())
		})),
	)
	start := time.Now()
	p.wg.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-p.done:
				return
			case <-tick.C:
				current := p.operations.Load()
				switch {
				case play.world == virtual:
					current = p.repetitions.Load()
				case byClock:
					current = time.Since(start).Milliseconds()
				}
				// Never complete before the run is: completion ends the bar.
				p.bar.SetCurrent(min(current, total-1))
			}
		}
	})
}

func (p *progress) beat(a *app, play *play) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	start := time.Now()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
			of := ""
			if play.world == virtual {
				of = fmt.Sprintf("%d of %d repetitions, ", p.repetitions.Load(), play.run.Repetitions)
			}
			fmt.Fprintf(a.stderr, "%s: %v, %s%d operations, %d conflicts\n",
				play.run.Scenario.Name, time.Since(start).Round(time.Second), of, p.operations.Load(), p.conflicts.Load())
		}
	}
}

// stop ends the display. A bar is always taken down by aborting it: mpb waits
// for ever for one that was neither completed nor aborted.
func (p *progress) stop() {
	close(p.done)
	p.wg.Wait()
	if p.bars != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}

// beats writes a line at most every heartbeat, whoever asks.
type beats struct {
	mu   sync.Mutex
	last time.Time
}

func newBeats() *beats { return &beats{last: time.Now()} }

func (b *beats) maybe(write func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.last) >= heartbeat {
		b.last = time.Now()
		write()
	}
}
