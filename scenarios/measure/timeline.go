package measure

import (
	"math"
	"slices"
	"time"
)

// Timeline counts what happened in equal parts of a repetition's time, in all repetitions
// together: element i from i×WidthMS after their beginnings on, for WidthMS. It goes up to the
// last answer of the longest repetition, so towards its end it is of fewer repetitions.
type Timeline struct {
	WidthMS     float64 `json:"width_ms"`
	Repetitions int     `json:"repetitions"`
	Commits     []int   `json:"commits"`
	Conflicts   []int   `json:"conflicts"`           // 412 and 409
	Retries     []int   `json:"retries"`             // writes after the first of their operation
	Throttled   []int   `json:"throttled,omitempty"` // nil: none was
	Unknown     []int   `json:"unknown,omitempty"`   // writes without a usable answer; nil: none was
}

const (
	// firstWidth is the finest that a timeline is counted in.
	firstWidth = 10 * time.Microsecond
	// mostCounted are the parts that it is counted in, mostShown those that a result has.
	mostCounted = 500
	mostShown   = 100
)

// timeline counts in parts whose width is the narrowest of 10, 50, 100, 500 µs, … with which
// they are few enough. Each width is a multiple of the one before, so however the counts of
// several are added, they are those of one that has seen all.
type timeline struct {
	width int64 // nanoseconds; 0: nothing was counted
	parts []moment
}

// moment is what happened in a part.
type moment struct{ commits, conflicts, retries, throttled, unknown int64 }

func (m *moment) add(o *moment) {
	m.commits += o.commits
	m.conflicts += o.conflicts
	m.retries += o.retries
	m.throttled += o.throttled
	m.unknown += o.unknown
}

// at is the part that holds a time after the beginning, in nanoseconds.
func (t *timeline) at(ns int64) *moment {
	ns, t.width = max(ns, 0), max(t.width, int64(firstWidth))
	for ns/t.width >= mostCounted {
		t.widen()
	}
	i := int(ns / t.width)
	for len(t.parts) <= i {
		t.parts = append(t.parts, moment{})
	}
	return &t.parts[i]
}

// valid reports whether a width is one of those that there are.
func (t *timeline) valid() bool {
	u := timeline{width: int64(firstWidth)}
	for u.width < t.width && t.width <= math.MaxInt64/10 {
		u.widen()
	}
	return u.width == t.width || t.width == 0 && len(t.parts) == 0
}

// widen goes over to the next width.
func (t *timeline) widen() {
	digit := t.width
	for digit%10 == 0 {
		digit /= 10
	}
	factor := 5
	if digit == 5 {
		factor = 2
	}
	t.width *= int64(factor)
	parts := t.parts
	t.parts = parts[:(len(parts)+factor-1)/factor]
	for i := range parts {
		m := parts[i]
		if i%factor == 0 {
			t.parts[i/factor] = m
		} else {
			t.parts[i/factor].add(&m)
		}
	}
}

func (t *timeline) merge(o *timeline) {
	if len(o.parts) == 0 {
		return
	}
	t.width = max(t.width, int64(firstWidth))
	for t.width < o.width {
		t.widen()
	}
	for i := range o.parts {
		t.at(int64(i) * o.width).add(&o.parts[i])
	}
}

func (t *timeline) reset() { t.width, t.parts = 0, t.parts[:0] }

// shown is the timeline of so many repetitions in parts of a round width; nil: there is none.
func (t *timeline) shown(repetitions int) *Timeline {
	if len(t.parts) == 0 {
		return nil
	}
	factor := 1
	for _, factor = range []int{1, 2, 5, 10} { // of 50 µs it makes 50, 100, 250 and 500
		if (len(t.parts)+factor-1)/factor <= mostShown {
			break
		}
	}
	n := (len(t.parts) + factor - 1) / factor
	counted := make([]int, 5*n)
	series := func(k int) []int { return counted[k*n : (k+1)*n : (k+1)*n] }
	all := &Timeline{
		WidthMS: float64(t.width*int64(factor)) / 1e6, Repetitions: repetitions,
		Commits: series(0), Conflicts: series(1), Retries: series(2), Throttled: series(3), Unknown: series(4),
	}
	for i := range t.parts {
		m, k := &t.parts[i], i/factor
		all.Commits[k] += int(m.commits)
		all.Conflicts[k] += int(m.conflicts)
		all.Retries[k] += int(m.retries)
		all.Throttled[k] += int(m.throttled)
		all.Unknown[k] += int(m.unknown)
	}
	for _, rare := range []*[]int{&all.Throttled, &all.Unknown} {
		if !slices.ContainsFunc(*rare, func(n int) bool { return n > 0 }) {
			*rare = nil
		}
	}
	return all
}
