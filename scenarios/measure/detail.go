package measure

import "holdfast/scenarios/history"

// Window is what happened around a violation, or a finding about the store, so that its story
// can be drawn: events of its repetition and of the objects that its witness is about, in the
// order in which they ended, with the faults that struck the witness's actors and the
// outcomes of steps. Where the witness has messages, those of the objects are among them.
type Window struct {
	// Violation or Finding is its place in the list of those, from 0; the other is -1.
	Violation  int `json:"violation"`
	Finding    int `json:"finding"`
	Repetition int `json:"repetition"`
	Before     int `json:"before"` // events before the first of these that are left out
	After      int `json:"after"`  // and after the last
	// Events are as they were recorded. Of one in a witness the judge may know more, such as
	// the ETag of a write whose answer was lost.
	Events []history.Event `json:"events"`
	// Witness are the indices of Events that the witness consists of, in ascending order.
	Witness []int     `json:"witness"`
	Skipped []Skipped `json:"skipped,omitempty"`
}

// Skipped are events of a window that are left out between others.
type Skipped struct {
	Before int `json:"before"` // the index of the event in whose front they were
	Events int `json:"events"`
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
