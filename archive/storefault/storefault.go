// Package storefault names the ways in which a store breaks the promises that package archive
// builds on: whoever judges a store (the conformance suite, the judge of a history, a doctor)
// calls one thing by one name, and says the same of what it means.
package storefault

import (
	"fmt"
	"slices"
)

// Kind is one way to break a promise.
type Kind string

// The kinds.
const (
	TwoWinners       Kind = "two-winners"           // two writes were acknowledged under one If-Match
	TwoCreators      Kind = "two-creators"          // two writes were acknowledged under If-None-Match: *
	IgnoredCondition Kind = "ignored-condition"     // a write was acknowledged though its condition did not hold, with no rival about
	WrongRefusal     Kind = "wrong-refusal"         // a write was refused though its condition held, with no rival about
	LostWrite        Kind = "lost-write"            // an acknowledged write is gone, and nobody wrote on top
	RefusedAndKept   Kind = "refused-and-kept"      // a write was refused for good, and its body is stored
	StrangeBody      Kind = "strange-body"          // a read returned bytes that nobody wrote
	BodyUnderOlder   Kind = "body-under-older-etag" // a read returned the next body under the ETag of the version before
	BodyUnderNewer   Kind = "body-under-newer-etag" // a read returned a body under the ETag of a version after it
	StaleRead        Kind = "stale-read"            // a read that began after an acknowledgement did not see it
	NoETag           Kind = "no-etag"               // a read or a write was answered without an ETag
	SharedETag       Kind = "shared-etag"           // two versions with different bodies have one ETag
	UnstableETag     Kind = "unstable-etag"         // one version has two ETags, of a write and of a read, or of GET and HEAD
	IgnoredDelete    Kind = "ignored-delete-condition"
	TwoDeleters      Kind = "two-deleters"  // two deletes were acknowledged under one If-Match
	UndoneDelete     Kind = "undone-delete" // an object that was deleted came back
)

// Subject is what can't be relied on.
type Subject string

// The subjects.
const (
	Writes  Subject = "writes"
	Reads   Subject = "reads"
	Deletes Subject = "deletes" // conditional ones; the core makes none
)

// Severity says how bad it is for the core.
type Severity int

// The severities.
const (
	Limit  Severity = iota // the core loses nothing by it; somebody else may
	Unsafe                 // an acknowledged modification can be lost, doubled or silently overwritten
)

// Fault is what there is to know about a kind.
type Fault struct {
	Kind     Kind
	Subject  Subject
	Severity Severity
	// KnownAs is what the literature calls it, or what comes of it for who builds on the
	// promise; empty: it has no name for it. P4 is of Berenson et al. (1995), G1a of Adya (1999).
	KnownAs string
	// What is the kind in some words, and Means what follows from it for whoever updates
	// documents with package archive, a sentence.
	What, Means string
}

var faults = []Fault{
	{TwoWinners, Writes, Unsafe, "lost update, P4", "two writes were acknowledged under one condition",
		"Of two savers both are told that they have saved, and one of them has lost."},
	{TwoCreators, Writes, Unsafe, "lost update, P4", "two creates of one key were acknowledged",
		"Of two creators both are told that they have created, and one of them has lost."},
	{IgnoredCondition, Writes, Unsafe, "lost update, P4", "a write was acknowledged though its condition did not hold",
		"Whoever saves on top of an old version replaces what others have saved since."},
	{WrongRefusal, Writes, Limit, "spurious failure of a compare-and-set", "a write was refused though its condition held",
		"The core reads again and tries again, and gives up if that goes on."},
	{LostWrite, Writes, Unsafe, "lost write", "an acknowledged write is gone, and nobody wrote on top of it",
		"What somebody was told is saved is not there."},
	{RefusedAndKept, Writes, Unsafe, "aborted read, G1a", "a write was refused, and its body is stored",
		"Somebody is told that nothing was saved, tries again, and has it twice; entries with an id are found out."},
	{StrangeBody, Reads, Unsafe, "data corruption", "a read returned bytes that nobody wrote",
		"The core refuses what is no document; what happens to be one is believed and saved again."},
	{BodyUnderOlder, Reads, Limit, "torn read", "a read returned the next body under the ETag of the version before",
		"A write on top of it is refused, so nothing is lost; whoever only reads gets a version that has another ETag."},
	{BodyUnderNewer, Reads, Unsafe, "torn read", "a read returned a body under the ETag of a version after it",
		"A write on top of it is acknowledged, and replaces what the newer version holds without having seen it."},
	{StaleRead, Reads, Limit, "stale read", "a read that began after an acknowledgement did not see what was acknowledged",
		"A write on top of it is refused and tried again; whoever only reads is shown an old document."},
	{NoETag, Writes, Unsafe, "", "an answer had no ETag", "Without one no write can be made conditional: the core refuses to work with the store."},
	{SharedETag, Writes, Unsafe, "ABA problem", "two versions with different bodies have one ETag",
		"Whoever saves on top of the one can replace the other without having seen it."},
	{UnstableETag, Writes, Limit, "", "one version has two ETags",
		"Whoever saves on top of what a write answered is told of a conflict that there is not."},
	{IgnoredDelete, Deletes, Limit, "lost update, P4", "a delete was acknowledged though its condition did not hold",
		"The core makes no conditional delete; a program that does removes what others have saved since."},
	{TwoDeleters, Deletes, Limit, "", "two deletes were acknowledged under one condition",
		"The core makes no conditional delete; a program that does can't know whether it was the one."},
	{UndoneDelete, Deletes, Limit, "zombie, deleted data that comes back", "an object that was deleted came back",
		"A save that races a deletion brings the document back after somebody was told that it is gone."},
}

// All are the kinds, the worst subject first.
func All() []Fault { return slices.Clone(faults) }

// Of is what there is to know about a kind. It panics if there is no such kind.
func Of(k Kind) Fault {
	for _, f := range faults {
		if f.Kind == k {
			return f
		}
	}
	panic("storefault: no kind " + string(k))
}

// Error is a fault that was seen. What made an answer unusable (a cut connection, a timeout)
// is none: it says nothing about conditions.
type Error struct {
	Kind Kind
	Seen string // what was done and what came of it
}

// Errorf returns an [Error].
func Errorf(k Kind, format string, args ...any) error {
	return &Error{k, fmt.Sprintf(format, args...)}
}

// Error implements error.
func (e *Error) Error() string { return string(e.Kind) + ": " + e.Seen }
