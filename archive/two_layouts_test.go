package archive

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// deletable is a store whose triggers can be deleted.
type deletable struct{ *memStore }

func (deletable) Delete(context.Context, string, Condition) error { return nil }

// below is a store's part with a prefix.
type below struct {
	deletable
	prefix string
}

func (b below) Get(ctx context.Context, key string) ([]byte, string, error) {
	return b.memStore.Get(ctx, b.prefix+key)
}

func (b below) Put(ctx context.Context, key string, body []byte, cond Condition) (string, error) {
	return b.memStore.Put(ctx, b.prefix+key, body, cond)
}

// TestTriggersOfTwoLayouts: of two archives in one bucket, each below a prefix of its own,
// none takes the other's messages for its own, also if the documents have one id. The
// prefixes are those of the stores: that of a layout is not in the keys of triggers.
func TestTriggersOfTwoLayouts(t *testing.T) {
	r := newRig(t, 0)
	layout := &Layout{
		Prefix: "orders/", Suffix: ".json", ID: []string{"order_id"}, History: "events", Customers: "customers",
		Entry: EntryLayout{ID: "event_id", Timestamp: "at", User: "by", Type: "kind", Customer: "for"},
	}
	changes := below{deletable{r.store}, "changes/"}
	orders := below{deletable{r.store}, "orders/"}
	r.store.objects["changes/"+testKey] = []byte(testDoc)
	var backends []*Backend
	var failed []error
	worked := ""
	for _, each := range []struct {
		store  below
		layout *Layout
		body   string
	}{{changes, nil, `{"changeId":"CHG-2","customers":["hts"]}`}, {orders, layout, `{"order_id":"CHG-1","customers":["hts"]}`}} {
		a, err := New(Options{Store: each.store, Clock: r.clock, Layout: each.layout})
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewBackend(BackendOptions{
			Core: a, Store: each.store, Clock: r.clock, Source: S3Source{Prefix: each.store.prefix},
			Work: func(_ context.Context, j Job) (Edit, error) {
				worked += each.store.prefix + j.ObjectID + " "
				return Edit{}, nil
			},
			Failed: func(_ context.Context, _ Message, err error) { failed = append(failed, err) },
		})
		if err != nil {
			t.Fatal(err)
		}
		backends = append(backends, b)
		u, err := NewUploader(UploaderOptions{Core: a, Store: each.store, Clock: r.clock})
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
	if r.store.body(key) == "" {
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
	r := newRig(t, 0)
	var failed []error
	b, err := NewBackend(BackendOptions{Core: r.Archive, Store: deletable{r.store}, Clock: r.clock,
		Failed: func(_ context.Context, _ Message, err error) { failed = append(failed, err) }})
	if err != nil {
		t.Fatal(err)
	}
	r.store.objects["archive/CHG-3.json"] = []byte(`{"order_id":"CHG-3"}`)
	for id, want := range map[string]error{"O-1": ErrNotFound, "2026/11/O-77": ErrForeign, "CHG-3": ErrUnreadable} {
		failed = nil
		body := s3Records(s3Record("ObjectCreated:Put", "customers/hts/"+id+".json", "e"))
		response, err := b.HandleSQS(t.Context(), SQSEvent{Records: []SQSMessage{{MessageID: "1", Body: body}}})
		if err != nil || len(response.BatchItemFailures) != 1 || len(failed) != 1 || !errors.Is(failed[0], want) {
			t.Errorf("%s: %v, %v, %v", id, response, err, failed)
		}
	}
}

// TestNoLayoutInsideAnother: with slashes and no prefix of its own an id could be the key of
// another archive's document, all of which its author would choose, with a history that
// nobody made.
func TestNoLayoutInsideAnother(t *testing.T) {
	for prefix, good := range map[string]bool{"": false, "arch": false, "archive": false, "orders/": true, "a/b/": true} {
		l := &Layout{Prefix: prefix, Suffix: ".json", Slashes: true, ID: []string{"order_id"}, History: "events", Entry: EntryLayout{ID: "event_id"}}
		_, err := New(Options{Store: newRig(t, 0).store, Layout: l})
		if (err == nil) != good || !good && !strings.Contains(err.Error(), "must end with a slash") {
			t.Errorf("%q: %v", prefix, err)
		}
		l.Slashes = false
		if _, err := New(Options{Store: newRig(t, 0).store, Layout: l}); err != nil {
			t.Errorf("%q without slashes: %v", prefix, err)
		}
	}
}
