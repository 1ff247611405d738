package world

import (
	"time"

	"holdfast/scenarios/network"
)

// meters measure the calls of keys under one prefix.
type meters struct {
	all   network.Meter // by the latency
	under network.Meter // by the scenario: of the calls that are metered
}

// metersOf returns those that the key shares with its neighbours.
func (w *Virtual) metersOf(key string) *meters {
	prefix := network.Prefix(key)
	m := w.meters[prefix]
	if m == nil {
		m = &meters{w.Latency.Throttle.Meter(), w.Throttle.Meter()}
		w.meters[prefix] = m
	}
	return m
}

// serves reports whether the store serves a call that has just arrived, or has had too
// many.
func (w *Virtual) serves(c *call) bool {
	m := c.object.meters
	if m == nil {
		return true
	}
	at := time.Duration(w.now)
	return m.all.Serves(c.kind.Writes(), at) && (!c.metered || m.under.Serves(c.kind.Writes(), at))
}
