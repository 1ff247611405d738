package measure

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/sandbox"
)

// plainBacking is a store of another kind than S3, which can't list.
type plainBacking struct {
	objects *plainStore
	prefix  string
	closed  *bool
}

func (b plainBacking) Check(context.Context) error    { return nil }
func (b plainBacking) at(prefix string) archive.Store { b.prefix = prefix; return b }
func (b plainBacking) settings() Settings             { return Settings{MaxAttempts: 1, Endpoint: "plain://host/"} }
func (b plainBacking) Close() error                   { *b.closed = true; return nil }

func (b plainBacking) Get(_ context.Context, key string) ([]byte, string, error) {
	return b.objects.get(b.prefix + key)
}

func (b plainBacking) Head(_ context.Context, key string) (string, error) {
	_, etag, err := b.objects.get(b.prefix + key)
	return etag, err
}

func (b plainBacking) Put(_ context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	return b.objects.put(b.prefix+key, body, cond)
}

func (b plainBacking) Delete(_ context.Context, key string, _ archive.Condition) error {
	return b.objects.remove(b.prefix + key)
}

// plainStore is a map with versions.
type plainStore struct {
	mu      sync.Mutex
	written int
	bodies  map[string][]byte
	etags   map[string]string
	refused error // of deletes
	// refusedReads are refused too, and wrote is called with each write; nil: neither.
	refusedReads error
	wrote        func()
}

func (s *plainStore) get(key string) ([]byte, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusedReads != nil {
		return nil, "", s.refusedReads
	}
	if s.etags[key] == "" {
		return nil, "", archive.ErrNotFound
	}
	return s.bodies[key], s.etags[key], nil
}

func (s *plainStore) put(key string, body []byte, cond archive.Condition) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.etags[key]; cond.IsAbsent() && now != "" || cond.ETag() != "" && cond.ETag() != now {
		return "", archive.ErrPreconditionFailed
	}
	s.written++
	s.bodies[key], s.etags[key] = body, strings.Repeat("v", s.written)
	if s.wrote != nil {
		s.wrote()
	}
	return s.etags[key], nil
}

func (s *plainStore) remove(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused != nil {
		return s.refused
	}
	delete(s.etags, key)
	return nil
}

// TestAnyStoreCanBePlayedOn: a kind is all that a store needs, and none of its objects is left.
func TestAnyStoreCanBePlayedOn(t *testing.T) {
	objects, closed := &plainStore{bodies: map[string][]byte{}, etags: map[string]string{"other": "o"}}, false
	var timeout time.Duration
	through := false
	plain := kind{
		scheme: "plain", form: "plain://host/",
		validate: func(t Target) error {
			if t.Endpoint != "" {
				return errors.New("plain stores have no endpoint")
			}
			return nil
		},
		open: func(_ context.Context, _ Target, w wire) (backing, error) {
			timeout = w.timeout
			if w.through != nil {
				through = w.through(http.DefaultTransport) != nil
			}
			return plainBacking{objects, "", &closed}, nil
		},
	}
	kinds = append(kinds, plain)
	t.Cleanup(func() { kinds = kinds[:len(kinds)-1] })

	run, err := scenarios.Prepare("two-users", scenarios.Choice{Seed: 1, Repetitions: 2, Latency: "constant(1ms)"})
	if err != nil {
		t.Fatal(err)
	}
	point := Point{Run: *run, World: scenarios.RealWorld, Target: Target{Store: "plain://host/"}}
	measured, err := Play(t.Context(), Plan{[]Point{point}}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if m := measured[0]; m.Verdict != "ok" || m.Settings.Endpoint != "plain://host/" || m.Counts.Committed == 0 {
		t.Errorf("verdict %s, settings %+v, %d commits", m.Verdict, m.Settings, m.Counts.Committed)
	}
	if timeout != run.RequestTimeout() || !through || !closed {
		t.Errorf("request timeout %v, latency %v, closed %v", timeout, through, closed)
	}
	if objects.written == 0 || len(objects.etags) != 1 {
		t.Errorf("%d writes, and left are %v", objects.written, objects.etags)
	}

	objects.refused = errors.New("no")
	_, err = Play(t.Context(), Plan{[]Point{point}}, Config{})
	if failed, ok := errors.AsType[*TargetError](err); !ok || !strings.Contains(failed.Error(), "plain://host/simulate-") {
		t.Errorf("what could not be deleted: %v", err)
	}
}

// TestWhatIsLeftIsSaidWhateverElseFails: of a run that was interrupted, and of one that could
// not go on.
func TestWhatIsLeftIsSaidWhateverElseFails(t *testing.T) {
	run, err := scenarios.Prepare("two-users", scenarios.Choice{Seed: 1, Repetitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	restore := kinds
	t.Cleanup(func() { kinds = restore })
	for name, fail := range map[string]func(s *plainStore, interrupt func()){
		"interrupted":    func(_ *plainStore, interrupt func()) { interrupt() },
		"could not read": func(s *plainStore, _ func()) { s.refusedReads = errors.New("not yours to read") },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		objects, closed := &plainStore{bodies: map[string][]byte{}, etags: map[string]string{}, refused: errors.New("not yours to delete")}, false
		objects.wrote = func() {
			if objects.written == 2 { // the manifest and a document
				fail(objects, cancel)
			}
		}
		kinds = append(slices.Clone(restore), kind{
			scheme: "plain", form: "plain://host/", validate: func(Target) error { return nil },
			open: func(context.Context, Target, wire) (backing, error) { return plainBacking{objects, "", &closed}, nil },
		})
		_, err = Play(ctx, Plan{[]Point{{Run: *run, World: scenarios.RealWorld, Target: Target{Store: "plain://host/"}}}}, Config{})
		cancel()
		left, ok := errors.AsType[*sandbox.LeftError](err)
		if !ok || !strings.HasPrefix(left.Place, "plain://host/simulate-") || !strings.Contains(err.Error(), "not yours to delete") || !closed {
			t.Errorf("%s: %v, closed: %v", name, err, closed)
		}
	}
}

// TestUnknownStores are told which there are.
func TestUnknownStores(t *testing.T) {
	for store, want := range map[string]string{
		"":               "",
		"fake":           "",
		"s3://bucket/p":  "",
		"fake://x":       "want fake",
		"ftp://host/dir": "want fake or s3://bucket/prefix",
		"fakes":          "want fake or s3://bucket/prefix",
		"s3://":          "no bucket is given",
	} {
		err := Target{Store: store}.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("store %q: %v, want %q", store, err, want)
		}
	}
}
