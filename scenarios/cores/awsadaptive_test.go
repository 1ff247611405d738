package cores

import (
	"math"
	"testing"
	"time"

	"holdfast/archive"
)

// stopped is a clock that stands until it is set.
type stopped struct {
	archive.Clock
	at time.Duration
}

func (s *stopped) Now() time.Time { return time.Unix(0, 0).Add(s.at) }

// TestRateLimitIsCubic: the rate is 0.7 of what was sent when a throttling answer came, then
// 0.4·(t-K)³ + that rate, with K = cbrt(0.3/0.4 of it), and never above twice what is sent.
func TestRateLimitIsCubic(t *testing.T) {
	clock := &stopped{}
	l := newRateLimit(clock)
	const perSecond = 20.0
	send := func(requests int, throttled bool) {
		for range requests {
			if wait := l.take(); wait > 0 {
				t.Fatalf("at %v it has to wait for %v", clock.at, wait)
			}
			clock.at += time.Second / perSecond
			l.update(throttled)
		}
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 0.01*want {
			t.Errorf("%s is %.2f, want %.2f", what, got, want)
		}
	}
	send(200, false)
	near("the rate that was measured", l.measured, perSecond)
	l.update(true)
	throttled := clock.at
	near("the rate after a throttling answer", l.rate, 0.7*perSecond)
	for l.tokens >= 1 { // what it was too slow to use
		l.take()
	}
	if wait := l.take(); math.Abs(wait.Seconds()-(1-l.tokens)/l.rate) > 1e-6 {
		t.Errorf("an empty bucket makes it wait for %v at %.1f a second", wait, l.rate)
	}
	k := math.Cbrt(0.3 / 0.4 * perSecond)
	for range 60 { // as fast as it may, a request each tenth of a second
		clock.at += 100 * time.Millisecond
		if l.take() == 0 {
			l.update(false)
			want := 0.4*math.Pow((clock.at-throttled).Seconds()-k, 3) + perSecond
			near("the rate later", l.rate, max(min(want, 2*l.measured), 0.5))
		}
	}
	l.rate = perSecond / 4 // below what is measured
	l.update(true)
	near("the rate when it is throttled again", l.rate, 0.7*perSecond/4)
	for range 20 {
		l.update(true)
	}
	if l.rate != 0.5 || l.capacity != 1 {
		t.Errorf("at its least it sends %v a second from a bucket of %v", l.rate, l.capacity)
	}
}
