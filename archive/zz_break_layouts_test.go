package archive

import (
	"context"
	"testing"
)

// deletable is a store whose triggers can be deleted.
type deletable struct{ *memStore }

func (deletable) Delete(context.Context, string, Condition) error { return nil }

// TestBreakTriggersOfTwoLayouts: two archives in one bucket, below prefixes of their own.
// The keys of triggers do not tell whose they are, so that of an order passes for one of
// the change with the same id: nobody has uploaded the change, and it is processed.
func TestBreakTriggersOfTwoLayouts(t *testing.T) {
	r := newRig(t, 0)
	orders, err := New(Options{Store: r.store, Clock: r.clock, Layout: &Layout{
		Prefix: "orders/", Suffix: ".json", ID: []string{"order_id"}, History: "events", Customers: "customers",
		Entry: EntryLayout{ID: "event_id", Timestamp: "at", User: "by", Type: "kind", Customer: "for"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	u, err := NewUploader(UploaderOptions{Core: orders, Store: r.store, Clock: r.clock})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := orders.Layout().Parse([]byte(`{"order_id":"CHG-1","customers":["hts"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Upload(t.Context(), Upload{Document: doc, UserID: "mallory"}); err != nil {
		t.Fatal(err)
	}
	worked := 0
	changes, err := NewBackend(BackendOptions{Core: r.Archive, Store: deletable{r.store}, Clock: r.clock, Work: func(context.Context, Job) (Edit, error) {
		worked++
		return Edit{}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	body := `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"customers/hts/CHG-1.json","eTag":"e"}}}]}`
	response, err := changes.HandleSQS(t.Context(), SQSEvent{Records: []SQSMessage{{MessageID: "1", Body: body}}})
	if worked > 0 {
		t.Errorf("the order's message is acknowledged (%v, %v) as done for the change: %s", response, err, r.store.body(testKey))
	}
}
