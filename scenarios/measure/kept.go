package measure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"holdfast/scenarios/history"
)

// DefaultKeep is some hundred thousand events, enough to look at.
const DefaultKeep = 64 << 20

// kept is the history of a virtual run: the repetitions that are worth it, one after the
// other, as if they had been played so. These are the first ones, and each that shows more
// than that all went well; the seed makes the others again. Nil keeps nothing.
type kept struct {
	out     *history.Writer
	written counting
	most    int64           // bytes of repetitions that prove nothing new
	full    atomic.Bool     // only evidence is kept from here on
	left    history.Omitted // the repetitions that were left out
	err     error           // a repetition that had to be kept could not be
	ops     int
	at      int64
}

func newKept(w io.Writer, h history.Header, most int64) (*kept, error) {
	k := &kept{most: cmp.Or(most, DefaultKeep)}
	k.written.Writer = w
	var err error
	k.out, err = history.NewWriter(&k.written, h)
	return k, err
}

// take takes what is to be kept of the next sample of a point.
func (k *kept) take(p *Point, s *Sample) {
	switch {
	case k == nil:
	case s.each != nil:
		k.add(s.each)
		k.err = errors.Join(k.err, s.lost)
	default: // it was played elsewhere, or for no history
		k.err = errors.Join(k.err, k.again(p, s))
	}
}

// again plays what is to be kept of a sample that does not have it.
func (k *kept) again(p *Point, s *Sample) error {
	unobserved := *p
	unobserved.Run.Observe = nil
	var player Player
	defer player.Close()
	play := func(first, last int) error {
		again := player.play(context.Background(), Part{&unobserved, first, last}, wanted{kept: k})
		k.add(again.each)
		for i := range again.numbers.each {
			if e := &again.numbers.each[i]; e.Digest != s.numbers.each[e.N-s.first].Digest && s.whole() {
				return fmt.Errorf("keep repetition %d in the history: played again it is not the same, so its seed does not decide what happens", e.N)
			}
		}
		return again.lost
	}
	if !k.full.Load() {
		return play(s.first, s.first+s.played()-1)
	}
	omit(&k.left, s.others)
	for _, n := range s.evidence {
		if err := play(n, n); err != nil {
			return err
		}
	}
	return s.lost
}

// add writes repetitions, or counts them among those that were left out.
func (k *kept) add(all []repetition) {
	for i := range all {
		if r := &all[i]; k.full.Load() && !r.evidence {
			omit(&k.left, omitted(&r.report))
		} else {
			k.write(r.events)
		}
		all[i].events = nil // they are many
	}
}

// write appends a repetition to those that are written.
func (k *kept) write(events []*history.Event) {
	ops, at := 0, int64(0)
	for _, e := range events {
		ops, at = max(ops, e.Op), max(at, e.At)
		if e.Kind == history.End {
			continue
		}
		if e.Op > 0 {
			e.Op += k.ops
		}
		e.At += k.at
		if e.Start > 0 || e.Calls() {
			e.Start += k.at
		}
		if e.Due > 0 {
			e.Due += k.at
		}
		if e.Asked > 0 {
			e.Asked += k.at
		}
		k.out.Add(e)
	}
	k.ops, k.at = k.ops+ops, k.at+at
	k.full.Store(k.written.n > k.most)
}

// close ends the history of a measurement.
func (k *kept) close(m *Measurement) error {
	if k == nil {
		return nil
	}
	if k.left.Repetitions > 0 {
		for _, t := range m.Thresholds {
			of := history.Measured{Expression: t.Expression, Value: &t.Value, Passed: t.Passed}
			if t.NoValue {
				of.Value = nil
			}
			k.left.Thresholds = append(k.left.Thresholds, of)
		}
		k.out.Add(&history.Event{Kind: history.Omit, At: k.at, Omitted: &k.left, Text: fmt.Sprintf(
			"%d repetitions in which nothing was found are left out; the seed makes them again", k.left.Repetitions)})
	}
	k.out.Add(&history.Event{Kind: history.End, At: k.at, Interrupted: m.Interrupted, Text: m.Failure})
	if err := k.out.Close(); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return k.err
}

// counting counts what is written.
type counting struct {
	io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}
