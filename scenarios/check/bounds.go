package check

import (
	"math"
)

// unbounded is more than any two clocks are apart.
const unbounded = math.MaxInt64 / 8

// The windows of bounds.
const (
	shortestWindow = int64(100e6) // nanoseconds
	mostWindows    = 1 << 14
	mostBounds     = 1 << 22 // in all windows together
)

// bounds say how far each of several clocks can be ahead of each other, in nanoseconds, in
// windows of the common time: with T(t) as the true time when a clock shows t, the bound of
// clocks a and b is the most that T_a(t) - T_b(t) can be in the middle of the window. They are
// the weights of a graph, and the tightest follow from it as shortest paths: of all pairs in a
// window by Floyd and Warshall, between windows by what two clocks can drift apart. A path from
// a clock to itself of a negative weight says that no clocks that keep to the drift can have
// told what they did.
//
// The zero value knows no bound.
type bounds struct {
	clocks  int
	start   int64 // of the first window
	length  int64 // of each
	windows [][]int64
	most    [][]int64 // by window and clock: the most that it is ahead of any, or any of it
	active  []bool    // clocks that tell of anything
}

// newBounds are for times between two.
func newBounds(clocks int, from, to int64) bounds {
	windows := min(mostWindows, max(mostBounds/(clocks*clocks), 1))
	length := max(shortestWindow, (to-from)/int64(windows)+1)
	b := bounds{clocks: clocks, start: from, length: length, active: make([]bool, clocks)}
	for range (to-from)/length + 1 {
		b.windows = append(b.windows, unknownBounds(clocks))
	}
	return b
}

// unknownBounds are the bounds of one window, when nothing is known.
func unknownBounds(clocks int) []int64 {
	all := filled(nil, clocks*clocks, int64(unbounded))
	for a := range clocks {
		all[a*clocks+a] = 0
	}
	return all
}

// window is the number of that of a common time, and the middle of it.
func (b *bounds) window(t int64) (n int, middle int64) {
	n = int(min(max((t-b.start)/b.length, 0), int64(len(b.windows)-1)))
	return n, b.start + int64(n)*b.length + b.length/2
}

// drifted is by how much the time of a clock may be wrong at one moment, if it is right at
// another.
func drifted(from, to int64) int64 {
	d := float64(to) - float64(from)
	return int64(math.Ceil(math.Abs(d) * drift))
}

// learn takes that the clock a showed t no later than b showed u.
func (b *bounds) learn(a uint16, t int64, c uint16, u int64) (window int, weight int64) {
	n, middle := b.window(u)
	weight = u - t + drifted(middle, u) + drifted(middle, t)
	if at := &b.windows[n][int(a)*b.clocks+int(c)]; weight < *at {
		*at = weight
	}
	return n, weight
}

// ahead is the most by which the true time when a clock showed t can be later, beyond what the
// common time says, than that when another showed u.
func (b *bounds) ahead(clock, other uint16, t, u int64) int64 {
	if len(b.windows) == 0 {
		return unbounded
	}
	n, middle := b.window(u)
	most := b.windows[n][int(clock)*b.clocks+int(other)]
	if most >= unbounded {
		return unbounded
	}
	return most + drifted(middle, t) + drifted(middle, u)
}

// settle makes all bounds as tight as they can be; it returns the clock and the window of a
// contradiction, none if there is none.
func (b *bounds) settle() (clock int32, window int) {
	clock = none
	for n := range b.windows {
		if n > 0 {
			b.carry(n-1, n)
		}
		b.close(n)
	}
	for n := len(b.windows) - 1; n >= 0; n-- {
		if n < len(b.windows)-1 {
			b.carry(n+1, n)
			b.close(n)
		}
		if a := aheadOfItself(b.windows[n], b.clocks); a != none {
			return a, n
		}
	}
	b.summarize()
	return none, 0
}

// carry takes what is known in one window over to the next.
func (b *bounds) carry(from, to int) {
	more := 2 * drifted(0, b.length)
	for i, most := range b.windows[from] {
		if most < unbounded && i%(b.clocks+1) != 0 {
			b.windows[to][i] = min(b.windows[to][i], most+more)
		}
	}
}

// close adds up the bounds of a window over third clocks.
func (b *bounds) close(n int) {
	closed(b.windows[n], b.clocks, nil)
}

// closed is the algorithm of Floyd and Warshall; via, if it is not nil, is where the first step
// of each path leads to.
func closed(all []int64, clocks int, via []int32) {
	for k := range clocks {
		over := all[k*clocks:][:clocks]
		for a := range clocks {
			row := all[a*clocks:][:clocks]
			first := row[k]
			if first >= unbounded {
				continue
			}
			for c, second := range over {
				if second < unbounded && first+second < row[c] {
					row[c] = first + second
					if via != nil {
						via[a*clocks+c] = via[a*clocks+k]
					}
				}
			}
		}
		if aheadOfItself(all, clocks) != none {
			return // it would become less without end
		}
	}
}

// aheadOfItself is a clock that would have to be; none if none is.
func aheadOfItself(all []int64, clocks int) int32 {
	for a := range clocks {
		if all[a*clocks+a] < 0 {
			return int32(a)
		}
	}
	return none
}

// forget makes all bounds unknown: of clocks that contradict each other.
func (b *bounds) forget() {
	for n := range b.windows {
		b.windows[n] = unknownBounds(b.clocks)
	}
	b.summarize()
}

func (b *bounds) summarize() {
	b.most = nil
	for _, all := range b.windows {
		most := make([]int64, b.clocks)
		for a := range b.clocks {
			for c := range b.clocks {
				if a != c && b.active[a] && b.active[c] {
					most[a] = max(most[a], all[a*b.clocks+c], all[c*b.clocks+a])
				}
			}
		}
		b.most = append(b.most, most)
	}
}

// late is [Judge.late]. What a time is compared with may be of another window: then both are
// further apart than the clocks can drift meanwhile.
func (b *bounds) late(t int64, clock uint16) int64 {
	most := b.around(t, clock)
	if most >= unbounded {
		return forever
	}
	return t + most
}

func (b *bounds) early(t int64, clock uint16) int64 {
	most := b.around(t, clock)
	if most >= unbounded {
		return -forever
	}
	return t - most
}

// around is by how much any other clock may be off from this one, about a common time.
func (b *bounds) around(t int64, clock uint16) int64 {
	if len(b.most) == 0 {
		return unbounded
	}
	n, _ := b.window(t)
	most := b.most[n][clock]
	if most >= unbounded {
		return unbounded
	}
	return int64(math.Ceil(float64(most+2*drifted(0, b.length)) / (1 - drift)))
}
