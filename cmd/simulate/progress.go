package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// heartbeat is how often a line is written where there is no bar.
const heartbeat = 5 * time.Second

// progress shows what is being done: on a terminal, as soon as the share of the work that
// is done is known, as a bar with the time that is left, else as a line now and then.
type progress struct {
	app   *app
	name  string
	kind  string // bar, plain or none
	start time.Time
	done  chan struct{}
	ended sync.Once
	wg    sync.WaitGroup

	mu    sync.Mutex
	share float64
	doing string
	lasts time.Duration // how long all takes, if the clock ends it; else 0
	// others are at work on it, and not who shows it: they say how long the rest takes; 0: they don't.
	others bool
	left   time.Duration

	bars *mpb.Progress
	bar  *mpb.Bar
}

func (a *app) startProgress(o outputOptions, name string) *progress {
	p := &progress{app: a, name: name, kind: a.progressKind(o), start: time.Now(), done: make(chan struct{})}
	if p.kind != "none" {
		p.wg.Go(p.show)
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

// update is told what share is done, 0 if that is not known, and what is being done.
func (p *progress) update(share float64, doing string) {
	p.mu.Lock()
	p.share, p.doing = share, doing
	p.mu.Unlock()
}

// ends is told when the clock will end all that is done, from the start.
func (p *progress) ends(after time.Duration) {
	p.mu.Lock()
	p.lasts = after
	p.mu.Unlock()
}

// leaves is told how long the rest takes, of what others are at work on; 0: that is not known.
func (p *progress) leaves(left time.Duration) {
	p.mu.Lock()
	p.left, p.others = left, true
	p.mu.Unlock()
}

func (p *progress) show() {
	const fluent = 100 * time.Millisecond
	tick := time.NewTicker(fluent)
	defer tick.Stop()
	last := p.start
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
		}
		share, text := p.text(false)
		switch {
		case p.kind == "bar" && (share > 0 || p.bar != nil):
			p.draw(share)
		case text != "" && time.Since(last) >= heartbeat:
			last = time.Now()
			fmt.Fprintf(p.app.stderr, "%s: %v, %s\n", p.name, time.Since(p.start).Round(time.Second), text)
		}
	}
}

// steps of the bar; the work is a share of 1.
const steps = 1000

func (p *progress) draw(share float64) {
	if p.bar == nil {
		p.bars = mpb.New(mpb.WithOutput(p.app.stderr), mpb.WithWidth(28), mpb.WithAutoRefresh())
		p.bar = p.bars.AddBar(steps, mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(p.name, decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { _, text := p.text(true); return text })))
	}
	p.bar.SetCurrent(min(int64(share*steps), steps-1)) // completion would end the bar
}

// text says what is being done, and how long the rest will take; in short for a bar, which
// must fit a line.
func (p *progress) text(short bool) (share float64, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	passed := time.Since(p.start)
	share, text = p.share, p.doing
	if p.lasts > 0 {
		share = min(float64(passed)/float64(p.lasts), 1)
	}
	if short {
		text, _, _ = strings.Cut(text, ", ")
	}
	if p.others {
		if p.left > 0 {
			text = fmt.Sprintf("%s, about %v left", text, p.left.Round(time.Second))
		}
		return share, text
	}
	const tellable = 0.02 // of the work, before which the time left is a guess
	if share < tellable || share >= 1 {
		return share, text
	}
	left := time.Duration(float64(passed) * (1 - share) / share)
	return share, fmt.Sprintf("%s, about %v left", text, left.Round(time.Second))
}

// stop ends the display, and may be called again. A bar is always taken down by aborting it: mpb waits
// for ever for one that was neither completed nor aborted.
func (p *progress) stop() {
	p.ended.Do(func() {
		close(p.done)
		p.wg.Wait()
		if p.bars != nil {
			p.bar.Abort(true)
			p.bars.Wait()
		}
	})
}
