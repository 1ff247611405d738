package archive

import (
	"context"
	"strings"
	"testing"
)

func TestObserversRunInOrder(t *testing.T) {
	var calls []string
	note := func(text string) { calls = append(calls, text) }
	full := func(name string) Observer {
		return Observer{
			Attempt: func(_ context.Context, i AttemptInfo) { note(name + " attempt") },
			Wait:    func(_ context.Context, i WaitInfo) { note(name + " wait") },
			Done:    func(_ context.Context, i DoneInfo) { note(name + " done") },
		}
	}
	part := Observer{Done: func(context.Context, DoneInfo) { note("part done") }}
	o := Observers(full("a"), Observer{}, part, full("b"))
	tell(t.Context(), o.Attempt, AttemptInfo{})
	tell(t.Context(), o.Wait, WaitInfo{})
	tell(t.Context(), o.Done, DoneInfo{})
	want := "a attempt, b attempt, a wait, b wait, a done, part done, b done"
	if got := strings.Join(calls, ", "); got != want {
		t.Errorf("%s; want %s", got, want)
	}
	if none := Observers(Observer{}, Observer{}); none.Attempt != nil || none.Wait != nil || none.Done != nil {
		t.Error("hooks that nobody has are not nil")
	}
}

// TestMismatchesAreRefusalsByOthersWrites: what else fails a write is none.
func TestMismatchesAreRefusalsByOthersWrites(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script func(r *rig)
		want   int
	}{
		{"none", func(*rig) {}, 0},
		{"412 and 409", func(r *rig) {
			r.store.onPut[1] = after(r.store.interlope("x1", nil), nil)
			r.store.onPut[2] = answer(ErrConflict)
		}, 2},
		{"503", func(r *rig) { r.store.onPut[1] = answer(ErrThrottled) }, 0},
		{"a reply that was lost", func(r *rig) { r.store.onPut[1] = replyLost }, 0},
		{"a request that was lost", func(r *rig) { r.store.onPut[1] = requestLost }, 0},
	} {
		r := newRig(t, 3)
		var done DoneInfo
		r.observer.Done = func(_ context.Context, i DoneInfo) { done = i }
		tt.script(r)
		if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if done.Mismatches != tt.want {
			t.Errorf("%s: %d mismatches, want %d", tt.name, done.Mismatches, tt.want)
		}
	}
}
