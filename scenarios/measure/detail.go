package measure

import "holdfast/scenarios/history"

// Window is what happened around a violation, or a finding about the store, so that its story
// can be drawn: events of its repetition and its object, in the order in which they ended.
type Window struct {
	// Violation or Finding is its place in the list of those, from 0; the other is -1.
	Violation  int             `json:"violation"`
	Finding    int             `json:"finding"`
	Repetition int             `json:"repetition"`
	Before     int             `json:"before"` // events of the object before the first of these
	After      int             `json:"after"`  // and after the last
	Events     []history.Event `json:"events"`
}

// Repetition is what one repetition has come to, to be compared with the same one of another
// program or setting, or in a distribution.
type Repetition struct {
	N int `json:"n"` // from 1
	// Digest is of all that happened in it, to the order; equal seeds and equal code have
	// equal digests. Empty in the real world.
	Digest       string   `json:"digest,omitempty"`
	Operations   int      `json:"operations"`
	Acknowledged int      `json:"acknowledged"`
	GaveUp       int      `json:"gave_up"`
	Puts         int      `json:"puts"`
	Gets         int      `json:"gets"`
	Conflicts    int      `json:"conflicts"`
	MakespanMS   float64  `json:"makespan_ms"`
	LatencyMS    float64  `json:"latency_ms"` // mean of the acknowledged; 0: there is none
	P99MS        float64  `json:"p99_ms"`
	Violated     []string `json:"violated,omitempty"` // invariants
}
