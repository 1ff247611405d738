package network

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// OutageAfter is how long a store may answer nothing before it is taken for gone: a server
// that restarts, or a load balancer that looks for another, needs less.
const OutageAfter = 20 * time.Second

// OutageError is the failure of a request to a store that has answered none for long.
type OutageError struct {
	Silent   time.Duration // from the first request after its last answer to the end of this
	Requests int           // meanwhile, this included
	Err      error         // of this request
}

// Error implements error.
func (e *OutageError) Error() string {
	return fmt.Sprintf("the store has answered none of %d requests in %v: %v", e.Requests, e.Silent.Round(time.Second), e.Err)
}

// Unwrap returns the failure of the request.
func (e *OutageError) Unwrap() error { return e.Err }

// Vigil notices when a server answers no more, whatever the transports by which it is asked.
type Vigil struct {
	after   time.Duration
	noticed func(*OutageError)

	mu       sync.Mutex
	answered time.Time // last
	since    time.Time // the first failed request after it began; zero: none has failed
	failed   int       // since then
}

// NewVigil returns one that takes a server for gone when it has answered nothing for so long.
// Noticed, which may be nil, is told of each request that fails then, and so is who sent it,
// by an [OutageError]. The next answer ends the outage.
func NewVigil(after time.Duration, noticed func(*OutageError)) *Vigil {
	return &Vigil{after: after, noticed: noticed}
}

// Over returns a transport that sends its requests by base. It belongs right above what
// sends them, so that delays and faults of our own are no silence of the server's.
func (v *Vigil) Over(base http.RoundTripper) http.RoundTripper { return watched{v, base} }

type watched struct {
	*Vigil
	base http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (w watched) RoundTrip(req *http.Request) (*http.Response, error) {
	begun := time.Now()
	resp, err := w.base.RoundTrip(req)
	if err == nil { // a gateway's word that nobody answers it is no answer, and passed on as it is
		w.note(begun, resp.StatusCode != http.StatusBadGateway && resp.StatusCode != http.StatusGatewayTimeout)
		return resp, nil
	}
	outage := w.note(begun, false)
	if outage == nil {
		return nil, err
	}
	outage.Err = err
	if w.noticed != nil {
		w.noticed(outage)
	}
	return nil, outage
}

// note takes the end of a request, and returns the outage of which it is a sign, or nil.
func (v *Vigil) note(begun time.Time, answered bool) *OutageError {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	if answered {
		v.answered, v.since, v.failed = now, time.Time{}, 0
		return nil
	}
	if v.since.IsZero() {
		v.since = begun
		if begun.Before(v.answered) { // others were answered while this one was not
			v.since = v.answered
		}
	}
	v.failed++
	if silent := now.Sub(v.since); silent >= v.after {
		return &OutageError{Silent: silent, Requests: v.failed}
	}
	return nil
}
