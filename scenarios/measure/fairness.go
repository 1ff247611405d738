package measure

import (
	"maps"
	"slices"
)

// delay sums up durations.
type delay struct {
	total int64
	n     int64
}

func (d *delay) add(e delay) { d.total, d.n = d.total+e.total, d.n+e.n }

// delayOf is the delay of an actor, which is added if there is none.
func delayOf(delays map[string]*delay, actor string) *delay {
	d := delays[actor]
	if d == nil {
		d = &delay{}
		delays[actor] = d
	}
	return d
}

// jain is Jain's fairness index (Σx)²/(n·Σx²) of the mean latencies.
func jain(delays map[string]*delay) *float64 {
	if len(delays) < 2 {
		return nil
	}
	sum, squares := 0.0, 0.0
	for _, actor := range slices.Sorted(maps.Keys(delays)) { // or rounding would depend on the map
		mean := float64(delays[actor].total) / float64(delays[actor].n)
		sum, squares = sum+mean, squares+mean*mean
	}
	index := sum * sum / (float64(len(delays)) * squares)
	return &index
}
