package archive

import (
	"context"
	"testing"
)

// poisoned is a store with one object that can't be read within a request's time, as one
// of some gigabytes can't. All others are served, after one throttled write each.
type poisoned struct {
	*memStore
	throttled map[string]bool
}

func (p *poisoned) Get(ctx context.Context, key string) ([]byte, string, error) {
	if key == "archive/BIG.json" {
		return nil, "", ErrUnavailable
	}
	return p.memStore.Get(ctx, key)
}

func (p *poisoned) Put(ctx context.Context, key string, body []byte, cond Condition) (string, error) {
	if !p.throttled[key] {
		p.throttled[key] = true
		return "", ErrThrottled
	}
	return p.memStore.Put(ctx, key, body, cond)
}

// TestBreakQuotaByOneObject: whoever asks a few times for one object that can't be read
// takes the retries away from everybody.
func TestBreakQuotaByOneObject(t *testing.T) {
	r := newRig(t, 0)
	store := &poisoned{r.store, map[string]bool{}}
	policy := DefaultPolicy()
	policy.Deadline = 0
	a, err := New(Options{Store: store, Clock: r.clock, Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := a.Load(t.Context(), "BIG"); OutcomeOf(err) != Unavailable {
			t.Fatal(err)
		}
	}
	if _, err := a.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
		t.Errorf("a write to another object, throttled once: %v", err)
	}
}
