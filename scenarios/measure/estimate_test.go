package measure

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/storerace"
	"holdfast/scenarios"
	"holdfast/scenarios/profile"
)

// sent counts requests to the embedded S3.
type sent struct {
	http.RoundTripper
	puts, gets *atomic.Int64
}

func (c *sent) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPut || r.Method == http.MethodDelete {
		c.puts.Add(1)
	} else {
		c.gets.Add(1)
	}
	return c.RoundTripper.RoundTrip(r)
}

// countRequests makes counted:// an embedded S3, and returns how many requests it has had since.
func countRequests(t *testing.T) func() (writes, reads int) {
	t.Helper()
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	var puts, gets atomic.Int64
	restore := kinds
	t.Cleanup(func() { kinds = restore; _ = server.Close() })
	kinds = append(slices.DeleteFunc(slices.Clone(kinds), func(k kind) bool { return k.scheme == "counted" }), kind{
		scheme: "counted", form: "counted://", validate: func(Target) error { return nil },
		open: func(_ context.Context, _ Target, w wire) (backing, error) {
			return s3Backing{server.StoreVia(func(base http.RoundTripper) http.RoundTripper {
				counted := &sent{base, &puts, &gets}
				if w.through == nil {
					return counted
				}
				return w.through(counted)
			}).WithRequestTimeout(w.timeout)}, nil
		},
	})
	return func() (int, int) { return int(puts.Load()), int(gets.Load()) }
}

// TestCheckEstimate: so does the check before it.
func TestCheckEstimate(t *testing.T) {
	count := countRequests(t)
	f, err := OpenFronts(t.Context(), Target{Store: "counted://"}, FrontsConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if err := storerace.Quick(t.Context(), f.All()[0].Store, ""); err != nil {
		t.Error(err)
	}
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	e := CheckEstimate
	if wrote, read := count(); wrote > e.Puts+e.Deletes || read > e.Gets || wrote*2 < e.Puts+e.Deletes || read*2 < e.Gets {
		t.Errorf("sent were %d PUT and DELETE, %d GET; estimated %+v", wrote, read, e)
	}
}

// TestProfileEstimate: so does a measurement.
func TestProfileEstimate(t *testing.T) {
	count := countRequests(t)
	if _, err := (Target{Store: "counted://"}).Profile(t.Context(), "a test", "", nil, profile.Config{}); err != nil {
		t.Fatal(err)
	}
	e := ProfileEstimate
	if wrote, read := count(); wrote > e.Puts+e.Deletes || read > e.Gets || wrote*2 < e.Puts+e.Deletes || read*2 < e.Gets {
		t.Errorf("sent were %d PUT and DELETE, %d GET; estimated %+v", wrote, read, e)
	}
}

// TestEstimate: a run sends no more than was estimated, and not much less if it does so many
// operations.
func TestEstimate(t *testing.T) {
	for name, choice := range map[string]scenarios.Choice{
		"two-users":   {Seed: 1, Repetitions: 3},
		"burst":       {Seed: 1, Repetitions: 2},
		"create-race": {Seed: 1, Repetitions: 1},
		"storm":       {Seed: 1, Repetitions: 1},
		"no-conflict": {Seed: 1, Repetitions: 1},
	} {
		run, err := scenarios.Prepare(name, choice)
		if err != nil {
			t.Fatal(err)
		}
		p := Point{Run: *run, World: scenarios.RealWorld, Target: Target{Store: "counted://"}}
		e, err := p.Estimate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		count := countRequests(t)
		_, err = Play(t.Context(), Plan{[]Point{p}}, Config{})
		if err != nil {
			t.Fatal(err)
		}
		wrote, read := count()
		if wrote > e.Puts+e.Deletes || read > e.Gets+4 || wrote*6 < e.Puts {
			t.Errorf("%s: sent were %d PUT and DELETE, %d GET; estimated %+v", name, wrote, read, e)
		}
		t.Logf("%s: sent were %d PUT and DELETE, %d GET; estimated %+v", name, wrote, read, e)
	}
}
