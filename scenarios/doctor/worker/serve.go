package worker

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"sync"

	"holdfast/archive"
)

// Serve is the whole of a worker: it opens a store, by what [Start] was given, and makes the
// calls that in asks for until in ends or ctx does.
func Serve(ctx context.Context, in io.Reader, out io.Writer, open func(ctx context.Context, setup []byte) (archive.Store, error)) error {
	w := &server{answers: gob.NewEncoder(out), underWay: map[uint64]context.CancelFunc{}}
	calls := gob.NewDecoder(in)
	var setup []byte
	if err := calls.Decode(&setup); err != nil {
		return fmt.Errorf("worker: nobody said what to open: %w", err)
	}
	var err error
	if w.store, err = open(ctx, setup); err != nil {
		w.answer(answer{Failed: failureOf(err)})
		return err
	}
	w.answer(answer{})
	ctx, stop := context.WithCancel(ctx)
	defer w.running.Wait()
	defer stop()
	for {
		var c call
		switch err := calls.Decode(&c); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("worker: read a call: %w", err)
		}
		w.begin(ctx, c)
	}
}

// server is a worker that is at work.
type server struct {
	store   archive.Store
	running sync.WaitGroup

	writing sync.Mutex
	answers *gob.Encoder

	mu       sync.Mutex
	underWay map[uint64]context.CancelFunc
}

// begin makes a call, or ends one that is being made.
func (w *server) begin(ctx context.Context, c call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Do == cancel {
		if end := w.underWay[c.Number]; end != nil {
			end()
		}
		return
	}
	ctx, end := context.WithCancel(ctx)
	w.underWay[c.Number] = end
	w.running.Go(func() {
		defer end()
		a := w.make(ctx, &c)
		w.mu.Lock()
		delete(w.underWay, c.Number)
		w.mu.Unlock()
		w.answer(a)
	})
}

func (w *server) make(ctx context.Context, c *call) answer {
	a := answer{Number: c.Number}
	var err error
	switch c.Do {
	case get:
		a.Body, a.ETag, err = w.store.Get(ctx, c.Key)
	case head:
		a.ETag, err = w.store.Head(ctx, c.Key)
	case put:
		a.ETag, err = w.store.Put(ctx, c.Key, c.Body, c.condition())
	case remove:
		err = w.store.Delete(ctx, c.Key, c.condition())
	default:
		err = fmt.Errorf("worker: there is no call %q", c.Do)
	}
	a.Failed = failureOf(err)
	return a
}

// answer sends one. Who can't be told any more has ended, and then so does the worker.
func (w *server) answer(a answer) {
	w.writing.Lock()
	defer w.writing.Unlock()
	_ = w.answers.Encode(a)
}
