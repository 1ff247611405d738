package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// editsOf are edits with one modification each.
func editsOf(ids ...string) []Edit {
	edits := make([]Edit, len(ids))
	for i, id := range ids {
		edits[i] = Edit{Modifications: []Modification{mod(id)}}
	}
	return edits
}

func outcomes(errs []error) []Outcome {
	all := make([]Outcome, len(errs))
	for i, err := range errs {
		all[i] = OutcomeOf(err)
	}
	return all
}

// TestAppendAllAnswersEachEdit: what is wrong with one edit is its own affair, the rest is
// one write, and what is stored already is not written again.
func TestAppendAllAnswersEachEdit(t *testing.T) {
	r := newRig(t, 0)
	r.maxBytes = 2000
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("old")}}); err != nil {
		t.Fatal(err)
	}
	theirs := mod("old")
	theirs.UserID = "mallory"
	edits := editsOf("a", "old", "", "b", "a", "large", "c")
	edits[3].Fields = fields("title", `"b"`)
	edits[4].Fields = fields("title", `"not a"`) // under the id of the first
	edits[5].Fields = fields("plan", fmt.Sprintf("%q", strings.Repeat("x", 2000)))
	edits[6].Fields = fields("title", `"c"`)
	edits = append(edits, edits[6], Edit{Modifications: []Modification{theirs}})

	var seen []DoneInfo
	r.observer.Done = func(_ context.Context, i DoneInfo) { seen = append(seen, i) }
	puts := r.store.puts
	done, errs := r.AppendAll(t.Context(), testID, edits)
	want := []Outcome{Committed, Committed, Failed, Committed, Failed, Failed, Committed, Committed, Failed}
	if d := cmp.Diff(want, outcomes(errs)); d != "" {
		t.Errorf("%s\n%v", d, errs)
	}
	reused, large := (*ReusedIDError)(nil), (*TooLargeError)(nil)
	if !errors.Is(errs[2], ErrInvalid) || !errors.As(errs[4], &reused) || !errors.As(errs[5], &large) || !errors.As(errs[8], &reused) {
		t.Errorf("%v", errs)
	}
	if d := cmp.Diff([]string{"old", "a", "b", "c"}, done.Change().ModificationIDs()); d != "" {
		t.Error(d)
	}
	if title, _ := done.Document.Field("title"); string(title) != `"c"` {
		t.Errorf("the title is %s", title)
	}
	if body := r.store.body(testKey); body != string(done.Document.Encode()) || done.ETag != etagOf([]byte(body)) || r.store.puts != puts+1 {
		t.Errorf("after %d writes stored %s", r.store.puts-puts, body)
	}
	if len(seen) != 1 || seen[0].Op != "append" || seen[0].Edits != 8 || seen[0].Err != nil || seen[0].ETag != done.ETag {
		t.Errorf("observers saw %+v", seen)
	}
}

// TestAppendAllWithNothingToWrite: what is not worth a call, or a write.
func TestAppendAllWithNothingToWrite(t *testing.T) {
	r := newRig(t, 3)
	for what, tt := range map[string]struct {
		id    string
		edits []Edit
		want  []Outcome
		calls int
	}{
		"no edit":      {testID, nil, []Outcome{}, 0},
		"bad id":       {"../x", editsOf("a", "b"), []Outcome{Failed, Failed}, 0},
		"all invalid":  {testID, editsOf("", "a b"), []Outcome{Failed, Failed}, 0},
		"no such":      {"CHG-9", editsOf("a", "", "b"), []Outcome{Gone, Failed, Gone}, 1},
		"all unusable": {testID, []Edit{withID("CHG-2", "a"), withID("CHG-3", "b")}, []Outcome{Failed, Failed}, 1},
	} {
		calls := r.store.calls
		done, errs := r.AppendAll(t.Context(), tt.id, tt.edits)
		if d := cmp.Diff(tt.want, outcomes(errs)); d != "" || done != (Snapshot{}) || r.store.calls-calls != tt.calls {
			t.Errorf("%s: %v, %v after %d calls\n%s", what, done, errs, r.store.calls-calls, d)
		}
	}
	first, _ := r.AppendAll(t.Context(), testID, editsOf("a", "b"))
	puts := r.store.puts
	var seen DoneInfo
	r.observer.Done = func(_ context.Context, i DoneInfo) { seen = i }
	again, errs := r.AppendAll(t.Context(), testID, append(editsOf("b", "a"), withID("CHG-2", "c")))
	if d := cmp.Diff([]Outcome{Committed, Committed, Failed}, outcomes(errs)); d != "" || again.ETag != first.ETag || r.store.puts != puts {
		t.Errorf("repeated: %v after %d writes\n%s", again, r.store.puts-puts, d)
	}
	if seen.Err != nil || seen.ETag != first.ETag {
		t.Errorf("of a call that found two of three stored observers saw %+v", seen)
	}
}

// withID is an edit of a document of this id.
func withID(id, mod string) Edit {
	e := editsOf(mod)[0]
	e.Fields = fields("changeId", fmt.Sprintf("%q", id))
	return e
}

// TestAppendAllThroughFaults: an edit that was answered before a write went wrong has its
// own answer, all others that of the call.
func TestAppendAllThroughFaults(t *testing.T) {
	stored := func(r *rig, id string) func() { return r.store.interlope(id, nil) }
	for _, tt := range []struct {
		name   string
		script func(r *rig)
		want   []Outcome // of "a", one that can't be made, and "b"
		stored string
		puts   int
	}{
		{"healthy", func(*rig) {}, []Outcome{Committed, Failed, Committed}, "a b", 1},
		{"reply lost", func(r *rig) { r.store.onPut[1] = replyLost }, []Outcome{Committed, Failed, Committed}, "a b", 1},
		{"sent twice", func(r *rig) { r.store.onPut[1] = resent }, []Outcome{Committed, Failed, Committed}, "a b", 1},
		{"request lost", func(r *rig) { r.store.onPut[1] = requestLost }, []Outcome{Committed, Failed, Committed}, "a b", 2},
		{"another stores one meanwhile", func(r *rig) {
			r.store.onPut[1] = after(stored(r, "a"), nil)
		}, []Outcome{Committed, Failed, Committed}, "a b", 2},
		{"another stores one, then only conflicts", func(r *rig) {
			r.store.onPut[1] = after(stored(r, "a"), nil)
			r.store.onPut[2], r.store.onPut[3] = after(stored(r, "x"), nil), after(stored(r, "y"), nil)
		}, []Outcome{Committed, Failed, Exhausted}, "a x y", 3},
		{"in doubt, and another stores one on top of nothing", func(r *rig) {
			r.store.onPut[1] = r.store.landsLate
			r.store.onGet[2] = after(stored(r, "a"), nil)
			r.store.onPut[2], r.store.onPut[3] = answer(ErrThrottled), answer(ErrThrottled)
		}, []Outcome{Committed, Failed, Unavailable}, "a", 3}, // the ETag is gone, and so is the doubt
		{"in doubt to the end", func(r *rig) {
			r.store.onPut[1], r.store.onPut[2], r.store.onPut[3] = r.store.landsLate, answer(ErrThrottled), answer(ErrThrottled)
		}, []Outcome{Unknown, Failed, Unknown}, "a b", 3},
		{"throttled", func(r *rig) { r.store.everyPut = answer(ErrThrottled) }, []Outcome{Unavailable, Failed, Unavailable}, "", 3},
		{"deleted", func(r *rig) { r.store.onPut[1] = after(r.store.remove, nil) }, []Outcome{Gone, Failed, Gone}, "", 1},
		{"filled up meanwhile, so that neither fits", func(r *rig) {
			r.store.onPut[1] = after(r.store.interlope("x", fields("plan", fmt.Sprintf("%q", strings.Repeat("x", 2000)))), nil)
		}, []Outcome{Failed, Failed, Failed}, "x", 1},
		{"filled up while one was stored", func(r *rig) {
			r.store.onPut[1] = after(func() {
				stored(r, "a")()
				r.store.interlope("x", fields("plan", fmt.Sprintf("%q", strings.Repeat("x", 2000))))()
			}, nil)
		}, []Outcome{Committed, Failed, Failed}, "a x", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 2)
			r.maxBytes = 2000
			tt.script(r)
			edits := []Edit{editsOf("a")[0], withID("CHG-2", "never"), editsOf("b")[0]}
			done, errs := r.AppendAll(t.Context(), testID, edits)
			r.store.land()
			if d := cmp.Diff(tt.want, outcomes(errs)); d != "" {
				t.Errorf("%s\n%v", d, errs)
			}
			var ids []string
			if body := r.store.body(testKey); body != "" {
				ids = mustParse(t, body).ModificationIDs()
			}
			if got := strings.Join(ids, " "); got != tt.stored || r.store.puts != tt.puts {
				t.Errorf("after %d writes stored %s; want %s after %d", r.store.puts, got, tt.stored, tt.puts)
			}
			for i, err := range errs {
				if err == nil && (done.Document == nil || !done.Document.HasModification(edits[i].Modifications[0].ID)) {
					t.Errorf("edit %d is stored, and the answer is %v", i, done)
				}
			}
			if !slices.Contains(tt.want, Committed) && done != (Snapshot{}) {
				t.Errorf("nothing is stored, and the answer is %v", done)
			}
		})
	}
}

// TestAppendAllIsAppendOfEach: through a store that serves, many edits end in the same
// document, byte for byte, and with the same answers as one after the other.
func TestAppendAllIsAppendOfEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		together, apart := newRig(t, 0), newRig(t, 0)
		together.maxBytes, apart.maxBytes = 1500, 1500
		id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", ""})
		edit := rapid.Custom(func(t *rapid.T) Edit {
			var e Edit
			for range rapid.IntRange(1, 3).Draw(t, "modifications") {
				m := mod(id.Draw(t, "id"))
				m.UserID = rapid.SampledFrom([]string{"u", "v"}).Draw(t, "user")
				m.Timestamp = rapid.SampledFrom([]string{"", m.Timestamp}).Draw(t, "timestamp")
				e.Modifications = append(e.Modifications, m)
			}
			if rapid.Bool().Draw(t, "once") {
				e.Once = id.Draw(t, "by")
			}
			if rapid.Bool().Draw(t, "sets") {
				name := rapid.SampledFrom([]string{"title", "plan", "new", "changeId"}).Draw(t, "field")
				e.Fields = fields(name, fmt.Sprintf("%q", strings.Repeat("x", rapid.SampledFrom([]int{0, 1, 2000}).Draw(t, "size"))))
			}
			if rapid.Bool().Draw(t, "removes") {
				e.Remove = []string{rapid.SampledFrom([]string{"title", "plan", "new", "modifications"}).Draw(t, "removed")}
			}
			return e
		})
		before := rapid.SliceOfN(edit, 0, 3).Draw(t, "before")
		edits := rapid.SliceOfN(edit, 1, 6).Draw(t, "edits")
		for _, e := range before {
			_, _ = together.Append(t.Context(), testID, e)
			_, _ = apart.Append(t.Context(), testID, e)
		}
		puts := together.store.puts
		got, errs := together.AppendAll(t.Context(), testID, edits)
		want, each := AppendEach(t.Context(), apart, testID, edits)
		for i := range errs {
			a, aReused := errors.AsType[*ReusedIDError](errs[i])
			b, bReused := errors.AsType[*ReusedIDError](each[i])
			if aReused && bReused {
				a.ID, b.ID = "", "" // of several, either
			}
			if aReused && each[i] == nil {
				t.Skip("one edit twice, of which the second time one other id is foreign")
			}
			if fmt.Sprint(errs[i]) != fmt.Sprint(each[i]) {
				t.Errorf("edit %d: %v, by itself %v", i, errs[i], each[i])
			}
		}
		if a, b := together.store.body(testKey), apart.store.body(testKey); a != b {
			t.Errorf("stored\n%s\none by one\n%s", a, b)
		}
		if got.ETag != want.ETag && slices.Contains(outcomes(errs), Committed) && got.ETag != etagOf([]byte(apart.store.body(testKey))) {
			t.Errorf("answered %v, one by one %v", got, want)
		}
		if together.store.puts > puts+1 {
			t.Errorf("%d writes", together.store.puts-puts)
		}
	})
}

// TestAppendAllAnswersAreHonest: whatever goes wrong around a call, its answer to each edit
// is true, then and after all writes under way have landed.
func TestAppendAllAnswersAreHonest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		retries := rapid.IntRange(0, 3).Draw(t, "retries")
		r := newRig(t, retries)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &schedule{rig: r, cancel: cancel}
		s.plan(t, "append", retries)
		edits := editsOf("m1", "other", "m3", "m1")
		edits[0].Modifications = append(edits[0].Modifications, mod("m2")) // checked to come with the first
		edits[2].Modifications = append(edits[2].Modifications, Modification{ID: "m4", UserID: "u", Type: Processed})
		edits[2].Once, edits[3] = "m4", edits[0]
		edits = append(edits, withID("CHG-2", "never"))
		shared := false // somebody else stores one of them
		if rapid.Bool().Draw(t, "shared") {
			store := func() {
				if body := r.store.body(testKey); body != "" && !mustParse(t, body).HasModification("other") {
					shared = true
					r.store.interlope("other", nil)()
				}
			}
			n := rapid.IntRange(1, retries+2).Draw(t, "when")
			r.store.onPut[n] = after(store, r.store.onPut[n])
		}

		done, errs := r.AppendAll(ctx, testID, edits)
		r.store.land()
		for i, id := range []string{"m1", "other", "m4", "m1", "never"} {
			outcome := OutcomeOf(errs[i])
			known := id != "other" || !shared
			if outcome == Committed && (!r.store.everHeld(id) || !done.Change().HasModification(id)) {
				t.Errorf("%s is committed, but answered %v, and the store holds %s", id, done, r.store.body(testKey))
			}
			if outcome == Committed && !s.deleted && r.times(id) != 1 {
				t.Errorf("%s is committed, but stored %d times", id, r.times(id))
			}
			if known && (outcome == Gone && r.times(id) != 0 || outcome != Committed && outcome != Unknown && outcome != Gone && r.store.everHeld(id)) {
				t.Errorf("%s ended as %s (%v), but it was stored", id, outcome, errs[i])
			}
			if outcome != Unknown && errors.Is(errs[i], ErrOutcomeUnknown) {
				t.Errorf("%s: %s, but it claims an unknown outcome: %v", id, outcome, errs[i])
			}
			if outcome == Unknown && !s.doubtful && r.store.refused == 0 {
				t.Errorf("%s: unknown without a reason: %v", id, errs[i])
			}
			if outcome == Gone && !s.deleted || outcome == Conflict {
				t.Errorf("%s: %s without a reason: %v", id, outcome, errs[i])
			}
		}
		if got := OutcomeOf(errs[4]); got == Committed || r.store.everHeld("never") {
			t.Errorf("an edit that can't be made is %s", got)
		}
		if r.store.puts > retries+1 {
			t.Errorf("%d writes with %d retries", r.store.puts, retries)
		}
		s.checkVersions(t, "append")

		clear(r.store.onPut)
		clear(r.store.onGet)
		r.clock.OnSleep = nil
		_, again := r.AppendAll(t.Context(), testID, edits)
		if want := []Outcome{Committed, Committed, Committed, Committed, Failed}; !s.deleted && !slices.Equal(outcomes(again), want) {
			t.Errorf("%v, and repeated %v", errs, again)
		}
	})
}
