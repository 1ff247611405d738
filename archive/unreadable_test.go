package archive

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

// garbling spoils the body of some reads on the way.
type garbling struct {
	*memStore
	reads map[int]bool
}

func (g garbling) Get(ctx context.Context, key string) ([]byte, string, error) {
	body, etag, err := g.memStore.Get(ctx, key)
	if g.reads[g.gets] && err == nil {
		body = body[:len(body)/2]
	}
	return body, etag, err
}

// TestEchoThenUnreadable: a write that committed and was answered 412 (sent twice below), then
// somebody else's version that can't be parsed and holds the entry: nobody knows.
func TestEchoThenUnreadable(t *testing.T) {
	r := newRig(t, 3)
	r.store.onPut[1] = resent
	r.store.onGet[2] = after(func() {
		r.store.mu.Lock()
		defer r.store.mu.Unlock()
		r.store.set(testKey, bytes.Replace(r.store.objects[testKey], []byte(`"title":"a"`), []byte(`"title":"a","title":"b"`), 1))
	}, nil)
	_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
	if OutcomeOf(err) != Unknown && r.times("m1") == 1 {
		t.Errorf("%s, and it is stored: %v\n%s", OutcomeOf(err), err, r.store.body(testKey))
	}
}

// TestGarbledOnceIsNotUnreadable: a read that is garbled in the last attempt, and a look that
// finds a sound document, are no stored object that can't be read.
func TestGarbledOnceIsNotUnreadable(t *testing.T) {
	r := newRig(t, 0)
	a, err := New(Options{Store: garbling{r.store, map[int]bool{1: true}}, Policy: r.policy, Clock: r.clock})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
	if r.store.gets == 2 && errors.Is(err, ErrUnreadable) && OutcomeOf(err) == Failed {
		t.Errorf("after a read that was fine: %v", err)
	}
}

// TestRefusedReadsAreNoContention: reads that are answered 409 or 412, as by a proxy, say
// nothing of other writers.
func TestRefusedReadsAreNoContention(t *testing.T) {
	for _, refusal := range []error{ErrConflict, ErrPreconditionFailed} {
		r := newRig(t, 2)
		for n := 1; n < 10; n++ {
			r.store.onGet[n] = answer(refusal)
		}
		_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
		if OutcomeOf(err) == Exhausted || strings.Contains(err.Error(), "another user") {
			t.Errorf("%d writes were sent: %v", r.store.puts, err)
		}
	}
}
