package cores_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	bucket "holdfast/scenarios/world"
)

// calls is a store of one object that writes down what it is asked, and has another
// writer get in before the first HEAD or write.
type calls struct {
	object  *bucket.Object
	log     []string
	meddler func()
}

func (c *calls) meddle() {
	if meddle := c.meddler; meddle != nil {
		c.meddler = nil
		meddle()
	}
}

func (c *calls) Get(context.Context, string) ([]byte, string, error) {
	c.log = append(c.log, "get")
	return c.object.Get()
}

func (c *calls) Head(context.Context, string) (string, error) {
	c.log = append(c.log, "head")
	c.meddle()
	_, etag, err := c.object.Get()
	return etag, err
}

func (c *calls) Put(_ context.Context, _ string, body []byte, cond archive.Condition) (string, error) {
	c.meddle()
	etag, err := c.object.Put(body, cond)
	if err != nil {
		c.log = append(c.log, "put refused")
	} else {
		c.log = append(c.log, "put")
	}
	return etag, err
}

func (c *calls) Delete(context.Context, string, archive.Condition) error { panic("nobody deletes") }

// TestHabits: each sound core really does it otherwise.
func TestHabits(t *testing.T) {
	for _, c := range []struct{ core, first, second string }{ // calls of two appends, the first of which is met by another
		{"reference", "get, put refused, get, put", "get, put"},
		{"head-first", "get, head, get, head, put", "get, head, put"},
		{"one-try", "get, put refused, get: exhausted", "get, put"},
		{"cached-base", "get, put refused, get, put", "put"},
		{"hedged-reads", "get, get, put refused, get, get, put", "get, get, put"},
		{"verify-after-write", "get, put refused, get, put, get", "get, put, get"},
	} {
		spec, err := cores.Find(c.core)
		if err != nil {
			t.Fatal(err)
		}
		store := &calls{object: bucket.NewModel().Object("archive/C.json")}
		core, err := spec.New(cores.Environment{
			Store: store, Policy: spec.PolicyFor(&archive.Policy{Kind: archive.None, Retries: 5}), Clock: frozen{}, Rand: rand.New(rand.NewPCG(1, 2)),
		})
		if err != nil {
			t.Fatal(err)
		}
		write := func(body string) {
			if _, err := store.object.Put([]byte(body), archive.Condition{}); err != nil {
				t.Fatal(err)
			}
		}
		write(`{"changeId": "C"}`)
		store.meddler = func() { write(`{"changeId": "C", "title": "other"}`) }
		for n, want := range []string{c.first, c.second} {
			store.log = nil
			m := archive.Modification{ID: "m" + string(rune('1'+n)), UserID: "u", Type: archive.Updated, Timestamp: "2026-01-02T03:04:05Z"}
			_, err := core.Append(t.Context(), "C", archive.Edit{Modifications: []archive.Modification{m}})
			got := strings.Join(store.log, ", ")
			if err != nil {
				got += ": " + string(archive.OutcomeOf(err))
			}
			if got != want {
				t.Errorf("%s, append %d: %s, want %s", c.core, n+1, got, want)
			}
		}
	}
}

// frozen is a clock on which nobody waits.
type frozen struct{}

func (frozen) Now() time.Time                                   { return time.Unix(0, 0) }
func (frozen) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// WithTimeout implements [archive.Clock]: nothing here lasts so long.
func (frozen) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}
