package archive

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An edit with Once is not mixed with another that has the same one: of two workers
// that made different edits of one message, the first stores its own, all of it.
func TestOnceIsAllOrNothing(t *testing.T) {
	first := Edit{Fields: fields("title", `"first"`), Modifications: []Modification{mod("a"), mod("done")}, Once: "done"}
	second := Edit{Fields: fields("title", `"second"`, "new", `1`), Modifications: []Modification{mod("b"), mod("done")}, Once: "done"}
	tests := []struct {
		name   string
		script func(r *rig)
	}{
		{"before", func(r *rig) {
			if _, err := r.Append(t.Context(), testID, first); err != nil {
				t.Fatal(err)
			}
		}},
		{"between its read and its write", func(r *rig) {
			r.store.onPut[1] = after(func() { r.storeEdit(t, first) }, nil)
		}},
		{"while its write is in doubt", func(r *rig) {
			r.store.onPut[1] = r.store.landsLate
			r.store.onGet[2] = after(func() { r.storeEdit(t, first); r.store.land() }, nil)
		}},
		{"before it gives up", func(r *rig) {
			for n := 1; n <= 3; n++ {
				r.store.onPut[n] = answer(ErrThrottled)
			}
			r.store.onGet[4] = after(func() { r.storeEdit(t, first) }, nil)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 2)
			tt.script(r)
			done, err := r.Append(t.Context(), testID, second)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{"a", "done"}, done.Change().ModificationIDs()); d != "" {
				t.Error(d)
			}
			if title, _ := done.Document.Field("title"); string(title) != `"first"` {
				t.Errorf("the title is %s", title)
			}
			if body := r.store.body(testKey); body != string(done.Document.Encode()) || strings.Contains(body, "new") {
				t.Errorf("stored %s", body)
			}
		})
	}
}

// storeEdit is another writer, who is never in the way of itself.
func (r *rig) storeEdit(t *testing.T, e Edit) {
	t.Helper()
	next, err := mustParse(t, r.store.body(testKey)).Apply(e)
	if err != nil {
		t.Fatal(err)
	}
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	r.store.set(testKey, next.Encode())
}

func TestOnceIsOneOfTheModifications(t *testing.T) {
	r := newRig(t, 0)
	_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("a")}, Once: "b"})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "stored once by b") || r.store.calls > 0 {
		t.Errorf("%v after %d calls", err, r.store.calls)
	}
}

// TestOnceDropsAnotherModification: of an edit that is known by one id, another modification
// whose id is somebody else's is not dropped with success.
func TestOnceDropsAnotherModification(t *testing.T) {
	r := newRig(t, 3)
	theirs := mod("a")
	theirs.UserID = "mallory"
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{theirs}}); err != nil {
		t.Fatal(err)
	}
	edit := Edit{Fields: fields("title", `"b"`), Modifications: []Modification{mod("a"), mod("done")}, Once: "done"}
	_, err := r.Append(t.Context(), testID, edit)
	if body := r.store.body(testKey); err == nil && strings.Count(body, `"user_id":"u"`) != 2 {
		t.Errorf("success, and only one of two modifications is stored: %s", body)
	}
}
