package archive

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive/internal/testclock"
)

// memStore is an in-memory store that misbehaves as its script says. Its ETags
// are hashes of the content, as on a plain bucket, so that A→B→A is possible.
type memStore struct {
	mu      sync.Mutex
	objects map[string][]byte
	history [][]byte // every body ever committed, in order; nil marks a delete
	calls   int
	gets    int
	heads   int
	puts    int
	refused int // writes answered 412
	// onGet, onHead and onPut hold the fault of the n-th call, 1 first.
	onGet, onHead, onPut map[int]fault
	everyPut             fault // that of all others
	late                 []func() (string, error)
}

// fault answers a request; do performs it properly.
type fault func(do func() (etag string, err error)) (etag string, err error)

var (
	errLost      = fmt.Errorf("connection reset: %w", ErrOutcomeUnknown)
	errForbidden = errors.New("403 AccessDenied")
)

func newMemStore() *memStore {
	return &memStore{objects: map[string][]byte{}, onGet: map[int]fault{}, onHead: map[int]fault{}, onPut: map[int]fault{}}
}

func etagOf(body []byte) string { return fmt.Sprintf(`"%x"`, md5.Sum(body)) }

func (s *memStore) begin(counter *int, script map[int]fault) fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	*counter++
	if f := script[*counter]; f != nil {
		return f
	}
	if counter == &s.puts && s.everyPut != nil {
		return s.everyPut
	}
	return func(do func() (string, error)) (string, error) { return do() }
}

func (s *memStore) Get(ctx context.Context, key string) (body []byte, etag string, err error) {
	if err := ctx.Err(); err != nil { // as an adapter does, before it sends anything
		return nil, "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	etag, err = s.begin(&s.gets, s.onGet)(func() (string, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var ok bool
		if body, ok = s.objects[key]; !ok {
			return "", ErrNotFound
		}
		return etagOf(body), nil
	})
	return body, etag, err
}

func (s *memStore) Put(_ context.Context, key string, body []byte, cond Condition) (string, error) {
	return s.begin(&s.puts, s.onPut)(func() (string, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		was, there := s.objects[key]
		switch {
		case cond.IsAbsent() && there, cond.ETag() != "" && there && etagOf(was) != cond.ETag():
			s.refused++
			return "", ErrPreconditionFailed
		case cond.ETag() != "" && !there:
			return "", ErrNotFound
		}
		s.set(key, body)
		return etagOf(body), nil
	})
}

// Head is called by ETag only, so what it answers is counted and scripted like a read.
func (s *memStore) Head(_ context.Context, key string) (string, error) {
	return s.begin(&s.heads, s.onHead)(func() (string, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body, ok := s.objects[key]
		if !ok {
			return "", ErrNotFound
		}
		return etagOf(body), nil
	})
}

func (s *memStore) Delete(context.Context, string, Condition) error {
	panic("the core deletes nothing")
}

func (s *memStore) set(key string, body []byte) {
	s.objects[key] = body
	s.history = append(s.history, body)
}

// The faults of a write.

func requestLost(func() (string, error)) (string, error) { return "", errLost }

func replyLost(do func() (string, error)) (string, error) {
	do()
	return "", errLost
}

func appliedThen500(do func() (string, error)) (string, error) {
	do()
	return "", fmt.Errorf("500 InternalError: %w", ErrOutcomeUnknown)
}

// echoed: a layer below the store sends the write twice and passes on what the second is told.
func echoed(second error) fault {
	return func(do func() (string, error)) (string, error) {
		if _, err := do(); err != nil {
			return "", err
		}
		return "", second
	}
}

// resent: a layer below the store loses the first reply and sends again.
func resent(do func() (string, error)) (string, error) {
	do()
	return do()
}

func answer(err error) fault {
	return func(func() (string, error)) (string, error) { return "", err }
}

// after lets something happen just before the request is served.
func after(event func(), then fault) fault {
	return func(do func() (string, error)) (string, error) {
		event()
		if then == nil {
			return do()
		}
		return then(do)
	}
}

// landsLate is a write that is applied only when land is called.
func (s *memStore) landsLate(do func() (string, error)) (string, error) {
	s.late = append(s.late, do)
	return "", errLost
}

func (s *memStore) land() {
	for _, do := range s.late {
		do()
	}
	s.late = nil
}

// interlope is another writer, who is never in the way of itself.
func (s *memStore) interlope(id string, fields map[string]json.RawMessage) func() {
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for key, body := range s.objects {
			c, err := ParseChange(body)
			if err != nil {
				panic(err)
			}
			next, err := c.Apply(Edit{Fields: fields, Modifications: []Modification{mod(id)}})
			if err != nil {
				panic(err)
			}
			s.set(key, next.Encode())
		}
	}
}

func (s *memStore) remove() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.objects)
	s.history = append(s.history, nil)
}

func (s *memStore) body(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.objects[key])
}

const (
	testID  = "CHG-1"
	testKey = "archive/CHG-1.json"
	testDoc = `{"changeId":"CHG-1","title":"a","plan":"p","modifications":[]}`
)

func mod(id string) Modification {
	return Modification{ID: id, Timestamp: "2025-10-20T12:00:00Z", UserID: "u", Type: Updated}
}

// failer is what testing.T and rapid.T have in common here.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// rig is an archive over a scripted store, which holds testDoc.
type rig struct {
	*Archive
	store *memStore
	clock *testclock.Clock
	base  Snapshot
}

func newRig(t failer, retries int) *rig {
	r := &rig{store: newMemStore(), clock: testclock.At(time.Date(2025, 10, 20, 12, 0, 0, 0, time.UTC))}
	policy := Policy{Kind: Exponential, Base: 50 * time.Millisecond, Cap: 400 * time.Millisecond, Retries: retries}
	a, err := New(Options{Store: r.store, Policy: policy, Clock: r.clock})
	if err != nil {
		t.Fatalf("%v", err)
	}
	r.Archive = a
	r.store.set(testKey, []byte(testDoc))
	r.base = Snapshot{mustParse(t, testDoc), etagOf([]byte(testDoc))}
	return r
}

// times counts the entries with this id that the store holds.
func (r *rig) times(id string) int { return countID(r.store.body(testKey), id) }

func countID(body, id string) int {
	return strings.Count(body, fmt.Sprintf(`"modification_id":%q`, id))
}

// everHeld reports whether any version that was ever committed held the id.
func (s *memStore) everHeld(id string) bool {
	return slices.ContainsFunc(s.history, func(body []byte) bool { return countID(string(body), id) > 0 })
}

func fields(pairs ...string) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return m
}

func readTestdata(t testing.TB, id string) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/" + id + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func mustParse(t failer, body string) *Change {
	t.Helper()
	c, err := ParseChange([]byte(body))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return c
}
