package network

import "time"

// Capacity is how many requests a store serves a second, of all keys together: if only reads
// came, or only writes. What comes faster waits, in the order of its arrival. 0: no bound.
type Capacity struct{ Reads, Writes float64 }

// Turn is for how long one request keeps such a store busy; a write that is refused counts as
// a read.
func (c Capacity) Turn(write bool) time.Duration {
	rate := c.Reads
	if write {
		rate = c.Writes
	}
	if rate <= 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / rate)
}
