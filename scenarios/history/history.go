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
//
// What an operation wants and what a write stores are stated by value: each field
// that is to change and each entry that is to be added comes with the [Digest] of it.
//
// What was expected is there too: contention, thresholds and planned faults in the header,
// the outcomes of steps as events, at its end why the run could not go on. So a history that
// is judged again comes to the verdict and to the exit code of its run.
package history

import (
	"fmt"
	"strconv"

	"holdfast/archive"
)

// Schema names the format; it changes with every incompatible change. Histories of
// [SchemaV1], which say what was wanted by name only, are read as well.
const (
	Schema   = "simulate.history/v2"
	SchemaV1 = "simulate.history/v1"
)

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
	// Layout is that of the documents; nil: the archive's own. The judge needs of it where
	// they were kept: entries are told apart and digested when they are recorded.
	Layout  *Layout `json:"layout,omitempty"`
	Seed    uint64  `json:"seed"`
	Clients int     `json:"clients"`
	// Repetitions is the number of runs of the scenario in this history.
	Repetitions int `json:"repetitions"`
	// MinConflicts is the contention without which the run proves nothing.
	MinConflicts int `json:"min_conflicts,omitempty"`
	// Thresholds are the conditions on the numbers that the run must meet.
	Thresholds []string `json:"thresholds,omitempty"`
	// Untimed: waits took no time and no deadline could pass, as in a schedule.
	Untimed bool `json:"untimed,omitempty"`
	// OwnWaits: the core draws its waits by itself; of the policy only the number of
	// attempts is its own.
	OwnWaits bool `json:"own_waits,omitempty"`
	// Receives is how often the queue delivers a message before it gives it up; 0: there
	// is no queue, or nobody says.
	Receives int `json:"receives,omitempty"`
	// Visibility is for how long a message that was delivered is kept from others, in
	// nanoseconds; 0 as with Receives.
	Visibility int64 `json:"visibility_ns,omitempty"`
	// Grace is how old an upload must be for a reconciler to tell of it, in nanoseconds;
	// 0: there is no reconciler, or nobody says.
	Grace int64 `json:"grace_ns,omitempty"`
	// Prices names what the store charges; empty: nobody says.
	Prices  string `json:"prices,omitempty"`
	Started string `json:"started"` // RFC 3339
	Replay  string `json:"replay"`  // the command that runs it again
	// Faults are those that were planned, each to befall a certain call: without
	// them the run does not show what it was made for.
	Faults []string `json:"faults,omitempty"`
	// Recorders is how many were to watch the run together, each on a machine of its own;
	// 0: one. Shards are those whose events are here, in the order of [Event.Clock].
	Recorders int     `json:"recorders,omitempty"`
	Shards    []Shard `json:"shards,omitempty"`
	// Deletes: of several recorders one may have seen that somebody deletes an object.
	Deletes bool `json:"deletes,omitempty"`
}

// Shard is what one of several recorders has seen of a run, by a clock of its own: nobody
// knows how far that is from those of the others.
type Shard struct {
	Number  int `json:"number"`  // from 0
	Attempt int `json:"attempt"` // at this shard, from 1: a process that was killed may be followed by another
	// Ready is when it was about to say that it is ready, Go when it had learned that all are, in
	// nanoseconds of its history's own time, which may be negative. Nobody's Ready is after
	// anybody's Go. Both 0: there was no barrier.
	Ready int64 `json:"ready_ns,omitempty"`
	Go    int64 `json:"go_ns,omitempty"`
	// Lost: its recorder died, so that what came last is missing.
	Lost bool `json:"lost,omitempty"`
}

// Barrier reports whether the shards have waited for each other.
func (s *Shard) Barrier() bool { return s.Ready != 0 || s.Go != 0 }

// Prefix is what the names of the shard's actors begin with.
func (s *Shard) Prefix() string { return fmt.Sprintf("%d/%d/", s.Number, s.Attempt) }

// Kind says what an event is.
type Kind string

// The kinds of event.
const (
	Begin   Kind = "begin"   // a repetition of the scenario begins: its actors start
	Invoke  Kind = "invoke"  // a client begins an operation
	Get     Kind = "get"     // a read of the store was answered
	Head    Kind = "head"    // a look at an ETag was answered
	Put     Kind = "put"     // a write was answered
	Delete  Kind = "delete"  // a deletion was answered
	Wait    Kind = "wait"    // an operation begins to wait for its next attempt
	Return  Kind = "return"  // an operation ended
	Queue   Kind = "queue"   // something became of a message of the queue
	Tell    Kind = "tell"    // a reconciler looked whom to tell of an object, from Start on
	Note    Kind = "note"    // something to know when reading the history
	Skip    Kind = "skip"    // operations that an actor was meant to begin, and never did
	Request Kind = "request" // so many requests were made to a queue, all in all; Do says which
	Step    Kind = "step"    // a step of a timeline that expected an outcome had one
	Omit    Kind = "omit"    // repetitions are left out of the history
	End     Kind = "end"     // the history is complete
)

// The answers of the store.
const (
	OK                 = "ok"
	NotFound           = "404"
	PreconditionFailed = "412"
	Conflict           = "409"
	Throttled          = "503"
	Unavailable        = "unavailable" // certainly not applied; an outcome too
	UnknownAnswer      = "unknown"     // may have been applied
	OtherError         = "error"
)

// The outcomes of an operation, as its client was told.
const (
	Committed     = "committed"
	UserConflict  = "conflict"
	Exhausted     = "exhausted"
	Gone          = "gone"
	Unknown       = "unknown"
	Failed        = "failed"        // the store's error; nothing was written
	Contradiction = "contradiction" // the store contradicts itself; nothing was written
	Cancelled     = "cancelled"     // the run ended first, or the caller's patience; nothing was written
	Crashed       = "crashed"       // the client died before it was told anything
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
	// Clock is the index of the shard, in the header's list, by whose clock its times are.
	Clock int `json:"clock,omitempty"`

	// Begin
	Repetition int `json:"repetition,omitempty"` // from 1

	// Invoke
	Do  string `json:"do,omitempty"`     // create, append, save, load, batch
	Due int64  `json:"due_ns,omitempty"` // when it was meant to start, if not at At
	// GiveUp is for how long its caller waits for an answer, if not for ever: then the
	// call is cancelled.
	GiveUp int64    `json:"give_up_ns,omitempty"`
	IDs    []string `json:"ids,omitempty"`  // modification ids it submits
	Sets   []string `json:"sets,omitempty"` // fields it means to change
	Base   string   `json:"base,omitempty"` // ETag of the version its user had loaded
	// Entries are the digests of the modifications in IDs, Values tell what the fields
	// in Sets are to be, Whole is the digest of all fields of a document that is to be
	// created. All are empty in histories of the older format.
	Entries []Sum   `json:"entries,omitempty"`
	Values  []Value `json:"values,omitempty"`
	Whole   Sum     `json:"whole,omitempty"`
	// Once is the modification, of those in IDs, by which the whole operation is known:
	// a version that holds it has all of the operation, though the rest may come out
	// differently when the operation is repeated. Empty: they all are.
	Once string `json:"once,omitempty"`
	// Through is the group or queue by which the operation is stored: its client makes no
	// store calls, and what it wants is held by the write of a batch through the same, which
	// may hold that of many. Of a batch it says whose operations it may store.
	Through string `json:"through,omitempty"`
	// Invalid: it asks for what no core may store, so that it must be refused, and alone.
	Invalid bool `json:"invalid,omitempty"`
	// Step is the step of the scenario's timeline that it is: its label, or without one its
	// number, from 1. Empty: it is none.
	Step string `json:"step,omitempty"`
	// Trigger is the version of a trigger that it processes, or that a message is
	// about: its key, "@" and its ETag.
	Trigger string `json:"trigger,omitempty"`
	// Worked is the ETag of the version on which the work on that trigger was done, Covers
	// the upload up to which, as its entry says, the worker has read.
	Worked string `json:"worked,omitempty"`
	Covers string `json:"covers,omitempty"`
	// Customers are those who must be told of it; of a return, those of the version that
	// is stored, if they are others than the invocation has; of a look, those of the
	// version that was looked at.
	Customers []string `json:"customers,omitempty"`

	// Store calls
	// Asked is when the core made the call, if the harness held it back until Start.
	Asked  int64  `json:"asked_ns,omitempty"`
	If     string `json:"if,omitempty"` // condition of a write
	IfETag string `json:"if_etag,omitempty"`
	Answer string `json:"answer,omitempty"`
	ETag   string `json:"etag,omitempty"` // of the version read or written; of a return: the answer
	Doc    *Doc   `json:"doc,omitempty"`  // the content read or written; of a return: answered
	// Fault is the planned fault that befell it, also of a note; Means what its
	// caller had to be told because of a fault. Requests is how many were made for
	// it, if more than one.
	Fault    string `json:"fault,omitempty"`
	Means    string `json:"means,omitempty"`
	Requests int    `json:"requests,omitempty"`
	// RetryAfter is when the store wanted to be asked again, in nanoseconds from its answer.
	RetryAfter int64 `json:"retry_after_ns,omitempty"`
	// Carried is the condition that the request of a write was sent with, if it is
	// another than its caller had asked for.
	Carried string `json:"carried,omitempty"`

	// Wait
	Wait    int64 `json:"wait_ns,omitempty"`
	Attempt int   `json:"attempt,omitempty"` // the attempt that follows; of a delivery: which one of its message

	// Return
	Outcome string   `json:"outcome,omitempty"`
	Fields  []string `json:"fields,omitempty"` // fields in conflict
	Status  int      `json:"status,omitempty"` // HTTP status of the API's answer, if it was asked
	// Told are the customers who, says the answer, have been told of the upload; of a
	// look, those whom the reconciler has told, each of the upload in IDs.
	Told []string `json:"told,omitempty"`
	// Shown: besides the ETag the answer holds the content of that version, as the
	// client had read or written it last. An answer with another content has a Doc.
	Shown bool `json:"shown,omitempty"`

	Count    int       `json:"count,omitempty"`    // of a skip: operations; of requests: how many
	Expected *Expected `json:"expected,omitempty"` // Step; Do says which
	Omitted  *Omitted  `json:"omitted,omitempty"`  // Omit

	Text string `json:"text,omitempty"` // error or note; of a skip: why; of the end: why the run could not go on

	// Interrupted marks the end of a run that was cut short, and the return of an
	// operation that was still under way then: its answer may be the interrupt's.
	Interrupted bool `json:"interrupted,omitempty"`
}

// Befallen is a context of a store call that knows what befell it on its way.
type Befallen interface {
	// Befell returns the planned fault that struck the call, how many requests were
	// made for it, and what its caller had to be told because of a fault, nil if none
	// decides that.
	Befell() (planned string, requests int, means error)
	// Carried is the condition with which the request was sent, if that is known.
	Carried() (cond archive.Condition, ok bool)
}

// Injected is an answer that was put in the place of the store's own, of a world whose
// calls have no context that says so.
type Injected interface {
	error
	Injected()
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

	// A write, or a read that tells of a version ([Recorder.TellReads]). Of is the ETag of the
	// version that its client had read or written last, or that its recorder had described
	// last, "" if none; Keep is how many leading entries of it are unchanged;
	// Add are the ids of the entries after these. Entries without an id are
	// named "#" and their checksum.
	Of   string   `json:"of,omitempty"`
	Keep int      `json:"keep,omitempty"`
	Add  []string `json:"add,omitempty"`
	Set  []Set    `json:"set,omitempty"`
	// Entries are the digests of those in Add. Holds are the fields that its operation
	// wants and that the write does not change, Whole is the digest of all fields of a
	// write that is built on nothing. All are empty in histories of the older format.
	Entries []Sum  `json:"entries,omitempty"`
	Holds   []Held `json:"holds,omitempty"`
	Whole   Sum    `json:"whole,omitempty"`
	Moved   bool   `json:"moved,omitempty"` // fields changed their order
	Bad     string `json:"bad,omitempty"`   // why it is no document at all
}

// same reports whether two documents have the same content.
func (d Doc) same(o *Doc) bool {
	return d.N == o.N && d.Sum == o.Sum && d.Fields == o.Fields && d.Bad == o.Bad
}

// sets reports whether a write changed a field.
func (d *Doc) sets(field string) bool {
	for i := range d.Set {
		if d.Set[i].Field == field {
			return true
		}
	}
	return false
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
	// Sum is the [Digest] of Now. 0: Now is absent, or the format is the older one.
	Sum Sum `json:"sum,omitempty"`
}

// Value is what an operation wants a field to be, with digests.
type Value struct {
	Sum  Sum    `json:"sum,omitempty"`  // what it is to be; 0: absent
	Was  Sum    `json:"was,omitempty"`  // what it was for who wants it; 0: absent, or not known
	Text string `json:"text,omitempty"` // the value itself, for people; shortened like those of a Set
}

// Held is what a document holds in a field.
type Held struct {
	Field string `json:"field"`
	Sum   Sum    `json:"sum,omitempty"` // 0: it is absent
}
