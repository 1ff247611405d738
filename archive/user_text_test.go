package archive

import (
	"testing"
)

// TestOwnEntryOfAUserInLatin1: where entries have no digest, a call knows its own write by its
// user, so a user who would be stored as another is refused.
func TestOwnEntryOfAUserInLatin1(t *testing.T) {
	l := OwnLayout()
	l.Entry.Digest = ""
	r := newRig(t, 3)
	a, err := New(Options{Store: r.store, Policy: r.policy, Clock: r.clock, Layout: l})
	if err != nil {
		t.Fatal(err)
	}
	r.store.onPut[1] = replyLost
	m := mod("m1")
	m.UserID = "Jos\xe9"
	_, err = a.Append(t.Context(), testID, Edit{Modifications: []Modification{m}})
	if OutcomeOf(err) == Failed && r.times("m1") > 0 {
		t.Errorf("a failure that has committed: %v\n%s", err, r.store.body(testKey))
	}
}

// TestUserInLatin1IsNotStoredAsAnother, in the archive's own layout either.
func TestUserInLatin1IsNotStoredAsAnother(t *testing.T) {
	r := newRig(t, 3)
	m := mod("m1")
	m.UserID = "Jos\xe9"
	done, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{m}})
	if err != nil {
		return // refused
	}
	if stored, _ := done.Change().Modification("m1"); stored.UserID != m.UserID {
		t.Errorf("stored for %q, asked for %q", stored.UserID, m.UserID)
	}
}
