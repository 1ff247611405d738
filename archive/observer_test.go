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

// TestObserverStarts: the context that Start returns is that of the call.
func TestObserverStarts(t *testing.T) {
	type key struct{}
	r := newRig(t, 3)
	var seen []any
	note := func(ctx context.Context) { seen = append(seen, ctx.Value(key{})) }
	r.observer = Observers(
		Observer{Start: func(ctx context.Context, i CallInfo) context.Context { return context.WithValue(ctx, key{}, i.Op) }},
		Observer{
			Start:   func(ctx context.Context, _ CallInfo) context.Context { note(ctx); return ctx },
			Attempt: func(ctx context.Context, _ AttemptInfo) { note(ctx) },
			Wait:    func(ctx context.Context, _ WaitInfo) { note(ctx) },
			Done:    func(ctx context.Context, _ DoneInfo) { note(ctx) },
		})
	r.store.onPut[1] = answer(ErrConflict)
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 5 { // start, attempt, wait, attempt, done
		t.Errorf("seen %v", seen)
	}
	for _, value := range seen {
		if value != "append" {
			t.Errorf("seen %v", seen)
		}
	}
}
