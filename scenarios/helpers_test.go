package scenarios

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// plain is a store in memory. Each call takes a while on its clock.
type plain struct {
	mu      sync.Mutex
	clock   archive.Clock
	takes   time.Duration
	objects map[string]object
	writes  int
	refuse  func(key string) error // of a write
}

type object struct {
	body []byte
	etag string
}

func newPlain(clock archive.Clock) *plain {
	return &plain{clock: clock, objects: map[string]object{}}
}

func (s *plain) pass(ctx context.Context) error { return s.clock.Sleep(ctx, s.takes) }

func (s *plain) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := s.pass(ctx); err != nil {
		return nil, "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[key]
	if !ok {
		return nil, "", archive.ErrNotFound
	}
	return o.body, o.etag, nil
}

func (s *plain) Head(ctx context.Context, key string) (string, error) {
	_, etag, err := s.Get(ctx, key)
	return etag, err
}

func (s *plain) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if err := s.pass(ctx); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(key); err != nil {
			return "", err
		}
	}
	o, ok := s.objects[key]
	switch {
	case cond.IsAbsent() && ok, ok && cond.ETag() != "" && cond.ETag() != o.etag:
		return "", archive.ErrPreconditionFailed
	case cond.ETag() != "" && !ok:
		return "", archive.ErrNotFound
	}
	s.writes++
	o = object{body, fmt.Sprintf(`"e%d"`, s.writes)}
	s.objects[key] = o
	return o.etag, nil
}

func (s *plain) Delete(_ context.Context, key string, _ archive.Condition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, key)
	return nil
}

// leaping is a clock on which nobody waits: a sleep moves it forward. Only for
// scenarios in which one actor acts at a time.
type leaping struct {
	mu  sync.Mutex
	now time.Time
}

func newLeaping() *leaping { return &leaping{now: time.Unix(1_700_000_000, 0)} }

func (c *leaping) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *leaping) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(d, 0))
	return ctx.Err()
}

// inMemory plays a scenario, given as YAML, with the production core against a
// store in memory and returns what was recorded.
func inMemory(t *testing.T, source string, adjust func(*Run, *plain)) (Played, []*history.Event) {
	t.Helper()
	s, err := Parse(t.Name(), []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	clock, m := newLeaping(), &memory{}
	store := newPlain(clock)
	run := must(NewRun(s, must(cores.Find("production"))))
	if s.Policy == nil {
		run.Policy = archive.Policy{Kind: archive.None, Retries: 5}
	}
	if adjust != nil {
		adjust(run, store)
	}
	played, err := run.Play(t.Context(), func(int) world.World { return world.NewReal(clock, store, nil) }, m)
	if err != nil {
		t.Fatal(err)
	}
	return played, m.events
}

// script writes events as lines such as "ann save", "ann put 412", "ann conflict"
// (how the save ended), without those of the harness and the beginning and end.
func script(events []*history.Event) string {
	var lines []string
	for _, e := range events {
		switch {
		case e.Actor == "" || strings.HasPrefix(e.Actor, "harness/"):
		case e.Kind == history.Invoke:
			lines = append(lines, e.Actor+" "+e.Do)
		case e.Kind == history.Return:
			lines = append(lines, e.Actor+" "+e.Outcome)
		case e.Kind != history.Wait:
			lines = append(lines, e.Actor+" "+string(e.Kind)+" "+e.Answer)
		}
	}
	return strings.Join(lines, "\n")
}

// WithTimeout implements [archive.Clock]: nothing here lasts so long.
func (*leaping) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}

// playVirtual plays the repetitions of a run in virtual worlds, one after the other.
func playVirtual(ctx context.Context, r *Run, open func(repetition int) history.Sink, done func(repetition int, sink history.Sink)) (Played, error) {
	v := r.Virtual()
	defer v.Close()
	var all Played
	for n := 1; n <= r.Repetitions && !all.Interrupted; n++ {
		sink := open(n)
		played, err := v.Play(ctx, n, sink)
		if err != nil && !played.Interrupted {
			return all, err
		}
		all.Steps, all.Interrupted = append(all.Steps, played.Steps...), played.Interrupted
		if done != nil {
			done(n, sink)
		}
	}
	return all, nil
}

// into takes the events of all repetitions.
func into(sink history.Sink) func(int) history.Sink { return func(int) history.Sink { return sink } }
