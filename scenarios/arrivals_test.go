package scenarios

import (
	"context"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// skipped sums up what was never begun.
func skipped(events []*history.Event) (operations int, why string) {
	for _, e := range events {
		if e.Kind == history.Skip {
			operations, why = operations+e.Count, e.Text
		}
	}
	return operations, why
}

func begun(events []*history.Event) (operations int) {
	for _, e := range events {
		if e.Kind == history.Invoke && e.Do != "load" {
			operations++
		}
	}
	return operations
}

// TestNeverBegun: what was intended is begun or recorded as skipped, with the reason;
// what was not intended is neither.
func TestNeverBegun(t *testing.T) {
	slow := func(_ *Run, s *plain) { s.takes = 500 * time.Millisecond }
	refusing := func(_ *Run, s *plain) {
		s.refuse = func(string) error {
			if s.writes > 0 { // the document
				return archive.ErrInvalid
			}
			return nil
		}
	}
	dying := func(r *Run, _ *plain) {
		crash := must(network.ParseFault("crash(nth=3)"))
		r.Scenario.Faults = []Fault{Fault(crash)}
	}
	for _, c := range []struct {
		name, load string
		adjust     func(*Run, *plain)
		begun      int // 0: some
		skipped    int // -1: some
		why        string
	}{
		{"a rate that is too high", "{rate: 10}", slow, 0, -1, stillBusy},
		{"a rate that is kept", "{rate: 1}", nil, 0, 0, ""},
		{"no number and no rate", "{}", slow, 10, 0, ""},
		{"no number, and thinking", "{think: 3s}", slow, 0, 0, ""},
		{"a number that takes longer than the duration", "{operations: 30}", slow, 30, 0, ""},
		{"a number, and every operation fails", "{operations: 30}", refusing, 10, 20, tooManyFailures},
		{"a number, and the client dies", "{operations: 30}", dying, 3, 27, clientDied},
		{"a rate, and the client dies", "{rate: 10}", dying, 3, -1, clientDied},
		{"a number at a rate, and the client dies", "{operations: 30, rate: 10}", dying, 3, 27, clientDied},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := "name: t\nshows: T.\nduration: 10s\nactors: [{name: be, kind: backend, load: " + c.load + "}]\n"
			_, events := inMemory(t, source, c.adjust)
			n, why := skipped(events)
			if b := begun(events); c.begun > 0 && b != c.begun || b == 0 {
				t.Errorf("%d operations were begun, want %d", b, c.begun)
			}
			if c.skipped >= 0 && n != c.skipped || c.skipped < 0 && n == 0 || why != c.why {
				t.Errorf("%d were skipped because %q, want %d because %q", n, why, c.skipped, c.why)
			}
		})
	}
}

// TestEveryArrivalIsAccountedFor: begun and skipped ones together are those that the
// actor's random stream has within the duration.
func TestEveryArrivalIsAccountedFor(t *testing.T) {
	const source = "name: t\nshows: T.\nduration: 10s\nactors: [{name: be, kind: backend, load: {rate: 20, after: 1s}}]\n"
	_, events := inMemory(t, source, func(_ *Run, s *plain) { s.takes = 200 * time.Millisecond })
	rng := stream(1, "t", 1, "be")
	intended := 0
	for at := time.Second; ; intended++ {
		at += time.Duration(rng.ExpFloat64() / 20 * float64(time.Second))
		if at >= 10*time.Second {
			break
		}
		if intended < begun(events) {
			archive.NewModificationID(rng)
		}
	}
	n, _ := skipped(events)
	if b := begun(events); b+n != intended || n == 0 || b == 0 {
		t.Errorf("%d begun and %d skipped, want %d together", b, n, intended)
	}
}

// TestInterruptSkipsWhatWasDue by then; of a number of operations, all that are left.
func TestInterruptSkipsWhatWasDue(t *testing.T) {
	for _, c := range []struct {
		load          string
		least, atMost int
	}{
		{"{rate: 10}", 10, 30}, // 2 s at 10 a second, less 2 that were begun
		{"{operations: 50}", 48, 48},
		{"{}", 0, 0},
	} {
		s := must(Parse("t", []byte("name: t\nshows: T.\nduration: 1h\nactors: [{name: be, kind: backend, load: "+c.load+"}]\n")))
		clock, m := newLeaping(), &memory{}
		store := newPlain(clock)
		store.takes = 500 * time.Millisecond
		ctx, cancel := context.WithCancel(t.Context())
		store.refuse = func(string) error {
			if store.writes == 2 {
				cancel()
			}
			return nil
		}
		run := must(NewRun(s, must(cores.Find("production"))))
		run.Policy = archive.Policy{Kind: archive.None, Retries: 5}
		played, err := run.Play(ctx, func(int) world.World { return world.NewReal(clock, store, nil) }, m)
		cancel()
		if err != nil || !played.Interrupted || begun(m.events) != 2 {
			t.Fatalf("%s: %v, interrupted %v, %d begun", c.load, err, played.Interrupted, begun(m.events))
		}
		if n, why := skipped(m.events); n < c.least || n > c.atMost || n > 0 && why != cutShort {
			t.Errorf("%s: %d skipped because %q, want %d to %d", c.load, n, why, c.least, c.atMost)
		}
	}
}

// TestArrivalsBeyondCounting are as many as their mean says, and found at once.
func TestArrivalsBeyondCounting(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	a := arrivals{load: &Load{Rate: 1e9}, rng: stream(1, "t", 1, "be"), due: start}
	if n := a.left(start.Add(2 * time.Second)); n < 1_999_000_000 || n > 2_001_000_000 {
		t.Errorf("%d arrivals in 2 s at 1e9 a second", n)
	}
	a = arrivals{load: &Load{Rate: 1e300}, rng: stream(1, "t", 1, "be"), due: start}
	if n := a.left(start.Add(time.Second)); n <= 0 {
		t.Errorf("%d arrivals", n)
	}
}
