package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast/scenarios/campaign"
	"holdfast/scenarios/history"
)

const (
	// segmentEvery is the time between two segments: what a shard that is killed loses.
	segmentEvery = time.Second
	// mostWaiting is how much of a history may wait in memory for a store that does not take it.
	mostWaiting = 256 << 20
)

// segments publishes what is written to it, in numbered objects.
type segments struct {
	*Load
	member
	stop func(error) // the load, if its history can't be kept

	lines *history.Writer // that writes into waiting
	done  context.CancelFunc
	beats sync.WaitGroup // who publishes now and then

	mu      sync.Mutex
	waiting []byte
	next    int       // the number of the next segment
	since   time.Time // since when nothing could be published; zero: the last could
}

// record begins the history of an attempt.
func (l *Load) record(ctx context.Context, m member, h history.Header, stop func(error)) (*segments, error) {
	s := &segments{Load: l, member: m, stop: stop}
	var err error
	if s.lines, err = history.NewWriter(s, h); err != nil {
		return nil, err
	}
	s.lines.OnError = stop
	ctx, s.done = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.publish(ctx); err != nil { // from here on whoever looks knows that it plays
		return nil, err
	}
	s.beats.Go(func() { s.keepPublishing(ctx) })
	return s, nil
}

// Add implements [history.Sink].
func (s *segments) Add(e *history.Event) { s.lines.Add(e) }

// Write takes what the writer of lines has buffered.
func (s *segments) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting)+len(p) > mostWaiting {
		return 0, fmt.Errorf("more than %d MB of the history of shard %d wait to be published", mostWaiting>>20, s.shard)
	}
	s.waiting = append(s.waiting, p...)
	return len(p), nil
}

func (s *segments) keepPublishing(ctx context.Context) {
	ticker := time.NewTicker(segmentEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if err := s.publish(ctx); err != nil && ctx.Err() == nil {
			if s.since.IsZero() {
				s.since = time.Now()
			}
			if errors.Is(err, campaign.ErrExists) || time.Since(s.since) >= campaign.PublishFor {
				s.stop(err)
				return
			}
			continue // it still waits
		}
		s.since = time.Time{}
	}
}

// publish publishes all lines that are whole, if there are any.
func (s *segments) publish(ctx context.Context) error {
	if err := s.lines.Flush(); err != nil {
		return err
	}
	s.mu.Lock()
	n := bytes.LastIndexByte(s.waiting, '\n') + 1
	part := s.waiting[:n:n]
	s.mu.Unlock()
	if n == 0 {
		return nil
	}
	frame, err := compress(part)
	if err == nil {
		err = s.Create(ctx, s.segment(s.next), frame)
	}
	if err != nil {
		return fmt.Errorf("publish the history of shard %d: %w", s.shard, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	s.waiting = append([]byte(nil), s.waiting[n:]...)
	return nil
}

// close publishes what is left, within a time, and returns how many segments there are.
func (s *segments) close(ctx context.Context, within time.Duration) (int, error) {
	s.done()
	s.beats.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	err := s.publish(ctx)
	for err != nil && ctx.Err() == nil && !errors.Is(err, campaign.ErrExists) {
		if !pause(ctx, segmentEvery) {
			break
		}
		err = s.publish(ctx)
	}
	return s.next, err
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// compress makes a frame of Zstandard.
func compress(text []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := history.Compressed(&b)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}
