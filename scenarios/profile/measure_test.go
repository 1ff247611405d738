package profile

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// modelled is a world whose store is a model, wrapped.
type modelled struct {
	*world.Virtual
	wrap func(archive.Store) archive.Store
}

func (m modelled) Store(actor string) archive.Store { return m.wrap(m.Virtual.Store(actor)) }

func modelOf(t *testing.T, latency string) *world.Virtual {
	t.Helper()
	l, err := network.ParseLatency(latency)
	if err != nil {
		t.Fatal(err)
	}
	crew := &world.Crew{}
	t.Cleanup(crew.Close)
	return world.NewVirtual(world.Config{
		Latency: l, RequestTimeout: 10 * time.Second, Crew: crew,
		Rand: func(actor string) *rand.Rand {
			h := fnv.New64a()
			_, _ = h.Write([]byte(actor))
			return rand.New(rand.NewPCG(11, h.Sum64()))
		},
	})
}

func mustMeasure(t *testing.T, latency string) *Measured {
	t.Helper()
	w := modelOf(t, latency)
	m, err := measureIn(t.Context(), w, "x/", Config{})
	if err != nil {
		t.Fatal(err)
	}
	if sent := m.Profile.Source.Requests; sent > DefaultRequests {
		t.Errorf("%d requests", sent)
	}
	if left := keysOf(w); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
	for _, f := range m.Fit {
		if !f.Agrees {
			t.Errorf("%s: measured %.2f, predicted %.2f to %.2f", f.Name, f.Measured, f.Low, f.High)
		}
	}
	return m
}

// keysOf are the keys that a world's store holds.
func keysOf(w *world.Virtual) []archive.Listed {
	lister, ok := w.Store("harness/final").(archive.Lister)
	if !ok {
		return nil
	}
	left, _ := lister.List(context.Background(), "", "")
	return left
}

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if got < want*(1-by) || got > want*(1+by) {
		t.Errorf("%s is %.3f, want %.3f", what, got, want)
	}
}

// TestFindsWhatTheStoreIs: of a model, whose parts are known.
func TestFindsWhatTheStoreIs(t *testing.T) {
	l := mustMeasure(t, "s3-standard").Profile.Latency()
	near(t, "a write's time in ms", 1000*(l.Request.Mean()+l.Write.Mean()+l.Reply.Mean()).Seconds(), 66.7, 0.1)
	near(t, "a read's time in ms", 1000*(l.Request.Mean()+l.Read.Mean()+l.Reply.Mean()).Seconds(), 23, 0.3)
	if l.Conflict409 != 1 || (l.Capacity != network.Capacity{}) || !l.Throttle.IsZero() || !l.PerKey.IsZero() || !l.Waiting.IsZero() {
		t.Errorf("%+v", l)
	}
}

const boundedProfile = `schema: holdfast.profile/v1
request: constant(1ms)
reply: constant(1ms)
read: {small: constant(100us)}
write: {small: constant(3ms)}
refusal: constant(500us)
capacity: {reads: 1000, writes: 500}
`

// TestFindsWhatAStoreBears: clients apart wait for each other at a store that serves so much.
func TestFindsWhatAStoreBears(t *testing.T) {
	m := mustMeasure(t, boundedProfile)
	l := m.Profile.Latency()
	near(t, "requests a second, half of them reads,", 2/(l.Capacity.Turn(false)+l.Capacity.Turn(true)).Seconds(), 667, 0.1)
	near(t, "a write's time in ms", 1000*(l.Request.Mean()+l.Capacity.Turn(true)+l.Write.Mean()+l.Reply.Mean()).Seconds(), 7, 0.05)
}

// TestFindsWhoPolls: a store at which writes ask again and again for a lock.
func TestFindsWhoPolls(t *testing.T) {
	m := mustMeasure(t, `schema: holdfast.profile/v1
request: constant(500us)
reply: constant(500us)
read: {small: constant(1ms)}
write: {small: constant(8ms)}
refusal: constant(1ms)
waiting: uniform(10ms,90ms)
polls: true
`)
	if !m.Profile.Polls {
		t.Error("takes them to wait in a row")
	}
}

func TestFindsALimitOfKeys(t *testing.T) {
	l := mustMeasureThrottled(t, "gcs").Profile.Latency()
	near(t, "writes a second of a key", l.PerKey.Writes, 1, 0.3)
}

// mustMeasureThrottled measures a store that is told apart by what it refuses; how many writers
// of one key do is not compared, as too few come through.
func mustMeasureThrottled(t *testing.T, latency string) *Measured {
	t.Helper()
	m, err := measureIn(t.Context(), modelOf(t, latency), "x/", Config{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// ignorant ignores conditions.
type ignorant struct{ archive.Store }

func (s ignorant) Put(ctx context.Context, key string, body []byte, _ archive.Condition) (string, error) {
	return s.Store.Put(ctx, key, body, archive.Condition{})
}

// racy keeps conditions, but for those that race.
type racy struct {
	archive.Store
	alone func() bool
}

func (s racy) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if !s.alone() {
		cond = archive.Condition{}
	}
	return s.Store.Put(ctx, key, body, cond)
}

func TestRefusesUnsoundStores(t *testing.T) {
	for name, wrap := range map[string]func(archive.Store, *probing) archive.Store{
		"a write was accepted on the condition of an ETag that had been replaced": func(s archive.Store, _ *probing) archive.Store { return ignorant{s} },
		"of 8 racing writes of one version 8 were accepted": func(s archive.Store, p *probing) archive.Store {
			return racy{s, func() bool { return p.doing != "races" }}
		},
	} {
		p := &probing{}
		w := modelled{modelOf(t, "s3-express"), func(s archive.Store) archive.Store { return wrap(s, p) }}
		_, err := measureIn(t.Context(), w, "x/", Config{Progress: p.tell})
		var unsound *UnsoundError
		if !errors.As(err, &unsound) || !strings.Contains(err.Error(), name) {
			t.Errorf("%v; want %q", err, name)
		}
		if left := keysOf(w.Virtual); len(left) > 0 {
			t.Errorf("%v is left behind", left)
		}
	}
}

// probing knows which load is being played.
type probing struct{ doing string }

func (p *probing) tell(_ float64, doing string) { p.doing = doing }

// broken answers so from the n-th call on.
type broken struct {
	archive.Store
	calls *int
	after int
	err   error
}

func (s broken) Get(ctx context.Context, key string) ([]byte, string, error) {
	if *s.calls++; *s.calls > s.after {
		return nil, "", s.err
	}
	return s.Store.Get(ctx, key)
}

// TestSaysWhatFailed, and leaves nothing behind.
func TestSaysWhatFailed(t *testing.T) {
	calls := 0
	w := modelled{modelOf(t, "s3-express"), func(s archive.Store) archive.Store {
		return broken{s, &calls, 5, errors.New("403 AccessDenied")}
	}}
	_, err := measureIn(t.Context(), w, "x/", Config{})
	if err == nil || err.Error() != "measure the store: single calls: 403 AccessDenied" {
		t.Error(err)
	}
	if left := keysOf(w.Virtual); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

// TestGivesUpOnAStoreThatDoesNotAnswer, as its requests and its time are bounded.
func TestGivesUpOnAStoreThatDoesNotAnswer(t *testing.T) {
	calls := 0
	w := modelled{modelOf(t, "s3-express"), func(s archive.Store) archive.Store {
		return broken{s, &calls, 5, fmt.Errorf("500: %w", archive.ErrUnavailable)}
	}}
	_, err := measureIn(t.Context(), w, "x/", Config{})
	if err == nil || !strings.Contains(err.Error(), "and 5 are needed: give it more time") && !strings.Contains(err.Error(), "500") {
		t.Error(err)
	}
	if took := w.Elapsed(); took > DefaultWithin+clearWithin {
		t.Errorf("it took %v", took)
	}
}

func TestMeasurementsAreTheSameInTheModel(t *testing.T) {
	a, b := mustMeasure(t, "s3-express"), mustMeasure(t, "s3-express")
	if a.Profile.Digest() != b.Profile.Digest() || fmt.Sprint(a.Fit) != fmt.Sprint(b.Fit) {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func TestTooFewRequests(t *testing.T) {
	if _, err := Measure(t.Context(), nil, Config{Requests: 50}); err == nil || !strings.Contains(err.Error(), "200 requests or more, not 50") {
		t.Error(err)
	}
}
