// Package history is the record of what happened in a run: every operation that
// a client began, every call to the store with its answer, every wait, and how
// each operation ended. It is the only evidence that the judge and the
// statistics see, so a saved history can be judged again, elsewhere and later.
//
// On disk it is NDJSON: a header line, one line for each event in the order in
// which events ended, and an end line. Documents are not stored whole: a write
// states which entries of the history it kept from the version it was built on,
// which it added, and which fields it changed; a read states the number of
// entries and checksums.
package history

import (
	"fmt"
	"strconv"
)

// Schema names the format; it changes with every incompatible change.
const Schema = "simulate.history/v1"

// Header describes the run. It is the first line.
type Header struct {
	Schema   string `json:"schema"`
	Scenario string `json:"scenario"`
	Core     string `json:"core"`
	World    string `json:"world"`
	Store    string `json:"store"`
	Policy   string `json:"policy"`
	Codec    string `json:"codec"`         // "json": real documents; "compact": stand-ins with the same semantics
	Via      string `json:"via,omitempty"` // "api": over HTTP and a queue; empty: "core"
	Seed     uint64 `json:"seed"`
	Clients  int    `json:"clients"`
	// Repetitions is the number of runs of the scenario in this history.
	Repetitions int `json:"repetitions"`
	// MinConflicts is the contention without which the run proves nothing.
	MinConflicts int `json:"min_conflicts,omitempty"`
	// Thresholds are the conditions on the numbers that the run must meet.
	Thresholds []string `json:"thresholds,omitempty"`
	Started    string   `json:"started"` // RFC 3339
	Replay     string   `json:"replay"`  // the command that runs it again
}

// Kind says what an event is.
type Kind string

// The kinds of event.
const (
	Begin  Kind = "begin"  // a repetition of the scenario begins: its actors start
	Invoke Kind = "invoke" // a client begins an operation
	Get    Kind = "get"    // a read of the store was answered
	Head   Kind = "head"   // a look at an ETag was answered
	Put    Kind = "put"    // a write was answered
	Delete Kind = "delete" // a deletion was answered
	Wait   Kind = "wait"   // an operation begins to wait for its next attempt
	Return Kind = "return" // an operation ended
	Queue  Kind = "queue"  // something became of a message of the queue
	Note   Kind = "note"   // something to know when reading the history
	Step   Kind = "step"   // a step of a timeline that expected an outcome had one
	Omit   Kind = "omit"   // repetitions are left out of the history
	End    Kind = "end"    // the history is complete
)

// The answers of the store.
const (
	OK                 = "ok"
	NotFound           = "404"
	PreconditionFailed = "412"
	Conflict           = "409"
	Throttled          = "503"
	Unavailable        = "unavailable" // certainly not applied
	UnknownAnswer      = "unknown"     // may have been applied
	OtherError         = "error"
)

// The outcomes of an operation, as its client was told.
const (
	Committed    = "committed"
	UserConflict = "conflict"
	Exhausted    = "exhausted"
	Gone         = "gone"
	Unknown      = "unknown"
	Failed       = "failed"    // the store's error; nothing was written
	Cancelled    = "cancelled" // the run ended first; nothing was written
	Crashed      = "crashed"   // the client died before it was told anything
)

// What becomes of a message, which says that a trigger was written.
const (
	Sent         = "sent"          // the store has applied the write of a trigger
	Delivered    = "delivered"     // to the actor
	Acknowledged = "acknowledged"  // by the actor
	DeadLettered = "dead-lettered" // delivered too often
	Left         = "left"          // still in the queue at the end
)

// The conditions of a write.
const (
	IfMatch  = "match"
	IfAbsent = "absent"
	IfNone   = "none"
)

// The actors that belong to the harness and not to the scenario.
const (
	SetupActor = "harness/setup" // creates what the scenario starts from
	FinalActor = "harness/final" // reads every object at the end
)

// Event is one line. Which fields are used depends on the kind; times are
// nanoseconds since the run began, on one monotonic clock.
type Event struct {
	Kind  Kind   `json:"e"`
	Start int64  `json:"start_ns,omitempty"` // store calls: when the request was sent
	At    int64  `json:"at_ns"`              // when it was answered, or happened
	Actor string `json:"actor,omitempty"`
	Op    int    `json:"op,omitempty"` // operation number, from 1; 0 for none
	Key   string `json:"key,omitempty"`

	// Begin
	Repetition int `json:"repetition,omitempty"` // from 1

	// Invoke
	Do   string   `json:"do,omitempty"`     // create, append, save, load
	Due  int64    `json:"due_ns,omitempty"` // when it was meant to start, if not at At
	IDs  []string `json:"ids,omitempty"`    // modification ids it submits
	Sets []string `json:"sets,omitempty"`   // fields it means to change
	Base string   `json:"base,omitempty"`   // ETag of the version its user had loaded
	// Trigger is the version of a trigger that it processes, or that a message is
	// about: its key, "@" and its ETag.
	Trigger string `json:"trigger,omitempty"`

	// Store calls
	If     string `json:"if,omitempty"` // condition of a write
	IfETag string `json:"if_etag,omitempty"`
	Answer string `json:"answer,omitempty"`
	ETag   string `json:"etag,omitempty"` // of the version read or written; of a return: the answer
	Doc    *Doc   `json:"doc,omitempty"`  // the content read or written

	// Wait
	Wait    int64 `json:"wait_ns,omitempty"`
	Attempt int   `json:"attempt,omitempty"` // the attempt that follows; of a delivery: which one of its message

	// Return
	Outcome string   `json:"outcome,omitempty"`
	Fields  []string `json:"fields,omitempty"` // fields in conflict
	Told    []string `json:"told,omitempty"`   // customers who, says the answer, have been told of the upload

	Expected *Expected `json:"expected,omitempty"` // Step; Do says which
	Omitted  *Omitted  `json:"omitted,omitempty"`  // Omit

	Text string `json:"text,omitempty"` // error or note; of the end: why the run could not go on

	// Interrupted marks the end of a run that was cut short, and the return of an
	// operation that was still under way then: its answer may be the interrupt's.
	Interrupted bool `json:"interrupted,omitempty"`
}

// Expected is the outcome that a step of a timeline was to have, and the one it had.
type Expected struct {
	Want   string `json:"want"`
	Got    string `json:"got"`
	Missed bool   `json:"missed,omitempty"`
}

// Omitted is what the run has shown in the repetitions that its history does not hold:
// no violation, no missed step, nothing that made one of them inconclusive. The numbers
// below are what a verdict on all repetitions needs to know of these.
type Omitted struct {
	Repetitions  int `json:"repetitions"`
	Updates      int `json:"updates"`
	Acknowledged int `json:"acknowledged"`
	Refusals     int `json:"refusals"` // that count as contention
	// Thresholds are those of the header, measured over all repetitions of the run.
	Thresholds []Measured `json:"thresholds,omitempty"`
}

// Measured is a threshold and what it was compared with.
type Measured struct {
	Expression string   `json:"expression"`
	Value      *float64 `json:"value,omitempty"` // nil: there were no samples
	Passed     bool     `json:"passed"`
}

// Clone returns a copy of an event that a [Sink] may keep.
func (e *Event) Clone() *Event {
	kept := *e
	if e.Doc != nil {
		doc := *e.Doc
		kept.Doc = &doc
	}
	return &kept
}

// Doc is the content of a version: the history's length and checksum, and for a
// write what it changed against the version it was built on.
type Doc struct {
	N      int `json:"n"`      // entries in the history
	Sum    Sum `json:"sum"`    // checksum of the entries in order
	Fields Sum `json:"fields"` // checksum of all other fields in order

	// A write only. Of is the ETag of the version that its client had read or
	// written last, "" if none; Keep is how many leading entries of it are unchanged;
	// Add are the ids of the entries after these. Entries without an id are
	// named "#" and their checksum.
	Of    string   `json:"of,omitempty"`
	Keep  int      `json:"keep,omitempty"`
	Add   []string `json:"add,omitempty"`
	Set   []Set    `json:"set,omitempty"`
	Moved bool     `json:"moved,omitempty"` // fields changed their order
	Bad   string   `json:"bad,omitempty"`   // why it is no document at all
}

// Sum is a 64-bit FNV-1a checksum, written as 16 hexadecimal digits.
type Sum uint64

// MarshalText implements encoding.TextMarshaler.
func (s Sum) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%016x", uint64(s)), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Sum) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 16, 64)
	if err != nil || len(text) != 16 {
		return fmt.Errorf("checksum %q is not 16 hexadecimal digits", text)
	}
	*s = Sum(n)
	return nil
}

// Set is a field that a write changed. Values are raw JSON, long ones shortened
// and told apart by a checksum; absent is "".
type Set struct {
	Field string `json:"field"`
	Was   string `json:"was"`
	Now   string `json:"now"`
}
