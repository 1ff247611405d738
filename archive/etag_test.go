package archive

import (
	"context"
	"errors"
	"testing"
)

// unnamed is a store that does not say which version it has stored, or has.
type unnamed struct {
	*memStore
	put, head bool
}

func (s unnamed) Put(ctx context.Context, key string, body []byte, cond Condition) (string, error) {
	etag, err := s.memStore.Put(ctx, key, body, cond)
	if s.put {
		etag = ""
	}
	return etag, err
}

func (s unnamed) Head(ctx context.Context, key string) (string, error) {
	etag, err := s.memStore.Head(ctx, key)
	if s.head {
		etag = ""
	}
	return etag, err
}

// TestWriteWithoutETag: it is no success until somebody knows what is stored under which
// ETag, which is read, also if the policy allows no second attempt.
func TestWriteWithoutETag(t *testing.T) {
	for _, retries := range []int{0, 3} {
		r := newRig(t, retries)
		a, err := New(Options{Store: unnamed{r.store, true, false}, Clock: r.clock, Policy: r.policy})
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
		if current, _ := r.Load(t.Context(), testID); err != nil || got.ETag == "" || got.ETag != current.ETag || r.store.puts != 1 {
			t.Errorf("%d retries: %+v, %v after %d writes", retries, got, err, r.store.puts)
		}
		if _, err := a.Create(t.Context(), "CHG-9", mustParse(t, `{"changeId":"CHG-9"}`), mod("m2")); err != nil {
			t.Errorf("%d retries: create: %v", retries, err)
		}
	}
}

func TestETag(t *testing.T) {
	r := newRig(t, 3)
	loaded, err := r.Load(t.Context(), testID)
	if err != nil {
		t.Fatal(err)
	}
	reads := r.store.gets
	etag, err := r.ETag(t.Context(), testID)
	if err != nil || etag != loaded.ETag || r.store.gets != reads {
		t.Errorf("%q, %v after %d reads, want %q", etag, err, r.store.gets-reads, loaded.ETag)
	}
	r.store.heads, r.store.onHead[1], r.store.onHead[2] = 0, answer(ErrUnavailable), answer(ErrThrottled)
	if etag, err := r.ETag(t.Context(), testID); err != nil || etag != loaded.ETag || r.store.heads != 3 || len(r.clock.Waits) != 2 {
		t.Errorf("after two failures: %q, %v after %d HEADs", etag, err, r.store.heads)
	}
	if _, err := r.ETag(t.Context(), "CHG-0"); !errors.Is(err, ErrNotFound) || OutcomeOf(err) != Gone {
		t.Errorf("nothing is there: %v", err)
	}
	if _, err := r.ETag(t.Context(), "../x"); !errors.Is(err, ErrInvalid) {
		t.Errorf("no name: %v", err)
	}
	a, err := New(Options{Store: unnamed{r.store, false, true}, Clock: r.clock, Policy: r.policy})
	if err != nil {
		t.Fatal(err)
	}
	if etag, err := a.ETag(t.Context(), testID); etag != "" || !errors.Is(err, errNoETag) {
		t.Errorf("a HEAD without an ETag: %q, %v", etag, err)
	}
}
