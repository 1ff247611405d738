package reports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// keeper writes the history of a virtual run: the repetitions one after the other,
// as if they had been played so.
type keeper struct {
	out     *history.Writer // nil: nobody needs a history
	written counting
	most    int64 // bytes of repetitions that prove nothing new
	full    atomic.Bool
	left    history.Omitted // the repetitions that were left out
	err     error           // a repetition that had to be kept could not be
	ops     int
	at      int64
}

func newKeeper(w io.Writer, h history.Header, most int64) (*keeper, error) {
	k := &keeper{most: most}
	if w == nil {
		return k, nil
	}
	k.written.Writer = w
	var err error
	k.out, err = history.NewWriter(&k.written, h)
	return k, err
}

// wants reports whether the events of another repetition are likely to be kept.
func (k *keeper) wants() bool { return k.out != nil && !k.full.Load() }

// keep writes a repetition. One that was not copied and must be kept is played
// again: its seed makes the same events. If an interrupt had ended it, all of it is
// played: what was wrong before then still is, and what comes to light after that counts
// too. It returns who has watched what is in the history, and the verdict on that.
func (k *keeper) keep(ctx context.Context, run *scenarios.Run, h history.Header, n int, w *witness) (*witness, check.Report) {
	verdict := w.judge.Finish()
	if k.out == nil {
		return w, verdict
	}
	must := evidence(&verdict) || w.steps.missed()
	if k.full.Load() && !must {
		k.left.Repetitions++
		k.left.Updates += verdict.Tally.Updates
		k.left.Acknowledged += verdict.Tally.Acknowledged
		k.left.Refusals += verdict.Tally.Refusals
		return w, verdict
	}
	if !w.copying {
		again := &witness{judge: check.New(h), numbers: NewCollector(), copying: true}
		err := run.PlayAgain(context.WithoutCancel(ctx), n, again)
		found := len(verdict.Found) > 0
		if verdict = again.judge.Finish(); found && len(verdict.Found) == 0 {
			lost := fmt.Errorf("keep repetition %d in the history: played again, it does not show its violation", n)
			k.err = errors.Join(k.err, lost, err)
		}
		w = again
	}
	k.write(w.events)
	return w, verdict
}

// evidence reports whether a repetition shows more than that all went well.
func evidence(r *check.Report) bool {
	t := &r.Tally
	return len(r.Found) > 0 || !t.Ended || t.Open > 0 || t.Unread > 0 || t.Contradictions > 0
}

// write appends a repetition to those that are written.
func (k *keeper) write(events []*history.Event) {
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
		if e.Start > 0 || e.Kind == history.Get || e.Kind == history.Put || e.Kind == history.Head || e.Kind == history.Delete {
			e.Start += k.at
		}
		if e.Due > 0 {
			e.Due += k.at
		}
		k.out.Add(e)
	}
	k.ops, k.at = k.ops+ops, k.at+at
	k.full.Store(k.written.n > k.most)
}

// close ends the history of a run.
func (k *keeper) close(r *Run) error {
	if k.out == nil {
		return nil
	}
	if k.left.Repetitions > 0 {
		for _, t := range r.Thresholds {
			m := history.Measured{Expression: t.Expression, Value: &t.Value, Passed: t.Passed}
			if t.NoValue {
				m.Value = nil
			}
			k.left.Thresholds = append(k.left.Thresholds, m)
		}
		k.out.Add(&history.Event{Kind: history.Omit, At: k.at, Omitted: &k.left, Text: fmt.Sprintf(
			"%d repetitions without a violation are left out; the seed makes them again", k.left.Repetitions)})
	}
	k.out.Add(&history.Event{Kind: history.End, At: k.at, Interrupted: r.Interrupted, Text: r.Failure})
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
