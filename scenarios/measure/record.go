package measure

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"holdfast/scenarios/history"
)

// playReal measures the points of a plan one after the other, those in the real world
// among them: played at the same time they would measure each other.
func playReal(ctx context.Context, plan Plan, c Config) ([]*Measured, error) {
	measured := make([]*Measured, len(plan.Points))
	for i := range plan.Points {
		if c.Skip != nil && c.Skip(i) || ctx.Err() != nil && i > 0 {
			continue
		}
		var err error
		if point := &plan.Points[i]; point.real() {
			measured[i], err = point.playReal(ctx, c.history(i), c.Progress)
		} else {
			var one []*Measured
			one, err = Play(ctx, Plan{plan.Points[i : i+1]}, Config{
				Workers: c.Workers, History: func(int) string { return c.history(i) }, Keep: c.Keep, Progress: c.Progress,
			})
			if len(one) > 0 {
				measured[i] = one[0]
			}
		}
		if err == nil && c.Done != nil && !measured[i].Interrupted {
			err = c.Done(i, measured[i])
		}
		if err != nil {
			return measured, err
		}
	}
	return measured, nil
}

// playReal plays all repetitions of a point in the real world into the file of its
// history, without a name into one that nobody needs afterwards, and then judges that.
func (p *Point) playReal(ctx context.Context, file string, progress func(Progress)) (*Measured, error) {
	if file == "" {
		dir, err := os.MkdirTemp("", "simulate-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }() // the system clears it up in the end
		file = filepath.Join(dir, "history")
	}
	target, err := p.Target.open(ctx, &p.Run)
	if err != nil {
		return nil, err
	}
	playErr := Record(ctx, file, p.Header(), func(ctx context.Context, sink history.Sink) error {
		if progress != nil {
			sink = &counted{Sink: sink, progress: progress}
		}
		_, err := p.Run.Play(ctx, target.world, sink)
		return err
	})
	if err := target.close(ctx); playErr == nil {
		playErr = err
	}
	m, err := FromFile(file)
	if err != nil {
		if playErr != nil {
			err = playErr // it is why the history can't be read
		} else {
			err = fmt.Errorf("judge it: %w", err)
		}
		return nil, err
	}
	m.Settings = &target.settings
	return m, playErr
}

// Record plays into the file of a history. What can't be kept is worth nothing: play's
// context ends if an event could not be written.
func Record(ctx context.Context, file string, h history.Header, play func(context.Context, history.Sink) error) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := history.NewWriter(f, h)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w.OnError = stop
	err = play(ctx, w)
	if closeErr := w.Close(); closeErr != nil {
		return fmt.Errorf("write the history: %w", closeErr)
	}
	return err
}

// counted tells how far a run in the real world is.
type counted struct {
	history.Sink
	progress func(Progress)
	mu       sync.Mutex
	done     Progress
}

// Add implements [history.Sink].
func (c *counted) Add(e *history.Event) {
	c.Sink.Add(e)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case e.Kind == history.Begin:
		c.done.Repetitions++
	case e.Kind == history.Return:
		c.done.Operations++
	case e.Kind == history.Put && (e.Answer == history.PreconditionFailed || e.Answer == history.Conflict):
		c.done.Conflicts++
	default:
		return
	}
	c.progress(c.done)
}
