package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
)

func TestBackendOptionsAreRequired(t *testing.T) {
	s := newService(t)
	for _, o := range []BackendOptions{
		{Store: s, Queue: s.queue}, {Core: s.archive, Queue: s.queue},
	} {
		if _, err := NewBackend(o); err == nil || !strings.Contains(err.Error(), "are required") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Without a queue a back end only processes, and says so if more is asked for.
func TestBackendWithoutQueue(t *testing.T) {
	s := newService(t)
	s.upload("hts")
	var told error
	b, err := NewBackend(BackendOptions{Core: s.archive, Store: s, Work: s.survey, Failed: func(_ context.Context, _ Message, err error) { told = err }})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Run(t.Context()); !errors.Is(err, errNoQueue) {
		t.Errorf("run: %v", err)
	}
	if b.Handle(t.Context(), s.receive()); !errors.Is(told, errNoQueue) {
		t.Errorf("handle: %v", told)
	}
	s.check("hts")
}

const (
	archiveKey = "archive/CHG-1.json"
	htsKey     = "customers/hts/CHG-1.json"
)

// Every row has one upload for one customer and plays its message so often.
func TestHandle(t *testing.T) {
	at := func(call string, err error) func(s *service) {
		return func(s *service) {
			s.on = func(_ context.Context, c string, do func() error) error {
				if c == call {
					return err
				}
				return do()
			}
		}
	}
	gone := func(s *service) { delete(s.objects, archiveKey) }
	healthy := func(s *service) { s.on = nil }
	tests := []struct {
		name      string
		before    []func(s *service) // each delivery
		processed bool
		left      bool // the message
		trigger   bool // is still there
		failure   string
	}{
		{"processed", []func(*service){healthy}, true, false, false, ""},
		{"the archive refuses", []func(*service){at("put "+archiveKey, errForbidden)}, false, true, true, "403"},
		{"409 for ever, while the version stands", []func(*service){at("put "+archiveKey, archive.ErrConflict)}, false, true, true, "the store could not be used in 4 attempts"},
		{"a store that contradicts itself", []func(*service){at("put "+archiveKey, archive.ErrPreconditionFailed)}, false, true, true, "gives this very ETag"},
		{"endless throttling", []func(*service){at("put "+archiveKey, archive.ErrThrottled)}, false, true, true, "the store could not be used in 4 attempts"},
		{"a failed update, then better", []func(*service){at("put "+archiveKey, errForbidden), healthy}, true, false, false, "403"},
		{"the archive can't be read", []func(*service){at("get "+archiveKey, errForbidden)}, false, true, true, "403"},
		{"the work fails", []func(*service){at("work", errors.New("no meeting room"))}, false, true, true, "process CHG-1 for hts: no meeting room"},
		{"the work fails once", []func(*service){at("work", errors.New("no meeting room")), healthy}, true, false, false, "no meeting room"},
		{"the trigger can't be deleted", []func(*service){at("delete "+htsKey, errForbidden)}, true, false, true, "delete trigger " + htsKey + ": 403"},
		{"another deletes the trigger at the same time", []func(*service){at("delete "+htsKey, archive.ErrConflict)}, true, false, true, "delete trigger"},
		{"the trigger is gone", []func(*service){at("delete "+htsKey, archive.ErrNotFound)}, true, false, true, ""},
		{"not acknowledged", []func(*service){at("acknowledge", errForbidden)}, true, true, false, "403"},
		{"not acknowledged, delivered again", []func(*service){at("acknowledge", errForbidden), healthy}, true, false, false, "403"},
		{"the object is gone", []func(*service){gone}, false, true, true, "load archive/CHG-1.json: object not found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			s.upload("hts")
			for _, before := range tt.before {
				before(s)
				s.back.Handle(t.Context(), s.receive())
			}
			s.check([]string{"hts"}[:btoi(tt.processed)]...)
			if left := len(s.queue.Left()) > 0; left != tt.left || s.has(htsKey) != tt.trigger {
				t.Errorf("left %v, trigger %v", left, s.has(htsKey))
			}
			if failures := strings.Join(s.failures, "\n"); (failures == "") != (tt.failure == "") || !strings.Contains(failures, tt.failure) || len(s.failures) > 1 {
				t.Errorf("reported %q, want one with %q", s.failures, tt.failure)
			}
		})
	}
}

// What was done is not done again, only ended.
func TestRedeliveryOfWhatWasDone(t *testing.T) {
	s := newService(t)
	s.upload("hts")
	d := s.receive()
	for range 2 {
		s.calls = nil
		s.back.Handle(t.Context(), d)
	}
	if d := cmp.Diff([]string{"get " + archiveKey, "delete " + htsKey, "acknowledge"}, s.calls); d != "" {
		t.Error(d)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestObjectGoneEndsAsDeadLetter(t *testing.T) {
	s := newService(t)
	s.upload("hts")
	delete(s.objects, archiveKey)
	for range 5 {
		s.back.Handle(t.Context(), s.receive())
	}
	_ = s.clock.Sleep(t.Context(), testVisibility)
	s.queue.Close()
	if err := s.back.Run(t.Context()); err != nil {
		t.Error(err)
	}
	if dead := s.queue.DeadLetters(); len(dead) != 1 || dead[0].Customer != "hts" || len(s.failures) != 5 {
		t.Errorf("dead: %v after %d failures", dead, len(s.failures))
	}
	if !s.has(htsKey) || s.has(archiveKey) {
		t.Errorf("there are %v", s.triggers())
	}
}

// A message that names no version would be one with all others like it.
func TestProcessRefusesWhatNamesNoTrigger(t *testing.T) {
	for _, m := range []Message{{}, {"../x", testID, `"1"`}, {"hts", "a/b", `"1"`}, {"hts", testID, ""}} {
		s := newService(t)
		s.upload("hts")
		s.calls = nil
		if err := s.back.Process(t.Context(), m); !errors.Is(err, archive.ErrInvalid) || !strings.HasPrefix(err.Error(), "process message: ") {
			t.Errorf("%+v: %v", m, err)
		}
		if len(s.calls) > 0 || !s.has(htsKey) {
			t.Errorf("%+v: %v", m, s.calls)
		}
	}
}

// Only its own version of the trigger is a message's to delete.
func TestANewerTriggerStays(t *testing.T) {
	for name, deletesAnything := range map[string]bool{"S3": false, "a server that ignores If-Match on DELETE": true} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			first := s.upload("hts")
			s.deletesAnything = deletesAnything
			s.on = func(_ context.Context, call string, do func() error) error {
				if call == "delete "+htsKey {
					s.on = nil
					s.mustUpload(Upload{Document: mustParse(t, `{"changeId":"CHG-1","title":"b"}`), Update: true, UserID: "bob", Base: s.load()})
				}
				return do()
			}
			s.back.Handle(t.Context(), s.receive())
			if s.has(htsKey) == deletesAnything {
				t.Errorf("the newer trigger is there: %v", s.has(htsKey))
			}
			if body := s.objects[htsKey]; !deletesAnything && triggerIn(body).ModificationID == first.ModificationID {
				t.Errorf("the trigger is the old one: %s", body)
			}
			s.back.Handle(t.Context(), s.receive())
			s.check("hts", "hts")
			if len(s.queue.Left()) > 0 || s.has(htsKey) || len(s.failures) > 0 {
				t.Errorf("left %v, failures %q", s.queue.Left(), s.failures)
			}
		})
	}
}

func (s *service) load() archive.Snapshot {
	s.t.Helper()
	loaded, err := s.archive.Load(context.Background(), testID)
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	return loaded
}

func TestJobAndEntry(t *testing.T) {
	s := newService(t)
	s.upload("hts")
	var job Job
	b, err := NewBackend(BackendOptions{Core: s.archive, Store: s, Queue: s.queue, Work: func(_ context.Context, j Job) (archive.Edit, error) {
		job = j
		return archive.Edit{}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	before := s.load()
	m := s.receive().Message
	if err := b.Process(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if job.Message != m || job.Archived.ETag != before.ETag || job.Archived.Change().ID() != testID {
		t.Errorf("the job is %+v", job)
	}
	mods, _ := s.load().Change().Modifications()
	want := archive.Modification{
		ID: m.ModificationID(archive.Processed), Timestamp: "2025-10-20T13:00:00Z", UserID: "backend", Type: archive.Processed, CustomerCode: "hts", Covers: mods[0].ID,
	}
	if d := cmp.Diff(want, mods[len(mods)-1]); d != "" || len(mods) != 2 {
		t.Error(d, len(mods))
	}
}

func TestRunEnds(t *testing.T) {
	s := newService(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.clock.OnSleep = func(int) { cancel() }
	if err := s.back.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
	s.queue.Close()
	if err := s.back.Run(t.Context()); err != nil {
		t.Errorf("closed: %v", err)
	}
}

// Thirty customers' back ends at once, every message twice, and more workers than
// one process has.
func TestManyWorkers(t *testing.T) {
	s := newService(t)
	customers := customersNamed(30)
	s.queue = NewMemoryQueue(QueueOptions{Visibility: testVisibility, Poll: ms})
	s.notify = func(m Message) { s.queue.Send(m, 0); s.queue.Send(m, 0) }
	policy := archive.Policy{Kind: archive.Full, Base: ms, Cap: 20 * ms, Retries: archive.Unlimited}
	a, err := archive.New(archive.Options{Store: s, Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewBackend(BackendOptions{Core: a, Store: s, Queue: s.queue, Work: s.survey})
	if err != nil {
		t.Fatal(err)
	}
	s.up.parallel = Goroutines(8)
	s.upload(customers...)
	s.queue.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var failed atomic.Int64
	Goroutines(12)(12, func(int) {
		if b.Run(ctx) != nil {
			failed.Add(1)
		}
	})
	s.check(customers...)
	if failed.Load() > 0 || len(s.queue.DeadLetters()) > 0 || len(s.triggers()) > 0 {
		t.Errorf("%d workers failed; dead: %v; triggers: %v", failed.Load(), s.queue.DeadLetters(), s.triggers())
	}
}

func TestMeetingIsOneWrite(t *testing.T) {
	s := newService(t)
	s.objects[testKey] = []byte(testDoc)
	meeting := json.RawMessage(`{"meeting_id": "AAMk", "start_time": "2025-10-20T13:30:00Z"}`)
	steps := []struct {
		edit  archive.Edit
		field string
		entry archive.Modification
	}{
		{ScheduleMeeting("m1", "backend", meeting), string(meeting), archive.Modification{
			ID: "m1", UserID: "backend", Type: archive.MeetingScheduled, MeetingMetadata: json.RawMessage(`{"meeting_id":"AAMk","start_time":"2025-10-20T13:30:00Z"}`)}},
		{CancelMeeting("m2", "backend"), "null", archive.Modification{ID: "m2", UserID: "backend", Type: archive.MeetingCancelled}},
	}
	for n, step := range steps {
		done, err := s.archive.Append(t.Context(), testID, step.edit)
		if err != nil {
			t.Fatal(err)
		}
		if value, _ := done.Document.Field("meeting_metadata"); string(value) != step.field || s.puts() != n+1 {
			t.Errorf("the field is %s after %d writes", value, s.puts())
		}
		mods, _ := done.Change().Modifications()
		step.entry.Timestamp = "2025-10-20T12:00:00Z"
		step.entry.ContentDigest = archive.ContentDigest(step.edit.Fields, nil, step.edit.Modifications[0])
		if d := cmp.Diff(step.entry, mods[len(mods)-1]); d != "" || len(mods) != n+1 {
			t.Error(d, len(mods))
		}
	}
	for _, none := range []json.RawMessage{nil, {}, json.RawMessage("{")} {
		if _, err := s.archive.Append(t.Context(), testID, ScheduleMeeting("m3", "backend", none)); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("meeting %q: %v", none, err)
		}
	}
}
