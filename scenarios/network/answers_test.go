package network_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios/network"
)

var sentinels = []error{
	archive.ErrNotFound, archive.ErrPreconditionFailed, archive.ErrConflict,
	archive.ErrThrottled, archive.ErrUnavailable, archive.ErrOutcomeUnknown,
}

// same reports whether two errors are the same sentinel, or both none.
func same(a, b error) bool {
	for _, s := range sentinels {
		if errors.Is(a, s) != errors.Is(b, s) {
			return false
		}
	}
	return a != nil && b != nil
}

// newFaults are those of which the adapter has to find out what they mean.
func newFaults() (all []network.Fault) {
	for _, kind := range []network.Kind{network.NoAnswer, network.NoConnection} {
		all = append(all, network.Fault{Kind: kind})
	}
	for _, as := range network.AnswerNames() {
		all = append(all, network.Fault{Kind: network.Answer, As: as})
	}
	return all
}

// TestAnswersThroughTheAdapter holds the adapter against the table: every answer to
// every call that can get it means what the table says, does to the object what it
// says, takes one request, and says of itself that it happened.
func TestAnswersThroughTheAdapter(t *testing.T) {
	for _, f := range newFaults() {
		for _, call := range []network.Method{network.MethodGet, network.MethodHead, network.MethodPut, network.MethodDelete} {
			f.Call, f.Nth = call, 1
			if f.Validate() != nil {
				continue // it can't be answered so
			}
			f := f
			t.Run(f.String(), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, network.Latency{})
				store := r.store.WithRequestTimeout(time.Second)
				etag, err := r.direct.Put(t.Context(), "k", []byte("old"), archive.IfAbsent())
				if err != nil {
					t.Fatal(err)
				}
				applied := f.Applies() && (call == network.MethodPut || call == network.MethodDelete)
				if strings.HasSuffix(f.As, "412") {
					if call == network.MethodDelete {
						t.Skip("the embedded server ignores conditions of deletions")
					}
					etag, applied = `"stale"`, false
				}
				m := network.WithFault(t.Context(), f)
				err = do(m, store, call, etag)
				if want := f.Means(call); !same(err, want) {
					t.Errorf("the adapter says %v, the table %v", err, want)
				}
				if got := r.applied(t, call); got != applied {
					t.Errorf("applied: %v", got)
				}
				planned, requests, means := m.Befell()
				if planned != f.String() || !same(means, f.Means(call)) || requests != 1 {
					t.Errorf("befell: %q, %v, %d requests", planned, means, requests)
				}
				if _, err := r.store.Head(t.Context(), "other"); !errors.Is(err, archive.ErrNotFound) {
					t.Errorf("the next call: %v", err)
				}
			})
		}
	}
}

// TestAnswersThatNeedAnother: what changes a success leaves a refusal alone, and the
// other way round; it has then not happened.
func TestAnswersThatNeedAnother(t *testing.T) {
	for as, refused := range map[string]bool{"200-no-etag": true, "200-empty-etag": true, "200-cut": true, "200-412": false, "412": false} {
		r := newRig(t, network.Latency{})
		etag, err := r.direct.Put(t.Context(), "k", []byte("old"), archive.IfAbsent())
		if err != nil {
			t.Fatal(err)
		}
		if refused {
			etag = `"stale"`
		}
		f := network.Fault{Kind: network.Answer, As: as, Call: network.MethodPut, Nth: 1}
		m := network.WithFault(t.Context(), f)
		_, err = r.store.Put(m, "k", []byte("new"), archive.IfMatch(etag))
		if f.Changes(err) || (err != nil) != refused || err != nil && !errors.Is(err, archive.ErrPreconditionFailed) {
			t.Errorf("%s: %v", as, err)
		}
		if planned, requests, means := m.Befell(); planned != "" || means != nil || requests != 1 {
			t.Errorf("%s befell: %q, %v, %d", as, planned, means, requests)
		}
	}
}

// TestRepeatedRequestsAreSeen: an SDK that sends again is counted, and its second
// request meets nothing, so that its answer differs from the one that was injected.
func TestRepeatedRequestsAreSeen(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	o := server.Client().Options()
	o.HTTPClient = &http.Client{Transport: network.NewTransport(nil, network.Latency{}, nil)}
	o.Retryer, o.RetryMaxAttempts = nil, 3
	impatient := s3.New(o)
	bucket, key := server.Bucket(), "k"
	for _, fault := range []string{"answer(nth=1,as=503)", "500(nth=1)", "reply-lost(nth=1)", "503(nth=1)", "request-lost(nth=1)"} {
		m := meeting(t.Context(), t, fault)
		_, err := impatient.PutObject(m, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")})
		if _, requests, _ := m.Befell(); requests != 2 || err != nil {
			t.Errorf("%s: %d requests, %v", fault, requests, err)
		}
	}
}

// TestFaultsMeanWhatTheyDo: the older kinds too.
func TestFaultsMeanWhatTheyDo(t *testing.T) {
	for _, fault := range []string{
		"request-lost(nth=1)", "reply-lost(nth=1)", "500(nth=1)", "503(nth=1)", "409(nth=1)", "slow(nth=1,by=5ms)", "crash(nth=1)",
	} {
		for _, call := range []network.Method{network.MethodGet, network.MethodHead, network.MethodPut, network.MethodDelete} {
			r := newRig(t, network.Latency{})
			etag, err := r.direct.Put(t.Context(), "k", []byte("old"), archive.IfAbsent())
			if err != nil {
				t.Fatal(err)
			}
			m := meeting(t.Context(), t, fault)
			if m.Fault().Kind == network.Conflict409 && m.Fault().Means(call) == nil {
				continue // it befalls no read
			}
			err = do(m, r.store, call, etag)
			want := m.Fault().Means(call)
			planned, _, means := m.Befell()
			if (err == nil) != (want == nil) || err != nil && !same(err, want) || means != want {
				t.Errorf("%s of a %s: %v, means %v, befell %v", fault, call, err, want, means)
			}
			if happens := m.Fault().Kind != network.Crash; (planned == m.Fault().String()) != happens {
				t.Errorf("%s of a %s: befell %q", fault, call, planned)
			}
		}
	}
}

// TestAnEndedCallMeansNothing: what a caller is told that gave up is no answer.
func TestAnEndedCallMeansNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := network.Fault{Kind: network.ReplyLost, Call: network.MethodPut, Nth: 1}
	m := network.WithFault(ctx, f)
	m.Happened(network.MethodPut)
	cancel()
	if planned, _, means := m.Befell(); planned != f.String() || means != nil {
		t.Errorf("befell %q, %v", planned, means)
	}
}

// TestErrorsOfTheModel: what a virtual store says has the adapter's sentinel.
func TestErrorsOfTheModel(t *testing.T) {
	for _, f := range newFaults() {
		for _, call := range []network.Method{network.MethodGet, network.MethodHead, network.MethodPut, network.MethodDelete} {
			f.Call, f.Nth = call, 1
			if f.Validate() == nil && !same(f.Error(call), f.Means(call)) {
				t.Errorf("%s: %v", f, f.Error(call))
			}
		}
	}
	skewed := network.Fault{Kind: network.Answer, As: "403-RequestTimeTooSkewed"}
	if got := skewed.Error(network.MethodPut); fmt.Sprint(got) != "403 RequestTimeTooSkewed: store unavailable" {
		t.Error(got)
	}
}
