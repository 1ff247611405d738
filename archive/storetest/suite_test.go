package storetest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/storetest"
	"holdfast/archive/storetest/broken"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) archive.Store { return broken.NewMemory() })
}

// TestSuiteFindsBrokenStores shows each fault caught, and each case failing for
// at least one.
func TestSuiteFindsBrokenStores(t *testing.T) {
	neverFailed := map[string]bool{}
	for _, c := range mustCases(t) {
		neverFailed[c.Name] = true
	}
	for _, b := range brokenStores {
		t.Run(b.name, func(t *testing.T) {
			failed := failures(t, b)
			for _, name := range strings.Fields(b.found) {
				if failed[name] == nil {
					t.Errorf("%s did not find it", name)
				}
				delete(neverFailed, name)
			}
		})
	}
	for name := range neverFailed {
		t.Errorf("no broken store is listed that %s finds", name)
	}
}

func failures(t *testing.T, b fault) map[string]error {
	failed := map[string]error{}
	for _, c := range mustCases(t, b.quirks...) {
		if !slices.Contains(strings.Fields(b.found), c.Name) {
			continue
		}
		m := broken.NewMemory()
		s := &broken.Twisted{Memory: m}
		b.twist(s, m)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if err := c.Run(ctx, s); err != nil {
			failed[c.Name] = err
			t.Logf("%s: %v", c.Name, err)
		}
		cancel()
	}
	return failed
}

func mustCases(t *testing.T, quirks ...storetest.Quirk) []storetest.Case {
	t.Helper()
	cases, err := storetest.Cases(quirks...)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestDeclaredQuirksPass(t *testing.T) {
	open := func(*testing.T) archive.Store {
		m := broken.NewMemory()
		s := &broken.Twisted{Memory: m}
		broken.DeletesIgnoreConditions(s, m)
		missingIs412(s, m)
		return s
	}
	storetest.Run(t, open, storetest.IfMatchMissingIs412, storetest.DeleteIgnoresIfMatch, storetest.BodyUnderOlderETag)
}

func TestDeclaredQuirksPassOnLenientDelete(t *testing.T) {
	open := func(*testing.T) archive.Store {
		m := broken.NewMemory()
		s := &broken.Twisted{Memory: m}
		s.OnDelete = func(ctx context.Context, key string, cond archive.Condition) error {
			err := m.Delete(ctx, key, cond)
			if errors.Is(err, archive.ErrNotFound) {
				err = nil
			}
			return err
		}
		return s
	}
	storetest.Run(t, open, storetest.DeleteAbsentIgnoresIfMatch, storetest.UpdateMayUndoDelete)
}

func TestUnknownQuirk(t *testing.T) {
	if _, err := storetest.Cases("no-such-quirk"); err == nil {
		t.Error("an unknown quirk was accepted")
	}
	if _, err := storetest.QuirksOf("no-such-server"); err == nil {
		t.Error("an unknown server was accepted")
	}
}
