package measure

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios"
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
		server, err := fakes3.Start()
		if err != nil {
			t.Fatal(err)
		}
		var puts, gets atomic.Int64
		restore := kinds
		kinds = append(kinds[:len(kinds):len(kinds)], kind{
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
		_, err = Play(t.Context(), Plan{[]Point{p}}, Config{})
		kinds = restore
		if err := errors.Join(err, server.Close()); err != nil {
			t.Fatal(err)
		}
		wrote, read := int(puts.Load()), int(gets.Load())
		if wrote > e.Puts+e.Deletes || read > e.Gets+4 || wrote*6 < e.Puts {
			t.Errorf("%s: sent were %d PUT and DELETE, %d GET; estimated %+v", name, wrote, read, e)
		}
		t.Logf("%s: sent were %d PUT and DELETE, %d GET; estimated %+v", name, wrote, read, e)
	}
}
