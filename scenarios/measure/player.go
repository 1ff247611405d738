package measure

import (
	"context"
	"errors"
	"fmt"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// Play plays and judges a part of a virtual point on the caller's goroutine; see
// [Player.Play].
func (p Part) Play(ctx context.Context) *Sample {
	var one Player
	defer one.Close()
	return one.Play(ctx, p)
}

// Player plays parts, one after the other on one goroutine. What a part shows does not depend
// on those before it; parts of the same point, by its address, are played faster one after
// the other. Its zero value has played nothing.
type Player struct {
	point   *Point // of the last part; nil: there was none
	header  history.Header
	virtual *scenarios.VirtualPlayer
	witness *witness
}

// Play plays and judges a part of a virtual point. The sample has the windows of what it
// shows, and no history: a pool that keeps one plays again what is to be kept. A real point,
// whose repetitions share a store, is played by [Play] only.
func (p *Player) Play(ctx context.Context, part Part) *Sample {
	if p.point != part.Point { // mostly it is that of the part before
		if err := part.Point.Validate(); err != nil {
			return failed(part, err)
		}
		if part.Point.real() {
			return failed(part, errors.New("a part of the real world can't be played by itself: play its plan"))
		}
	}
	return p.play(ctx, part, wanted{windows: true})
}

// Close ends what the player has started.
func (p *Player) Close() {
	if p.virtual != nil {
		p.virtual.Close()
	}
	p.point, p.virtual = nil, nil
}

// turnTo makes p a player of a point.
func (p *Player) turnTo(point *Point) {
	if p.point == point {
		return
	}
	p.Close()
	p.point, p.header, p.virtual = point, point.Header(), point.Run.Virtual()
	if p.witness == nil {
		p.witness = newWitness(p.header)
	}
}

// wanted is what a pool needs of a sample beside what it comes to.
type wanted struct {
	each    bool  // its repetitions, one by one
	kept    *kept // their events until this is full, and those of evidence in any case; nil: none
	windows bool  // of what it shows; with kept they are there anyway
}

// play plays and judges a part.
func (p *Player) play(ctx context.Context, part Part, want wanted) *Sample {
	p.turnTo(part.Point)
	s := newSample(part)
	for n := part.First; n <= part.Last && s.err == nil && !s.interrupted; n++ {
		w := p.witness
		w.reset(p.header, want.kept != nil && !want.kept.full.Load())
		played, err := p.virtual.Play(ctx, n, w)
		s.interrupted = played.Interrupted
		if err != nil && !played.Interrupted {
			s.err = err
		}
		r := repetition{report: w.judge.Finish()}
		cut := err != nil || played.Interrupted
		r.evidence = evidence(&r.report) || w.steps.missed()
		if want.kept != nil && r.evidence && !w.copying {
			w, cut = s.again(ctx, part.Point, p.header, n, &r), err != nil && !played.Interrupted
		}
		w.numbers.conclude(&r.report, w.print.Sum(), cut)
		s.add(n, w, &r)
		switch {
		case w.copying:
			r.events = w.events
			s.found.look(p.header.Layout, &r.report, r.events)
		case want.windows && !cut && s.found.wants(&r.report):
			seen := r
			s.found.look(p.header.Layout, &r.report, s.again(ctx, part.Point, p.header, n, &seen).events)
		}
		if want.each || want.kept != nil {
			s.each = append(s.each, r)
		}
		if err != nil {
			p.witness = newWitness(p.header) // somebody may still hold what is in it
		} else if w.copying {
			w.events = nil // they are the sample's now
		}
	}
	return s
}

// again plays a repetition that was not copied and must be kept: its seed makes the same
// events. If an interrupt had ended it, all of it is played: what was wrong before then
// still is, and what comes to light after that counts too.
func (s *Sample) again(ctx context.Context, point *Point, h history.Header, n int, r *repetition) *witness {
	w := newWitness(h)
	w.copying = true
	err := point.Run.PlayAgain(context.WithoutCancel(ctx), n, w)
	found := len(r.report.Found) > 0
	blamed := len(r.report.StoreFindings) > 0
	r.report = w.judge.Finish()
	if found && len(r.report.Found) == 0 || blamed && len(r.report.StoreFindings) == 0 {
		s.lost = errors.Join(s.lost, err,
			fmt.Errorf("keep repetition %d in the history: played again, it does not show what was found in it", n))
	}
	return w
}

// witness watches one repetition.
type witness struct {
	judge   *check.Judge
	numbers *Collector
	print   history.Fingerprint
	steps   steps
	copying bool
	events  []*history.Event
}

func newWitness(h history.Header) *witness {
	w := &witness{judge: check.New(h), numbers: NewCollector()}
	w.numbers.errors.all = true
	return w
}

func (w *witness) reset(h history.Header, copying bool) {
	w.judge.Reset(h)
	w.numbers.Reset()
	w.print.Reset(0)
	w.steps = w.steps[:0]
	w.copying, w.events = copying, w.events[:0]
}

// Add implements [history.Sink].
func (w *witness) Add(e *history.Event) {
	w.judge.Add(e)
	w.numbers.Add(e)
	w.print.Add(e)
	w.steps.Add(e)
	if w.copying {
		w.events = append(w.events, e.Clone())
	}
}
