package network

import (
	"context"
	"net/http"
	"sync/atomic"

	"holdfast/archive"
)

// Meeting is the context of a single store call. It takes to the request what is to
// befall it, and brings back what did: the adapter between them knows of neither.
type Meeting struct {
	context.Context
	fault    Fault // of no kind: none
	requests atomic.Int32
	struck   atomic.Pointer[Method] // what the fault has happened to; nil: it has not
	overdue  atomic.Bool            // its answer came too late
	carried  atomic.Pointer[archive.Condition]
}

// WithFault returns a context whose call meets the fault or, if that is zero, none. It
// is for the context of a single call, the first request of which meets the fault.
func WithFault(ctx context.Context, f Fault) *Meeting { return &Meeting{Context: ctx, fault: f} }

type meetingKey struct{}

// Value implements [context.Context].
func (m *Meeting) Value(key any) any {
	if key == (meetingKey{}) {
		return m
	}
	return m.Context.Value(key)
}

// MeetingOf returns what the call that this context belongs to meets; nil: nothing.
func MeetingOf(ctx context.Context) *Meeting {
	m, _ := ctx.Value(meetingKey{}).(*Meeting)
	return m
}

// noFault is what a call meets that has no meeting.
var noFault Fault

// Fault is what the call meets; of no kind: nothing. It must not be modified.
func (m *Meeting) Fault() *Fault {
	if m == nil {
		return &noFault
	}
	return &m.fault
}

// Happened notes that the fault has done to the call what it does.
func (m *Meeting) Happened(to Method) {
	if m != nil {
		m.struck.Store(&to)
	}
}

// Late notes that the answer comes when nobody waits for it any more.
func (m *Meeting) Late() {
	if m != nil {
		m.overdue.Store(true)
	}
}

// Befell says what befell the call: the planned fault, one with nth=, if it happened;
// what the caller has to be told because of a fault (nil: nothing is known of that);
// and how many requests were made for the call.
func (m *Meeting) Befell() (planned string, requests int, means error) {
	if call := m.struck.Load(); call != nil {
		if m.fault.Nth > 0 {
			planned = m.fault.String()
		}
		if !m.overdue.Load() && m.Err() == nil {
			means = m.fault.Means(*call)
		}
	}
	return planned, int(m.requests.Load()), means
}

// Carried is the condition with which the call's request was sent; ok is false if none
// was sent that could tell.
func (m *Meeting) Carried() (cond archive.Condition, ok bool) {
	if sent := m.carried.Load(); sent != nil {
		return *sent, true
	}
	return archive.Condition{}, false
}

// Counting has the meetings of calls note their requests, which nothing befalls: whether an
// adapter sends what it was asked to, and once, is known also where there are no faults.
func Counting(base http.RoundTripper) http.RoundTripper { return counting{base} }

type counting struct{ next http.RoundTripper }

func (c counting) RoundTrip(req *http.Request) (*http.Response, error) {
	MeetingOf(req.Context()).request(req)
	return c.next.RoundTrip(req)
}

// request counts a request, notes its condition, and returns the fault that it meets.
// Only the first of a call meets one: a second is to be seen, and is seen best if it
// succeeds.
func (m *Meeting) request(req *http.Request) *Fault {
	if m == nil || m.requests.Add(1) > 1 {
		return &Fault{}
	}
	cond := archive.IfMatch(req.Header.Get("If-Match"))
	if req.Header.Get("If-None-Match") == "*" {
		cond = archive.IfAbsent()
	}
	m.carried.Store(&cond)
	return &m.fault
}
