package telemetry

import (
	"context"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// Service is who makes an update.
type Service string

// The services.
const (
	Frontend   Service = "frontend"   // creates and saves
	Backend    Service = "backend"    // appends
	Reconciler Service = "reconciler" // looks at objects, and tells who was forgotten
	Delivery   Service = "delivery"   // triggers and messages, from uploads to back ends
)

// services are all of them, in the order in which they are written.
var services = [...]Service{Frontend, Backend, Reconciler, Delivery}

// ServiceOf returns whose operation it is; "" for one that is not counted.
func ServiceOf(op string) Service {
	switch op {
	case "create", "save":
		return Frontend
	case "append", "update":
		return Backend
	}
	return ""
}

// Update is a create, save, append or update that has ended, or a reconciler's look at an
// object that was for something.
type Update struct {
	Service  Service
	Op       string // "create", "save", "append", "update" or "reconcile"
	Outcome  archive.Outcome
	Attempts int
	// WriteConflicts is how many of its writes were refused because another got in
	// between.
	WriteConflicts int
	Elapsed        time.Duration // from the call to its end, waits included
	Bytes          int           // of the document as stored; 0: not stored
	Told           int           // customers whom a reconciler has told
}

// MetMismatch reports whether the object was not the version that the update
// was built on, at any time; see the package's documentation.
func (u Update) MetMismatch() bool { return u.WriteConflicts > 0 || u.Outcome == archive.Conflict }

// Sink takes updates as they end. It must not block, as it runs in the hook of an
// observer, and is called by many goroutines at a time.
type Sink interface {
	Record(ctx context.Context, u Update)
}

// Metrics returns an observer that hands every update that ends to all sinks.
func Metrics(sinks ...Sink) archive.Observer {
	return archive.Observer{Done: func(ctx context.Context, i archive.DoneInfo) {
		service := ServiceOf(i.Op)
		if service == "" {
			return
		}
		u := Update{
			Service: service, Op: i.Op, Outcome: archive.OutcomeOf(i.Err),
			Attempts: i.Attempts, WriteConflicts: i.Mismatches, Elapsed: i.Elapsed, Bytes: i.Bytes,
		}
		for _, s := range sinks {
			s.Record(ctx, u)
		}
	}}
}

// counter is a sum over the updates of a service.
type counter struct {
	name        string // in CloudWatch, where its unit is Count
	instrument  string // in OpenTelemetry
	unit        string // of the instrument
	description string
	of          func(Update) int64
}

// The durations of the back end's updates, which are no sum.
const (
	durationName       = "ArchiveUpdateDuration"
	durationInstrument = "holdfast.backend.update.duration"

	// The size of a document when it is stored: of CloudWatch the largest since the last flush.
	sizeName       = "LargestDocument"
	sizeInstrument = "holdfast.document.size"
)

// countersOf lists the counters of a service.
func countersOf(s Service) []counter {
	switch s {
	case Reconciler:
		return []counter{
			{"ForgottenCustomerCount", "holdfast.reconciler.forgotten", "{customer}",
				"Customers who had been forgotten and were told.", told},
			{"ReconcileFailureCount", "holdfast.reconciler.failures", "{look}",
				"Looks at an object, or sweeps, that failed: somebody may still be untold.", notCommitted},
		}
	case Delivery:
		return []counter{
			{"TriggerCount", "holdfast.delivery.triggers", "{trigger}",
				"Triggers that were written, or given up.", ofOp(opTrigger, false)},
			{"TriggerFailureCount", "holdfast.delivery.trigger_failures", "{trigger}",
				"Triggers that were given up: a customer is untold until a reconciler tells it.", ofOp(opTrigger, true)},
			{"MessageCount", "holdfast.delivery.messages", "{message}",
				"Deliveries that a back end has processed, or failed to.", ofOp(opMessage, false)},
			{"MessageFailureCount", "holdfast.delivery.message_failures", "{message}",
				"Deliveries that were not processed: the message comes again.", ofOp(opMessage, true)},
			{"DeadLetterCount", "holdfast.delivery.dead_letters", "{message}",
				"Messages that were given up.", ofOp(opDeadLetter, false)},
		}
	case Frontend:
		return []counter{
			{"FrontendSaveCount", "holdfast.frontend.saves", "{save}",
				"Creates and saves that ended.", one},
			{"FrontendETagMismatchCount", "holdfast.frontend.etag_mismatch", "{save}",
				"Creates and saves that met a version other than the one they were built on.", metMismatch},
			{"FrontendRetrySuccessCount", "holdfast.frontend.retry_success", "{save}",
				"Creates and saves that met such a version and committed.", retrySuccess},
			{"ConcurrentModificationErrorCount", "holdfast.frontend.concurrent_modification_error", "{save}",
				"Creates and saves that were answered " + delivery.ConcurrentModification + ".", concurrentModification},
			{"FrontendWriteConflictCount", "holdfast.frontend.write_conflict", "{write}",
				"Conditional writes of creates and saves that were refused with 412 or 409.", writeConflicts},
			{"FrontendUnavailableCount", "holdfast.frontend.unavailable", "{save}",
				"Creates and saves that the store did not serve.", endedAs(archive.Unavailable)},
			{"FrontendCancelledCount", "holdfast.frontend.cancelled", "{save}",
				"Creates and saves whose caller did not wait for the end.", endedAs(archive.Cancelled)},
			{"FrontendContradictionCount", "holdfast.frontend.contradiction", "{save}",
				"Creates and saves that met a store which refuses the ETag that it gives.", endedAs(archive.Contradiction)},
		}
	}
	return []counter{
		{"ArchiveUpdateCount", "holdfast.backend.updates", "{update}",
			"Appends that ended.", one},
		{"ETagMismatchCount", "holdfast.backend.etag_mismatch", "{update}",
			"Appends that met a version other than the one they were built on.", metMismatch},
		{"RetrySuccessCount", "holdfast.backend.retry_success", "{update}",
			"Appends that met such a version and committed.", retrySuccess},
		{"ArchiveUpdateExhaustedCount", "holdfast.backend.exhausted", "{update}",
			"Appends that gave up because others kept writing until the policy allowed no further attempt.", endedAs(archive.Exhausted)},
		{"WriteConflictCount", "holdfast.backend.write_conflict", "{write}",
			"Conditional writes of appends that were refused with 412 or 409.", writeConflicts},
		{"UnavailableCount", "holdfast.backend.unavailable", "{update}",
			"Appends that the store did not serve.", endedAs(archive.Unavailable)},
		{"CancelledCount", "holdfast.backend.cancelled", "{update}",
			"Appends whose caller did not wait for the end.", endedAs(archive.Cancelled)},
		{"ContradictionCount", "holdfast.backend.contradiction", "{update}",
			"Appends that met a store which refuses the ETag that it gives.", endedAs(archive.Contradiction)},
	}
}

// The operations of a delivery.
const (
	opTrigger    = "trigger"
	opMessage    = "message"
	opDeadLetter = "dead letter"
)

// ofOp counts those of an operation, all or only those that failed.
func ofOp(op string, failed bool) func(Update) int64 {
	return func(u Update) int64 { return count(u.Op == op && (!failed || u.Outcome != archive.Committed)) }
}

func told(u Update) int64           { return int64(u.Told) }
func notCommitted(u Update) int64   { return count(u.Outcome != archive.Committed) }
func one(Update) int64              { return 1 }
func metMismatch(u Update) int64    { return count(u.MetMismatch()) }
func retrySuccess(u Update) int64   { return count(u.MetMismatch() && u.Outcome == archive.Committed) }
func writeConflicts(u Update) int64 { return int64(u.WriteConflicts) }

// endedAs counts those that ended so.
func endedAs(as archive.Outcome) func(Update) int64 {
	return func(u Update) int64 { return count(u.Outcome == as) }
}

// concurrentModification is what an upload answers [delivery.ConcurrentModification].
func concurrentModification(u Update) int64 {
	return count(u.Outcome == archive.Conflict || u.Outcome == archive.Exhausted)
}

func count(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
