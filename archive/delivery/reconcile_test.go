package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
)

// List implements [Lister], a few objects at a time.
func (b *bucket) List(ctx context.Context, prefix, after string) (page []archive.Listed, err error) {
	err = b.step(ctx, "list "+after, func() error {
		for key := range b.objects {
			if strings.HasPrefix(key, prefix) && key > after {
				page = append(page, archive.Listed{Key: key, Modified: b.modified[key]})
			}
		}
		slices.SortFunc(page, func(x, y archive.Listed) int { return strings.Compare(x.Key, y.Key) })
		page = page[:min(2, len(page))]
		return nil
	})
	return page, err
}

const testGrace = time.Minute

// reconciler is one of the service; looked lists what it looks at.
func (s *service) reconciler(change func(*ReconcilerOptions)) (r *Reconciler, looked *[]string) {
	s.t.Helper()
	looked = &[]string{}
	o := ReconcilerOptions{
		Core: s.archive, Store: s, Clock: s.clock, Policy: s.up.policy, Parallel: Goroutines(1), Grace: testGrace,
		Done: func(_ context.Context, r Reconciled) {
			line := r.ObjectID
			for _, t := range r.Told {
				line += " " + t.Customer
			}
			if r.Err != nil {
				line += " failed"
			}
			*looked = append(*looked, line)
		},
	}
	if change != nil {
		change(&o)
	}
	r, err := NewReconciler(o)
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	return r, looked
}

// dies makes the server die when it is about to make a call.
func (s *service) dies(at string) {
	s.on = func(_ context.Context, call string, do func() error) error {
		if call == at {
			panic("the server dies")
		}
		return do()
	}
}

// uploadDying is an upload during which the server dies.
func (s *service) uploadDying(customers ...string) {
	defer func() { _, s.on = recover(), nil }()
	s.upload(customers...)
}

// work processes messages until there are none.
func (s *service) work(t *testing.T) {
	_ = s.clock.Sleep(t.Context(), testVisibility)
	for d, ok := s.queue.TryReceive(); ok; d, ok = s.queue.TryReceive() {
		s.back.Handle(t.Context(), d)
	}
}

func (s *service) pass(d time.Duration) { _ = s.clock.Sleep(context.Background(), d) }

func told(triggers []Trigger) string {
	var codes []string
	for _, t := range triggers {
		codes = append(codes, t.Customer)
	}
	return strings.Join(codes, " ")
}

func TestReconcilerOptions(t *testing.T) {
	s := newService(t)
	for _, o := range []ReconcilerOptions{
		{Core: s.archive}, {Store: s}, {Core: s.archive, Store: s, Policy: archive.Policy{Kind: archive.Full}},
		{Core: s.archive, Store: s, Grace: -1}, {Core: s.archive, Store: s, Interval: -1},
	} {
		if _, err := NewReconciler(o); err == nil || !strings.HasPrefix(err.Error(), "delivery: ") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	r, err := NewReconciler(ReconcilerOptions{Core: s.archive, Store: s})
	if err != nil || r.grace != DefaultGrace || r.interval != DefaultInterval || r.policy != archive.DefaultPolicy() || r.lister == nil {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = NewReconciler(ReconcilerOptions{Core: s.archive, Store: struct{ archive.Store }{s}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "Lister is missing") {
		t.Errorf("a sweep without a lister: %v", err)
	}
}

// Wherever the server dies, everybody is told in the end, and each processes it once.
func TestReconcileAfterACrash(t *testing.T) {
	for at, forgotten := range map[string]string{
		"put customers/a/CHG-1.json": "a b c", "put customers/b/CHG-1.json": "b c", "put customers/c/CHG-1.json": "c", "never": "",
	} {
		s := newService(t)
		s.dies(at)
		s.uploadDying("a", "b", "c")
		s.work(t) // an hour passes
		r, _ := s.reconciler(nil)
		if got, err := r.Reconcile(t.Context(), testID); told(got) != forgotten || err != nil {
			t.Errorf("died at %s: told %q, %v, want %q", at, told(got), err, forgotten)
		}
		s.work(t)
		s.check("a", "b", "c")
		if got, err := r.Reconcile(t.Context(), testID); len(got) != 0 || err != nil {
			t.Errorf("died at %s, all has been processed: told %v, %v", at, got, err)
		}
	}
}

// A customer whose message is only late gets the same one: it is processed once.
func TestReconcileOfWhatIsOnlyLate(t *testing.T) {
	s := newService(t)
	done := s.upload("hts")
	first := s.objects[htsKey]
	s.pass(testGrace)
	r, _ := s.reconciler(nil)
	got, err := r.Reconcile(t.Context(), testID)
	if want := []Trigger{{"hts", testID, done.ModificationID}}; err != nil || !cmp.Equal(got, want) || string(s.objects[htsKey]) != string(first) {
		t.Errorf("%v, %v: %s", got, err, s.objects[htsKey])
	}
	s.work(t)
	s.check("hts")
	if len(s.queue.Left()) > 0 || s.has(htsKey) {
		t.Errorf("left: %v, %v", s.queue.Left(), s.triggers())
	}
}

// What is younger than the grace is its server's.
func TestReconcileGrace(t *testing.T) {
	for age, want := range map[time.Duration]string{
		0: "", testGrace - time.Second: "", testGrace: "hts",
		-testGrace: "", -testGrace - time.Second: "hts", // by a wrong clock
	} {
		s := newService(t)
		s.dies("put " + htsKey)
		s.uploadDying("hts")
		s.pass(age)
		r, _ := s.reconciler(nil)
		if got, err := r.Reconcile(t.Context(), testID); told(got) != want || err != nil {
			t.Errorf("%v old: told %q, %v, want %q", age, told(got), err, want)
		}
	}
}

// Of several uploads the latest that is old enough is told of, though there are younger ones.
func TestReconcileLatestThatIsOldEnough(t *testing.T) {
	s := newService(t)
	s.dies("put " + htsKey)
	s.uploadDying("hts")
	save := func(title string) {
		loaded, err := s.archive.Load(t.Context(), testID)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _, s.on = recover(), nil }()
		s.dies("put " + htsKey)
		s.mustUpload(Upload{Document: mustParse(t, fmt.Sprintf(`{"changeId":"CHG-1","title":%q}`, title)), Update: true, Base: loaded, UserID: "bob"})
	}
	s.pass(time.Second)
	save("b")
	s.pass(testGrace)
	save("c")
	r, _ := s.reconciler(nil)
	got, err := r.Reconcile(t.Context(), testID)
	ids := mustParse(t, string(s.objects[archiveKey])).ModificationIDs()
	if err != nil || len(got) != 1 || got[0].ModificationID != ids[1] {
		t.Fatalf("told %v, %v; the uploads are %v", got, err, ids)
	}
	s.work(t)
	if got, _ := r.Reconcile(t.Context(), testID); len(got) > 0 {
		t.Errorf("what was processed had all in it, and yet %v", got)
	}
}

func TestReconcileFailures(t *testing.T) {
	s := newService(t)
	r, _ := s.reconciler(nil)
	if _, err := r.Reconcile(t.Context(), testID); !errors.Is(err, archive.ErrNotFound) || !strings.HasPrefix(err.Error(), "reconcile CHG-1: load ") {
		t.Errorf("nothing there: %v", err)
	}
	s.dies("put customers/a/CHG-1.json")
	s.uploadDying("a", "b")
	s.pass(testGrace)
	s.on = func(_ context.Context, call string, do func() error) error {
		if call == "put customers/a/CHG-1.json" {
			return errForbidden
		}
		return do()
	}
	got, err := r.Reconcile(t.Context(), testID)
	if told(got) != "b" || !errors.Is(err, errForbidden) || !strings.Contains(err.Error(), "write trigger customers/a/CHG-1.json: 403") {
		t.Errorf("told %v, %v", got, err)
	}
	s.on = nil
	s.objects[archiveKey] = []byte(`{"changeId":"CHG-1","customers":{}}`)
	if _, err := r.Reconcile(t.Context(), testID); !errors.Is(err, archive.ErrInvalid) {
		t.Errorf("without customers: %v", err)
	}
}

// A throttled trigger is written again, as the policy says.
func TestReconcileRetries(t *testing.T) {
	s := newService(t)
	s.dies("put " + htsKey)
	s.uploadDying("hts")
	s.pass(testGrace)
	tries := 0
	s.on = func(_ context.Context, call string, do func() error) error {
		if call == "put "+htsKey {
			if tries++; tries < 3 {
				return archive.ErrThrottled
			}
		}
		return do()
	}
	r, _ := s.reconciler(nil)
	if got, err := r.Reconcile(t.Context(), testID); told(got) != "hts" || err != nil || tries != 3 {
		t.Errorf("told %v, %v after %d tries", got, err, tries)
	}
}

// A message that got lost, or became a dead letter, is told again, each time that the
// grace has passed, until it is processed.
func TestReconcileTellsAgain(t *testing.T) {
	lost := func(s *service) {
		s.notify = func(Message) {}
		s.upload("hts")
		s.notify = func(m Message) { s.queue.Send(m, 0) }
	}
	dead := func(s *service) {
		s.upload("hts")
		s.on = func(_ context.Context, call string, do func() error) error {
			if call == "work" {
				return errForbidden
			}
			return do()
		}
		for range DefaultReceives {
			s.back.Handle(t.Context(), s.receive())
		}
		s.on = nil
		_ = s.clock.Sleep(t.Context(), testVisibility)
		if _, again := s.queue.TryReceive(); again || len(s.queue.DeadLetters()) != 1 {
			t.Fatal("it is no dead letter")
		}
	}
	for name, happens := range map[string]func(*service){"lost": lost, "dead letter": dead} {
		s := newService(t)
		r, looked := s.reconciler(nil)
		happens(s)
		for range 2 {
			s.pass(testGrace)
			if done, err := r.Sweep(t.Context()); err != nil || done.Told != 1 {
				t.Errorf("%s: %+v, %v: %v", name, done, err, *looked)
			}
			if done, err := r.Sweep(t.Context()); err != nil || done.Looked != 0 {
				t.Errorf("%s, at once again: %+v, %v", name, done, err)
			}
		}
		s.work(t)
		s.check("hts")
		s.pass(testGrace)
		if done, err := r.Sweep(t.Context()); err != nil || done != (Swept{1, 0, 0}) {
			t.Errorf("%s, processed: %+v, %v", name, done, err)
		}
	}
}
