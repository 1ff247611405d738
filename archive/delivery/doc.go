// Package delivery tells the back ends of a document's customers what was stored in the
// archive, and stores what they make of it.
//
// An [Uploader] is the front end: it stores a change and then writes a trigger for each
// customer's back end, an object whose key says who and what. A [Queue] tells the back ends
// of the triggers, and a [Backend] turns every message into one modification, however often
// it comes; those of a batch that are about one object are one write. On AWS the bucket notifies an SQS queue: [ParseS3Event] reads what it sends, and
// [Backend.HandleSQS] is the back end as a Lambda function. A [Reconciler] tells the back
// ends that were forgotten, because a server died or a message got lost: the history of the
// document says which those are.
//
// # What is guaranteed
//
//   - No trigger is written before the archive holds what it is about.
//   - Each message makes exactly one "processed" entry, at whatever step a worker dies; one
//     that fails for good ends as a dead letter, its trigger still there.
//   - Each customer of a stored upload is told, as long as a reconciler runs.
//
// What is not guaranteed: that a customer is told once only, or in the order of the
// uploads. Whoever is told reads all that is archived.
//
// Everything is stored through an [archive.Core], which on its own keeps what package archive
// promises. Goroutines are started by a [Parallel] only.
package delivery
