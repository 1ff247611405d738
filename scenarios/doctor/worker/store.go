package worker

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
)

const (
	// openTimeout bounds how long a worker may take until its store is open, which sends
	// nothing.
	openTimeout = 15 * time.Second
	// cancelGrace is for the answer to a call that was cancelled: the worker's request is
	// then cut, and answered at once.
	cancelGrace = 2 * time.Second
	// endGrace is for a worker to end by itself; then it is killed.
	endGrace = 2 * time.Second
)

// Store is a store in another process. Close it when done.
type Store struct {
	link
	cmd *exec.Cmd
	err limited // what the process says on stderr
}

var _ archive.Store = (*Store)(nil)

// Start runs a program that calls [Serve], and returns when its store is open. The program
// ends when the store is closed, and when this process does.
func Start(ctx context.Context, program string, args, env []string, setup []byte) (*Store, error) {
	s := &Store{cmd: exec.Command(program, args...)}
	s.cmd.Env, s.cmd.Stderr, s.cmd.WaitDelay = env, &s.err, endGrace
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	if err := s.connect(ctx, in, out, setup); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("start a worker: %w%s", err, s.err.said())
	}
	return s, nil
}

// Close ends the process, and kills it if it does not end.
func (s *Store) Close() error {
	kill := time.AfterFunc(endGrace, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	_ = s.in.Close()
	<-s.ended // all was read, as Wait wants it
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("a worker ended badly: %w%s", err, s.err.said())
	}
	return nil
}

// link is the way to a worker.
type link struct {
	in      io.WriteCloser
	writing sync.Mutex
	calls   *gob.Encoder
	ended   chan struct{} // closed when no more answers come

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan answer
}

// connect says what to open, and waits until it is.
func (l *link) connect(ctx context.Context, in io.WriteCloser, out io.Reader, setup []byte) error {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	opened := make(chan answer, 1)
	l.in, l.calls, l.ended = in, gob.NewEncoder(in), make(chan struct{})
	l.waiting = map[uint64]chan answer{0: opened}
	go l.receive(gob.NewDecoder(out))
	if err := l.calls.Encode(setup); err != nil {
		return err
	}
	a, came := l.await(ctx, opened)
	switch {
	case came:
		return failed(a)
	case ctx.Err() != nil:
		return fmt.Errorf("its store was not open in time: %w", ctx.Err())
	}
	return errors.New("it ended before its store was open")
}

// await returns an answer, unless the worker or ctx ends before it comes.
func (l *link) await(ctx context.Context, answers <-chan answer) (a answer, came bool) {
	select {
	case a = <-answers:
		return a, true
	case <-ctx.Done():
	case <-l.ended:
	}
	select { // it may have come at the same time
	case a = <-answers:
		return a, true
	default:
		return answer{}, false
	}
}

// receive hands out answers until there are no more.
func (l *link) receive(from *gob.Decoder) {
	defer close(l.ended)
	for {
		var a answer
		if from.Decode(&a) != nil {
			return
		}
		l.mu.Lock()
		answers := l.waiting[a.Number]
		delete(l.waiting, a.Number)
		l.mu.Unlock()
		if answers != nil {
			answers <- a // which has room
		}
	}
}

// do makes a call in the worker. Once it is handed over, only an answer says what became of
// it.
func (l *link) do(ctx context.Context, c call) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, fmt.Errorf("%s %s: %w before it was sent: %w", c.Do, c.Key, archive.ErrUnavailable, err)
	}
	answers := make(chan answer, 1)
	l.mu.Lock()
	l.last++
	c.Number = l.last
	l.waiting[c.Number] = answers
	l.mu.Unlock()
	l.send(c) // a worker that has ended does not read it, and answers no more
	a, came := l.await(ctx, answers)
	if !came && ctx.Err() != nil {
		l.send(call{Number: c.Number, Do: cancel})
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelGrace)
		defer cancel()
		a, came = l.await(grace, answers)
	}
	switch {
	case came:
		return a, failed(a)
	case ctx.Err() != nil:
		return answer{}, fmt.Errorf("%s %s: %w, and the worker does not answer: %w", c.Do, c.Key, ctx.Err(), unclear(c.Do))
	}
	return answer{}, fmt.Errorf("%s %s: the worker has ended: %w", c.Do, c.Key, unclear(c.Do))
}

func (l *link) send(c call) {
	l.writing.Lock()
	defer l.writing.Unlock()
	_ = l.calls.Encode(c)
}

// failed is the error of an answer. (A nil *failure in an error is none.)
func failed(a answer) error {
	if a.Failed == nil {
		return nil
	}
	return a.Failed
}

// unclear is what no answer means.
func unclear(do string) error {
	if do == put || do == remove {
		return archive.ErrOutcomeUnknown
	}
	return archive.ErrUnavailable
}

// Get implements [archive.Store].
func (l *link) Get(ctx context.Context, key string) (body []byte, etag string, err error) {
	a, err := l.do(ctx, call{Do: get, Key: key})
	return a.Body, a.ETag, err
}

// Head implements [archive.Store].
func (l *link) Head(ctx context.Context, key string) (etag string, err error) {
	a, err := l.do(ctx, call{Do: head, Key: key})
	return a.ETag, err
}

// Put implements [archive.Store].
func (l *link) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (etag string, err error) {
	a, err := l.do(ctx, call{Do: put, Key: key, Body: body, Absent: cond.IsAbsent(), ETag: cond.ETag()})
	return a.ETag, err
}

// Delete implements [archive.Store].
func (l *link) Delete(ctx context.Context, key string, cond archive.Condition) error {
	_, err := l.do(ctx, call{Do: remove, Key: key, Absent: cond.IsAbsent(), ETag: cond.ETag()})
	return err
}

// limited keeps the beginning of what is written to it.
type limited struct {
	mu   sync.Mutex
	text bytes.Buffer
}

const mostSaid = 4 << 10

func (l *limited) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p[:min(len(p), mostSaid-l.text.Len())])
	return len(p), nil
}

// said is the last line of it, to be put behind an error.
func (l *limited) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(l.text.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return ": it says: " + last
	}
	return ""
}
