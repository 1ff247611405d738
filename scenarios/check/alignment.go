package check

import (
	"math"
	"time"
)

// Alignment is how the clocks of several recorders were moved to a common time, in which each is
// about right.
type Alignment struct {
	// Shift is what takes a time of each clock, in the order of the header, to the common one, in
	// nanoseconds.
	Shift  []int64
	widths []time.Duration // of each two
}

// Width is the range within which one clock is against another, at its narrowest; 0: nothing is
// known of that.
func (a *Alignment) Width(clock, other int) time.Duration {
	return a.widths[clock*len(a.Shift)+other]
}

// aligned is how the judge has aligned the clocks; nil: there is but one.
func (j *Judge) aligned() *Alignment {
	if !j.clocks.several() || j.clocks.shift == nil {
		return nil
	}
	n, b := len(j.clocks.shards), j.clocks.bounds
	widths := make([]time.Duration, n*n)
	for _, w := range b.windows {
		for from := range n {
			for to := range n {
				one, other := w[from*n+to], w[to*n+from]
				if from == to || one >= unbounded || other >= unbounded {
					continue
				}
				if at := &widths[from*n+to]; *at == 0 || time.Duration(one+other) < *at {
					*at = time.Duration(min(one+other, math.MaxInt64))
				}
			}
		}
	}
	return &Alignment{j.clocks.shift, widths}
}
