package measure

import (
	"context"
	"errors"
	"fmt"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// Sample is what a part has shown.
type Sample struct {
	first, last int
	numbers     *Collector
	pooled      check.Pooled              // of all its repetitions
	windows     map[*history.Event]Window // by the first event of the witness
	repetitions []repetition              // as many as were played here
	steps       steps
	interrupted bool  // the last of them is not complete
	err         error // why it could not go on
	lost        error // a repetition that had to be kept could not be
}

// repetition is what one has shown that is not a number.
type repetition struct {
	report check.Report
	// evidence: it shows more than that all went well.
	evidence bool
	events   []*history.Event // nil: nobody has asked for them
}

// newSample is that of a part of which nothing was played.
func (p Part) newSample() *Sample {
	return &Sample{first: p.First, last: p.Last, numbers: NewCollector()}
}

// Missing is the sample of a part that nobody has played: what comes after it counts, and its
// point is interrupted.
func (p Part) Missing() *Sample {
	s := p.newSample()
	s.interrupted = true
	return s
}

// Of reports whether the sample is that of a part.
func (s *Sample) Of(p Part) bool { return s.first == p.First && s.last == p.Last }

// Err is why the sample does not show all of its part, which was played under ctx; nil: it does.
func (s *Sample) Err(ctx context.Context) error {
	switch {
	case s.err != nil:
		return s.err
	case s.interrupted && ctx.Err() != nil:
		return context.Cause(ctx)
	case s.interrupted:
		return errors.New("the part was interrupted")
	}
	return s.lost
}

// Play plays and judges a part of a virtual point on the caller's goroutine, and takes its
// events along for a pool that keeps the history. [Play] does so for a whole plan, and is
// what plays real ones, whose repetitions share a store.
func (p Part) Play(ctx context.Context) *Sample {
	var one Player
	defer one.Close()
	return one.play(ctx, p, &kept{})
}

// Player plays parts, one after the other on one goroutine, and keeps what is the same in
// those of one point. Its zero value has played none.
type Player struct{ player }

// Play is [Part.Play] without the events, but for those around what was found.
func (p *Player) Play(ctx context.Context, part Part) *Sample {
	return p.play(ctx, part, onlyEvidence())
}

// Close ends what the player has started. It can be used again.
func (p *Player) Close() { p.close() }

// onlyEvidence keeps no repetition but those that show more than that all went well.
func onlyEvidence() *kept {
	k := &kept{}
	k.full.Store(true)
	return k
}

// player is what a [Player] has.
type player struct {
	point   *Point // of the last part; nil: there was none
	header  history.Header
	virtual *scenarios.VirtualPlayer
	witness *witness
}

// close ends what the player has started.
func (p *player) close() {
	if p.virtual != nil {
		p.virtual.Close()
	}
	p.point, p.virtual = nil, nil
}

// turnTo makes p a player of a point.
func (p *player) turnTo(point *Point) {
	if p.point == point {
		return
	}
	p.close()
	p.point, p.header, p.virtual = point, point.Header(), point.Run.Virtual()
	if p.witness == nil {
		p.witness = newWitness(p.header)
	}
}

// play plays and judges a part. If the point's history is kept, the events of its
// repetitions are taken along until that is full, those of evidence in any case.
func (p *player) play(ctx context.Context, part Part, kept *kept) *Sample {
	s := part.newSample()
	if p.point != part.Point { // mostly it is that of the part before
		if s.err = part.playable(); s.err != nil {
			return s
		}
	}
	p.turnTo(part.Point)
	for n := part.First; n <= part.Last && s.err == nil && !s.interrupted; n++ {
		w := p.witness
		w.reset(p.header, kept != nil && !kept.full.Load())
		played, err := p.virtual.Play(ctx, n, w)
		s.interrupted = played.Interrupted
		if err != nil && !played.Interrupted {
			s.err = err
		}
		r := repetition{report: w.judge.Finish()}
		cut := err != nil || played.Interrupted
		r.evidence = evidence(&r.report) || w.steps.missed()
		if kept != nil && r.evidence && !w.copying {
			w, cut = s.again(ctx, part.Point, p.header, n, &r), err != nil && !played.Interrupted
		}
		w.numbers.conclude(&r.report, w.print.Sum(), cut)
		if w.copying {
			r.events = w.events
		}
		s.add(w, r)
		s.look(p.header.Layout, &r)
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

func (s *Sample) add(w *witness, r repetition) {
	s.numbers.Merge(w.numbers)
	for _, step := range w.steps {
		s.steps.add(step)
	}
	s.pooled.Add(&r.report)
	s.repetitions = append(s.repetitions, r)
}

// look keeps what happened around what was found in a repetition, as far as it may be shown.
func (s *Sample) look(l *history.Layout, r *repetition) {
	var violations []check.Violation
	for _, v := range r.report.Violations {
		if len(v.Witness) > 0 {
			violations = append(violations, v)
		}
	}
	var findings []check.StoreFinding
	for _, f := range r.report.StoreFindings {
		if len(f.Witness) > 0 {
			findings = append(findings, f)
		}
	}
	if r.events == nil || len(violations)+len(findings) == 0 {
		return
	}
	if s.windows == nil {
		s.windows = map[*history.Event]Window{}
	}
	for _, w := range Windows(l, violations, findings, r.events) {
		if w.Violation >= 0 {
			s.windows[&violations[w.Violation].Witness[0]] = w
		} else {
			s.windows[&findings[w.Finding].Witness[0]] = w
		}
	}
	s.forget()
}

// forget drops the windows of what is not among what the sample shows.
func (s *Sample) forget() {
	kept := map[*history.Event]Window{}
	for witness := range s.pooled.Witnesses() {
		if w, ok := s.windows[&witness[0]]; ok {
			kept[&witness[0]] = w
		}
	}
	s.windows = kept
}

// playable reports why the part can't be played by itself.
func (p Part) playable() error {
	if err := p.Point.Validate(); err != nil {
		return err
	}
	if p.Point.real() {
		return errors.New("a part of the real world can't be played by itself: play its plan")
	}
	return nil
}

// evidence reports whether a repetition shows more than that all went well.
func evidence(r *check.Report) bool {
	t := &r.Tally
	return len(r.Found) > 0 || len(r.StoreFindings) > 0 || !t.Ended || t.Open > 0 || t.Unread > 0 || t.Contradictions > 0
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
	return &witness{judge: check.New(h), numbers: NewCollector()}
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
