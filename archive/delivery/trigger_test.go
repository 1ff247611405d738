package delivery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/archive"
)

func TestTriggerKey(t *testing.T) {
	if key, err := TriggerKey(nil, "hts", "CHG-1"); err != nil || key != htsKey {
		t.Errorf("%q, %v", key, err)
	}
	for _, names := range [][2]string{{"", "a"}, {"a", ""}, {"a/b", "c"}, {"a", "b/c"}, {"..", "a"}, {"a", "../../archive/b"}} {
		if key, err := TriggerKey(nil, names[0], names[1]); !errors.Is(err, archive.ErrInvalid) || key != "" {
			t.Errorf("%q: %q, %v", names, key, err)
		}
	}
	for key, want := range map[string][2]string{
		htsKey: {"hts", "CHG-1"}, "customers/a.b/c.json.json": {"a.b", "c.json"},
		"": {}, "customers/": {}, "customers/hts": {}, "customers/hts/": {}, "customers/hts/.json": {}, "customers//CHG-1.json": {},
		"customers/hts/CHG-1": {}, "customers/hts/CHG-1.JSON": {}, "customers/hts/a/b.json": {}, "archive/CHG-1.json": {},
		"x/customers/hts/CHG-1.json": {}, "/customers/hts/CHG-1.json": {}, "Customers/hts/CHG-1.json": {}, "customers/h ts/CHG-1.json": {},
	} {
		customer, id, ok := ParseTriggerKey(nil, key)
		if [2]string{customer, id} != want || ok != (want[0] != "") {
			t.Errorf("%q: %q, %q, %v", key, customer, id, ok)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-zA-Z0-9./_-]{0,12}`)
		key := rapid.OneOf(rapid.Just("customers/"), rapid.Just("")).Draw(t, "prefix") + name.Draw(t, "rest") + rapid.OneOf(rapid.Just(".json"), name).Draw(t, "end")
		if customer, id, ok := ParseTriggerKey(nil, key); ok {
			if back, err := TriggerKey(nil, customer, id); err != nil || back != key {
				t.Fatalf("%q became %q, %v", key, back, err)
			}
		}
	})
}

func TestIDOfAMessageNeverChanges(t *testing.T) {
	m := Message{"hts", "CHG-12345", `"9b2cf535f27731c974343645a3985328"`}
	if got := m.ModificationID(archive.Processed); got != archive.DerivedModificationID("processed", m.Customer, m.ObjectID, m.TriggerETag) {
		t.Error(got)
	}
}

// failing answers the first writes of one customer's trigger with an error.
func (s *service) failing(customer string, times int, answer func(do func() error) error) {
	s.on = func(_ context.Context, call string, do func() error) error {
		if call == "put customers/"+customer+"/CHG-1.json" && times > 0 {
			times--
			return answer(do)
		}
		return do()
	}
}

func TestATriggerFails(t *testing.T) {
	with := func(err error) func(func() error) error { return func(func() error) error { return err } }
	tests := []struct {
		name   string
		answer func(do func() error) error
		times  int
		want   string // of customer b's entry: the error, or empty
		writes int
	}{
		{"throttled", with(archive.ErrThrottled), 2, "", 3},
		{"unavailable", with(archive.ErrUnavailable), 3, "", 4},
		{"request lost", with(errLost), 1, "", 2},
		{"reply lost", func(do func() error) error { _ = do(); return errLost }, 1, "", 2},
		{"conflict", with(archive.ErrConflict), 1, "", 2},
		{"throttled for too long", with(archive.ErrThrottled), 4, "write trigger customers/b/CHG-1.json: throttled", 4},
		{"denied", with(errForbidden), 9, "write trigger customers/b/CHG-1.json: 403 AccessDenied", 1},
		{"throttled, then denied", func() func(func() error) error {
			answers := []error{archive.ErrThrottled, errForbidden}
			return func(func() error) error { err := answers[0]; answers = answers[1:]; return err }
		}(), 2, "write trigger customers/b/CHG-1.json: 403 AccessDenied", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			s.failing("b", tt.times, tt.answer)
			done := s.upload("a", "b", "c")
			want := []UploadResult{{Customer: ArchiveResult, Success: true}, {Customer: "a", Success: true}, {Customer: "b", Success: tt.want == "", Error: tt.want}, {Customer: "c", Success: true}}
			if d := cmp.Diff(want, done.Results); d != "" {
				t.Error(d)
			}
			if got := s.count("put customers/b/CHG-1.json"); got != tt.writes {
				t.Errorf("%d writes, want %d", got, tt.writes)
			}
			if s.has("customers/b/CHG-1.json") != (tt.want == "") {
				t.Errorf("triggers: %v", s.triggers())
			}
			s.check()
		})
	}
}

func (s *service) count(call string) (n int) {
	for _, c := range s.calls {
		if c == call {
			n++
		}
	}
	return n
}

// The deadline is that of all triggers: a store that is down does not hold up the
// user once for each batch of customers.
func TestTriggersShareTheDeadline(t *testing.T) {
	s := newService(t)
	s.up.policy = archive.Policy{Kind: archive.Constant, Base: 2 * time.Second, Cap: 2 * time.Second, Retries: archive.Unlimited, Deadline: 9 * time.Second}
	s.on = func(_ context.Context, call string, do func() error) error {
		if call != "put "+archiveKey {
			return archive.ErrThrottled
		}
		return do()
	}
	start := s.clock.Now()
	done := s.upload(customersNamed(50)...)
	if took := s.clock.Now().Sub(start); took != 8*time.Second || len(s.calls) != 1+5+49 {
		t.Errorf("%v and %d calls", took, len(s.calls))
	}
	if n := strings.Count(results(done.Results), "false"); n != 50 {
		t.Errorf("%d failed", n)
	}
}

func TestUploadRepeated(t *testing.T) {
	doc := mustParse(t, `{"changeId":"CHG-1","title":"b","customers":["a","b"]}`)
	for name, up := range map[string]Upload{
		"create": {Document: doc, UserID: "u", ModificationID: "m1"},
		"update": {Document: doc, UserID: "u", ModificationID: "m1", Update: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			if up.Update {
				up.Base.ETag = s.upload("a").ETag
			}
			first := s.mustUpload(up)
			interloper := archive.Edit{Modifications: []archive.Modification{{ID: "x", UserID: "u", Type: archive.Updated}}}
			if _, err := s.archive.Append(t.Context(), testID, interloper); err != nil {
				t.Fatal(err)
			}
			for len(s.queue.Left()) > 0 { // its triggers are processed and gone
				s.handle("", s.receive())
			}
			versions, processed := len(s.stored), s.count("work")
			again := s.mustUpload(up)
			if len(s.stored) != versions || again.ModificationID != "m1" || !again.Change().HasModification("x") {
				t.Errorf("stored %d versions more: %s", len(s.stored)-versions, again.Document.Encode())
			}
			if d := cmp.Diff(first.Results, again.Results); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"a", "b"}, s.triggers()); d != "" {
				t.Error(d)
			}
			for len(s.queue.Left()) > 0 {
				s.handle("", s.receive())
			}
			if s.count("work") != processed || len(s.triggers()) > 0 || len(s.wrong) > 0 {
				t.Errorf("worked %d times more; triggers %v; %q", s.count("work")-processed, s.triggers(), s.wrong)
			}
		})
	}
}

// Wherever an upload ends, its repetition completes it: one entry, all triggers.
func TestUploadDies(t *testing.T) {
	up := Upload{Document: mustParse(t, `{"changeId":"CHG-1","customers":["a","b","c"]}`), UserID: "u", ModificationID: "m1"}
	ends := map[string]func(do func() error, cancel func()) error{
		"dies before":      func(func() error, func()) error { panic(death{}) },
		"dies after":       func(do func() error, _ func()) error { _ = do(); panic(death{}) },
		"cancelled before": func(_ func() error, cancel func()) error { cancel(); return context.Canceled },
		"cancelled after":  func(do func() error, cancel func()) error { cancel(); return do() },
		"cancelled, lost": func(do func() error, cancel func()) error {
			_ = do()
			cancel()
			return fmt.Errorf("%w: %w", archive.ErrOutcomeUnknown, context.Canceled)
		},
	}
	for name, end := range ends {
		for at := 1; at <= 4; at++ {
			s := newService(t)
			ctx, cancel := context.WithCancel(t.Context())
			s.on = func(_ context.Context, _ string, do func() error) error {
				if len(s.calls) == at {
					return end(do, cancel)
				}
				return do()
			}
			done, err := s.mortalUpload(ctx, up)
			if cut := strings.HasPrefix(name, "cancelled"); cut && at > 1 && (err != nil || len(done.Results) != 4 || len(s.calls) != at) {
				t.Errorf("%s at %d: %v, %s after %d calls", name, at, err, results(done.Results), len(s.calls))
			}
			if len(s.calls) > at {
				t.Errorf("%s at %d: went on with %q", name, at, s.calls[at:])
			}
			s.on = nil
			if got := results(s.mustUpload(up).Results); got != "Archive:true a:true b:true c:true" {
				t.Errorf("%s at %d, repeated: %s", name, at, got)
			}
			if got := s.load().Change().ModificationIDs(); !slices.Equal(got, []string{"m1"}) || len(s.triggers()) != 3 || len(s.wrong) > 0 {
				t.Errorf("%s at %d, repeated: %v, %v, %q", name, at, got, s.triggers(), s.wrong)
			}
		}
	}
}

func (s *service) mortalUpload(ctx context.Context, up Upload) (done Uploaded, err error) {
	defer func() {
		if r := recover(); r != nil && r != (death{}) {
			panic(r)
		}
	}()
	return s.up.Upload(ctx, up)
}

func TestCancelledWhileATriggerWaits(t *testing.T) {
	s := newService(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.failing("b", 9, func(func() error) error { return archive.ErrThrottled })
	s.clock.OnSleep = func(int) { cancel() }
	done, err := s.up.Upload(ctx, Upload{Document: mustParse(t, `{"changeId":"CHG-1","customers":["a","b","c"]}`), UserID: "u"})
	if err != nil || s.count("put customers/b/CHG-1.json") != 1 || s.count("put customers/c/CHG-1.json") != 0 {
		t.Errorf("%v: %v", err, s.calls)
	}
	got := done.Results
	if len(got) != 4 || !got[1].Success || !strings.HasSuffix(got[2].Error, "throttled") || !strings.HasSuffix(got[3].Error, "context canceled") {
		t.Errorf("%+v", got)
	}
}

func TestTwoUploadsHaveTwoIDs(t *testing.T) {
	ids := map[string]bool{}
	s := newService(t)
	s.up.clock = archive.WallClock{}
	Goroutines(4)(20, func(int) {
		done, err := s.up.Upload(t.Context(), Upload{Document: mustParse(t, testDoc), UserID: "u"})
		s.mu.Lock()
		defer s.mu.Unlock()
		ids[done.ModificationID] = true
		_ = err // all but one are conflicts
	})
	if len(ids) != 20 || len(s.stored) != 1 {
		t.Errorf("%d ids, %d versions", len(ids), len(s.stored))
	}
}

// TestTriggerInDoubt: a trigger whose answer was lost may be stored, and its result says so,
// whatever a later attempt was answered.
func TestTriggerInDoubt(t *testing.T) {
	replyLost := func(do func() error) error { _ = do(); return errLost }
	throttled := func(func() error) error { return archive.ErrThrottled }
	upload := func(answers ...func(do func() error) error) (*service, UploadResult) {
		s := newService(t)
		s.up.policy.Retries = len(answers) - 1
		s.on = func(_ context.Context, call string, do func() error) error {
			if call != "put "+htsKey {
				return do()
			}
			answer := answers[0]
			answers = answers[1:]
			return answer(do)
		}
		return s, s.upload("hts").Results[1]
	}
	for name, last := range map[string]func(func() error) error{"all lost": replyLost, "one lost, then throttled": throttled} {
		s, got := upload(replyLost, last, last)
		if !s.has(htsKey) || got.Success || got.ErrorType != UnknownOutcome || !strings.Contains(got.Error, "it is not known whether") {
			t.Errorf("%s: %+v, stored: %v", name, got, s.has(htsKey))
		}
	}
	if _, got := upload(throttled); got.Success || got.ErrorType != "" || strings.Contains(got.Error, "not known") {
		t.Errorf("throttled only: %+v", got)
	}
}

// TestUploaderDrawsUnderItsLock: the race detector tells if one of those who draw from its
// source does not hold the lock.
func TestUploaderDrawsUnderItsLock(t *testing.T) {
	s := newService(t)
	u, err := NewUploader(UploaderOptions{Core: s.archive, Store: s, Clock: s.clock, Rand: rand.New(rand.NewPCG(3, 4))})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, draw := range []func(){
		func() { _, _ = u.Upload(t.Context(), Upload{}) }, // draws an id, and is refused
		func() { u.wait(1, 0) },
		func() { u.floor(1, archive.ErrThrottled) },
	} {
		for range 2 {
			wg.Go(func() {
				for range 50 {
					draw()
				}
			})
		}
	}
	wg.Wait()
}
