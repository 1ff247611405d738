package network

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"holdfast/archive"
)

// Transport delays the S3 requests of the real world and does to each the
// [Fault] that its context carries, see [Meeting]. It belongs below the SDK's client,
// whose retries must be off: it counts the requests of each call.
//
// A write whose caller gives up while it is on its way still arrives, as it
// would on a real network: it is sent when its time has come, and its answer is
// dropped. [Transport.Wait] waits for such late writes, [Transport.Close] drops
// those that were not sent yet.
//
// Of a [Latency] it adds the legs. The rest is the store's own, but for what
// [Transport.Limit] adds.
type Transport struct {
	base           http.RoundTripper
	request, reply Distribution

	mu  sync.Mutex
	rng *rand.Rand

	meter *meters // nil: what comes is served
	plain bool    // see WithoutCodes

	late   sync.WaitGroup
	closed context.Context
	close  context.CancelFunc
}

// lateTimeout bounds a write that nobody waits for any more.
const lateTimeout = 10 * time.Second

// NewTransport returns a transport over base. It owns rng from now on, which
// only latencies use. A nil base is [http.DefaultTransport].
func NewTransport(base http.RoundTripper, latency Latency, rng *rand.Rand) *Transport {
	if base == nil {
		base = http.DefaultTransport
	}
	t := &Transport{base: base, request: latency.Request, reply: latency.Reply, rng: rng}
	t.closed, t.close = context.WithCancel(context.Background())
	return t
}

// Limit lets the store seem to throttle calls whose contexts are [Metered]. Call it
// before any request.
func (t *Transport) Limit(by Throttle) {
	t.meter = &meters{by: by, since: time.Now(), of: map[string]*Meter{}}
}

// meters are those of all prefixes.
type meters struct {
	by    Throttle
	since time.Time

	mu sync.Mutex
	of map[string]*Meter
}

// serves reports whether the store serves a request, which has just arrived.
func (m *meters) serves(req *http.Request) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	prefix := Prefix(req.URL.Path)
	if m.of[prefix] == nil {
		fresh := m.by.Meter()
		m.of[prefix] = &fresh
	}
	return m.of[prefix].Serves(!reads(req), time.Since(m.since))
}

// throttles reports whether a request that has just arrived came too fast.
func (t *Transport) throttles(req *http.Request) bool {
	return t.meter != nil && IsMetered(req.Context()) && !t.meter.serves(req)
}

func reads(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Method == http.MethodHead
}

// Wait returns when no late write is left. Call it while no call is under way.
func (t *Transport) Wait() { t.late.Wait() }

// Close drops late writes that were not sent yet and waits for the others. Call
// it when no call is under way and none will follow.
func (t *Transport) Close() error {
	t.close()
	t.late.Wait()
	return nil
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	m := MeetingOf(req.Context())
	fault := m.request(req)
	delay := t.sample(t.request)
	if fault.Kind == Slow {
		delay += fault.By
		m.Happened(callOf(req))
	}
	if delay > 0 && req.Context().Err() == nil { // one that had ended is for base to refuse
		if err := t.travel(req, fault, delay); err != nil {
			return nil, err
		}
	}
	resp, err := t.serve(req, fault, m)
	if err != nil {
		return nil, err
	}
	if err := sleep(req.Context(), t.sample(t.reply)); err != nil {
		m.Late()
		return nil, errors.Join(err, resp.Body.Close())
	}
	return resp, nil
}

func callOf(req *http.Request) Method { return Method(strings.ToLower(req.Method)) }

// travel is the request's leg. If the caller gives up meanwhile, the error is
// that of its context, and a write that would have arrived is left to arrive.
func (t *Transport) travel(req *http.Request, fault *Fault, delay time.Duration) error {
	arrival := time.NewTimer(delay)
	select {
	case <-arrival.C:
		return nil
	case <-req.Context().Done():
	}
	err := req.Context().Err()
	if reads(req) || !fault.Applies() {
		arrival.Stop()
		return errors.Join(err, closeBody(req))
	}
	late, copyErr := detach(req)
	if copyErr != nil {
		arrival.Stop()
		return errors.Join(err, copyErr)
	}
	t.late.Go(func() { t.deliver(late, arrival) })
	return err
}

// detach copies a request for use after RoundTrip has returned, when its body
// and context are the caller's again. The context is a fresh one also because
// the old one's trace would tell the caller that a connection was being made,
// while it decides whether its write can have been sent.
func detach(req *http.Request) (*http.Request, error) {
	ctx := context.Background()
	if IsMetered(req.Context()) {
		ctx = Metered(ctx)
	}
	late := req.Clone(ctx)
	if req.Body == nil {
		return late, nil
	}
	body, err := io.ReadAll(req.Body)
	if err = errors.Join(err, req.Body.Close()); err != nil {
		return nil, err
	}
	late.Body = io.NopCloser(bytes.NewReader(body))
	late.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return late, nil
}

// deliver sends a late write when it arrives. Nobody learns what became of it.
func (t *Transport) deliver(late *http.Request, arrival *time.Timer) {
	defer arrival.Stop()
	select {
	case <-arrival.C:
	case <-t.closed.Done():
		return
	}
	if t.throttles(late) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lateTimeout)
	defer cancel()
	if resp, err := t.base.RoundTrip(late.WithContext(ctx)); err == nil {
		_ = drop(resp)
	}
}

// serve is what the store does, or seems to.
func (t *Transport) serve(req *http.Request, fault *Fault, m *Meeting) (*http.Response, error) {
	if fault.Kind != RequestLost && fault.Kind != NoConnection && fault.Kind != Throttled503 && t.throttles(req) {
		return t.tell(req, refusal(req, slowDown), archive.ErrThrottled), closeBody(req)
	}
	var real *http.Response
	if fault.Applies() {
		var err error
		if real, err = t.base.RoundTrip(req); err != nil {
			return nil, err
		}
	} else if err := closeBody(req); err != nil {
		return nil, err
	}
	switch fault.Kind {
	case RequestLost, NoConnection, ReplyLost, NoAnswer, Error500, Throttled503, Conflict409, Denied403:
		m.Happened(callOf(req))
	case SentTwice:
		if real.StatusCode >= http.StatusMultipleChoices {
			return real, nil // the second is answered as the first
		}
		m.Happened(callOf(req))
	case Answer:
		a := answerNamed(fault.As)
		resp, changed, err := a.give(req, real)
		if changed {
			m.Happened(callOf(req))
		}
		if changed && err == nil && (a.odd == made || a.odd == refusing) {
			resp = t.tell(req, resp, fault.Means(callOf(req)))
		}
		return resp, err
	default:
		return real, nil
	}
	if real != nil {
		if err := drop(real); err != nil {
			return nil, err
		}
	}
	resp, err := instead(req, fault)
	if err != nil {
		return nil, err
	}
	return t.tell(req, resp, fault.Means(callOf(req))), nil
}

// instead is the answer, or none, that a fault puts in the place of the store's.
func instead(req *http.Request, fault *Fault) (*http.Response, error) {
	switch fault.Kind {
	case Error500:
		return refusal(req, internalError), nil
	case Throttled503:
		resp := refusal(req, slowDown)
		if fault.RetryAfter > 0 {
			resp.Header.Set("X-Amz-Retry-After", strconv.FormatInt(fault.RetryAfter.Milliseconds(), 10))
		}
		return resp, nil
	case Conflict409:
		return refusal(req, conditionalRequestConflict), nil
	case Denied403:
		return refusal(req, accessDenied), nil
	case SentTwice:
		return refusal(req, repetition(fault.Answer)), nil
	case NoConnection:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case NoAnswer:
		if err := sleep(req.Context(), longestSilence); err != nil {
			return nil, err
		}
	}
	return nil, reset()
}

// longestSilence is for a client that would wait for ever; a run must end.
const longestSilence = 30 * time.Second

// reset is what a client sees whose connection broke after it had sent its
// request: nothing that tells whether the request arrived.
func reset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// drop reads an answer to its end, so that its request was certainly served.
func drop(resp *http.Response) error {
	_, err := io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

func closeBody(req *http.Request) error {
	if req.Body == nil {
		return nil
	}
	return req.Body.Close()
}

func (t *Transport) sample(d Distribution) time.Duration {
	if d.IsZero() {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return d.Sample(t.rng)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
