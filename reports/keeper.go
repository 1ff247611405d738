package reports

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"holdfast/scenarios"
	"holdfast/scenarios/history"
)

// keeper writes the history of a virtual run: the repetitions one after the other,
// as if they had been played so.
type keeper struct {
	out     *history.Writer // nil: nobody needs a history
	written counting
	most    int64 // bytes of repetitions that prove nothing new
	full    atomic.Bool
	left    int // repetitions that were left out
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
// again: its seed makes the same events.
func (k *keeper) keep(ctx context.Context, run *scenarios.Run, n int, w *witness, must bool) {
	if k.out == nil {
		return
	}
	if k.full.Load() && !must {
		k.left++
		return
	}
	if !w.copying {
		again := &witness{judge: w.judge, numbers: NewCollector(), copying: true}
		if run.PlayAgain(ctx, n, again) != nil {
			k.left++
			return
		}
		w = again
	}
	ops, at := 0, int64(0)
	for _, e := range w.events {
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

func (k *keeper) close(interrupted bool) error {
	if k.out == nil {
		return nil
	}
	if k.left > 0 {
		k.out.Add(&history.Event{Kind: history.Note, At: k.at, Text: fmt.Sprintf(
			"%d repetitions without a violation are left out; the seed makes them again", k.left)})
	}
	k.out.Add(&history.Event{Kind: history.End, At: k.at, Interrupted: interrupted})
	if err := k.out.Close(); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return nil
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
