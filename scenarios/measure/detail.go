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
	// Digest is the [history.Fingerprint] of all that happened in it: equal seeds and equal
	// code have equal ones. 0, or none in JSON: it was in the real world, or is cut.
	Digest       history.Sum `json:"digest,omitempty"`
	Operations   int         `json:"operations"`
	Acknowledged int         `json:"acknowledged"`
	GaveUp       int         `json:"gave_up"`
	Puts         int         `json:"puts"`
	Gets         int         `json:"gets"`
	Conflicts    int         `json:"conflicts"`
	MakespanMS   float64     `json:"makespan_ms"`        // to the last answer; 0: nobody was answered
	LatencyMS    float64     `json:"latency_ms"`         // mean of the acknowledged; 0: there is none
	P99MS        float64     `json:"p99_ms"`             // of the acknowledged, by nearest rank
	Violated     []string    `json:"violated,omitempty"` // invariants, in the order of their names
	// Cut: an interrupt, or what else ended the run, ended it before its time; its numbers are
	// of what was played.
	Cut bool `json:"cut,omitempty"`
}
