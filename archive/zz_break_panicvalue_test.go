package archive

import (
	"context"
	"strings"
	"testing"
)

// TestBreakPanicValue: what a document holds is not for logs. web.ErrorLog leaves the value
// of a panic out; HandleSQS tells it to Failed, at any length.
func TestBreakPanicValue(t *testing.T) {
	r := newRig(t, 0)
	var told string
	b, err := NewBackend(BackendOptions{Core: r.Archive, Store: r.store, Clock: r.clock,
		Work: func(_ context.Context, j Job) (Edit, error) {
			panic("unexpected: " + strings.Repeat("private text ", 10_000))
		},
		Failed: func(_ context.Context, _ Message, err error) { told = err.Error() }})
	if err != nil {
		t.Fatal(err)
	}
	body := `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"customers/hts/CHG-1.json","eTag":"e"}}}]}`
	if _, err := b.HandleSQS(t.Context(), SQSEvent{Records: []SQSMessage{{MessageID: "1", Body: body}}}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(told, "private text") {
		t.Errorf("Failed is told %d bytes of it", len(told))
	}
}
