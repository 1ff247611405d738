package archive

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Kind names how a policy computes its waits.
type Kind string

// The kinds. With v = min(Cap, Base·2ⁿ) before the n-th retry, n = 1 first, as
// published in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015):
const (
	None         Kind = "none"         // 0: retry at once
	Constant     Kind = "constant"     // Base
	Exponential  Kind = "exponential"  // v
	Equal        Kind = "equal"        // v/2 + U(0, v/2)
	Full         Kind = "full"         // U(0, v)
	Decorrelated Kind = "decorrelated" // min(Cap, U(Base, 3·previous wait)), the previous being Base at first
)

// Adaptive estimates in each call how many others write the same object, by the
// versions that pass between its reads and by its round trips, and spreads its
// writes accordingly: it waits up to a few round trips for each of them, and may
// read again and wait on instead of writing in vain. It needs no setting but Cap.
// A call that nobody gets in the way of does as with None. See docs/adaptive.md.
const Adaptive Kind = "adaptive"

// kinds are all kinds, in the order in which they are listed.
var kinds = []Kind{None, Constant, Exponential, Equal, Full, Decorrelated, Adaptive}

// HasBase reports whether the waits of a kind depend on [Policy.Base].
func (k Kind) HasBase() bool { return k != None && k != Adaptive }

// HasCap reports whether the waits of a kind depend on [Policy.Cap]. Those of [Constant] do
// not, whose cap is only stated.
func (k Kind) HasCap() bool { return k != None && k != Constant }

// Waits reports whether a kind waits between attempts. A policy that does states a cap.
func (k Kind) Waits() bool { return k.HasBase() || k.HasCap() }

// unrelatedBase is the base of Adaptive's waits after failures that say nothing
// of contention.
const unrelatedBase = 50 * time.Millisecond

// Unlimited as [Policy.Retries] never gives up for the number of attempts.
const Unlimited = math.MaxInt

// Policy says how long to wait between attempts and when to give up. Use a
// preset, [ParsePolicy], or fill every field and call [Policy.Validate].
type Policy struct {
	Kind Kind
	// Base is the unit of the wait. Note the published formula: the first
	// exponential wait is up to 2·Base, so Base 50ms means 100ms, 200ms, 400ms, …
	// Must be positive, except for None and Adaptive, which ignore it.
	Base time.Duration
	// Cap bounds each single wait; at least Base, and positive. None ignores it.
	Cap time.Duration
	// Retries is the number of attempts after the first; 0 means one attempt
	// only, Unlimited means no bound.
	Retries int
	// Deadline bounds the whole call, from its start: a request that is under way then is
	// cut short. No wait is begun, also none that the store has asked for, after which
	// an attempt as long as the last one that was answered could not be made and settled
	// in time. 0 means no bound.
	Deadline time.Duration
}

// DefaultPolicy is full(base=50ms,cap=2s,retries=32,deadline=25s).
//
// Full jitter, because writers that collided once must not wake together. For
// the usual fan-in of 30 writers on a store that commits about 15 conditional
// writes a second on one key the last of them can't commit before 2.0 s, so
// the documented 700 ms of waiting are far too short. 32 retries wait for more than the
// deadline on average, so that the deadline ends a call and not their number: with 16, of
// 300 writers at once 28 in a hundred gave up, with 32 two in a thousand, at fewer writes
// for each commit (docs/adaptive.md has the tables). Base 50ms makes the first wait
// U(0, 100ms), about one round trip, so that two users who collide hardly
// notice. Cap 2s keeps late retries from sleeping past the moment when the
// contention is over. Deadline 25s is below the 29 s after which an API
// gateway gives up and the 30 s default visibility timeout of a queue.
func DefaultPolicy() Policy {
	return Policy{Kind: Full, Base: 50 * time.Millisecond, Cap: 2 * time.Second, Retries: 32, Deadline: 25 * time.Second}
}

// AdaptivePolicy is adaptive(cap=2s,retries=unlimited,deadline=25s). Its attempts are
// spread widely, so the deadline bounds a call, and not their number.
func AdaptivePolicy() Policy {
	d := DefaultPolicy()
	return Policy{Kind: Adaptive, Cap: d.Cap, Retries: Unlimited, Deadline: d.Deadline}
}

// DocumentedPolicy is what the first implementation did: at most 3 retries
// after 100 ms, 200 ms and 400 ms, without jitter. For comparison only: writers
// that collide once collide again.
func DocumentedPolicy() Policy {
	return Policy{Kind: Exponential, Base: 50 * time.Millisecond, Cap: 400 * time.Millisecond, Retries: 3}
}

// Validate reports what makes the policy unusable.
func (p Policy) Validate() error {
	switch {
	case !slices.Contains(kinds, p.Kind):
		return fmt.Errorf("policy kind %q is not known (known: %s)", p.Kind, kindNames())
	case p.Kind.HasBase() && p.Base <= 0:
		return fmt.Errorf("policy %s: base must be positive, not %v", p.Kind, p.Base)
	case p.Kind.HasBase() && p.Cap < p.Base:
		return fmt.Errorf("policy %s: cap %v is below base %v", p.Kind, p.Cap, p.Base)
	case p.Kind.HasCap() && p.Cap <= 0:
		return fmt.Errorf("policy %s: cap must be positive, not %v", p.Kind, p.Cap)
	case p.Retries < 0:
		return fmt.Errorf("policy %s: retries must be 0 or more, not %d", p.Kind, p.Retries)
	case p.Deadline < 0:
		return fmt.Errorf("policy %s: deadline must be 0 (none) or more, not %v", p.Kind, p.Deadline)
	}
	return nil
}

// Trimmed is the policy with zero for what its kind ignores.
func (p Policy) Trimmed() Policy {
	if !p.Kind.HasBase() {
		p.Base = 0
	}
	if !p.Kind.Waits() {
		p.Cap = 0
	}
	return p
}

// MaxAttempts is Retries+1, or [Unlimited].
func (p Policy) MaxAttempts() int {
	if p.Retries == Unlimited {
		return Unlimited
	}
	return p.Retries + 1
}

// Wait returns how long to wait before the n-th retry (n = 1 first), after a
// previous wait of prev. The kinds without jitter do not touch rng. Adaptive is
// more than its waits: this is what it waits after a failure that says nothing of
// other writers, full jitter with a base of 50 ms.
func (p Policy) Wait(n int, prev time.Duration, rng *rand.Rand) time.Duration {
	switch p.Kind {
	case Constant:
		return p.Base
	case Exponential:
		return p.ceiling(n)
	case Equal:
		half := p.ceiling(n) / 2
		return half + uniform(rng, half)
	case Full:
		return uniform(rng, p.ceiling(n))
	case Decorrelated:
		const longest = math.MaxInt64 / 3 // or 3·prev would overflow
		widest := 3 * min(max(prev, p.Base), longest)
		return min(p.Cap, p.Base+uniform(rng, widest-p.Base))
	case Adaptive:
		p.Base = unrelatedBase
		return uniform(rng, p.ceiling(n))
	}
	return 0
}

// ceiling is min(Cap, Base·2ⁿ) without overflow: what Cap>>n holds can be shifted back,
// and nothing is left of Cap when n is large.
func (p Policy) ceiling(n int) time.Duration {
	if p.Base > p.Cap>>n {
		return p.Cap
	}
	return p.Base << n
}

// uniform draws from [0, most).
func uniform(rng *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(rng.Float64() * float64(most))
}
