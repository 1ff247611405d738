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

// throttles returns how the store turns away a call that has just arrived, if it has had too
// many; nil: it serves it.
func (w *Virtual) throttles(c *call) error {
	m := c.object.meters
	if m == nil {
		return nil
	}
	at, write := time.Duration(w.now), c.kind.Writes()
	switch {
	case !c.object.own.Serves(write, at):
		return errTooMany
	case !m.all.Serves(write, at) || c.metered && !m.under.Serves(write, at):
		return errSlowDown
	}
	return nil
}
