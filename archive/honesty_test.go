package archive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// schedule is everything that goes on around one call.
type schedule struct {
	*rig
	cancel   context.CancelFunc
	others   []string // ids that other writers stored
	deleted  bool
	doubtful bool // a write was answered so that it may have been applied
}

func (s *schedule) writeFaults() map[string]fault {
	doubt := func(f fault) fault {
		return after(func() { s.doubtful = true }, f)
	}
	return map[string]fault{
		"healthy":       nil,
		"409":           doubt(answer(ErrConflict)), // it could be an echo
		"503":           doubt(answer(ErrThrottled)),
		"409 echoed":    doubt(echoed(ErrConflict)),
		"503 echoed":    doubt(echoed(ErrThrottled)),
		"no connection": answer(ErrUnavailable),
		"403":           answer(errForbidden),
		"request lost":  doubt(requestLost),
		"reply lost":    doubt(replyLost),
		"lands late":    doubt(s.store.landsLate),
		"resent":        doubt(resent),
		"cut short, applied": doubt(func(do func() (string, error)) (string, error) {
			do()
			return "", context.Canceled
		}),
		"cut short, lands late": doubt(func(do func() (string, error)) (string, error) {
			s.store.landsLate(do)
			return "", context.DeadlineExceeded
		}),
	}
}

func (s *schedule) readFaults() map[string]fault {
	return map[string]fault{
		"healthy": nil, "503": answer(ErrThrottled), "unavailable": answer(ErrUnavailable), "403": answer(errForbidden),
	}
}

// events happen just before a request is served, or in a wait.
func (s *schedule) events(op string) map[string]func() {
	other := func(write func(id string)) func() {
		return func() {
			if s.store.body(testKey) == "" {
				return
			}
			id := fmt.Sprint("x", len(s.others))
			s.others = append(s.others, id)
			write(id)
		}
	}
	events := map[string]func(){
		"nothing":           func() {},
		"another appends":   other(func(id string) { s.store.interlope(id, nil)() }),
		"another edits":     other(func(id string) { s.store.interlope(id, fields("plan", fmt.Sprintf("%q", id)))() }),
		"another collides":  other(func(id string) { s.store.interlope(id, fields("title", fmt.Sprintf("%q", id)))() }),
		"writes land":       s.store.land,
		"the caller leaves": s.cancel,
	}
	if op == "create" {
		events["another creates"] = func() {
			if s.store.body(testKey) == "" {
				s.store.set(testKey, []byte(testDoc))
			}
		}
	} else {
		events["the object is deleted"] = func() {
			s.deleted = true
			s.store.remove()
		}
	}
	return events
}

func draw[V any](t *rapid.T, from map[string]V, label string) V {
	return from[rapid.SampledFrom(slices.Sorted(maps.Keys(from))).Draw(t, label)]
}

func (s *schedule) plan(t *rapid.T, op string, retries int) {
	for n := 1; n <= retries+2; n++ {
		if rapid.Bool().Draw(t, "eventful") {
			s.store.onPut[n] = after(draw(t, s.events(op), "before write"), draw(t, s.writeFaults(), "write"))
			s.store.onGet[n] = after(draw(t, s.events(op), "before read"), draw(t, s.readFaults(), "read"))
		} else {
			s.store.onPut[n] = draw(t, s.writeFaults(), "write")
		}
	}
	waits := []func(){nil}
	for range retries {
		waits = append(waits, draw(t, s.events(op), "in wait"))
	}
	s.clock.OnSleep = func(n int) { waits[n]() }
}

// Whatever goes wrong around a call, its answer is true, then and after all
// writes under way have landed.
func TestAnswersAreHonest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.SampledFrom([]string{"append", "save", "save without base", "create"}).Draw(t, "op")
		retries := rapid.IntRange(0, 3).Draw(t, "retries")
		r := newRig(t, retries)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &schedule{rig: r, cancel: cancel}
		if op == "create" {
			r.store.remove()
		}
		s.plan(t, op, retries)
		edit := Edit{Fields: fields("title", `"ours"`), Modifications: []Modification{mod("m1"), mod("m2")}}
		call := func(ctx context.Context) (Snapshot, error) {
			switch op {
			case "append":
				return r.Append(ctx, testID, Edit{Modifications: edit.Modifications})
			case "save":
				return r.Save(ctx, testID, r.base, edit)
			case "save without base":
				return r.Save(ctx, testID, Snapshot{ETag: r.base.ETag}, edit)
			}
			return r.Create(ctx, testID, r.base.Document, edit.Modifications...)
		}

		done, err := call(ctx)
		outcome := OutcomeOf(err)
		r.store.land()

		if outcome == Committed && (!r.store.everHeld("m1") || !done.Change().HasModification("m1") || done.ETag != etagOf(done.Document.Encode())) {
			t.Errorf("committed, but answered %s, and the store holds %s", done.Document.Encode(), r.store.body(testKey))
		}
		if outcome == Committed && !s.deleted && r.times("m1") != 1 {
			t.Errorf("committed, but stored %d times", r.times("m1"))
		}
		if outcome == Gone && r.times("m1") != 0 || outcome != Committed && outcome != Unknown && outcome != Gone && r.store.everHeld("m1") {
			t.Errorf("%s (%v), but it was stored", outcome, err)
		}
		if outcome != Unknown && errors.Is(err, ErrOutcomeUnknown) {
			t.Errorf("%s, but it claims an unknown outcome: %v", outcome, err)
		}
		if outcome == Unknown && !s.doubtful && r.store.refused == 0 {
			t.Errorf("unknown without a reason: %v", err)
		}
		if outcome == Gone && !s.deleted || outcome == Conflict && op == "append" {
			t.Errorf("%s without a reason: %v", outcome, err)
		}
		if r.store.puts > retries+1 {
			t.Errorf("%d writes with %d retries", r.store.puts, retries)
		}
		s.checkVersions(t, op)

		clear(r.store.onPut)
		clear(r.store.onGet)
		r.clock.OnSleep = nil
		_, again := call(t.Context())
		if got := OutcomeOf(again); !s.deleted && got != Committed && (got != Conflict || outcome == Committed || op == "append") {
			t.Errorf("%s, and repeated %s (%v)", outcome, got, again)
		} else if got == Committed && r.times("m1") != 1 {
			t.Errorf("repeated: stored %d times", r.times("m1"))
		}
	})
}

// checkVersions reads the whole life of the object.
func (s *schedule) checkVersions(t *rapid.T, op string) {
	var previous *Change
	for n, body := range s.store.history {
		if body == nil {
			previous = nil
			continue
		}
		c := mustParse(t, string(body))
		ids := c.ModificationIDs()
		if previous != nil && !slices.Equal(previous.ModificationIDs(), ids[:min(len(ids), len(previous.ModificationIDs()))]) {
			t.Errorf("version %d: %v became %v", n, previous.ModificationIDs(), ids)
		}
		if countID(string(body), "m1") > 1 || c.HasModification("m1") != c.HasModification("m2") {
			t.Errorf("version %d: %v", n, ids)
		}
		if previous != nil && op != "append" && op != "create" && c.HasModification("m1") && !previous.HasModification("m1") {
			if title, _ := previous.Field("title"); string(title) != `"a"` {
				t.Errorf("version %d silently replaces the title %s", n, title)
			}
		}
		previous = c
	}
	for _, id := range s.others {
		if !s.deleted && s.times(id) != 1 {
			t.Errorf("another writer's %s is there %d times", id, s.times(id))
		}
	}
}
