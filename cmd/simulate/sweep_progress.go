package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"holdfast/reports/sweep"
)

// sweepProgress shows how far a sweep is, and how long it will take.
type sweepProgress struct {
	name  string
	start time.Time
	mu    sync.Mutex
	at    sweep.Progress
	beats *beats // nil: nothing is written
	say   func(text string)
	bars  *mpb.Progress
	bar   *mpb.Bar
}

// steps of the bar; a sweep's work is a share of 1.
const steps = 1000

func (a *app) startSweepProgress(o outputOptions, name string, missing int) *sweepProgress {
	p := &sweepProgress{name: name, start: time.Now(), say: func(text string) { fmt.Fprintln(a.stderr, text) }}
	switch kind := a.progressKind(o); {
	case missing == 0:
	case kind == "bar":
		p.bars = mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(28), mpb.WithAutoRefresh())
		p.bar = p.bars.AddBar(steps, mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return p.text() })))
	case kind == "plain":
		p.beats = newBeats()
	}
	return p
}

// update is told how far the sweep is.
func (p *sweepProgress) update(at sweep.Progress) {
	p.mu.Lock()
	p.at = at
	p.mu.Unlock()
	if p.bar != nil {
		p.bar.SetCurrent(min(int64(at.Share*steps), steps-1)) // completion would end the bar
	}
	if p.beats != nil {
		p.beats.maybe(func() { p.say(p.name + ": " + p.text()) })
	}
}

// text says how far the sweep is.
func (p *sweepProgress) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf("%d of %d points", p.at.Points, p.at.OfPoints)
	const tellable = 0.02 // of the work, before which the time left is a guess
	if elapsed := time.Since(p.start); p.at.Share >= tellable {
		left := time.Duration(float64(elapsed) * (1 - p.at.Share) / p.at.Share)
		text += fmt.Sprintf(", about %v left", left.Round(time.Second))
	}
	return text
}

// stop ends the display; see [progress.stop].
func (p *sweepProgress) stop() {
	if p.bars != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}
