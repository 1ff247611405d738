package archive

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// slowly is a store whose requests take 50 ms.
type slowly struct {
	deletable
	clock *manualClock
}

func (s slowly) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	s.clock.pass(50 * time.Millisecond)
	return s.memStore.Get(ctx, key)
}

// TestBreakBatchMates: "which others are in its batch makes no difference". One message
// that names 2,500 triggers takes all the time of each invocation, and a good one behind
// it becomes a dead letter that was never looked at.
func TestBreakBatchMates(t *testing.T) {
	r := newRig(t, 0)
	store := slowly{deletable{r.store}, r.clock}
	a, err := New(Options{Store: store, Clock: r.clock})
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewBackend(BackendOptions{Core: a, Store: store, Clock: r.clock})
	if err != nil {
		t.Fatal(err)
	}
	record := func(customer, etag string) string {
		return fmt.Sprintf(`{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"customers/%s/CHG-1.json","eTag":"%s"}}}`, customer, etag)
	}
	many := make([]string, 2000)
	for i := range many {
		many[i] = strings.Replace(record("x", fmt.Sprint("e", i)), "CHG-1", "CHG-NONE", 1)
	}
	batch := SQSEvent{Records: []SQSMessage{
		{MessageID: "many", Body: `{"Records":[` + strings.Join(many, ",") + `]}`},
		{MessageID: "good", Body: `{"Records":[` + record("hts", "e") + `]}`},
	}}
	for range DefaultReceives {
		ctx, cancel := r.clock.WithTimeout(t.Context(), 28*time.Second)
		_, _ = b.HandleSQS(ctx, batch)
		cancel()
	}
	if n := strings.Count(r.store.body(testKey), `"customer_code":"hts"`); n == 0 {
		t.Errorf("after %d deliveries of the batch the good message was not processed once (its body has %d KB)", DefaultReceives, len(batch.Records[0].Body)>>10)
	}
	ctx, cancel := r.clock.WithTimeout(t.Context(), 28*time.Second)
	defer cancel()
	if got, err := b.HandleSQS(ctx, SQSEvent{Records: batch.Records[1:]}); err != nil || len(got.BatchItemFailures) > 0 {
		t.Errorf("alone it is answered %v, %v", got, err)
	}
}
