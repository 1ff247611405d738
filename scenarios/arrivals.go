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
	load  *Load
	rng   *rand.Rand
	begun int
	due   time.Time // of the latest, with a rate
	drawn bool      // the latest was not begun
}

// next is when the next one is due.
func (a *arrivals) next() time.Time {
	a.due = a.due.Add(time.Duration(min(a.rng.ExpFloat64()/a.load.Rate*float64(time.Second), longestPause)))
	a.drawn = true
	return a.due
}

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
			rest := a.load.Rate * end.Sub(a.due).Seconds()
			return n + int(min(math.Round(rest), math.MaxInt32))
		}
	}
	return n
}
