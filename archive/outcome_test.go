package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOutcomeOf(t *testing.T) {
	mismatch := &ETagMismatchError{Key: testKey}
	tests := []struct {
		name string
		err  error
		want Outcome
	}{
		{"no error", nil, Committed},
		{"mismatch", mismatch, Conflict},
		{"wrapped mismatch", fmt.Errorf("upload: %w", mismatch), Conflict},
		{"exhausted", &ExhaustedError{Last: ErrPreconditionFailed}, Exhausted},
		{"exhausted by reads that found nothing", &ExhaustedError{Last: ErrNotFound}, Exhausted},
		{"unknown", &OutcomeUnknownError{Last: context.Canceled}, Unknown},
		{"unknown, then a conflict", &OutcomeUnknownError{Last: mismatch}, Unknown},
		{"unknown, then gone", &OutcomeUnknownError{Last: ErrNotFound}, Unknown},
		{"unknown, then exhausted", &OutcomeUnknownError{Last: &ExhaustedError{}}, Unknown},
		{"a store's own unknown", fmt.Errorf("put: %w", ErrOutcomeUnknown), Unknown},
		{"gone", fmt.Errorf("append: %w", ErrNotFound), Gone},
		{"invalid", ErrInvalid, Failed},
		{"cancelled", context.Canceled, Cancelled},
		{"out of time", fmt.Errorf("load: %w", context.DeadlineExceeded), Cancelled},
		{"cancelled by the caller", &CancelledError{Last: ErrUnavailable}, Cancelled},
		{"unavailable", &UnavailableError{Last: ErrThrottled}, Unavailable},
		{"unavailable within its own deadline", &UnavailableError{Last: context.DeadlineExceeded}, Unavailable},
		{"unknown, then unavailable", &OutcomeUnknownError{Last: &UnavailableError{}}, Unknown},
		{"contradiction", fmt.Errorf("upload: %w", &ContradictionError{}), Contradiction},
		{"an id used before", &ReusedIDError{}, Failed},
		{"other", errors.New("403"), Failed},
	}
	for _, tt := range tests {
		if got := OutcomeOf(tt.err); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestExhaustedErrorSaysWhatHappened(t *testing.T) {
	r := newRig(t, 3)
	for n := 1; n <= 4; n++ {
		r.store.onPut[n] = after(r.store.interlope(fmt.Sprint("x", n), nil), nil)
	}
	_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
	var exhausted *ExhaustedError
	if !errors.As(err, &exhausted) {
		t.Fatalf("%v is no ExhaustedError", err)
	}
	want := &ExhaustedError{Key: testKey, Attempts: 4, Elapsed: 700 * time.Millisecond, Last: ErrPreconditionFailed}
	if *exhausted != *want {
		t.Errorf("got %#v, want %#v", exhausted, want)
	}
	const user = "Unable to save after 4 attempts. The change was modified by another user. Please refresh and try again."
	if !strings.HasPrefix(err.Error(), user) || !strings.Contains(err.Error(), "700ms") {
		t.Errorf("message: %s", err)
	}
	if !errors.Is(err, ErrPreconditionFailed) || exhausted.StatusCode() != 409 {
		t.Errorf("cause or status: %v, %d", exhausted.Unwrap(), exhausted.StatusCode())
	}
}

// The last cause was an unknown outcome, but reading back settled it: the
// error must not tell callers that the outcome is unknown.
func TestExhaustedErrorNeverClaimsAnUnknownOutcome(t *testing.T) {
	r := newRig(t, 0)
	r.store.onPut[1] = requestLost
	r.store.onGet[2] = after(r.store.interlope("x1", nil), nil)
	_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
	if OutcomeOf(err) != Exhausted || errors.Is(err, ErrOutcomeUnknown) {
		t.Errorf("ended as %s: %v", OutcomeOf(err), err)
	}
	if !strings.Contains(err.Error(), "connection reset") {
		t.Errorf("the cause is missing: %v", err)
	}
}

func TestOutcomeUnknownErrorKeepsItsCauses(t *testing.T) {
	r := newRig(t, 0)
	r.bucket = "bucket"
	r.store.onPut[1], r.store.onGet[2] = replyLost, answer(ErrThrottled)
	_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
	var unknown *OutcomeUnknownError
	if !errors.As(err, &unknown) || !errors.Is(err, ErrOutcomeUnknown) || !errors.Is(err, ErrThrottled) {
		t.Fatalf("%v", err)
	}
	if unknown.Attempts != 1 || unknown.StatusCode() != 504 || !strings.HasPrefix(err.Error(), "bucket/"+testKey) {
		t.Errorf("%#v: %v", unknown, err)
	}
}

func TestSaveConflictNamesTheFieldsWithAllValues(t *testing.T) {
	r := newRig(t, 3)
	r.store.interlope("x1", fields("title", `"theirs"`, "plan", `"q"`, "added", `1`))()
	_, err := r.Save(t.Context(), testID, r.base, Edit{
		Fields:        fields("title", `"ours"`, "plan", `"p"`, "added", `2`),
		Modifications: []Modification{mod("m1")},
	})
	var mismatch *ETagMismatchError
	if !errors.As(err, &mismatch) {
		t.Fatalf("ended as %v", err)
	}
	want := []FieldConflict{
		{Field: "added", Base: nil, Theirs: []byte(`1`), Ours: []byte(`2`)},
		{Field: "title", Base: []byte(`"a"`), Theirs: []byte(`"theirs"`), Ours: []byte(`"ours"`)},
	}
	if d := cmp.Diff(want, mismatch.Fields); d != "" {
		t.Error(d)
	}
	if mismatch.Expected != r.base.ETag || mismatch.Found != etagOf([]byte(r.store.body(testKey))) {
		t.Errorf("ETags: expected %s, found %s", mismatch.Expected, mismatch.Found)
	}
	if mismatch.StatusCode() != 409 || !strings.Contains(err.Error(), `title (theirs "theirs", yours "ours")`) {
		t.Errorf("message: %v", err)
	}
	if r.store.puts != 0 {
		t.Errorf("%d writes were sent", r.store.puts)
	}
}

func TestCreate(t *testing.T) {
	doc := mustParse(t, `{"changeId":"CHG-1","title":"new"}`)
	tests := []struct {
		name   string
		script func(r *rig)
		want   Outcome
		stored int
	}{
		{"nothing there", func(r *rig) {}, Committed, 1},
		{"another was first", func(r *rig) { r.store.set(testKey, []byte(testDoc)) }, Conflict, 0},
		{"another was first, found by the last look", func(r *rig) {
			r.policy.Retries = 0
			r.store.set(testKey, []byte(testDoc))
		}, Conflict, 0},
		{"409, then free", func(r *rig) { r.store.onPut[1] = answer(ErrConflict) }, Committed, 1},
		{"reply lost", func(r *rig) { r.store.onPut[1] = replyLost }, Committed, 1},
		{"resent below the seam", func(r *rig) { r.store.onPut[1] = resent }, Committed, 1},
		{"resent below the seam, one attempt only", func(r *rig) {
			r.policy.Retries = 0
			r.store.onPut[1] = resent
		}, Committed, 1},
		{"reply lost, an interloper on top", func(r *rig) {
			r.store.onPut[1] = replyLost
			r.store.onGet[1] = after(r.store.interlope("x1", nil), nil)
		}, Committed, 1},
		{"request lost, another was first", func(r *rig) {
			r.store.onPut[1] = requestLost
			r.store.onGet[1] = after(func() { r.store.set(testKey, []byte(testDoc)) }, nil)
		}, Conflict, 0},
		{"lands late on the last attempt", func(r *rig) {
			r.policy.Retries = 0
			r.store.onPut[1] = r.store.landsLate
		}, Unknown, 0},
		{"lands after the read-back", func(r *rig) {
			r.store.onPut[1], r.store.onPut[2] = r.store.landsLate, after(r.store.land, nil)
		}, Committed, 1},
		{"412 and then nothing there: deleted in between", func(r *rig) {
			r.store.onPut[1] = answer(ErrPreconditionFailed)
		}, Committed, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 3)
			r.store.remove()
			tt.script(r)
			_, err := r.Create(t.Context(), testID, doc, mod("m1"))
			if got := OutcomeOf(err); got != tt.want {
				t.Errorf("ended as %s (%v), want %s", got, err, tt.want)
			}
			if got := r.times("m1"); got != tt.stored {
				t.Errorf("stored %d times, want %d", got, tt.stored)
			}
			if tt.want == Committed {
				if _, err := r.Create(t.Context(), testID, doc, mod("m1")); err != nil || r.times("m1") != 1 {
					t.Errorf("repeated: %v, stored %d times", err, r.times("m1"))
				}
			}
		})
	}
}

func TestCreateConflictMessage(t *testing.T) {
	r := newRig(t, 3)
	_, err := r.Create(t.Context(), testID, r.base.Document, mod("m1"))
	if err == nil || !strings.Contains(err.Error(), "create archive/CHG-1.json: the object already exists") {
		t.Errorf("%v", err)
	}
}

func TestLoad(t *testing.T) {
	r := newRig(t, 2)
	r.store.onGet[1] = answer(ErrUnavailable)
	s, err := r.Load(t.Context(), testID)
	if err != nil || string(s.Document.Encode()) != testDoc || s.ETag != r.base.ETag {
		t.Errorf("loaded %v, %v", s, err)
	}
	for n := 3; n <= 5; n++ {
		r.store.onGet[n] = answer(ErrThrottled)
	}
	_, err = r.Load(t.Context(), testID)
	if !errors.Is(err, ErrThrottled) || OutcomeOf(err) != Unavailable || !strings.Contains(err.Error(), "3 attempts") {
		t.Errorf("unavailable: %v", err)
	}
	if _, err := r.Load(t.Context(), "CHG-2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("absent: %v", err)
	}
	r.store.set("archive/CHG-2.json", []byte(testDoc))
	if _, err := r.Load(t.Context(), "CHG-2"); !errors.Is(err, ErrInvalid) || !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), `"CHG-1"`) {
		t.Errorf("stored under a wrong id: %v", err)
	}
}

func TestInvalidWritesSendNothing(t *testing.T) {
	good := Edit{Modifications: []Modification{mod("m1")}}
	edit := func(change func(*Edit)) Edit {
		e := Edit{Modifications: []Modification{mod("m1")}, Fields: map[string]json.RawMessage{}}
		change(&e)
		return e
	}
	edits := map[string]Edit{
		"no modification":         {Fields: fields("title", `"b"`)},
		"modification without id": edit(func(e *Edit) { e.Modifications[0].ID = "" }),
		"id with a space":         edit(func(e *Edit) { e.Modifications[0].ID = "a b" }),
		"id with a quote":         edit(func(e *Edit) { e.Modifications[0].ID = `a"b` }),
		"id twice":                edit(func(e *Edit) { e.Modifications = append(e.Modifications, mod("m1")) }),
		"no type":                 edit(func(e *Edit) { e.Modifications[0].Type = "" }),
		"timestamp":               edit(func(e *Edit) { e.Modifications[0].Timestamp = "yesterday" }),
		"meeting_metadata":        edit(func(e *Edit) { e.Modifications[0].MeetingMetadata = json.RawMessage(`{`) }),
		"field value":             edit(func(e *Edit) { e.Fields["title"] = json.RawMessage(`b`) }),
		"field value nil":         edit(func(e *Edit) { e.Fields["title"] = nil }),
		"field value and more":    edit(func(e *Edit) { e.Fields["title"] = json.RawMessage(`1,"x":2`) }),
		"field name":              edit(func(e *Edit) { e.Fields["\xff"] = json.RawMessage(`1`) }),
		"the history as a field":  edit(func(e *Edit) { e.Fields["modifications"] = json.RawMessage(`[]`) }),
	}
	r := newRig(t, 3)
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrInvalid) || OutcomeOf(err) != Failed || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
	ctx := t.Context()
	for name, e := range edits {
		_, err := r.Append(ctx, testID, e)
		refused("append: "+name, err)
		_, err = r.Save(ctx, testID, r.base, e)
		refused("save: "+name, err)
	}
	for _, id := range []string{"", "../x", "a/b", "a\x00b", strings.Repeat("a", 129), "%2f", "..", ".a", "-a", "a..b", "ä", "a b", `a\b`, "a\n"} {
		_, err := r.Append(ctx, id, good)
		refused("append to "+id, err)
		_, err = r.Save(ctx, id, r.base, good)
		refused("save "+id, err)
		_, err = r.Create(ctx, id, r.base.Document, mod("m1"))
		refused("create "+id, err)
		_, err = r.Load(ctx, id)
		refused("load "+id, err)
	}
	_, err := r.Save(ctx, testID, Snapshot{}, good)
	refused("save without an ETag", err)
	_, err = r.Create(ctx, "CHG-2", r.base.Document, mod("m1"))
	refused("create under another id", err)
	_, err = r.Create(ctx, testID, nil, mod("m1"))
	refused("create nothing", err)
	_, err = r.Create(ctx, testID, r.base.Document)
	refused("create without a modification", err)
	if r.store.calls != 0 {
		t.Errorf("%d calls reached the store", r.store.calls)
	}
}

func TestIdentityCannotBeEdited(t *testing.T) {
	r := newRig(t, 3)
	for _, f := range []map[string]json.RawMessage{
		fields("changeId", `"CHG-2"`), fields("announcement_id", `"CIC-1"`), fields("changeId", `null`),
	} {
		if _, err := r.Append(t.Context(), testID, Edit{Fields: f, Modifications: []Modification{mod("m1")}}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", f, err)
		}
	}
	if r.store.puts != 0 {
		t.Errorf("%d writes were sent", r.store.puts)
	}
	if _, err := r.Append(t.Context(), testID, Edit{Fields: fields("changeId", `"CHG-1"`), Modifications: []Modification{mod("m1")}}); err != nil {
		t.Errorf("the same id: %v", err)
	}
	announcement := mustParse(t, `{"announcement_id":"CIC-1"}`)
	if _, err := announcement.Apply(Edit{Fields: fields("changeId", `"CHG-1"`), Modifications: []Modification{mod("m1")}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("an announcement became a change: %v", err)
	}
}

// The library's decoder refuses text that is nested more than 10,000 deep. A
// value at the limit would make the document around it unreadable for ever.
func TestDeepNestingIsRefusedBeforeItIsStored(t *testing.T) {
	deep := json.RawMessage(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000))
	m := mod("m1")
	m.MeetingMetadata = deep
	for name, edit := range map[string]Edit{
		"field":            {Fields: map[string]json.RawMessage{"title": deep}, Modifications: []Modification{mod("m1")}},
		"meeting_metadata": {Modifications: []Modification{m}},
	} {
		r := newRig(t, 3)
		if _, err := r.Append(t.Context(), testID, edit); !errors.Is(err, ErrInvalid) || r.store.puts != 0 {
			t.Errorf("%s: %v; %d writes were sent", name, err, r.store.puts)
		}
	}
}

func TestValidIDs(t *testing.T) {
	for _, id := range []string{"CHG-12345", "a", "0", "a.b_c-d", strings.Repeat("a", 128)} {
		if key, err := Key(id); err != nil || key != "archive/"+id+".json" {
			t.Errorf("%s: %s, %v", id, key, err)
		}
	}
}
