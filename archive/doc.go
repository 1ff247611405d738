// Package archive updates JSON objects on S3 under optimistic locking, so that
// of many concurrent writers none loses a modification of another.
//
// Every update is a read, a change of what was read, and a conditional write
// that the store accepts only if nobody wrote in between. When it refuses, the
// update waits as its [Policy] says and starts again at the read.
//
// # What is guaranteed
//
//   - A call that returns a nil error has committed: its modifications are in
//     the stored object, each exactly once, also when the call is repeated with
//     the same modification ids, when a reply was lost, or when a layer below
//     sent the write twice.
//   - [Archive.AppendAll] promises this of each of its edits and of the answer to it.
//   - A call that returns an error other than [ErrOutcomeUnknown] has not
//     committed and will not commit later.
//   - A write whose outcome is unknown (a lost reply, a timeout, a 500, or a 412,
//     which may answer a repetition of the write by a layer below) is settled
//     by reading back and looking for its modification ids. Only when that is
//     impossible, or when the write may still be under way, does the call end
//     as [OutcomeUnknownError].
//   - An edit never silently replaces a field value that its author had not
//     seen: see [Archive.Save].
//   - Everything in a document that a call does not set keeps its bytes, its
//     place and its spelling: see [Change].
//
// What is not guaranteed: the order in which concurrent callers commit, that
// a call commits at all under endless contention (it ends as [ExhaustedError]),
// and anything against writers that do not use conditional writes, or that
// delete an object and create it anew while a write of it is in doubt: settling
// one relies on histories that only grow.
//
// # Why it is shaped so
//
// The package imports the standard library only, as does the notation below it. What
// production varies is
// injected: the [Store], the [Clock], the random source, the [Codec] and the
// [Observer]. It holds no global state and starts no goroutines.
//
// # Other documents
//
// Changes and announcements are the default. A [Layout] says where other documents are
// kept, and what their ids, histories and entries are called.
//
// # Many writers
//
// Writers of one object contend, and each conflict is a write in vain. [Archive.AppendAll]
// stores many edits in one write, for whoever has them at hand, such as a batch of messages;
// a [Group] gathers those of the callers in one process.
//
// # Where to begin reading
//
// archive.go has the calls and how each changes a document, update.go the loop that all of
// them run, intent.go what one is to store, settle.go how it ends. A policy's waits are in
// policy.go; pacer.go and
// adaptive.go are how they are taken, pressure.go what a store is spared that does not serve.
// The document is change.go, an edit of it edit.go, and the text that comes out splice.go;
// merge.go is the merge of what people edit. layout.go, key.go and modification.go say what
// documents, keys and entries of histories are like. group.go stands on top of all that.
//
// # Around the core
//
// Package delivery tells others of what was stored: front end, triggers, queue and back end.
package archive
