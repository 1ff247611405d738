package delivery

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"holdfast/archive"
)

// below is a store's part with a prefix.
type below struct {
	*bucket
	prefix string
}

func (b below) Get(ctx context.Context, key string) ([]byte, string, error) {
	return b.bucket.Get(ctx, b.prefix+key)
}

func (b below) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	return b.bucket.Put(ctx, b.prefix+key, body, cond)
}

// orders is a layout that has no name in common with the archive's own.
func orders() *archive.Layout {
	return &archive.Layout{
		Prefix: "orders/", Suffix: "/state.json", Slashes: true,
		ID: []string{"order_id"}, History: "events", Customers: "notify",
		Entry: archive.EntryLayout{ID: "event_id", Timestamp: "at", Type: "kind"},
	}
}

// Whatever the id, its trigger has a key where its document has one, which leads back to it.
func TestTriggerKeysOfAnyID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[a-zA-Z0-9._/-]{0,20}`).Draw(t, "id")
		l := orders()
		l.Slashes = rapid.Bool().Draw(t, "slashes")
		_, keyErr := l.Key(id)
		trigger, err := TriggerKey(l, "hts", id)
		if (err == nil) != (keyErr == nil) {
			t.Fatalf("the document's key: %v, its trigger's: %v", keyErr, err)
		}
		if err != nil {
			return
		}
		if strings.Contains("/"+trigger, "/.") || strings.Contains(trigger, "//") || strings.HasSuffix(trigger, "/") || len(trigger) > 900 {
			t.Fatalf("%q is not safe", trigger)
		}
		if customer, back, ok := ParseTriggerKey(l, trigger); !ok || customer != "hts" || back != id {
			t.Fatalf("%q is that of %q for %q", trigger, back, customer)
		}
	})
}

// A document that was read by one layout is not uploaded to a core of another.
func TestUploadOfAnotherLayout(t *testing.T) {
	s := newService(t)
	core, err := archive.New(archive.Options{Store: s, Layout: orders()})
	if err != nil {
		t.Fatal(err)
	}
	u, err := NewUploader(UploaderOptions{Core: core, Store: s})
	if err != nil {
		t.Fatal(err)
	}
	own := mustParse(t, `{"changeId":"CHG-1","order_id":"CHG-1"}`)
	if _, err := u.Upload(t.Context(), Upload{Document: own, UserID: "ann"}); !errors.Is(err, archive.ErrInvalid) || !strings.Contains(err.Error(), "another layout") {
		t.Error(err)
	}
	if s.puts() > 0 {
		t.Error("something was stored")
	}
}

// TestTriggersOfTwoLayouts: of two archives in one bucket, each below a prefix of its own,
// none takes the other's messages for its own, also if the documents have one id. The
// prefixes are those of the stores: that of a layout is not in the keys of triggers.
func TestTriggersOfTwoLayouts(t *testing.T) {
	s := newService(t)
	layout := &archive.Layout{
		Prefix: "orders/", Suffix: ".json", ID: []string{"order_id"}, History: "events", Customers: "customers",
		Entry: archive.EntryLayout{ID: "event_id", Timestamp: "at", User: "by", Type: "kind", Customer: "for"},
	}
	changes := below{s.bucket, "changes/"}
	orders := below{s.bucket, "orders/"}
	s.objects["changes/"+testKey] = []byte(testDoc)
	var backends []*Backend
	var failed []error
	worked := ""
	for _, each := range []struct {
		store  below
		layout *archive.Layout
		body   string
	}{{changes, nil, `{"changeId":"CHG-2","customers":["hts"]}`}, {orders, layout, `{"order_id":"CHG-1","customers":["hts"]}`}} {
		a, err := archive.New(archive.Options{Store: each.store, Clock: s.clock, Layout: each.layout})
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewBackend(BackendOptions{
			Core: a, Store: each.store, Clock: s.clock, Source: S3Source{Prefix: each.store.prefix},
			Work: func(_ context.Context, j Job) (archive.Edit, error) {
				worked += each.store.prefix + j.ObjectID + " "
				return archive.Edit{}, nil
			},
			Failed: func(_ context.Context, _ Message, err error) { failed = append(failed, err) },
		})
		if err != nil {
			t.Fatal(err)
		}
		backends = append(backends, b)
		u, err := NewUploader(UploaderOptions{Core: a, Store: each.store, Clock: s.clock})
		if err != nil {
			t.Fatal(err)
		}
		doc, err := a.Layout().Parse([]byte(each.body))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.Upload(t.Context(), Upload{Document: doc, UserID: "ann"}); err != nil {
			t.Fatal(err)
		}
	}
	key := "orders/customers/hts/CHG-1.json"
	if !s.has(key) {
		t.Fatalf("no trigger at %s", key)
	}
	event := SQSEvent{Records: []SQSMessage{{MessageID: "1", Body: s3Records(s3Record("ObjectCreated:Put", key, "e"))}}}
	response, err := backends[0].HandleSQS(t.Context(), event)
	if err != nil || len(response.BatchItemFailures) != 1 || worked != "" || len(failed) != 1 || !errors.Is(failed[0], ErrForeign) {
		t.Errorf("the changes' back end: %v, %v, it worked on %q, %v", response, err, worked, failed)
	}
	response, err = backends[1].HandleSQS(t.Context(), event)
	if err != nil || len(response.BatchItemFailures) != 0 || worked != "orders/CHG-1 " {
		t.Errorf("the orders' back end: %v, %v, it worked on %q", response, err, worked)
	}
}

// TestWhatOfAnotherLayoutIsRefused in one place: a trigger whose id no document of the
// back end's own has, or can have. It is not acknowledged.
func TestWhatOfAnotherLayoutIsRefused(t *testing.T) {
	s := newService(t)
	var failed []error
	b, err := NewBackend(BackendOptions{Core: s.archive, Store: s.bucket, Clock: s.clock,
		Failed: func(_ context.Context, _ Message, err error) { failed = append(failed, err) }})
	if err != nil {
		t.Fatal(err)
	}
	s.objects["archive/CHG-3.json"] = []byte(`{"order_id":"CHG-3"}`)
	for id, want := range map[string]error{"O-1": archive.ErrNotFound, "2026/11/O-77": ErrForeign, "CHG-3": archive.ErrUnreadable} {
		failed = nil
		body := s3Records(s3Record("ObjectCreated:Put", "customers/hts/"+id+".json", "e"))
		response, err := b.HandleSQS(t.Context(), SQSEvent{Records: []SQSMessage{{MessageID: "1", Body: body}}})
		if err != nil || len(response.BatchItemFailures) != 1 || len(failed) != 1 || !errors.Is(failed[0], want) {
			t.Errorf("%s: %v, %v, %v", id, response, err, failed)
		}
	}
}

// What uploads and back ends need of a layout is looked at before they begin.
func TestServiceOfAnotherLayout(t *testing.T) {
	s := newService(t)
	strict := orders()
	strict.Entry.Required = []string{"kind", "amount"}
	a, err := archive.New(archive.Options{Store: s, Layout: strict})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewUploader(UploaderOptions{Core: a, Store: s}); err == nil || !strings.Contains(err.Error(), "amount") {
		t.Errorf("uploads can't give an amount: %v", err)
	}
	queue := NewMemoryQueue(QueueOptions{})
	if _, err := NewBackend(BackendOptions{Core: a, Store: s, Queue: queue}); err == nil || !strings.Contains(err.Error(), "amount") {
		t.Errorf("back ends can't give an amount: %v", err)
	}
	l := orders()
	l.Entry.Required = []string{"kind", "event_id", "at"}
	core, err := archive.New(archive.Options{Store: s, Clock: s.clock, Layout: l})
	if err != nil {
		t.Fatal(err)
	}
	u, err := NewUploader(UploaderOptions{Core: core, Store: s, Clock: s.clock})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := l.Parse([]byte(`{"order_id":"2026/O-1","notify":["hts"],"events":[{"event_id":"forged"}],"status":"new"}`))
	if err != nil {
		t.Fatal(err)
	}
	up := Upload{Document: doc, UserID: "ann", ModificationID: "e1"}
	for range 2 { // who repeats it is not another, though no entry has a user
		done, err := u.Upload(t.Context(), up)
		if err != nil || results(done.Results) != "Archive:true hts:true" {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	const trigger = "customers/hts/2026/O-1.json"
	messages, err := ParseS3Event(l, S3Source{}, []byte(s3Records(s3Record("ObjectCreated:Put", trigger, strings.Trim(etagOf(s.objects[trigger]), `"`)))))
	if err != nil || len(messages) != 1 || messages[0].ObjectID != "2026/O-1" {
		t.Fatalf("%+v, %v", messages, err)
	}
	b, err := NewBackend(BackendOptions{Core: core, Store: s, Queue: queue})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Process(t.Context(), messages[0]); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := core.Load(t.Context(), "2026/O-1")
	if err != nil {
		t.Fatal(err)
	}
	mods, err := stored.Change().Modifications()
	var kinds []string
	for _, m := range mods {
		kinds = append(kinds, m.Type)
	}
	if err != nil || !slices.Equal(kinds, []string{archive.Created, archive.Processed}) || s.objects[trigger] != nil {
		t.Errorf("%v, %v: %s", kinds, err, stored.Document.Encode())
	}
}
