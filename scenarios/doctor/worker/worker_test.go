package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/storefault"
	"holdfast/archive/storetest"
)

// asWorker is the argument of a test binary that is to be a worker.
const asWorker = "worker"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asWorker {
		work()
	}
	goleak.VerifyTestMain(m)
}

// work is a worker whose store is what it is told to be.
func work() {
	err := Serve(context.Background(), os.Stdin, os.Stdout, func(_ context.Context, setup []byte) (archive.Store, error) {
		switch string(setup) {
		case "refuse":
			return nil, fmt.Errorf("no such bucket: %w", archive.ErrNotFound)
		case "die":
			fmt.Fprintln(os.Stderr, "out of memory")
			os.Exit(3)
		case "hang":
			time.Sleep(time.Hour) // select {} would be told as a deadlock
		}
		return stubborn{ignoresEnd: string(setup) == "stubborn"}, nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// stubborn is a store whose calls end when they are cancelled, or not even then. A put under
// the key "die" ends its process.
type stubborn struct {
	archive.Store
	ignoresEnd bool
}

func (s stubborn) Put(ctx context.Context, key string, _ []byte, _ archive.Condition) (string, error) {
	if key == "die" {
		os.Exit(3)
	}
	if s.ignoresEnd {
		time.Sleep(time.Hour)
	}
	<-ctx.Done()
	return "", fmt.Errorf("put %s: %w: %w", key, ctx.Err(), archive.ErrOutcomeUnknown)
}

func start(t *testing.T, setup string) (*Store, error) {
	t.Helper()
	return Start(t.Context(), os.Args[0], []string{asWorker}, os.Environ(), []byte(setup))
}

// connected is a link to a worker in this process.
func connected(t *testing.T, store archive.Store) *link {
	t.Helper()
	in, calls := io.Pipe()
	answers, out := io.Pipe()
	served := make(chan error, 1)
	go func() {
		served <- Serve(context.WithoutCancel(t.Context()), in, out, func(context.Context, []byte) (archive.Store, error) { return store, nil })
		_ = out.Close()
	}()
	var l link
	if err := l.connect(t.Context(), calls, answers, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = calls.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
		<-l.ended
	})
	return &l
}

// TestWorkerPassesTheSuite: a store in a worker is as good as the store.
func TestWorkerPassesTheSuite(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	store := connected(t, server.Store())
	quirks, err := storetest.QuirksOf("gofakes3")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, func(*testing.T) archive.Store { return store }, quirks...)
}

// hinted is an error that says when to come again.
type hinted struct{ error }

func (hinted) RetryAfter() time.Duration { return 3 * time.Second }
func (h hinted) Unwrap() error           { return h.error }

// refusing fails every call.
type refusing struct {
	archive.Store
	err error
}

func (s refusing) Get(context.Context, string) ([]byte, string, error) { return nil, "", s.err }

// TestErrorsSurviveTheWay: whoever calls can tell apart what the store told apart.
func TestErrorsSurviveTheWay(t *testing.T) {
	for i, known := range told {
		sent := fmt.Errorf("get x: 4711 said so: %w", known)
		_, _, err := connected(t, refusing{err: sent}).Get(t.Context(), "x")
		if err == nil || err.Error() != sent.Error() {
			t.Errorf("%v became %v", sent, err)
		}
		for j, other := range told {
			if errors.Is(err, other) != (i == j) {
				t.Errorf("%v: errors.Is(%v) is %v", err, other, i != j)
			}
		}
	}
	_, _, err := connected(t, refusing{err: hinted{archive.ErrThrottled}}).Get(t.Context(), "x")
	if archive.RetryAfter(err) != 3*time.Second || !errors.Is(err, archive.ErrThrottled) {
		t.Errorf("a hint became %v of %v", archive.RetryAfter(err), err)
	}
	_, _, err = connected(t, refusing{err: storefault.Errorf(storefault.NoETag, "200 without an ETag")}).Get(t.Context(), "x")
	if fault, ok := errors.AsType[*storefault.Error](err); !ok || fault.Kind != storefault.NoETag {
		t.Errorf("a fault became %v", err)
	}
}

// TestWorkerThatDoesNotOpen: the reason is told, in time.
func TestWorkerThatDoesNotOpen(t *testing.T) {
	for setup, want := range map[string]string{"refuse": "no such bucket", "die": "it says: out of memory"} {
		if _, err := start(t, setup); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", setup, err)
		}
	}
	if _, err := Start(t.Context(), "/nonexistent/program", nil, nil, nil); err == nil {
		t.Error("a program that is not there was started")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := Start(ctx, os.Args[0], []string{asWorker}, os.Environ(), []byte("hang")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hang: %v", err)
	}
	if took := time.Since(began); took > 2*endGrace {
		t.Errorf("hang: it took %v", took)
	}
}

// TestCancelledCall: it is cut in the worker, and what is not known is called unknown.
func TestCancelledCall(t *testing.T) {
	for _, setup := range []string{"", "stubborn"} {
		s, err := start(t, setup)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		began := time.Now()
		_, err = s.Put(ctx, "k", nil, archive.Condition{})
		cancel()
		if !errors.Is(err, archive.ErrOutcomeUnknown) {
			t.Errorf("%q: %v", setup, err)
		}
		if took := time.Since(began); took > cancelGrace+time.Second || setup == "" && took > time.Second {
			t.Errorf("%q: it took %v", setup, took)
		}
		_, err = s.Put(ctx, "k", nil, archive.Condition{})
		if !errors.Is(err, archive.ErrUnavailable) || errors.Is(err, archive.ErrOutcomeUnknown) {
			t.Errorf("%q, after the end: %v", setup, err)
		}
		began = time.Now()
		err = s.Close()
		if took := time.Since(began); took > endGrace+time.Second || (err != nil) != (setup == "stubborn") {
			t.Errorf("%q: closed with %v after %v", setup, err, took)
		}
	}
}

// TestWorkerThatDies: its calls end, and say that nobody knows what became of them.
func TestWorkerThatDies(t *testing.T) {
	s, err := start(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "die", nil, archive.Condition{}); !errors.Is(err, archive.ErrOutcomeUnknown) {
		t.Errorf("a put: %v", err)
	}
	if _, _, err := s.Get(t.Context(), "k"); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("a get: %v", err)
	}
	if err := s.Close(); err == nil {
		t.Error("it ended badly, and Close does not say so")
	}
}
