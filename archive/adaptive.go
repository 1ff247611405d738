package archive

import (
	"errors"
	"math/rand/v2"
	"time"
)

// The numbers of the adaptive policy. Lengths of time are in turns: a turn is for how long
// a version keeps the object, that is, how soon after it another can follow. The numbers
// were found by simulation; docs/adaptive.md has the derivation, and what depends on them.
const (
	// firstRivals is how many writers are assumed to contend, the call's own
	// included, when its first write has been refused. Two users who collide have
	// to live with it.
	firstRivals = 3
	// share is the width of the window for each rival. The oracle, who knows their
	// number, takes 1.
	share = 1.85
	// busy is for how much of a turn a version that passed is taken to have
	// kept the object busy. Not for all of it: of many rivals the fastest wins, and
	// the turn was measured a few times only. With 1, a call that takes it for a little
	// too long would never see an idle object, and would widen its window for ever.
	busy = 0.75
	// mostIdle bounds the cycles that can have passed idle, and with it what a
	// store that stalls or a clock that is set forward can do. A wait within the
	// window is two cycles at most.
	mostIdle = 2
	// longestWait bounds a wait without a look.
	longestWait = 15
	// patience is how many versions a call lets pass before it narrows its window,
	// and narrowest the part that it keeps at least.
	patience  = 130
	narrowest = 0.5
	// mostLooks bounds the looks in a row that postpone a write.
	mostLooks = 8
	// underWay makes a turn out of the call's own exposure, where a write was refused
	// because another was under way: then a write takes longer than to be refused, and
	// how much longer is not known yet.
	underWay = 3
	// widest bounds the window in the call's own exposures, where that is more than the
	// policy's cap.
	widest = 10
	// enoughVersions must have passed before their distance is believed, and
	// shortest is the shortest that is, in the call's own exposures.
	enoughVersions = 2
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

	rivals  float64 // the estimate, this call included
	learned bool    // from what was seen after a write had been refused
	window  float64 // of the last wait, in turns; 0: no write was refused yet
	looks   int     // that postponed the write, in a row
	// overtaken is the number of versions that have passed.
	overtaken int
	// unrelated is the number of failures in a row that say nothing of contention.
	unrelated int

	seen   Snapshot      // the version that was read last,
	seenAt time.Time     // when,
	slept  time.Duration // and what the call was told to wait since

	refusedETag string        // what the last refused write was based on
	slow        bool          // a write was refused because of another under way,
	held        time.Duration // which was seen to take so long
	apart       distances     // between versions
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
	a.slow = a.slow || errors.Is(err, ErrConflict)
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
		a.slow = true
		a.held = max(a.held, min(passed, a.slept+4*a.trips.exposure())) // the clock may have jumped
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
// A version is followed by a turn, in which no other can be committed, and then by
// idle time until the next rival reads it. A rival reads once
// in a cycle, half a window and two turns. So the rivals are the versions
// that pass in a cycle's worth of idle time, if their windows are as wide as
// this one. What was believed before counts as one version.
func (a *adaptive) learn(versions int, passed time.Duration) {
	a.apart.add(versions, passed)
	k, turns := float64(versions), float64(passed)/float64(a.turn())
	if !a.learned {
		// Up to the first refusal all may have raced in step: of what passed since
		// the read, the race is a version and two turns.
		a.learned = true
		k, turns = k-1, max(0, turns-2)
	}
	k = min(k, max(1, turns)) // what is faster than that is no rival
	idle := max(0, turns-busy*k) / (a.window/2 + 2)
	a.rivals = max(1, (1+k)/(1/a.rivals+min(idle, mostIdle)))
}

// turn is for how long a version keeps the object.
//
// That is at most the distance at which versions were seen to follow each other. Where
// the store only compares and stores, it is the exposure of a write, and the call's own is
// like that of the others, if these are not nearer. Where the store takes its time for a
// write and refuses others meanwhile, it is that time.
func (a *adaptive) turn() time.Duration {
	own := a.trips.exposure()
	turn := own
	if a.slow {
		turn = max(underWay*own, a.held)
	}
	if a.apart.least > 0 {
		turn = min(turn, max(a.apart.least, time.Duration(shortest*float64(own))))
	}
	return max(turn, time.Microsecond)
}

// wanted is the window for the estimate. At its narrowest it is that for two. It is no
// wider than the cap, which is how long the user lets a call wait at a time: for more
// writers than have room in it, some more writes are worth less idle time. Only where
// requests take long, and with more of them longer, is it wider. Old calls go first, so
// that a backlog does not starve.
func (a *adaptive) wanted() float64 {
	window := share * max(1, a.rivals-1) * max(narrowest, min(1, patience/float64(max(1, a.overtaken))))
	most := max(a.policy.Cap, widest*a.trips.exposure())
	return min(window, float64(most)/float64(a.turn()))
}

// longest is the longest wait without a look, in turns.
func (a *adaptive) longest() float64 {
	return min(longestWait, float64(a.policy.Cap)/float64(a.turn()))
}

// draw draws a wait from the window. By how much the call's own requests take longer than
// those of the others, it has waited already when it asks again.
func (a *adaptive) draw() time.Duration {
	a.window = a.wanted()
	turn := a.turn()
	away := 2 * max(0, a.trips.exposure()-turn)
	wait := a.policy.Cap
	if d := min(a.rng.Float64()*a.window, longestWait) * float64(turn); d < float64(wait) {
		wait = time.Duration(d)
	}
	wait = max(0, wait-away)
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

// distances are the distances in time between versions.
type distances struct {
	least    time.Duration // the mean of the closest ones that were seen; 0: none
	versions int           // since the last mean,
	passed   time.Duration // and in which time
}

// add adds what passed between two reads.
func (d *distances) add(versions int, passed time.Duration) {
	d.versions, d.passed = d.versions+versions, d.passed+min(passed, longestSpan)
	if d.versions < enoughVersions {
		return
	}
	if mean := d.passed / time.Duration(d.versions); d.least == 0 || mean < d.least {
		d.least = mean
	}
	d.versions, d.passed = 0, 0
}
