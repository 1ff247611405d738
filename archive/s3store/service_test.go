package s3store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
)

// forgetful loses the reply to every third write, which the server has executed.
type forgetful struct {
	next   http.RoundTripper
	writes atomic.Int64
}

func (f *forgetful) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := f.next.RoundTrip(req)
	if err != nil || req.Method == http.MethodGet || req.Method == http.MethodHead || f.writes.Add(1)%3 != 0 {
		return resp, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return nil, errors.New("connection reset by peer")
}

// notifying sends an S3 event for each trigger that the server has acknowledged,
// or may have stored, as a bucket does that notifies of this prefix.
type notifying struct {
	*s3store.Store
	send func(body []byte)
}

func (n notifying) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := n.Store.Put(ctx, key, body, cond)
	if !strings.HasPrefix(key, "customers/") {
		return etag, err
	}
	if stored, head := n.Head(ctx, key); head == nil && (err == nil || errors.Is(err, archive.ErrOutcomeUnknown)) {
		n.send(fmt.Appendf(nil, `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":%q},"object":{"key":%q,"eTag":%q}}}]}`,
			n.Bucket(), n.Prefix()+key, strings.Trim(stored, `"`)))
	}
	return etag, err
}

func TestServiceOverHTTP(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	queue := delivery.NewMemoryQueue(delivery.QueueOptions{Visibility: 10 * time.Second, Poll: time.Millisecond})
	stage := server.StoreVia(func(next http.RoundTripper) http.RoundTripper { return &forgetful{next: next} }).WithPrefix("prod")
	store := notifying{
		stage,
		func(body []byte) {
			messages, err := delivery.ParseS3Event(nil, stage.EventSource(), body)
			if err != nil {
				t.Error(err)
			}
			for _, m := range messages {
				queue.Send(m, 0)
				queue.Send(m, 0) // at least once
			}
		},
	}
	policy := archive.Policy{Kind: archive.Full, Base: time.Millisecond, Cap: 50 * time.Millisecond, Retries: 200, Deadline: time.Minute}
	core := must(archive.New(archive.Options{Store: store, Policy: policy}))
	var works atomic.Int64
	back := must(delivery.NewBackend(delivery.BackendOptions{
		Core: core, Store: store, Queue: queue, Work: func(context.Context, delivery.Job) (archive.Edit, error) {
			id := fmt.Sprint("survey-", works.Add(1), "-", rand.Uint64())
			return archive.Edit{Modifications: []archive.Modification{{ID: id, Type: "surveyed"}}}, nil
		},
		Failed: func(_ context.Context, m delivery.Message, err error) { t.Logf("%s: %v", m.Customer, err) },
	}))
	up := must(delivery.NewUploader(delivery.UploaderOptions{Core: core, Store: store, Policy: policy}))

	customers := []string{"bat", "cds", "fdbus", "hts", "icx", "motor"}
	list, _ := json.Marshal(customers)
	doc := must(archive.ParseChange(fmt.Appendf(nil, `{"changeId":"CHG-1","customers":%s}`, list)))
	done := must(up.Upload(t.Context(), delivery.Upload{Document: doc, UserID: "alice"}))
	for _, r := range done.Results {
		if !r.Success {
			t.Errorf("%+v", r)
		}
	}
	queue.Close()
	delivery.Goroutines(4)(4, func(int) {
		if err := back.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})

	loaded := must(core.Load(t.Context(), "CHG-1"))
	var processed []string
	surveyed := 0
	for _, m := range must(loaded.Change().Modifications()) {
		switch m.Type {
		case archive.Processed:
			processed = append(processed, m.CustomerCode)
		case "surveyed":
			surveyed++
		}
	}
	slices.Sort(processed)
	if !slices.Equal(processed, customers) || surveyed != len(customers) {
		t.Errorf("processed by %v with %d results", processed, surveyed)
	}
	for _, customer := range customers {
		key, _ := delivery.TriggerKey(nil, customer, "CHG-1")
		if _, err := server.Store().WithPrefix("prod").Head(t.Context(), key); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("%s: %v", key, err)
		}
	}
	if dead := queue.DeadLetters(); len(dead) > 0 {
		t.Errorf("dead: %v", dead)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
