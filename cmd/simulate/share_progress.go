package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// shareProgress shows what share of the work is done, and how long the rest will take.
type shareProgress struct {
	name  string
	start time.Time
	mu    sync.Mutex
	share float64
	doing string
	beats *beats // nil: nothing is written
	say   func(text string)
	bars  *mpb.Progress
	bar   *mpb.Bar
}

// steps of the bar; the work is a share of 1.
const steps = 1000

func (a *app) startShareProgress(o outputOptions, name string) *shareProgress {
	p := &shareProgress{name: name, start: time.Now(), say: func(text string) { fmt.Fprintln(a.stderr, text) }}
	switch a.progressKind(o) {
	case "bar":
		p.bars = mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(28), mpb.WithAutoRefresh())
		p.bar = p.bars.AddBar(steps, mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return p.text() })))
	case "plain":
		p.beats = newBeats()
	}
	return p
}

// update is told what share is done, and what is being done.
func (p *shareProgress) update(share float64, doing string) {
	p.mu.Lock()
	p.share, p.doing = share, doing
	p.mu.Unlock()
	if p.bar != nil {
		p.bar.SetCurrent(min(int64(share*steps), steps-1)) // completion would end the bar
	}
	if p.beats != nil {
		p.beats.maybe(func() { p.say(p.name + ": " + p.text()) })
	}
}

// text says what is being done, and how long it will take.
func (p *shareProgress) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	const tellable = 0.02 // of the work, before which the time left is a guess
	if p.share < tellable || p.share >= 1 {
		return p.doing
	}
	left := time.Duration(float64(time.Since(p.start)) * (1 - p.share) / p.share)
	return fmt.Sprintf("%s, about %v left", p.doing, left.Round(time.Second))
}

// stop ends the display; see [progress.stop].
func (p *shareProgress) stop() {
	if p.bars != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}
