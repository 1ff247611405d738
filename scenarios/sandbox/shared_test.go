package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/scenarios/sandbox"
)

// TestSharedSandbox: many processes have one sandbox, whose manifest names what all of them
// have written, so that one can remove it when all have left.
func TestSharedSandbox(t *testing.T) {
	inBuckets(t, func(t *testing.T, whole, store *s3store.Store) {
		const processes, keys = 6, 4
		id := sandbox.NewID()
		before := snapshot(t, whole)
		var all sync.WaitGroup
		for p := range processes {
			all.Go(func() {
				box, err := sandbox.Open(t.Context(), store, sandbox.Config{Where: where, ID: id, Shared: true, Keys: []string{"common"}})
				if err != nil {
					t.Errorf("process %d: %v", p, err)
					return
				}
				defer box.Leave()
				for k := range keys {
					if _, err := box.Part(1).Put(t.Context(), fmt.Sprintf("of-%d-%d", p, k), []byte("x"), archive.IfAbsent()); err != nil {
						t.Errorf("process %d, key %d: %v", p, k, err)
					}
				}
				if _, err := box.Part(1).Put(t.Context(), "common", fmt.Appendf(nil, "%d", p), archive.Condition{}); err != nil {
					t.Errorf("process %d: %v", p, err)
				}
			})
		}
		all.Wait()
		found, err := sandbox.Find(t.Context(), store, where, id)
		if err != nil || len(found) != 1 || found[0].Manifest == nil {
			t.Fatalf("found are %+v, %v", found, err)
		}
		if l := &found[0]; len(l.Manifest.Keys) != processes*keys+1 || l.Foreign > 0 || !l.Running() {
			t.Errorf("it names %d keys, %d objects are foreign, running is %v", len(l.Manifest.Keys), l.Foreign, l.Running())
		}
		if _, err := found[0].Remove(t.Context(), store, where, nil); err != nil {
			t.Error(err)
		}
		if after := snapshot(t, whole); !slices.Equal(before, after) {
			t.Errorf("left are %v, and there were %v", after, before)
		}
	})
}

// TestSharedSandboxIsNobodyElses: a sandbox of one process is not joined, and whoever finds
// the shared one gone writes nothing more that it would have to name.
func TestSharedSandboxIsNobodyElses(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		own := open(t, store, sandbox.Config{})
		_, err := sandbox.Open(t.Context(), store, sandbox.Config{Where: where, ID: own.ID, Shared: true})
		if err == nil || !strings.Contains(err.Error(), "somebody else") {
			t.Errorf("it joined a sandbox that is not shared: %v", err)
		}
		if err := own.Close(t.Context()); err != nil {
			t.Error(err)
		}
		var ended error
		shared := open(t, store, sandbox.Config{ID: sandbox.NewID(), Shared: true, Ended: func(why error) { ended = why }})
		found, err := sandbox.Find(t.Context(), store, where, shared.ID)
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		if _, err := found[0].Remove(context.Background(), store, where, nil); err != nil {
			t.Fatal(err)
		}
		_, err = shared.Part(1).Put(t.Context(), "late", nil, archive.Condition{})
		if err == nil || ended == nil || errors.Is(err, archive.ErrConflict) {
			t.Errorf("it went on in a sandbox that was removed: %v, %v", err, ended)
		}
		shared.Leave()
	})
}
