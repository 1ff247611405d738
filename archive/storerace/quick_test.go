package storerace_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/archive"
	"holdfast/archive/storerace"
	"holdfast/archive/storetest/broken"
)

// hanging is a store whose calls are answered when their caller gives up.
type hanging struct{ archive.Store }

func (hanging) Put(ctx context.Context, _ string, _ []byte, _ archive.Condition) (string, error) {
	<-ctx.Done()
	return "", archive.ErrOutcomeUnknown
}

func (hanging) Delete(ctx context.Context, _ string, _ archive.Condition) error {
	<-ctx.Done()
	return archive.ErrOutcomeUnknown
}

func TestQuickEndsOnAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := storerace.Quick(t.Context(), hanging{}, "check/")
		if took := time.Since(began); !errors.Is(err, archive.ErrOutcomeUnknown) || took > 2*storerace.QuickTimeout {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// busyToDelete answers the first delete of each key with 503.
type busyToDelete struct {
	archive.Store
	asked map[string]bool
}

func (s busyToDelete) Delete(ctx context.Context, key string, cond archive.Condition) error {
	if !s.asked[key] {
		s.asked[key] = true
		return archive.ErrThrottled
	}
	return s.Store.Delete(ctx, key, cond)
}

func TestQuickRemovesWhatItWroteFromABusyStore(t *testing.T) {
	m := broken.NewMemory()
	if err := storerace.Quick(t.Context(), busyToDelete{m, map[string]bool{}}, "check/"); err != nil {
		t.Error(err)
	}
	if keys, err := m.List(t.Context(), "", ""); err != nil || len(keys) > 0 {
		t.Errorf("it left %v (%v)", keys, err)
	}
}
