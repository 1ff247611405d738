// Package scenarios describes what a run does and plays it: which actors there
// are, what each does and when, against which documents, and what is expected.
//
// A scenario is a YAML file. The built-in ones are embedded from library/;
// wherever a name is accepted, a path to a file is too.
package scenarios

import (
	"slices"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// Scenario is a parsed file. [Parse] is strict: unknown keys, bad values and
// references to actors that do not exist are errors with file, line and column.
//
// The comments of its fields, and of those of what it holds, are the reference of the
// format, docs/scenarios.md, and its JSON Schema: a test holds them together. A sentence
// "0: …" or "Empty: …" says what a key means that is left out, "Required." that it must
// not be.
type Scenario struct {
	// Name is how results and directories call the scenario; lower case, digits and
	// hyphens. Required.
	Name string `yaml:"name"`
	// Shows says in a sentence what a passing run has shown. Required.
	Shows string `yaml:"shows"`
	// Why says why the scenario exists. Empty: nothing is said.
	Why string `yaml:"why"`
	// Document is a built-in document (CHG-12345, CHG-30030, CIC-77001) or the path of one,
	// from where the program runs. Empty: CHG-12345, or the layout's.
	Document string `yaml:"document,omitempty"`
	// Layout says what the documents are like: a built-in layout (order) or the path of a
	// file, see [Layout]. Empty: as changes and announcements are.
	Layout string `yaml:"layout,omitempty"`
	// Objects says how many documents there are. Empty: one, as it is.
	Objects Objects `yaml:"objects,omitempty"`
	// Actors are the clients; at least one. Required.
	Actors []Actor `yaml:"actors"`
	// Timeline is played step by step: a step begins when the one before it has ended or
	// is held. Empty: the actors run freely, by their loads.
	Timeline []Step `yaml:"timeline,omitempty"`
	// Duration ends the loads that state no number of operations. 0: each states one.
	Duration Duration `yaml:"duration,omitempty"`
	// Core is the core under test; simulate run --help names those that there are. Empty:
	// production.
	Core string `yaml:"core,omitempty"`
	// Policy is the retry policy, or the name of one that people use, see docs/tuning.md. Nil:
	// the core's own.
	Policy *Policy `yaml:"policy,omitempty"`
	// Latency of the store in the virtual world, and added to that of the embedded
	// S3 in the real one. Nil: s3-standard, and in the real world none.
	Latency *Latency `yaml:"latency,omitempty"`
	// RequestTimeout is how long a client waits for an answer of the store. 0: as
	// long as the S3 adapter does.
	RequestTimeout Duration `yaml:"request_timeout,omitempty"`
	// Faults are what befalls calls and clients. Empty: none.
	Faults []Fault `yaml:"faults,omitempty"`
	// ETags says what those of the modelled store are like. Empty: content.
	ETags ETags `yaml:"etags,omitempty"`
	// Codec is how documents are encoded in the virtual world. Empty: json.
	Codec Codec `yaml:"codec,omitempty"`
	// Via says how clients reach the archive. Empty: core.
	Via Via `yaml:"via,omitempty"`
	// Queue is the one between the store and the back ends, or with via: core before them.
	// Empty: the defaults of its keys, or none.
	Queue Queue `yaml:"queue,omitempty"`
	// Group is how back ends share writes, with via: core. Empty: each writes for itself.
	Group Group `yaml:"group,omitempty"`
	// Schedule is the exact order of calls to replay, as explore prints it. Empty: the
	// order is left to the world.
	Schedule string `yaml:"schedule,omitempty"`
	// Expect says what a run must show. Empty: that no invariant is violated.
	Expect Expect `yaml:"expect,omitempty"`
}

// Objects says how many documents there are.
type Objects struct {
	// Count is the number of documents used at a time. 0: 1.
	Count int `yaml:"count,omitempty"`
	// Keys says how an operation of a load finds its document: at random, by popularity; or
	// by a hash of its actor's name, so that all operations of an actor go to the same one, as
	// where an object is split into parts by customer. Empty: random.
	Keys Keys `yaml:"keys,omitempty"`
	// Popularity is how actors choose among them at random: each as often as any other, or by
	// zipf(S), S above 1, where the first is the most popular. Empty: uniform.
	Popularity Popularity `yaml:"popularity,omitempty"`
	// FreshAfter replaces a document by a fresh one after so many committed
	// updates, so that contention is measured and not the growth of one
	// document. 0: never.
	FreshAfter int `yaml:"fresh_after,omitempty"`
	// Absent says that the documents do not exist when the scenario starts.
	Absent bool `yaml:"absent,omitempty"`
	// Entries is how many entries the history of each document has at least when the
	// scenario starts. 0: as many as the document comes with.
	Entries int `yaml:"entries,omitempty"`
	// Size is how many bytes each document has at least when the scenario starts: a
	// field that nobody edits fills it up. 0: as many as it comes with.
	Size int `yaml:"size,omitempty"`
}

// Keys names how operations find their documents.
type Keys string

// The ways to a document.
const (
	RandomKeys Keys = "random" // drawn for each operation
	HashedKeys Keys = "hash"   // of the actor's name, SHA-256
)

// Kind is what an actor is, which decides what its load does.
type Kind string

// The kinds of actor.
const (
	User     Kind = "user"     // loads, edits a field, saves; on a conflict reloads and saves again
	Backend  Kind = "backend"  // appends "processed" for its customer
	Creator  Kind = "creator"  // creates the document
	Outsider Kind = "outsider" // deletes the document, through no core
	Stranger Kind = "stranger" // with via: api, sends requests that the API must refuse, one kind after the other

	// Of actors that [Queue] or [Group] asks for, and no file.
	reconciles Kind = "reconciles"
	consumes   Kind = "consumes"
	groups     Kind = "groups"
)

// Actor is one client, or Count of them, named name-01, name-02, ….
type Actor struct {
	// Name is what steps, faults and reports call it; lower case, digits and hyphens.
	// Required.
	Name string `yaml:"name"`
	// Kind is what it is, which decides what its load does. Required.
	Kind Kind `yaml:"kind"`
	// Count is the number of such clients, named name-01, name-02, …, at most 100000. 0:
	// 1. The --clients flag replaces the largest count among the actors with a load.
	Count int `yaml:"count,omitempty"`
	// Load makes the actor run freely. All loads start together. Nil: it acts in the
	// timeline, or interferes.
	Load *Load `yaml:"load,omitempty"`
	// Interferes makes the actor commit an update of its own each time another
	// is about to make a call. Nil: it does not.
	Interferes *Interferes `yaml:"interferes,omitempty"`
}

// Load is what an actor does when it runs freely. All loads start together.
type Load struct {
	// Operations is how many each actor does. 0: as many as it comes to until the
	// scenario's duration ends.
	Operations int `yaml:"operations,omitempty"`
	// After is how long the actor waits before its first operation. 0: not at all.
	After Duration `yaml:"after,omitempty"`
	// Think is the pause between two operations of an actor, exponentially
	// distributed with this mean. 0: none.
	Think Duration `yaml:"think,omitempty"`
	// Saves is how often a user saves after each load, every time on top of what the
	// save before was answered. 0: once.
	Saves int `yaml:"saves,omitempty"`
	// Edits says what a user changes, or a back end. Empty: text, and nothing but an
	// entry of the history.
	Edits Edits `yaml:"edits,omitempty"`
	// Rate makes an actor begin operations at this rate per second, whether or
	// not the previous one has ended in time; latency counts from the intended
	// start, and those that are due before the duration ends and were not begun by
	// then are counted as never begun. 0: each operation begins when the previous one
	// has ended.
	Rate float64 `yaml:"rate,omitempty"`
	// Arrivals say how the operations of a rate come, which is their mean in any case.
	// poisson: each client's by themselves, with exponential gaps. bursts: those of all
	// clients of the actor together, with exponential gaps from burst to burst. periodic:
	// those of all clients together, first at once and then each time that 1/rate has passed.
	// day: poisson at a rate that follows a day over the scenario's duration, from nothing to
	// twice the mean in its middle and back, 1 - cos(2πt/duration) times the mean. curve(W,W,…):
	// poisson at a rate that follows these weights over as many equal parts of the duration.
	// Empty: poisson.
	Arrivals Arrivals `yaml:"arrivals,omitempty"`
	// FirstWritesTogether holds the actor before the first write of its first operation
	// until all actors that are held so have come to theirs, or can't any more: all have
	// read by then, so all but one of those who write the same document are refused. Not
	// in a schedule, which has every order anyway.
	FirstWritesTogether bool `yaml:"first_writes_together,omitempty"`
	// GiveUpAfter is for how long the actor waits for the answer to an operation: then
	// it cancels the call, which is to end at once. 0: as long as it takes.
	GiveUpAfter Duration `yaml:"give_up_after,omitempty"`
}

// Interferes says when an actor commits an update of its own.
type Interferes struct {
	// With is the actor that is disturbed. Required.
	With string `yaml:"with"`
	// Before is the store call that it is about to make. Required.
	Before Point `yaml:"before"`
	// Times is how often. 0: every time.
	Times int `yaml:"times,omitempty"`
}

// Point is the call of a store before which an actor is stopped or disturbed.
type Point string

// The points.
const (
	BeforeGet Point = "get" // a read
	BeforePut Point = "put" // a write
)

// Do is what a step does.
type Do string

// The steps of a timeline.
const (
	DoLoad   Do = "load"   // the actor remembers what it read as its base
	DoSave   Do = "save"   // a three-way merge of what it sets against the base
	DoAppend Do = "append" // what it sets, and a modification
	DoCreate Do = "create" // the document, which must be absent
	DoResume Do = "resume" // a held call goes on
)

// Step is one line of a timeline.
type Step struct {
	// At is a label, such as T1. Empty: none.
	At string `yaml:"at"`
	// Actor is who acts. Required.
	Actor string `yaml:"actor"`
	// Do is what it does. Required.
	Do Do `yaml:"do"`
	// Set are fields to change: text, or any other YAML value, as JSON. Empty: none.
	Set map[string]any `yaml:"set,omitempty"`
	// SetJSON are fields to change, each to a JSON text that is submitted as it stands.
	// Empty: none.
	SetJSON map[string]string `yaml:"set_json,omitempty"`
	// Remove names fields to remove. Empty: none.
	Remove []string `yaml:"remove,omitempty"`
	// WithoutBase says that the user knows the ETag of what was loaded, and no more of it.
	WithoutBase bool `yaml:"without_base,omitempty"`
	// Type of the modification. Empty: as fits the step and the actor.
	Type string `yaml:"type,omitempty"`
	// Also are the types of further modifications of the same edit. Empty: none.
	Also []string `yaml:"also,omitempty"`
	// Hold stops the actor before its next call of that kind until it is resumed. Empty:
	// it is not stopped.
	Hold Point `yaml:"hold,omitempty"`
	// Expect is the outcome that the production core must reach when the step ends.
	// Empty: any.
	Expect archive.Outcome `yaml:"expect,omitempty"`
	// Conflicts are the fields that a conflict must name. Empty: any.
	Conflicts []string `yaml:"conflicts,omitempty"`
}

// Expect says what a run must show.
type Expect struct {
	// MinConflicts is the contention below which the run proves nothing and
	// its verdict is inconclusive. 0: none is needed.
	MinConflicts int `yaml:"min_conflicts,omitempty"`
	// Thresholds are conditions on the results, such as "attempts.p99<6". Empty: none.
	Thresholds []Threshold `yaml:"thresholds,omitempty"`
	// Violations are the invariants that cores known to be broken must violate, by the
	// core's name. Empty: none are known.
	Violations map[string][]string `yaml:"violations,omitempty"`
}

// The types that are read strictly from text.
type (
	// Duration is a time.Duration such as 250ms or 10s.
	Duration time.Duration
	// Popularity is "uniform" or "zipf(S)"; Skew is S, 0 for uniform.
	Popularity struct{ Skew float64 }
	// Latency is how long calls take, see [network.ParseLatency].
	Latency network.Latency
	// Fault is what can go wrong, see [network.ParseFault].
	Fault network.Fault
)

// Via names how clients reach the archive.
type Via string

// The ways to the archive.
const (
	// Each client calls the core itself.
	ViaCore Via = "core"
	// Users send requests to the HTTP API, whose uploads write triggers; a
	// back end's operations are the messages that it gets for these. The documents
	// that a run starts with have been uploaded, so their triggers are there. If
	// nobody uploads more, they have a customer for each back end at least.
	ViaAPI Via = "api"
)

// ETags names what the ETags of the modelled store are like.
type ETags string

// The kinds of ETags.
const (
	ContentETags ETags = "content" // made of the content, in the forms that stores give them
	GrowingETags ETags = "growing" // each is the beginning of the next, outside of explore
)

// Edits names what users and back ends change.
type Edits string

// The kinds of edits.
const (
	TextEdits Edits = "text" // of users: another text in one field or two that people edit
	// Of users: fields of every kind, new ones and the customers among them, to whatever
	// they can hold.
	AnyEdits Edits = "any"
	// Of back ends: one map, to which each adds its own key, and one number, which each
	// counts up.
	SharedEdits Edits = "shared"
	// Of back ends: a field of its own, to another value each time, and an entry.
	OwnEdits Edits = "own"
	// Of back ends: an entry that every core refuses, and nothing that comes with it.
	InvalidEdits Edits = "invalid"
)

// Codec names how documents are encoded.
type Codec string

// The codecs.
const (
	JSON    Codec = "json"    // real documents
	Compact Codec = "compact" // the same semantics at a cost that does not grow with the history
)

func (s *Scenario) has(kind Kind) bool {
	return slices.ContainsFunc(s.Actors, func(a Actor) bool { return a.Kind == kind })
}

// Queued reports whether back ends send what they want to a queue, whose consumers store it.
func (s *Scenario) Queued() bool { return s.Via != ViaAPI && s.Queue.Kind != "" }

// TakesMessages reports whether back ends take messages from a queue.
func (s *Scenario) TakesMessages() bool { return s.Via == ViaAPI && s.has(Backend) }
