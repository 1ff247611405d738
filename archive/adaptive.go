package archive

import (
	"math/rand/v2"
	"time"
)

// The numbers of the adaptive policy. Lengths of time are in exposures: an
// exposure is how long a write is at risk, from the moment at which its read was
// served to the one at which it is decided. The numbers were found by simulation,
// and the result depends little on each of them; docs/adaptive.md has the derivation.
const (
	// firstRivals is how many writers are assumed to contend, the call's own
	// included, when its first write has been refused. Two users who collide have
	// to live with it.
	firstRivals = 3
	// share is the width of the window for each rival. The oracle, who knows their
	// number, takes 1.
	share = 1.85
	// busy is for how much of an exposure a version that passed is taken to have
	// kept the object busy. Not for all of it: of many rivals the fastest wins, and
	// the round trip was measured a few times only. With 1, a call whose round
	// trips were by chance a little too long would never see an idle object, and
	// would widen its window for ever.
	busy = 0.75
	// mostIdle bounds the cycles that can have passed idle, and with it what a
	// store that stalls or a clock that is set forward can do. A wait within the
	// window is two cycles at most.
	mostIdle = 2
	// longestWait bounds a wait without a look.
	longestWait = 25
	// patience is how many versions a call lets pass before it narrows its window.
	patience = 100
	// mostLooks bounds the looks in a row that postpone a write.
	mostLooks = 5
	// unseen makes the length of a write out of how long it was seen under way.
	unseen = 1.3
	// enoughVersions must have passed before their distance is believed, and
	// shortest is the shortest that is.
	enoughVersions = 4
	shortest       = 0.1
)

// adaptive is the [Adaptive] policy in one call. It estimates how many writers
// contend for the object and draws its waits from a window in proportion. After
// each wait it looks whether the estimate still holds, and writes only if it does.
type adaptive struct {
	policy Policy
	clock  Clock
	rng    *rand.Rand
	trips  tripTimes

	rivals    float64 // the estimate, this call included
	learned   bool    // from what was seen after a write had been refused
	window    float64 // of the last wait, in exposures; 0: no write was refused yet
	overtaken int     // versions that have passed
	looks     int     // that postponed the write, in a row
	// unrelated is the number of failures in a row that say nothing of contention.
	unrelated int

	seen   Snapshot      // the version that was read last,
	seenAt time.Time     // when,
	slept  time.Duration // and what the call was told to wait since

	refusedETag string        // what the last refused write was based on
	held        time.Duration // how long others' writes seem to be under way
	distance    time.Duration // the shortest between versions that was seen; 0: none
}

func newAdaptive(p Policy, clock Clock, rng *rand.Rand) *adaptive {
	return &adaptive{policy: p, clock: clock, rng: rng, rivals: firstRivals}
}

// backoff implements [pacer].
func (a *adaptive) backoff(_ int, err error) time.Duration {
	a.looks = 0
	if !refused(err) {
		a.unrelated++
		wait := a.policy.Wait(a.unrelated, 0, a.rng)
		a.slept += wait
		return wait
	}
	a.unrelated = 0
	a.refusedETag = a.seen.ETag
	return a.draw()
}

// postpone implements [pacer].
func (a *adaptive) postpone(current Snapshot) (time.Duration, bool) {
	now := a.clock.Now()
	passed := now.Sub(a.seenAt)
	switch {
	case a.window == 0 || current.Document == nil || a.seen.Document == nil:
		a.see(current, now)
		return 0, false
	case current.ETag == a.refusedETag:
		// What the write was refused for is not there yet: it takes longer than was
		// seen of it so far, and until it is there a write would be refused again.
		seen := min(passed, a.slept+3*a.exposure())
		a.held = max(a.held, time.Duration(unseen*float64(seen)))
		return a.lookAgain()
	}
	drawn := min(a.window, a.longest())
	if passed >= a.slept { // or the clock was set back
		a.learn(versionsBetween(a.seen, current), passed)
	}
	a.overtaken += versionsBetween(a.seen, current)
	a.see(current, now)
	// Who drew from a window that was too narrow draws again for a place in the
	// right one. Squared, because an estimate that grows comes late.
	if chance := drawn / a.wanted(); chance < 1 && a.rng.Float64() >= chance*chance {
		return a.lookAgain()
	}
	a.looks = 0
	return 0, false
}

func (a *adaptive) see(current Snapshot, now time.Time) {
	a.seen, a.seenAt, a.slept = current, now, 0
}

// lookAgain postpones the write, unless it was postponed often enough.
func (a *adaptive) lookAgain() (time.Duration, bool) {
	if a.looks == mostLooks {
		a.looks = 0
		return 0, false
	}
	a.looks++
	return a.draw(), true
}

// learn improves the estimate by what passed between two reads.
//
// A version is followed by an exposure, in which nobody can succeed who did not
// read it, and then by idle time until the next rival reads it. A rival reads once
// in a cycle, half a window and two exposures. So the rivals are the versions
// that pass in a cycle's worth of idle time, if their windows are as wide as
// this one. What was believed before counts as one version.
func (a *adaptive) learn(versions int, passed time.Duration) {
	k, exposures := float64(versions), float64(passed)/float64(a.exposure())
	switch {
	case !a.learned:
		// Up to the first refusal all may have raced in step: of what passed since
		// the read, the race is a version and two exposures.
		a.learned = true
		k, exposures = k-1, max(0, exposures-2)
	case versions >= enoughVersions:
		exposures = float64(passed) / float64(a.othersExposure(passed/time.Duration(versions)))
	}
	k = min(k, max(1, exposures)) // what is faster than that is no rival
	idle := max(0, exposures-busy*k) / (a.window/2 + 2)
	a.rivals = max(1, (1+k)/(1/a.rivals+min(idle, mostIdle)))
}

// exposure is how long this call's writes are at risk: half the round trip of a
// read and half that of a write, but no shorter than others' writes take.
func (a *adaptive) exposure() time.Duration {
	return max(a.trips.exposure(), a.held, time.Microsecond)
}

// othersExposure is how long the writes of the others are at risk, who may be
// closer to the store: their versions can't follow each other faster than that.
func (a *adaptive) othersExposure(distance time.Duration) time.Duration {
	own := a.exposure()
	if a.distance == 0 || distance < a.distance {
		a.distance = distance
	}
	return min(own, max(a.distance, time.Duration(shortest*float64(own)), 1))
}

// wanted is the window for the estimate. At its narrowest it is that for two.
func (a *adaptive) wanted() float64 {
	return share * max(1, a.rivals-1) / max(1, float64(a.overtaken)/patience)
}

// longest is the longest wait without a look, in exposures.
func (a *adaptive) longest() float64 {
	return min(longestWait, float64(a.policy.Cap)/float64(a.exposure()))
}

// draw draws a wait from the window.
func (a *adaptive) draw() time.Duration {
	a.window = a.wanted()
	wait := a.policy.Cap
	if d := min(a.rng.Float64()*a.window, longestWait) * float64(a.exposure()); d < float64(wait) {
		wait = time.Duration(d)
	}
	a.slept += wait
	return wait
}

// versionsBetween is how many versions have followed the earlier one. Each adds a
// modification, as a rule one.
func versionsBetween(earlier, later Snapshot) int {
	if earlier.ETag == later.ETag {
		return 0
	}
	return max(1, later.Document.HistoryLen()-earlier.Document.HistoryLen())
}
