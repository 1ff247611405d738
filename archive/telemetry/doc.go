// Package telemetry makes metrics, spans ([Spans]) and logs out of what an [archive.Observer] and a
// [delivery.Observer] see: for CloudWatch in its embedded metric format, for OpenTelemetry,
// and as structured log records.
//
//	emf, err := telemetry.NewEMF(os.Stdout, telemetry.EMFOptions{})
//	instruments, err := telemetry.NewInstruments(provider.Meter("holdfast"))
//	a, err := archive.New(archive.Options{
//		Store: store,
//		Observer: archive.Observers(
//			telemetry.Metrics(emf, instruments),
//			telemetry.Logs(slog.Default()),
//		),
//	})
//
// # What is counted
//
// The unit is the update: a create, save, append or update that has ended, whatever its
// outcome. Creates and saves are the front end's, appends and updates the back end's;
// loads are not counted. All counters are sums of [Update]s:
//
//	CloudWatch                        OpenTelemetry                                     counts
//	FrontendSaveCount                 holdfast.frontend.saves                           creates and saves that ended
//	FrontendETagMismatchCount         holdfast.frontend.etag_mismatch                   … that met a mismatch
//	FrontendRetrySuccessCount         holdfast.frontend.retry_success                   … that met one and committed
//	ConcurrentModificationErrorCount  holdfast.frontend.concurrent_modification_error   … answered CONCURRENT_MODIFICATION
//	FrontendWriteConflictCount        holdfast.frontend.write_conflict                  their writes that were refused
//	ArchiveUpdateCount                holdfast.backend.updates                          appends that ended
//	ETagMismatchCount                 holdfast.backend.etag_mismatch                    … that met a mismatch
//	RetrySuccessCount                 holdfast.backend.retry_success                    … that met one and committed
//	ArchiveUpdateExhaustedCount       holdfast.backend.exhausted                        … that gave up
//	WriteConflictCount                holdfast.backend.write_conflict                   their writes that were refused
//	FrontendUnavailableCount          holdfast.frontend.unavailable                     saves that the store did not serve
//	FrontendCancelledCount            holdfast.frontend.cancelled                       saves whose caller did not wait
//	FrontendContradictionCount        holdfast.frontend.contradiction                   saves that met a store which refuses the ETag that it gives
//	UnavailableCount, CancelledCount, ContradictionCount: likewise of appends (holdfast.backend.…)
//	LargestDocument                   holdfast.document.size                            bytes of a document when it is stored
//	TriggerCount                      holdfast.delivery.triggers                        triggers written, or given up
//	TriggerFailureCount               holdfast.delivery.trigger_failures                … given up
//	MessageCount                      holdfast.delivery.messages                        deliveries that were handled
//	MessageFailureCount               holdfast.delivery.message_failures                … and not processed
//	DeadLetterCount                   holdfast.delivery.dead_letters                    messages given up
//	ArchiveUpdateDuration             holdfast.backend.update.duration                  one value for each append that ended
//	ForgottenCustomerCount            holdfast.reconciler.forgotten                     customers whom a reconciler had to tell
//	ReconcileFailureCount             holdfast.reconciler.failures                      its looks and sweeps that failed
//
// Those of the delivery come from [Delivered], as the observer of the uploader, the back end
// and the queue. The last two come from [Reconciled], and are written when there was something.
// Customers are forgotten only if a server dies or a message is lost or fails, so an
// alarm on ForgottenCustomerCount is one on these.
//
// Outages are no conflicts: ConcurrentModificationErrorCount counts those of people, and
// of back ends that get in each other's way, and nothing else. LargestDocument is the
// largest since the last flush; at four fifths of what is allowed a warning is logged.
//
// ArchiveUpdateDuration is in milliseconds, from the call to its end, waits
// included; the instrument is in seconds, as OpenTelemetry's conventions have it.
// In CloudWatch all have the dimension service, "frontend", "backend",
// "delivery" or "reconciler"; each
// instrument has the attribute holdfast.outcome, an [archive.Outcome], over which
// the sum is CloudWatch's number.
//
// # What a mismatch is
//
// An update met a mismatch if the store refused a write of it because another got
// in between (412, or 409 while the other was under way), or if it ended as
// [archive.Conflict], which says the same of the version that the user had loaded.
//
// The mismatch metrics count updates that met one, not refusals. Retry success
// can only be counted once for an update, so the alarm on
// FrontendRetrySuccessCount / FrontendETagMismatchCount compares like with like
// only if mismatches are too: it is then the share of disturbed saves that ended
// well without the user's help, between 0 and 1, where with refusals a save that
// commits at its fourth attempt would look like a success of one third. For the
// same reason it divides by saves to give "5 % of user saves". How often writes
// were refused is in the WriteConflict metrics.
//
// It follows that
//
//   - a save on a stale base whose fields merged at the first attempt met no
//     mismatch: nothing was refused, and nobody had to do anything;
//   - a refusal that was the echo of the update's own write, repeated by a layer
//     below, is a mismatch with retry success: it looks the same until it is settled;
//   - 503s, lost replies and retries after them are no mismatch, so an update that
//     gave up for their sake is in ConcurrentModificationErrorCount, as its user was
//     told, and not in FrontendETagMismatchCount;
//   - an outcome that stayed unknown is no ConcurrentModificationError: its user
//     was told something else (HTTP 504).
//
// A [Watch] holds updates against the alarms that are documented on these metrics.
//
// # What agrees with the result document of a run
//
// The counts of a document simulate.result/v1, in lower case, agree with the
// metrics of the same run. For the production core, with any faults and in any world:
//
//	FrontendSaveCount + ArchiveUpdateCount = operations − crashed − unfinished
//	ConcurrentModificationErrorCount + ArchiveUpdateExhaustedCount = user_conflicts + exhausted
//	FrontendWriteConflictCount + WriteConflictCount = conflicts_412 + conflicts_409 − those of clients that died
//	samples of ArchiveUpdateDuration = ArchiveUpdateCount
//	FrontendRetrySuccessCount + RetrySuccessCount = acknowledged operations that were answered 412 or 409
//	FrontendETagMismatchCount + ETagMismatchCount = ended operations that were, or that ended as user_conflicts
//
// The last two are counted from the history, for the document does not say which
// operation an answer belongs to. In a run without faults in which nothing is gone,
// failed or cancelled it does, as every attempt but the last was refused:
//
//	FrontendRetrySuccessCount + RetrySuccessCount = Σ attempts.histogram[n], n ≥ 2
//	FrontendETagMismatchCount + ETagMismatchCount = the same + user_conflicts + exhausted
//
// With faults an operation may have needed its second attempt for another reason
// than a mismatch, and one whose refused write turned out to be stored needed no
// second.
//
// A client that dies reports nothing: its update and the refusals that it had met
// are in the document only. The same goes for an operation that is refused for its
// input, which never begins for an observer; in scenarios only a timeline makes such,
// whose user saves without having loaded (the document has it as failed). An
// operation whose outcome stays unknown has ended like any other: it is in
// FrontendSaveCount or ArchiveUpdateCount, and never a retry success.
//
// # What is guaranteed
//
// Hooks do no input or output but what a slog.Handler or an OpenTelemetry SDK does
// in them, and are safe for concurrent use. There is no global state. Every update
// is seen by every sink once.
package telemetry
