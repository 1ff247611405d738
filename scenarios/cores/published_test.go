package cores_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

const ms = time.Millisecond

// ticking is a clock that only waits move, and that notes them.
type ticking struct {
	now   time.Duration
	waits []time.Duration
}

func (c *ticking) Now() time.Time { return time.Unix(0, 0).Add(c.now) }

func (c *ticking) Sleep(ctx context.Context, d time.Duration) error {
	c.now += d
	c.waits = append(c.waits, d)
	return ctx.Err()
}

func (c *ticking) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}

// answering is a store of one object that takes time, and answers each write as it is told.
type answering struct {
	clock       *ticking
	read, write time.Duration
	put         func() error
	version     int
}

func (s *answering) Get(context.Context, string) ([]byte, string, error) {
	s.clock.now += s.read
	return []byte(`{"changeId": "C"}`), fmt.Sprintf("%q", fmt.Sprint(s.version)), nil
}

func (s *answering) Head(ctx context.Context, key string) (string, error) {
	_, etag, err := s.Get(ctx, key)
	return etag, err
}

func (s *answering) Put(context.Context, string, []byte, archive.Condition) (string, error) {
	s.clock.now += s.write
	s.version++
	return fmt.Sprintf("%q", fmt.Sprint(s.version)), s.put()
}

func (*answering) Delete(context.Context, string, archive.Condition) error { panic("nobody deletes") }

func refuse() error   { return archive.ErrPreconditionFailed }
func throttle() error { return fmt.Errorf("503 SlowDown: %w", archive.ErrThrottled) }
func accept() error   { return nil }

// client is a core that is asked for as a policy.
func client(t *testing.T, policy string, store *answering, seed uint64) cores.Core {
	t.Helper()
	p, spec, err := cores.ParsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	if spec == nil {
		production, err := cores.Find(cores.Production)
		if err != nil {
			t.Fatal(err)
		}
		spec = &production
	}
	core, err := spec.New(cores.Environment{Store: store, Policy: p, Clock: store.clock, Rand: rand.New(rand.NewPCG(seed, 2))})
	if err != nil {
		t.Fatal(err)
	}
	return core
}

func appendTo(t *testing.T, core cores.Core, n int) error {
	m := archive.Modification{ID: fmt.Sprintf("m%d", n), UserID: "u", Type: archive.Updated, Timestamp: "2026-01-02T03:04:05Z"}
	_, err := core.Append(t.Context(), "C", archive.Edit{Modifications: []archive.Modification{m}})
	return err
}

// TestPublishedWaits: each policy waits as its source says, as often as it says. The waits are
// drawn evenly between two ends that are written here as the sources have them.
func TestPublishedWaits(t *testing.T) {
	between := func(ends ...time.Duration) (all [][2]time.Duration) {
		for i := 0; i < len(ends); i += 2 {
			all = append(all, [2]time.Duration{ends[i], ends[i+1]})
		}
		return all
	}
	for name, test := range map[string]struct {
		policy string
		put    func() error
		want   [][2]time.Duration
	}{
		"client-go-retry":       {"client-go-retry", refuse, between(10*ms, 11*ms, 10*ms, 11*ms, 10*ms, 11*ms, 10*ms, 11*ms)},
		"client-go-backoff":     {"client-go-backoff", refuse, between(10*ms, 11*ms, 50*ms, 55*ms, 250*ms, 275*ms)},
		"iceberg":               {"iceberg", refuse, between(100*ms, 110*ms, 200*ms, 220*ms, 400*ms, 440*ms, 800*ms, 880*ms)},
		"aws-standard":          {"aws-standard", refuse, between(0, 50*ms, 0, 100*ms)},
		"aws-adaptive":          {"aws-adaptive", refuse, between(0, 50*ms, 0, 100*ms)},
		"terraform-lock":        {"terraform-lock(retries=7)", refuse, between(1000*ms, 1000*ms, 2000*ms, 2000*ms, 4000*ms, 4000*ms, 8000*ms, 8000*ms, 16000*ms, 16000*ms, 16000*ms, 16000*ms, 16000*ms, 16000*ms)},
		"delta":                 {"delta(retries=3)", refuse, between(0, 0, 0, 0, 0, 0)},
		"more attempts":         {"client-go-retry(retries=6)", refuse, between(10*ms, 11*ms, 10*ms, 11*ms, 10*ms, 11*ms, 10*ms, 11*ms, 10*ms, 11*ms, 10*ms, 11*ms)},
		"iceberg's longest":     {"iceberg(retries=11)", refuse, append(between(100*ms, 110*ms, 200*ms, 220*ms, 400*ms, 440*ms, 800*ms, 880*ms, 1600*ms, 1760*ms, 3200*ms, 3520*ms, 6400*ms, 7040*ms, 12800*ms, 14080*ms, 25600*ms, 28160*ms, 51200*ms, 56320*ms), between(60*time.Second, 66*time.Second)...)},
		"throttled by a store":  {"aws-standard", throttle, between(0, 1000*ms, 0, 2000*ms)},
		"at most twenty second": {"aws-standard(retries=12)", refuse, append(between(0, 50*ms, 0, 100*ms, 0, 200*ms, 0, 400*ms, 0, 800*ms, 0, 1600*ms, 0, 3200*ms, 0, 6400*ms, 0, 12800*ms), between(0, 20*time.Second, 0, 20*time.Second, 0, 20*time.Second)...)},
	} {
		t.Run(name, func(t *testing.T) {
			const calls = 400
			drawn := make([][]time.Duration, len(test.want))
			for n := range uint64(calls) {
				store := &answering{clock: &ticking{}, read: ms, write: ms, put: test.put}
				err := appendTo(t, client(t, test.policy, store, n), 1)
				if err == nil || len(store.clock.waits) != len(test.want) {
					t.Fatalf("waited %v, %v; want %d waits", store.clock.waits, err, len(test.want))
				}
				for i, wait := range store.clock.waits {
					drawn[i] = append(drawn[i], wait)
				}
			}
			for i, want := range test.want {
				throttled := errors.Is(test.put(), archive.ErrThrottled)
				evenly(t, fmt.Sprintf("wait %d", i+1), drawn[i], want[0], want[1], throttled)
				if least, _ := archive.OutageWait(i + 1); throttled && drawn[i][0] < least {
					t.Errorf("wait %d is %v, less than a store is spared that throttles", i+1, drawn[i][0])
				}
			}
		})
	}
}

// evenly holds draws against an even distribution: none outside, by five standard errors the
// right mean, and both ends nearly reached. What a store that did not serve is spared raises
// the short ones.
func evenly(t *testing.T, what string, drawn []time.Duration, least, most time.Duration, raised bool) {
	t.Helper()
	slices.Sort(drawn)
	sum := time.Duration(0)
	for _, d := range drawn {
		sum += d
	}
	width, mean := float64(most-least), float64(sum)/float64(len(drawn))
	off := 5*width/math.Sqrt(12*float64(len(drawn))) + float64(ms)
	first, last := drawn[0], drawn[len(drawn)-1]
	if raised {
		off += 0.02 * width
	} else if float64(first-least) > width/40+1 {
		t.Errorf("%s: the shortest is %v, want nearly %v", what, first, least)
	}
	if first < least || last > most || float64(most-last) > width/40+float64(ms) || math.Abs(mean-float64(least+most)/2) > off {
		t.Errorf("%s: from %v to %v, mean %v; want %v to %v evenly", what, first, last, time.Duration(mean), least, most)
	}
}

// TestPublishedRefuses: what is known by its waits takes bounds and nothing else.
func TestPublishedRefuses(t *testing.T) {
	for _, text := range []string{"client-go-retry(base=5ms)", "delta(cap=1s)", "iceberg(retries=few)", "aimd(retries=3", "delta(3)", "client-go", "aws-standard(retries=1,retries=2)"} {
		if p, _, err := cores.ParsePolicy(text); err == nil {
			t.Errorf("%s is read as %v", text, p)
		}
	}
	for text, want := range map[string]archive.Policy{
		"delta":                         {Kind: archive.None, Retries: 10_000_000},
		"iceberg":                       {Kind: archive.None, Retries: 4, Deadline: 30 * time.Minute},
		"iceberg(deadline=5s)":          {Kind: archive.None, Retries: 4, Deadline: 5 * time.Second},
		"client-go-backoff(retries=8)":  {Kind: archive.None, Retries: 8},
		"terraform-lock( deadline=1m )": {Kind: archive.Exponential, Base: 500 * ms, Cap: 16 * time.Second, Retries: archive.Unlimited, Deadline: time.Minute},
	} {
		if p, _, err := cores.ParsePolicy(text); err != nil || p != want {
			t.Errorf("%s: %v, %v; want %v", text, p, err, want)
		}
	}
}

// TestPublishedUpdates: the cores update as production does, so that back ends can use them.
func TestPublishedUpdates(t *testing.T) {
	for _, spec := range cores.Published() {
		if found, err := cores.Find(spec.Name); err != nil || found.Name != spec.Name || !found.OwnWaits {
			t.Errorf("%s: found %q, %v", spec.Name, found.Name, err)
		}
		if _, ok := client(t, spec.Name, &answering{clock: &ticking{}, put: accept}, 1).(cores.Updater); !ok {
			t.Errorf("%s has no Update", spec.Name)
		}
	}
}

// TestAIMDWindow: half as wide again with each refusal, up to 64 slots; a slot narrower with
// each commit, down to 2; and it is kept from call to call.
func TestAIMDWindow(t *testing.T) {
	const slot = 30 * ms // half of a read and a write
	longest := make([]time.Duration, 12)
	next := make([]time.Duration, 63) // the first wait of each call that follows
	for seed := range uint64(3000) {
		store := &answering{clock: &ticking{}, read: 20 * ms, write: 40 * ms, put: refuse}
		core := client(t, "aimd(retries=11)", store, seed)
		_ = appendTo(t, core, 1)
		if len(store.clock.waits) != 12 || store.clock.waits[0] != 0 {
			t.Fatalf("%v", store.clock.waits)
		}
		for i, wait := range store.clock.waits[1:] {
			if wait < slot {
				t.Fatalf("waited %v, less than a slot", wait)
			}
			longest[i] = max(longest[i], wait)
		}
		store.put = accept
		for n := range 63 {
			store.clock.waits = nil
			if err := appendTo(t, core, 2+n); err != nil {
				t.Fatal(err)
			}
			next[n] = max(next[n], store.clock.waits[0])
		}
	}
	window := 2.0
	for i, got := range longest[:11] {
		window = min(1.5*window, 64)
		if want := time.Duration(window * float64(slot)); got > want || got < want*98/100 {
			t.Errorf("the longest wait after %d refusals is %v, want nearly %v", i+1, got, want)
		}
	}
	for n, got := range next {
		want := time.Duration(64-n) * slot
		if n == 62 { // as narrow as it gets: nobody is in the way
			want = 0
		}
		if got > want || got < want*98/100 {
			t.Errorf("after %d commits the longest wait of a call that begins is %v, want nearly %v", n, got, want)
		}
	}
}

// TestAWSStandardIsTheSDKs: the SDK that is linked draws from the same ranges.
func TestAWSStandardIsTheSDKs(t *testing.T) {
	sdk := retry.NewStandard()
	if sdk.MaxAttempts() != 3 {
		t.Errorf("the SDK makes %d attempts", sdk.MaxAttempts())
	}
	for cause, base := range map[error]time.Duration{
		errors.New("transient"):                   50 * ms,
		&smithy.GenericAPIError{Code: "SlowDown"}: time.Second,
	} {
		for attempt := 1; attempt <= 12; attempt++ {
			var drawn []time.Duration
			for range 400 {
				d, err := sdk.RetryDelay(attempt, cause)
				if err != nil {
					t.Fatal(err)
				}
				drawn = append(drawn, d)
			}
			evenly(t, fmt.Sprintf("%v, attempt %d", cause, attempt), drawn, 0, min(base<<(attempt-1), 20*time.Second), false)
		}
	}
}

// TestAWSAdaptiveLimits who is throttled, and nobody else.
func TestAWSAdaptiveLimits(t *testing.T) {
	for name, test := range map[string]struct {
		put    func() error
		limits bool
	}{"refused for others": {refuse, false}, "throttled": {throttle, true}} {
		clock := &ticking{}
		store := &answering{clock: clock, read: 50 * ms, write: 50 * ms, put: test.put}
		core := client(t, "aws-adaptive", store, 1)
		for n := range 10 {
			if appendTo(t, core, n) == nil {
				t.Fatal("a refused write is stored")
			}
		}
		store.put, clock.waits = accept, nil
		if err := appendTo(t, core, 99); err != nil || len(clock.waits) > 0 != test.limits {
			t.Errorf("%s: then waits %v, %v", name, clock.waits, err)
		}
	}
}
