package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/internal/testclock"
)

// bucket is a store as S3 is, which sends a message for each trigger written. It
// watches what must hold at every moment: no trigger is written before its archive
// object holds what it is for, and none is deleted before it holds the result.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	// modified is when an object of a listing was; those that are not in it, at all times.
	modified map[string]time.Time
	stored   [][]byte // every version of the archive objects, in order
	calls    []string
	wrong    []string
	// notify is told of every trigger written.
	notify func(Message)
	// deletesAnything: If-Match is ignored on DELETE, as by some servers.
	deletesAnything bool
	// on, if not nil, answers every step instead of do, which does it properly.
	on func(ctx context.Context, call string, do func() error) error
}

// step is one call of a worker to the outside.
func (b *bucket) step(ctx context.Context, call string, do func() error) error {
	b.mu.Lock()
	b.calls = append(b.calls, call)
	on := b.on
	b.mu.Unlock()
	locked := func() error {
		b.mu.Lock()
		defer b.mu.Unlock()
		return do()
	}
	if on == nil {
		return locked()
	}
	return on(ctx, call, locked)
}

func (b *bucket) Get(ctx context.Context, key string) (body []byte, etag string, err error) {
	err = b.step(ctx, "get "+key, func() error {
		var there bool
		if body, there = b.objects[key]; !there {
			return archive.ErrNotFound
		}
		etag = etagOf(body)
		return nil
	})
	return body, etag, err
}

func (b *bucket) Head(context.Context, string) (string, error) { panic("nobody needs Head") }

func (b *bucket) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (etag string, err error) {
	err = b.step(ctx, "put "+key, func() error {
		if err := b.refuses(key, cond); err != nil {
			return err
		}
		etag = etagOf(body)
		b.objects[key] = body
		if customer, id, isTrigger := ParseTriggerKey(nil, key); isTrigger {
			b.mustHold(id, triggerIn(body).ModificationID, "written: "+key)
			b.notify(Message{customer, id, etag})
		} else {
			b.stored = append(b.stored, body)
		}
		return nil
	})
	return etag, err
}

func (b *bucket) Delete(ctx context.Context, key string, cond archive.Condition) error {
	return b.step(ctx, "delete "+key, func() error {
		if b.deletesAnything {
			delete(b.objects, key)
			return nil
		}
		if err := b.refuses(key, cond); err != nil {
			return err
		}
		if customer, id, isTrigger := ParseTriggerKey(nil, key); isTrigger && b.objects[key] != nil {
			m := Message{customer, id, etagOf(b.objects[key])}
			b.mustHold(id, m.ModificationID(archive.Processed), "deleted: "+key)
		}
		delete(b.objects, key)
		return nil
	})
}

func (b *bucket) refuses(key string, cond archive.Condition) error {
	body, there := b.objects[key]
	switch {
	case cond.IsAbsent() && there, cond.ETag() != "" && there && etagOf(body) != cond.ETag():
		return archive.ErrPreconditionFailed
	case cond.ETag() != "" && !there:
		return archive.ErrNotFound
	}
	return nil
}

func (b *bucket) mustHold(id, modification, event string) {
	if c, err := archive.ParseChange(b.objects["archive/"+id+".json"]); err != nil || !c.HasModification(modification) {
		b.wrong = append(b.wrong, fmt.Sprintf("%s, but the archive has no %s (%v)", event, modification, err))
	}
}

func triggerIn(body []byte) (t Trigger) {
	if err := json.Unmarshal(body, &t); err != nil {
		panic(err)
	}
	return t
}

// puts is how many writes there were.
func (b *bucket) puts() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, call := range b.calls {
		if strings.HasPrefix(call, "put ") {
			n++
		}
	}
	return n
}

func (b *bucket) has(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.objects[key] != nil
}

// triggers lists the customers whose triggers are there.
func (b *bucket) triggers() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	customers := []string{}
	for key := range b.objects {
		if customer, _, isTrigger := ParseTriggerKey(nil, key); isTrigger {
			customers = append(customers, customer)
		}
	}
	slices.Sort(customers)
	return customers
}

// service is a front end, a queue and a back end around a bucket.
type service struct {
	*bucket
	t        failer
	clock    *testclock.Clock
	queue    *MemoryQueue
	archive  *archive.Archive
	up       *Uploader
	back     *Backend
	failures []string // what the back end reported
}

// steppedQueue makes an acknowledgement a step of the worker.
type steppedQueue struct {
	*MemoryQueue
	b *bucket
}

func (q steppedQueue) Acknowledge(ctx context.Context, d Delivery) error {
	return q.b.step(ctx, "acknowledge", func() error { return q.MemoryQueue.Acknowledge(ctx, d) })
}

const testVisibility = time.Hour // longer than all waits of a policy

func newService(t failer) *service {
	s := &service{
		t: t, bucket: &bucket{objects: map[string][]byte{}, modified: map[string]time.Time{}},
		clock: testclock.At(time.Date(2025, 10, 20, 12, 0, 0, 0, time.UTC)),
	}
	s.queue = NewMemoryQueue(QueueOptions{Clock: s.clock, Visibility: testVisibility})
	s.notify = func(m Message) { s.queue.Send(m, 0) }
	policy := archive.Policy{Kind: archive.Exponential, Base: 50 * time.Millisecond, Cap: 400 * time.Millisecond, Retries: 3}
	var errs [3]error
	s.archive, errs[0] = archive.New(archive.Options{Store: s, Policy: policy, Clock: s.clock})
	s.up, errs[1] = NewUploader(UploaderOptions{Core: s.archive, Store: s, Policy: policy, Clock: s.clock, Parallel: Goroutines(1)})
	s.back, errs[2] = NewBackend(BackendOptions{
		Core: s.archive, Store: s, Queue: steppedQueue{s.queue, s.bucket}, Work: s.survey,
		Failed: func(_ context.Context, m Message, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.failures = append(s.failures, m.Customer+": "+err.Error())
		},
	})
	for _, err := range errs {
		if err != nil {
			t.Fatalf("%v", err)
		}
	}
	return s
}

const surveyField = "survey_id"

// survey is work with a result that differs each time: a field and an entry.
func (s *service) survey(ctx context.Context, job Job) (e archive.Edit, err error) {
	err = s.step(ctx, "work", func() error {
		id := fmt.Sprint("survey-", len(s.calls))
		e = archive.Edit{Fields: fields(surveyField, fmt.Sprintf("%q", id)), Modifications: []archive.Modification{{ID: id, Type: "surveyed", UserID: job.Customer}}}
		return nil
	})
	return e, err
}

// upload stores testDoc with these customers as a new object.
func (s *service) upload(customers ...string) Uploaded {
	s.t.Helper()
	list, _ := json.Marshal(customers)
	doc := mustParse(s.t, fmt.Sprintf(`{"changeId":"CHG-1","title":"a","customers":%s}`, list))
	return s.mustUpload(Upload{Document: doc, UserID: "alice"})
}

func (s *service) mustUpload(up Upload) Uploaded {
	s.t.Helper()
	done, err := s.up.Upload(context.Background(), up)
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	return done
}

// receive returns the next delivery, after the visibility timeout of earlier ones.
func (s *service) receive() Delivery {
	s.t.Helper()
	_ = s.clock.Sleep(context.Background(), testVisibility)
	d, ok := s.queue.TryReceive()
	if !ok {
		s.t.Fatalf("no message was delivered")
	}
	return d
}

// check compares what is there in the end, and every version on the way.
func (s *service) check(processed ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.wrong {
		s.t.Fatalf("%s", w)
	}
	var got []string
	for n, body := range s.stored {
		c := mustParse(s.t, string(body))
		mods, err := c.Modifications()
		if err != nil {
			s.t.Fatalf("%v", err)
		}
		got = s.results(n, c, mods)
	}
	if slices.Sort(got); !slices.Equal(got, processed) {
		s.t.Fatalf("processed: %q, want %q\n%s", got, processed, strings.Join(s.calls, "\n"))
	}
}

// results lists who has processed a version. Behind the result of each there must
// be its entry, and its field must be the last's.
func (s *service) results(version int, c *archive.Change, mods []archive.Modification) (customers []string) {
	s.t.Helper()
	for i, m := range mods {
		if m.Type != archive.Processed {
			continue
		}
		customers = append(customers, m.CustomerCode)
		if work := mods[i-1]; work.Type != "surveyed" || work.UserID != m.CustomerCode {
			s.t.Fatalf("version %d: %q is processed after %+v", version, m.CustomerCode, work)
		}
		if i == len(mods)-1 {
			if value, _ := c.Field(surveyField); string(value) != fmt.Sprintf("%q", mods[i-1].ID) {
				s.t.Fatalf("version %d: %s is %s after %s", version, surveyField, value, mods[i-1].ID)
			}
		}
	}
	if n := len(mods); n > 0 && mods[n-1].Type == "surveyed" || 2*len(customers) > n {
		s.t.Fatalf("version %d has a result without its processed: %+v", version, mods)
	}
	return customers
}

var _ failer = (testing.TB)(nil)

// customersNamed are so many codes in alphabetical order.
func customersNamed(n int) []string {
	codes := make([]string, n)
	for i := range codes {
		codes[i] = fmt.Sprintf("c%03d", i)
	}
	return codes
}
