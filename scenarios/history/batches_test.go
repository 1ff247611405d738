package history

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"holdfast/archive"
)

// appends is an operation that appends a modification and sets fields.
func appends(id string, fields map[string]string) (Operation, archive.Edit) {
	edit := archive.Edit{Modifications: []archive.Modification{{ID: id, UserID: "u", Type: archive.Processed, Timestamp: "2026-01-01T00:00:00Z"}}}
	for name, value := range fields {
		if edit.Fields == nil {
			edit.Fields = map[string]json.RawMessage{}
		}
		edit.Fields[name] = json.RawMessage(value)
	}
	o := Operation{Do: "append", ID: "C"}
	o.Wants(archive.OwnLayout(), edit, nil)
	return o, edit
}

// TestBatchesAreRecorded: what operations want when they begin, what a batch writes for
// them, the fields among it that it leaves out, and with what they are answered.
func TestBatchesAreRecorded(t *testing.T) {
	events := &log{}
	rec := NewRecorder(events, archive.WallClock{})
	store := newMemory()
	store.bodies["archive/C.json"], store.etags["archive/C.json"] = []byte(`{"changeId":"C","modifications":[]}`), "v0"
	batches := rec.Batches("queue", "")
	var consumer Client
	rec.Enlist(&consumer, "consumer", "", store)
	consumer.Serve(batches)
	core, err := archive.New(archive.Options{Store: &consumer})
	if err != nil {
		t.Fatal(err)
	}

	wantX, editX := appends("m1", map[string]string{"x_a": `1`})
	wantY, _ := appends("m2", map[string]string{"x_b": `2`})
	wantY.Invalid = true
	ann, bob := batches.Begin("ann", wantX), batches.Begin("bob", wantY)
	consumer.Begin(Operation{Do: DoBatch, ID: "C"})
	done, err := core.Append(t.Context(), "C", editX)
	if err != nil {
		t.Fatal(err)
	}
	consumer.Finish(done, err)
	batches.Finish(ann, done, err, false)
	batches.Finish(bob, archive.Snapshot{}, archive.ErrInvalid, true)
	consumer.Begin(Operation{Do: DoBatch, ID: "C"})
	_, later := appends("m3", nil)
	done, err = core.Append(t.Context(), "C", later)
	consumer.Finish(done, err)

	var puts, ends []*Event
	for _, e := range events.events {
		switch {
		case e.Kind == Invoke && e.Through != "queue":
			t.Errorf("an operation through nothing: %+v", e)
		case e.Kind == Put:
			puts = append(puts, e)
		case e.Kind == Return:
			ends = append(ends, e)
		}
	}
	if invoked := events.events[0]; invoked.Actor != "ann" || !slices.Equal(invoked.IDs, []string{"m1"}) || !slices.Equal(invoked.Sets, []string{"x_a"}) || invoked.Invalid {
		t.Errorf("ann began %+v", invoked)
	}
	if invoked := events.events[1]; invoked.Actor != "bob" || !invoked.Invalid {
		t.Errorf("bob began %+v", invoked)
	}
	if held := puts[0].Doc.Holds; len(held) != 1 || held[0] != (Held{Field: "x_b"}) {
		t.Errorf("the first write holds %v of the fields that it does not change; bob waits for x_b", held)
	}
	if held := puts[1].Doc.Holds; len(held) != 0 {
		t.Errorf("the second write holds %v, for which nobody waits", held)
	}
	if e := ends[1]; e.Actor != "ann" || e.ETag != puts[0].ETag || !e.Shown || e.Doc != nil || e.Interrupted {
		t.Errorf("ann was answered %+v", e)
	}
	if e := ends[2]; e.Actor != "bob" || e.Outcome != Failed || !e.Interrupted {
		t.Errorf("bob was answered %+v", e)
	}
}

// TestUnknownOutcomesStayPending: a batch may yet hold what nobody knows the end of.
func TestUnknownOutcomesStayPending(t *testing.T) {
	rec := NewRecorder(&log{}, archive.WallClock{})
	batches := rec.Batches("queue", "")
	for i, err := range []error{nil, archive.ErrOutcomeUnknown, archive.ErrInvalid} {
		o, _ := appends(fmt.Sprint(i), map[string]string{fmt.Sprintf("x_%d", i): `1`})
		batches.Finish(batches.Begin("ann", o), archive.Snapshot{}, err, false)
	}
	if got := batches.wanted("archive/C.json"); !slices.Equal(got, []string{"x_1"}) {
		t.Errorf("pending are %v", got)
	}
}

// TestBatchedOperationsOfOneActorOverlap: who sends messages does not wait for each to be
// stored, and the order of its events is that of their times all the same.
func TestBatchedOperationsOfOneActorOverlap(t *testing.T) {
	events := &log{}
	rec := NewRecorder(events, archive.WallClock{})
	batches := rec.Batches("queue", "")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 200 {
				o, _ := appends(fmt.Sprintf("m%d-%d", i, k), nil)
				batches.Finish(batches.Begin("ann", o), archive.Snapshot{}, archive.ErrInvalid, false)
			}
			batches.Skip("ann", 1, "it was busy")
		})
	}
	wg.Wait()
	var c Consistency
	for _, e := range events.events {
		if err := c.Check(e); err != nil {
			t.Fatal(err)
		}
	}
}
