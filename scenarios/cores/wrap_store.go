package cores

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"holdfast/archive"
)

// putFunc is a conditional write with a bug; s is the store below it.
type putFunc func(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error)

// badPut is a store whose writes go through a bug.
type badPut struct {
	archive.Store
	put putFunc
}

func (b badPut) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	return b.put(ctx, b.Store, key, body, cond)
}

// inStore is the production core with a bug between it and its store.
func inStore(put putFunc) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) {
		e.Store = badPut{e.Store, put}
		return production(e)
	}
}

// deaf is the production core with a store whose errors say what happened, and nothing
// of when to come again.
func deaf(e Environment) (Core, error) {
	e.Store = deafStore{e.Store}
	return production(e)
}

type deafStore struct{ archive.Store }

func unhinted(err error) error {
	if errors.Is(err, archive.ErrThrottled) {
		return archive.ErrThrottled
	}
	return err
}

func (d deafStore) Get(ctx context.Context, key string) ([]byte, string, error) {
	body, etag, err := d.Store.Get(ctx, key)
	return body, etag, unhinted(err)
}

func (d deafStore) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := d.Store.Put(ctx, key, body, cond)
	return etag, unhinted(err)
}

func withoutCondition(ctx context.Context, s archive.Store, key string, body []byte, _ archive.Condition) (string, error) {
	return s.Put(ctx, key, body, archive.Condition{})
}

func createWithoutCondition(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
	if cond.IsAbsent() {
		cond = archive.Condition{}
	}
	return s.Put(ctx, key, body, cond)
}

func onRereadETag(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
	if !cond.IsAbsent() {
		etag, err := s.Head(ctx, key)
		if err != nil {
			return "", err
		}
		cond = archive.IfMatch(etag)
	}
	return s.Put(ctx, key, body, cond)
}

func checkThenWrite(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
	if cond.IsAbsent() {
		return s.Put(ctx, key, body, cond)
	}
	etag, err := s.Head(ctx, key)
	if err != nil {
		return "", err
	}
	if etag != cond.ETag() {
		return "", archive.ErrPreconditionFailed
	}
	return s.Put(ctx, key, body, archive.Condition{})
}

// ifPrefixMatches takes ETags for equal of which one is the beginning of the other,
// without their quotes.
func ifPrefixMatches(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
	if cond.IsAbsent() {
		return s.Put(ctx, key, body, cond)
	}
	etag, err := s.Head(ctx, key)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(strings.Trim(etag, `"`), strings.Trim(cond.ETag(), `"`)) {
		return "", archive.ErrPreconditionFailed
	}
	return s.Put(ctx, key, body, archive.IfMatch(etag))
}

// takenForSuccess takes an answer of the store for success.
func takenForSuccess(answer error) putFunc {
	return func(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
		etag, err := s.Put(ctx, key, body, cond)
		if errors.Is(err, answer) {
			return s.Head(ctx, key)
		}
		return etag, err
	}
}

func createTakesRefusalForSuccess(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
	if cond.IsAbsent() {
		return takenForSuccess(archive.ErrPreconditionFailed)(ctx, s, key, body, cond)
	}
	return s.Put(ctx, key, body, cond)
}

func sameLengthTakenForSuccess(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := s.Put(ctx, key, body, cond)
	if errors.Is(err, archive.ErrPreconditionFailed) {
		if stored, found, readErr := s.Get(ctx, key); readErr == nil && len(stored) == len(body) {
			return found, nil
		}
	}
	return etag, err
}

// passedOnAs passes an answer of the store on as another.
func passedOnAs(answer, as error) putFunc {
	return func(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
		etag, err := s.Put(ctx, key, body, cond)
		if errors.Is(err, answer) {
			err = as
		}
		return etag, err
	}
}

func recreate(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := s.Put(ctx, key, body, cond)
	if errors.Is(err, archive.ErrNotFound) {
		return s.Put(ctx, key, body, archive.IfAbsent())
	}
	return etag, err
}

func resendWithoutCondition(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := s.Put(ctx, key, body, cond)
	if errors.Is(err, archive.ErrOutcomeUnknown) {
		return s.Put(ctx, key, body, archive.Condition{})
	}
	return etag, err
}

func answerOldETag(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := s.Put(ctx, key, body, cond)
	if err == nil && !cond.IsAbsent() {
		etag = cond.ETag()
	}
	return etag, err
}

// writeBehind answers a write with success and sends it before its next call.
type writeBehind struct {
	archive.Store
	pending func(context.Context)
}

func newWriteBehind(e Environment) (Core, error) {
	e.Store = &writeBehind{Store: e.Store}
	return production(e)
}

func (w *writeBehind) flush(ctx context.Context) {
	if send := w.pending; send != nil {
		w.pending = nil
		send(ctx)
	}
}

func (w *writeBehind) Get(ctx context.Context, key string) ([]byte, string, error) {
	w.flush(ctx)
	return w.Store.Get(ctx, key)
}

func (w *writeBehind) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	w.flush(ctx)
	body = bytes.Clone(body)
	w.pending = func(ctx context.Context) { _, _ = w.Store.Put(ctx, key, body, cond) }
	return cond.ETag(), nil
}
