package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// misreading is an adapter that takes some errors for others.
type misreading struct {
	archive.Store
	read func(error) error
}

func (m misreading) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := m.Store.Put(ctx, key, body, cond)
	return etag, m.read(err)
}

// instead returns a reading that takes one sentinel for another error.
func instead(of, is error) func(error) error {
	return func(err error) error {
		if errors.Is(err, of) {
			return is
		}
		return err
	}
}

// again is a layer between the store and its transport that sends a request again which
// got no good answer, as an SDK with its retries on does.
type again struct{ next http.RoundTripper }

func (a again) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	send := func() (*http.Response, error) {
		copied := req.Clone(req.Context())
		copied.Body = io.NopCloser(bytes.NewReader(body))
		return a.next.RoundTrip(copied)
	}
	resp, err := send()
	if err == nil && resp.StatusCode < 500 {
		return resp, nil
	}
	return send()
}

// TestBrokenAdaptersAreCaught: whatever an adapter makes of an answer that it should
// not, and a second request, by the scenario that is for it. Three of its faults take as
// long as a request may.
func TestBrokenAdaptersAreCaught(t *testing.T) {
	for _, test := range []struct {
		name string
		read func(error) error
		via  func(http.RoundTripper) http.RoundTripper
		want string
	}{
		{name: "sound"},
		{name: "unknown called unavailable", read: instead(archive.ErrOutcomeUnknown, archive.ErrUnavailable), want: "misread answer"},
		{name: "unknown called throttled", read: instead(archive.ErrOutcomeUnknown, archive.ErrThrottled), want: "misread answer"},
		{name: "unknown called success", read: instead(archive.ErrOutcomeUnknown, nil), want: "misread answer"},
		{name: "409 called 412", read: instead(archive.ErrConflict, archive.ErrPreconditionFailed), want: "misread answer"},
		{name: "412 called 409", read: instead(archive.ErrPreconditionFailed, archive.ErrConflict), want: "misread answer"},
		{name: "throttled called unknown", read: instead(archive.ErrThrottled, archive.ErrOutcomeUnknown), want: "misread answer"},
		{name: "sent again", via: func(next http.RoundTripper) http.RoundTripper { return again{next} }, want: "sent again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			report := playBelow(t, "hostile-answers", test.read, test.via)
			var anomalies []string
			for _, v := range report.Violations {
				if v.Invariant == check.HonestAnswers {
					anomalies = append(anomalies, v.Anomaly)
				}
			}
			if test.want == "" && report.Verdict != check.OK || test.want != "" && !slices.Contains(anomalies, test.want) {
				t.Errorf("%s: %v, %q", report.Verdict, report.Reasons, anomalies)
			}
		})
	}
}

// playBelow plays a scenario in the real world with its faults, over an adapter that may
// be broken, or something below it.
func playBelow(t *testing.T, name string, read func(error) error, via func(http.RoundTripper) http.RoundTripper) check.Report {
	t.Helper()
	run := must(NewRun(must(Open(name)), must(cores.Find("production"))))
	server := must(fakes3.Start())
	defer server.Close()
	store := archive.Store(server.StoreVia(func(base http.RoundTripper) http.RoundTripper {
		transport := http.RoundTripper(network.NewTransport(base, network.Latency{}, rand.New(rand.NewPCG(1, 2))))
		if via != nil {
			transport = via(transport)
		}
		return transport
	}).WithRequestTimeout(time.Second))
	if read != nil {
		store = misreading{store, read}
	}
	m := &memory{}
	if _, err := run.Play(t.Context(), func(int) world.World { return world.NewReal(archive.WallClock{}, store, nil) }, m); err != nil {
		t.Fatal(err)
	}
	judge := check.New(history.Header{MinConflicts: run.Scenario.Expect.MinConflicts, Faults: run.Scenario.Planned()})
	for _, e := range m.events {
		judge.Add(e)
	}
	return judge.Finish()
}

// TestAdapterThatDropsConditions: whether an adapter sends what it was asked to is known also
// of scenarios without faults, so that what comes of it is not called the store's.
func TestAdapterThatDropsConditions(t *testing.T) {
	drop := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			req = req.Clone(req.Context())
			req.Header.Del("If-Match")
			return next.RoundTrip(req)
		})
	}
	if r := playBelow(t, "two-users", nil, drop); r.Verdict != check.Violated || len(r.StoreFindings) > 0 {
		t.Errorf("%s %v %v", r.Verdict, r.Found, r.StoreFindings)
	}
}

// TestEveryAnswerIsInTheLibrary: the gate plays each that a write and a read can get.
func TestEveryAnswerIsInTheLibrary(t *testing.T) {
	text := ""
	for _, f := range slices.Concat(must(Open("hostile-answers")).Faults, must(Open("hostile-deletions")).Faults, must(Open("contradiction")).Faults) {
		text += fmt.Sprintln(network.Fault(f))
	}
	for _, as := range network.AnswerNames() {
		if !strings.Contains(text, "as="+as+")") {
			t.Errorf("no built-in scenario has answer(as=%s)", as)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
