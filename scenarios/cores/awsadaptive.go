package cores

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"holdfast/archive"
)

// newAWSAdaptive is the adaptive mode of AWS's SDKs (aws-sdk-go-v2, aws/retry.NewAdaptiveMode,
// v1.48.0): the standard one, and a client that sends no faster than a token bucket fills
// whose rate follows CUBIC, down by each throttling answer and up again with time. Before the
// first such answer it bounds nothing, and refusals for the sake of another writer don't.
func newAWSAdaptive(e Environment) (Core, error) {
	l := newRateLimit(e.Clock)
	e.Store = around{e.Store, l.request}
	return paced(e, schedule(awsWait))
}

// The constants of the SDK's limiter.
const (
	rateSmooth   = 0.8
	rateBeta     = 0.7
	rateScale    = 0.4
	leastRate    = 0.5 // requests a second
	leastTokens  = 1.0
	rateInterval = 0.5 // seconds over which the client's own rate is measured
)

// rateLimit is that of one client. Times are in seconds since it began.
type rateLimit struct {
	clock archive.Clock
	start time.Time

	mu       sync.Mutex
	limits   bool // a throttling answer came
	tokens   float64
	capacity float64
	rate     float64 // at which tokens come
	refilled float64

	sent        int     // since the interval began
	interval    float64 // when that was
	measured    float64 // requests a second
	lastMax     float64 // the rate at the last throttling answer,
	throttledAt float64 // and when that was
}

func newRateLimit(clock archive.Clock) *rateLimit {
	return &rateLimit{clock: clock, start: clock.Now()}
}

func (l *rateLimit) now() float64 { return l.clock.Now().Sub(l.start).Seconds() }

// request waits for a token, and learns from the answer.
func (l *rateLimit) request(ctx context.Context, _ bool) (func(error), error) {
	for {
		wait := l.take()
		if wait == 0 {
			return func(err error) { l.update(errors.Is(err, archive.ErrThrottled)) }, nil
		}
		if err := l.clock.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// take takes a token, or says after what wait there will be one.
func (l *rateLimit) take() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.limits {
		return 0
	}
	l.refill()
	if l.tokens >= 1 {
		l.tokens--
		return 0
	}
	return max(time.Duration((1-l.tokens)/l.rate*float64(time.Second)), 1)
}

func (l *rateLimit) refill() {
	now := l.now()
	l.tokens = min(l.tokens+(now-l.refilled)*l.rate, l.capacity)
	l.refilled = now
}

// update is told of an answer.
func (l *rateLimit) update(throttled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.measure(now)
	var rate float64
	if throttled {
		l.lastMax, l.throttledAt = l.measured, now
		if l.limits {
			l.lastMax = min(l.measured, l.rate)
		}
		rate = l.lastMax * rateBeta
		l.limits = true
	} else {
		window := math.Cbrt(l.lastMax * (1 - rateBeta) / rateScale)
		rate = rateScale*math.Pow(now-l.throttledAt-window, 3) + l.lastMax
	}
	rate = min(rate, 2*l.measured)
	l.refill()
	l.rate, l.capacity = max(rate, leastRate), max(rate, leastTokens)
	l.tokens = min(l.tokens, l.capacity)
}

// measure counts a request, and takes the rate when an interval has ended.
func (l *rateLimit) measure(now float64) {
	l.sent++
	if at := math.Floor(now/rateInterval) * rateInterval; at > l.interval {
		l.measured = float64(l.sent)/(at-l.interval)*rateSmooth + l.measured*(1-rateSmooth)
		l.sent, l.interval = 0, at
	}
}
