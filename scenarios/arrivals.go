package scenarios

import (
	"math"
	"math/rand/v2"
	"time"
)

// arrivals are the operations that a load means to begin: at a rate, whether or not
// the earlier ones have ended, or so many. A load of neither kind begins what it has
// time for, and means to begin nothing else.
type arrivals struct {
	load     *Load
	rng      *rand.Rand
	start    time.Time     // of the scenario
	duration time.Duration // over which its rate follows a curve
	begun    int
	due      time.Time // of the latest, with a rate
	drawn    bool      // the latest was not begun
	periods  int       // that have passed, of a periodic load
}

// arrivals of the performer's load in this repetition.
func (f *performer) arrivals() arrivals {
	p, l := f.repetition, f.actor.Load
	a := arrivals{load: l, rng: f.rng, start: p.start, duration: time.Duration(p.Scenario.Duration)}
	a.due = a.start.Add(time.Duration(l.After))
	if l.Arrivals.Process == Bursts { // all clients of the actor draw the same
		a.rng = stream(p.Seed, p.Scenario.Name, p.number, f.actor.Name+"\x00arrivals")
	}
	return a
}

// next is when the next one is due.
func (a *arrivals) next() time.Time {
	a.drawn = true
	switch l := a.load; {
	case l.Arrivals.Process == Periodic:
		at := float64(a.periods) * float64(time.Second) / l.Rate // no sum, which would drift
		a.due = a.start.Add(time.Duration(l.After) + time.Duration(math.Round(min(at, longestPause))))
		a.periods++
	case l.Arrivals.varies():
		a.thin()
	default:
		a.wait(a.rng.ExpFloat64() / l.Rate * float64(time.Second))
	}
	return a.due
}

func (a *arrivals) wait(d float64) { a.due = a.due.Add(time.Duration(min(d, longestPause))) }

// thin draws from a Poisson process with a rate that varies: of those of the highest rate,
// which come evenly, each is kept with the probability that the rate has there of the highest
// (Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", Naval
// Research Logistics Quarterly 26, 1979). The first after the duration is as good as any.
func (a *arrivals) thin() {
	highest := a.load.Arrivals.highest()
	for {
		a.wait(a.rng.ExpFloat64() / (a.load.Rate * highest) * float64(time.Second))
		x := a.share(a.due)
		if x >= 1 || a.rng.Float64()*highest < a.load.Arrivals.relative(x) {
			return
		}
	}
}

// share is how much of the duration is over at a time.
func (a *arrivals) share(at time.Time) float64 { return float64(at.Sub(a.start)) / float64(a.duration) }

// begin counts the next one as begun.
func (a *arrivals) begin() {
	a.begun++
	a.drawn = false
}

// mostDrawn arrivals are drawn one by one; beyond, their number is as good as its mean.
const mostDrawn = 1_000_000

// left is how many more were to be begun before an end. What is drawn for it nobody
// needs any more.
func (a *arrivals) left(end time.Time) int {
	switch {
	case a.load.Operations > 0:
		return a.load.Operations - a.begun
	case a.load.Rate == 0:
		return 0
	}
	n := 0
	if !a.drawn {
		a.next()
	}
	for ; a.due.Before(end); a.next() {
		if n++; n == mostDrawn {
			return n + int(min(math.Round(a.expected(end)), math.MaxInt32))
		}
	}
	return n
}

// expected is how many come until an end on average.
func (a *arrivals) expected(end time.Time) float64 {
	if !a.load.Arrivals.varies() {
		return a.load.Rate * end.Sub(a.due).Seconds()
	}
	return a.load.Rate * a.duration.Seconds() * (a.load.Arrivals.until(a.share(end)) - a.load.Arrivals.until(a.share(a.due)))
}
