package archive

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The ids of messages that were processed are stored for good: another release must
// make the same ones, or it processes again what is redelivered to it.
func TestDerivedIDsNeverChange(t *testing.T) {
	for want, parts := range map[string][]string{
		"d-5m7n8ja3qp1gq9vqq7p4942j": {"processed", "hts", "CHG-12345", `"9b2cf535f27731c974343645a3985328"`},
		"d-m07rfca846c749ezpc2smzyn": {},
		"d-tv22rgpygbnyfgsmg3f9f53f": {""},
	} {
		if got := DerivedModificationID(parts...); got != want {
			t.Errorf("%q: %s, want %s", parts, got, want)
		}
	}
}

func TestDerivedIDsDiffer(t *testing.T) {
	lists := [][]string{
		nil, {""}, {"", ""}, {"", "", ""}, {"a"}, {"a", ""}, {"", "a"}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"a", "b", "c"}, {"c", "ab"},
		{"\x00\x00\x00\x00\x00\x00\x00\x01a"}, {"a\x00\x00\x00\x00\x00\x00\x00\x01b"}, {"a", "b"},
	}
	ids := map[string][]string{}
	for _, parts := range lists {
		id := DerivedModificationID(parts...)
		if other, taken := ids[id]; taken {
			t.Errorf("%q and %q both give %s", parts, other, id)
		}
		ids[id] = parts
	}
	rapid.Check(t, func(t *rapid.T) {
		// Few letters: lists that differ in their borders only are frequent.
		list := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune("a\x00\x01")), 0, 4, -1), 0, 4)
		a, b := list.Draw(t, "a"), list.Draw(t, "b")
		if same := DerivedModificationID(a...) == DerivedModificationID(b...); same != slices.Equal(a, b) {
			t.Fatalf("%q and %q: %v", a, b, same)
		}
		m := Modification{ID: DerivedModificationID(a...), Type: Updated, Timestamp: "2025-10-20T12:00:00Z"}
		if err := ownLayout.validate(&m); err != nil {
			t.Fatal(err)
		}
	})
}

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
