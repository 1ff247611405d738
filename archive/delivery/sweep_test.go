package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
)

// store puts a document of an upload that was made now into the archive, and no trigger.
func (s *service) storeForgotten(id string) {
	s.t.Helper()
	s.objects["archive/"+id+".json"] = fmt.Appendf(nil,
		`{"changeId":%q,"customers":["hts"],"modifications":[{"modification_id":"m-%s","timestamp":%q,"user_id":"a","modification_type":"created","notify":true}]}`,
		id, id, s.clock.Now().Format(time.RFC3339))
	s.modified["archive/"+id+".json"] = s.clock.Now()
}

// process is what a back end of hts stores.
func (s *service) process(id string) {
	doc := mustParse(s.t, string(s.objects["archive/"+id+".json"]))
	next, err := doc.Apply(archive.Edit{Modifications: []archive.Modification{{
		ID: "p-" + id, Timestamp: "2026-01-02T03:04:05Z", UserID: "b", Type: archive.Processed, CustomerCode: "hts", Covers: LastUpload(doc),
	}}})
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	s.objects["archive/"+id+".json"] = next.Encode()
	s.modified["archive/"+id+".json"] = s.clock.Now()
}

// A sweep, at times after the beginning, looks at these objects.
func TestSweep(t *testing.T) {
	s := newService(t)
	s.objects["archive/notes.txt"], s.objects["archive/a/b.json"], s.objects["archived.json"] = []byte("x"), []byte("x"), []byte("x")
	for _, id := range []string{"A", "B", "C", "D", "E"} {
		s.storeForgotten(id)
	}
	s.process("B")
	start := s.clock.Now()
	r, looked := s.reconciler(nil)
	sweepAt := func(after time.Duration, want string) {
		t.Helper()
		s.pass(start.Add(after).Sub(s.clock.Now()))
		*looked = nil
		done, err := r.Sweep(t.Context())
		if got := strings.Join(*looked, ", "); got != want || err != nil || done.Looked != len(*looked) || done.Told != strings.Count(want, "hts") {
			t.Errorf("%v later: %q, want %q; %+v, %v", after, got, want, done, err)
		}
	}
	sweepAt(0, "A, B, C, D, E") // all are too young
	s.pass(time.Second)
	s.storeForgotten("F")
	sweepAt(2*time.Second, "B, F")
	sweepAt(testGrace, "A hts, B, C hts, D hts, E hts")
	s.process("A")
	sweepAt(testGrace+time.Second, "B, F hts") // A, which waits to be due, may as well
	delete(s.objects, "archive/C.json")
	sweepAt(2*testGrace, "A, B, D hts, E hts")
	for _, id := range []string{"D", "E", "F"} {
		s.process(id)
	}
	sweepAt(10*testGrace, "A, B, D, E, F") // modified not long before the last sweep
	sweepAt(20*testGrace, "")
	if len(r.sweep.later) != 0 {
		t.Errorf("still remembered: %v", r.sweep.later)
	}
	s.storeForgotten("G") // by another process
	s.pass(testGrace)
	r, looked = s.reconciler(func(o *ReconcilerOptions) { o.Since = s.clock.Now().Add(-2 * testGrace) })
	sweepAt(21*testGrace+time.Second, "G hts")
}

// Whatever fails is looked at by the next sweep; what can't be read, when it changes.
func TestSweepFailures(t *testing.T) {
	s := newService(t)
	for _, id := range []string{"A", "B", "C"} {
		s.storeForgotten(id)
	}
	s.objects["archive/C.json"] = []byte("{")
	delete(s.modified, "archive/C.json") // long ago
	s.pass(testGrace)
	r, looked := s.reconciler(nil)
	failing := map[string]error{"put customers/hts/A.json": errForbidden, "list archive/B.json": errForbidden}
	s.on = func(_ context.Context, call string, do func() error) error {
		if err := failing[call]; err != nil {
			return err
		}
		return do()
	}
	if done, err := r.Sweep(t.Context()); !errors.Is(err, errForbidden) || !strings.HasPrefix(err.Error(), "sweep: list archive/: 403") || done != (Swept{2, 1, 1}) {
		t.Errorf("%+v, %v", done, err)
	}
	delete(failing, "list archive/B.json")
	*looked = nil
	if done, err := r.Sweep(t.Context()); err != nil || done != (Swept{2, 0, 2}) || strings.Join(*looked, ", ") != "A failed, C failed" {
		t.Errorf("%+v, %v: %v", done, err, *looked)
	}
	s.pass(10 * testGrace)
	clear(failing)
	*looked = nil
	if done, err := r.Sweep(t.Context()); err != nil || done.Failed != 0 || strings.Join(*looked, ", ") != "A hts, B hts" {
		t.Errorf("%+v, %v: %v", done, err, *looked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Sweep(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("of somebody who has left: %v", err)
	}
	s.on = func(_ context.Context, call string, do func() error) error {
		if strings.HasPrefix(call, "list ") {
			return archive.ErrThrottled
		}
		return do()
	}
	before := s.clock.Now()
	if _, err := r.Sweep(t.Context()); !errors.Is(err, archive.ErrThrottled) || s.clock.Now().Sub(before) < 100*time.Millisecond {
		t.Errorf("a throttled listing: %v after %v", err, s.clock.Now().Sub(before))
	}
}

// An object that was deleted since it was listed is no failure.
func TestSweepOfWhatIsDeleted(t *testing.T) {
	s := newService(t)
	s.storeForgotten("A")
	s.on = func(_ context.Context, call string, do func() error) error {
		if call == "get archive/A.json" {
			return archive.ErrNotFound
		}
		return do()
	}
	r, looked := s.reconciler(nil)
	if done, err := r.Sweep(t.Context()); err != nil || done != (Swept{Looked: 1}) || strings.Join(*looked, ", ") != "A" || len(r.sweep.later) > 0 {
		t.Errorf("%+v, %v: %v", done, err, *looked)
	}
}

// stubborn lists the same page for ever.
type stubborn struct{}

func (stubborn) List(context.Context, string, string) ([]archive.Listed, error) {
	return []archive.Listed{{Key: "archive/A.json"}}, nil
}

func TestSweepOfAListingWithoutAnEnd(t *testing.T) {
	s := newService(t)
	r, _ := s.reconciler(func(o *ReconcilerOptions) { o.Lister = stubborn{} })
	if _, err := r.Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "ignores where to begin") {
		t.Error(err)
	}
}

// With more objects waiting than it can remember, a sweep reads all there are.
func TestSweepThatCanNotRememberAll(t *testing.T) {
	s := newService(t)
	s.storeForgotten("A")
	r, looked := s.reconciler(nil)
	for i := range mostLater {
		r.sweep.later[fmt.Sprint(i)] = lookAgain{}
	}
	for range 2 { // the first one forgets those that are not there
		if _, err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.pass(time.Hour)
	*looked = nil
	if _, err := r.Sweep(t.Context()); err != nil || strings.Join(*looked, ", ") != "A hts" {
		t.Errorf("%v: %v", err, *looked)
	}
}

func TestReconcilerRuns(t *testing.T) {
	s := newService(t)
	s.storeForgotten("A")
	ctx, cancel := context.WithCancel(t.Context())
	sweeps := 0
	s.on = func(_ context.Context, call string, do func() error) error {
		if call == "list " {
			if sweeps++; sweeps == 2 {
				return errForbidden
			} else if sweeps == 4 {
				cancel()
			}
		}
		return do()
	}
	r, looked := s.reconciler(func(o *ReconcilerOptions) { o.Interval = testGrace })
	before := s.clock.Now()
	err := r.Run(ctx)
	if !errors.Is(err, context.Canceled) || strings.Join(*looked, ",") != "A, failed,A hts,A failed" || s.clock.Now().Sub(before) < 3*testGrace {
		t.Errorf("%v, %q after %v", err, *looked, s.clock.Now().Sub(before))
	}
}
