package network

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Throttle is how many requests a store bears under each prefix of its keys before it
// answers 503 SlowDown. S3 says of itself "at least 3,500 PUT/COPY/POST/DELETE or 5,500
// GET/HEAD requests per second per partitioned prefix" (Amazon S3 User Guide, "Best
// practices design patterns: optimizing Amazon S3 performance"), and 503 while it scales
// beyond. How it counts is not published. Here it is a token bucket for each prefix,
// one for writes and one for reads: the more come, the larger the share that is refused,
// which no fixed rate of faults can show.
type Throttle struct {
	// Writes (PUT, DELETE) and Reads (GET, HEAD) are what is served a second. 0: no bound.
	Writes, Reads float64
	// Burst is how many requests a full bucket holds. 0: those of a second, at least one.
	Burst int
	// Refused is the share of a token that turning a request away takes, from 0 to 1: at
	// the edge of what a server bears it costs what could serve others ("Using load
	// shedding to avoid overload", Amazon Builders' Library). Nobody publishes it.
	Refused float64
}

// Beyond these a token takes no time that can be told, or more than any run lasts.
const (
	leastRate = 0.001
	mostRate  = 1e6
	mostBurst = 1_000_000
)

// set reads one parameter of the fault that asks for it.
func (t *Throttle) set(name, value string) (err error) {
	switch name {
	case "writes":
		t.Writes, err = parseRate(name, value)
	case "reads":
		t.Reads, err = parseRate(name, value)
	case "burst":
		t.Burst, err = strconv.Atoi(value)
		if err != nil || t.Burst < 1 || t.Burst > mostBurst {
			return fmt.Errorf("burst must be a whole number of requests, 1 to %d, not %q", mostBurst, value)
		}
	case "refused":
		t.Refused, err = strconv.ParseFloat(value, 64)
		if err != nil || !(t.Refused >= 0 && t.Refused <= 1) {
			return fmt.Errorf("refused must be a share of a request, 0 to 1, not %q", value)
		}
	}
	return err
}

func parseRate(name, value string) (float64, error) {
	r, err := strconv.ParseFloat(value, 64)
	if err != nil || !(r >= leastRate && r <= mostRate) {
		return 0, fmt.Errorf("%s must be a number of requests a second, %v to %v, not %q", name, leastRate, mostRate, value)
	}
	return r, nil
}

// unusable says what is wrong with a throttle that is asked for.
func (t Throttle) unusable() string {
	bad := func(rate float64) bool { return rate != 0 && !(rate >= leastRate && rate <= mostRate) }
	switch {
	case t.Writes == 0 && t.Reads == 0:
		return "say what the store bears, such as writes=3500,reads=5500 requests a second"
	case bad(t.Writes) || bad(t.Reads):
		return fmt.Sprintf("writes and reads must be %v to %v a second", leastRate, mostRate)
	case t.Burst < 0 || t.Burst > mostBurst:
		return fmt.Sprintf("burst must be 1 to %d requests", mostBurst)
	case !(t.Refused >= 0 && t.Refused <= 1):
		return "refused must be 0 to 1"
	}
	return ""
}

// IsZero reports whether nothing is ever refused.
func (t Throttle) IsZero() bool { return t.Writes == 0 && t.Reads == 0 }

// Prefix is the part of a key whose requests share a bucket: all up to its last slash.
// S3 moves such borders as it sees fit.
func Prefix(key string) string { return key[:strings.LastIndexByte(key, '/')+1] }

// Meter measures the requests under one prefix.
type Meter struct{ writes, reads bucket }

// Meter returns one whose buckets are full.
func (t Throttle) Meter() Meter {
	return Meter{t.bucket(t.Writes), t.bucket(t.Reads)}
}

func (t Throttle) bucket(perSecond float64) bucket {
	if perSecond <= 0 {
		return bucket{}
	}
	burst := t.Burst
	if burst == 0 {
		burst = int(max(math.Ceil(perSecond), 1))
	}
	every := int64(float64(time.Second) / perSecond)
	return bucket{every: every, hold: int64(burst) * every, refused: int64(t.Refused * float64(every))}
}

// Serves counts a request that arrives at a time, which never goes back, and reports
// whether it is served.
func (m *Meter) Serves(write bool, at time.Duration) bool {
	if write {
		return m.writes.spend(int64(at))
	}
	return m.reads.spend(int64(at))
}

// bucket is a token bucket, in nanoseconds: whole numbers, so that each machine refuses
// the same requests.
type bucket struct {
	every   int64 // in which a token drips in; 0: no bound
	hold    int64 // in which an empty bucket fills
	refused int64 // of every, that a refusal takes
	full    int64 // when the bucket will be, or was, full
}

func (b *bucket) spend(now int64) bool {
	if b.every == 0 {
		return true
	}
	full := max(b.full, now)
	if full+b.every-now <= b.hold {
		b.full = full + b.every
		return true
	}
	b.full = min(full+b.refused, now+b.hold) // which is empty
	return false
}

type meteredKey struct{}

// Metered returns a context whose calls count for the [Throttle] of the scenario. The
// calls of whoever sets the stage don't.
func Metered(ctx context.Context) context.Context {
	return context.WithValue(ctx, meteredKey{}, true)
}

// IsMetered reports whether calls with this context count.
func IsMetered(ctx context.Context) bool { return ctx.Value(meteredKey{}) != nil }
