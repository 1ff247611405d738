package delivery

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/archive"
)

const (
	ms      = time.Millisecond
	testID  = "CHG-1"
	testKey = "archive/CHG-1.json"
	testDoc = `{"changeId":"CHG-1","title":"a","plan":"p","modifications":[]}`
)

var (
	errLost      = fmt.Errorf("connection reset: %w", archive.ErrOutcomeUnknown)
	errForbidden = errors.New("403 AccessDenied")
)

func etagOf(body []byte) string { return fmt.Sprintf(`"%x"`, md5.Sum(body)) }

// manualClock moves only when somebody sleeps.
type manualClock struct {
	mu      sync.Mutex
	now     time.Time
	waits   []time.Duration
	onSleep func(n int) // n = 1 first
	timed   []*manualContext
}

// manualContext ends by a manual clock.
type manualContext struct {
	context.Context
	end     context.CancelFunc
	due     time.Time
	expired atomic.Bool
}

func (c *manualContext) Deadline() (time.Time, bool) { return c.due, true }

func (c *manualContext) Err() error {
	if c.expired.Load() {
		return context.DeadlineExceeded
	}
	return c.Context.Err()
}

// WithTimeout implements [archive.Clock].
func (c *manualClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &manualContext{due: c.now.Add(d)}
	m.Context, m.end = context.WithCancel(ctx)
	c.timed = append(c.timed, m)
	return m, m.end
}

// pass lets time go by, as it does while a request is under way.
func (c *manualClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.timed = slices.DeleteFunc(c.timed, func(m *manualContext) bool {
		due := !m.due.After(c.now)
		if due {
			m.expired.Store(true)
			m.end()
		}
		return due || m.Context.Err() != nil
	})
}

func (c *manualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manualClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.waits = append(c.waits, d)
	n, hook := len(c.waits), c.onSleep
	c.mu.Unlock()
	c.pass(d)
	if hook != nil {
		hook(n)
	}
	return ctx.Err()
}

// failer is what testing.T and rapid.T have in common here.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func fields(pairs ...string) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return m
}

func mustParse(t failer, body string) *archive.Change {
	t.Helper()
	c, err := archive.ParseChange([]byte(body))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return c
}
