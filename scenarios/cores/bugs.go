package cores

import (
	"errors"
	"slices"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// Bug is a planted bug: a core with one named change, and where it must be caught.
type Bug struct {
	Spec
	// Invariant is the one that must catch it, such as "I1". Others may, too.
	Invariant string
	// Scenario of the library in which it shows.
	Scenario string
	// Faults that must be injected there at most; 0: some interleaving is enough.
	Faults int
	// InTime: it shows in virtual time, over some seeds, and not in a schedule of
	// calls: it needs waits, deadlines, or a queue, whose timeouts pass.
	InTime bool
}

// Bugs lists all planted bugs by where they are: whole cores, then what is
// wrong with the store, the document, the answer or caller, and the loop.
func Bugs() []Bug {
	var bugs []Bug
	for _, b := range slices.Concat(planted, plantedAsked, plantedOutbox, plantedLayout, plantedBatches, plantedHandlers) {
		if b.Policy == (archive.Policy{}) {
			b.Policy = archive.DefaultPolicy()
		}
		bugs = append(bugs, b)
	}
	return bugs
}

// The scenarios in which the bugs show.
const (
	twoUsers   = "two-users"
	sameField  = "two-users-same-field"
	createRace = "create-race"
	writers    = "three-writers"
	lostReply  = "lost-reply"
	deleteRace = "delete-race"
	repeated   = "repeated-message"
	redelivery = "redelivery"
	// queueRedelivers has no upload but the first.
	queueRedelivers = "queue-redelivers"
	overtaken       = "persistent-conflict"
	userBackend     = "user-vs-backend"
	singleTry       = "single-try"
	impatient       = "impatient"
	hurried         = "hurried"
	serviceFaults   = "service-faults"
)

var planted = []Bug{
	{documentedSpec, "I2", twoUsers, 0, false},
	{unlockedSpec, "I1", twoUsers, 0, false},

	store("no-condition", "the core updates without If-Match and creates without If-None-Match",
		withoutCondition, "I4", writers, 0),
	store("reread-etag", "the ETag is read again just before the write, whose content is older",
		onRereadETag, "I1", twoUsers, 0),
	store("check-then-write", "the ETag is compared with a HEAD, then written without a condition",
		checkThenWrite, "I4", writers, 0),
	store("etag-prefix", "ETags are unquoted and compared by prefix",
		ifPrefixMatches, "I1", repeated, 0).inTime(),
	store("409-is-success", "409 is taken for success",
		takenForSuccess(archive.ErrConflict), "I1", lostReply, 1),
	store("409-is-failure", "409 is taken for a failure of the store",
		passedOnAs(archive.ErrConflict, errors.New("unexpected status 409")), "I10", lostReply, 1),
	store("412-is-success", "412 is taken for success: somebody has written it",
		takenForSuccess(archive.ErrPreconditionFailed), "I10", twoUsers, 0),
	store("same-length-is-success", "412 is taken for success if what is stored is as long as what was sent",
		sameLengthTakenForSuccess, "I1", writers, 0),
	store("timeout-is-success", "a write without an answer is taken for success",
		takenForSuccess(archive.ErrOutcomeUnknown), "I1", lostReply, 1),
	store("timeout-is-failure", "a write without an answer is taken for a failure",
		passedOnAs(archive.ErrOutcomeUnknown, errors.New("the request timed out")), "I10", lostReply, 1),
	store("throttled-is-gone", "503 is taken for 404",
		passedOnAs(archive.ErrThrottled, archive.ErrNotFound), "I10", lostReply, 1),
	store("recreate", "an update that is answered 404 creates the object again",
		recreate, "I4", deleteRace, 1),
	store("unconditional-retry", "a write without an answer is sent again without its condition",
		resendWithoutCondition, "I4", lostReply, 1),
	store("old-etag", "success is answered with the ETag that the write replaced",
		answerOldETag, "I10", twoUsers, 0),
	store("create-no-condition", "a create has no If-None-Match",
		createWithoutCondition, "I8", createRace, 0),
	store("create-412-is-success", "412 to a create is taken for success: the object is there",
		createTakesRefusalForSuccess, "I10", createRace, 0),
	wrapped("write-behind", "success is answered before the write is sent", newWriteBehind, "I1", twoUsers, 0),

	document("history-sorted", "the history is sorted, newest first",
		inDocument(inHistory(newestFirst)), "I5", twoUsers, 0),
	document("first-entry-dropped", "only the last entries of the history are kept",
		inDocument(inHistory(dropFirst)), "I5", userBackend, 0),
	document("entries-reencoded", "old entries are decoded into a struct and written anew",
		inDocument(inHistory(reencode)), "I5", writers, 0),
	document("ids-backfilled", "old entries without an id are given one",
		inDocument(inHistory(backfillIDs)), "I3", twoUsers, 0),
	document("entry-twice", "the new entry is appended twice",
		inDocument(inHistory(lastTwice)), "I2", twoUsers, 0),
	document("ids-forgotten", "the history is not searched for an id before it is appended",
		withDocument(func(c *archive.Change) archive.Document { return forgetful{c} }), "I2", repeated, 1),
	document("fields-reordered", "the fields are written in alphabetical order",
		inDocument(byName), "I11", twoUsers, 0),
	document("numbers-rounded", "numbers pass through a float64",
		inDocument(inValues(roundNumbers)), "I11", userBackend, 0),
	document("extensions-dropped", "fields that the code does not know are dropped",
		inDocument(dropExtensions), "I11", writers, 0),
	document("html-escaped", "<, > and & are escaped in fields that nobody edits",
		inDocument(inValues(escapeHTML)), "I11", writers, 0),

	wrapped("field-unasked", "each write sets modifiedBy, which its caller did not ask for", newSigning, "I11", userBackend, 0),
	wrapped("new-id-on-redelivery", "a redelivered modification is appended under a new id", newRenaming, "I3", repeated, 1),
	wrapped("base-ignored", "a save is merged against what is stored, not against what the user loaded",
		newRebasing, "I6", sameField, 0),
	wrapped("cached-load", "a load is answered from the client's cache", newCaching, "I7", sameField, 0),
	wrapped("one-attempt-more", "the policy's retries are counted from one", withPolicy(func(p *archive.Policy) { p.Retries++ }), "I10", overtaken, 0),
	wrapped("one-attempt-less", "the policy's retries are taken for attempts", withPolicy(func(p *archive.Policy) { p.Retries-- }), "I10", overtaken, 0),
	wrapped("waits-doubled", "each wait is twice as long as the policy's", withPolicy(func(p *archive.Policy) { p.Base, p.Cap = 2*p.Base, 2*p.Cap }), "I10", overtaken, 0),
	wrapped("sleeps-longer", "each wait takes twice as long as it is said to", sleeping(twice), "I10", writers, 0).inTime(),
	wrapped("sleeps-not", "no wait is waited for", sleeping(notAtAll), "I10", writers, 0).inTime(),
	wrapped("deadline-forgotten", "the policy's deadline is not looked at", withPolicy(func(p *archive.Policy) { p.Deadline = 0 }), "I10", hurried, 0).inTime(),
	wrapped("wait-not-cancelled", "a wait goes on when its caller has left", sleeping(undisturbed), "I10", impatient, 0).inTime(),
	wrapped("cancel-ignored", "a call goes on when its caller has left", newObstinate, "I10", impatient, 0).inTime(),
	store("echo-412-is-conflict", "412 to the own write, which came twice, is taken for a conflict",
		passedOnAs(archive.ErrPreconditionFailed, &archive.ETagMismatchError{}), "I10", singleTry, 1),
	store("echo-409-is-conflict", "409 to the own write, which came twice, is taken for a conflict",
		passedOnAs(archive.ErrConflict, &archive.ETagMismatchError{}), "I10", singleTry, 1),
	store("echo-503-is-exhaustion", "503 to the own write, which came twice, is taken for exhaustion",
		passedOnAs(archive.ErrThrottled, &archive.ExhaustedError{Last: errors.New("503")}), "I10", singleTry, 1),
	wrapped("unknown-is-conflict", "an unknown outcome is answered as a conflict",
		inAnswer(archive.Unknown, asConflict), "I10", singleTry, 1),
	wrapped("exhaustion-is-success", "exhaustion is answered as success",
		inAnswer(archive.Exhausted, asSuccess), "I10", overtaken, 0),
	wrapped("exhaustion-is-failure", "exhaustion is answered as a failure of the store",
		inAnswer(archive.Exhausted, asFailure), "I10", overtaken, 0),
	wrapped("exhaustion-is-gone", "exhaustion is answered as an object that is gone",
		inAnswer(archive.Exhausted, asGone), "I10", overtaken, 0),
	wrapped("conflict-is-failure", "a user's conflict is answered as a failure of the store",
		inAnswer(archive.Conflict, asFailure), "I10", sameField, 0),
	wrapped("conflict-is-exhaustion", "a user's conflict is answered as exhaustion",
		inAnswer(archive.Conflict, asExhausted), "I10", sameField, 0),
	wrapped("gone-is-conflict", "an object that is gone is answered as a conflict",
		inAnswer(archive.Gone, asConflict), "I10", deleteRace, 1),
	wrapped("unknown-is-failure", "an unknown outcome is answered as a failure",
		inAnswer(archive.Unknown, asFailure), "I10", singleTry, 1),

	loop("retry-without-reread", "after a 412 the same content is written under the new ETag",
		retryWithoutReread, "I5", twoUsers, 0),
	loop("append-again", "after its own 412 or a timeout the modification is appended again",
		appendAgain, "I2", lostReply, 1).jsonOnly(),
	loop("blind-retry", "a write without an answer is sent again, and the 412 to the second taken for a conflict",
		blindRetry, "I10", lostReply, 1),
	loop("new-id-on-retry", "each attempt chooses a new modification id",
		renameOnRetry, "I3", writers, 0),
	loop("settled-by-etag", "after a timeout any new version is taken for the own write",
		settleByETag, "I1", lostReply, 1),
	loop("settled-by-last-entry", "after a timeout only the end of the history is searched for the own entry",
		settleByLast, "I2", lostReply, 1).jsonOnly(),
	loop("settled-too-soon", "a write that is not there when read back is taken for one that never will be",
		settleTooSoon, "I10", lostReply, 1),
	loop("doubt-forgotten", "exhaustion is answered although a write may still arrive",
		forgetDoubt, "I10", singleTry, 1),
	loop("give-up-unseen", "exhaustion is answered without looking once more",
		exhaustUnseen, "I10", singleTry, 1),
	loop("last-try-forced", "the last attempt has no condition",
		forceLast, "I1", overtaken, 0),
	loop("create-upserts", "a create that finds the object writes on top of it",
		upsert, "I8", createRace, 0),
	loop("theirs-dropped", "the merge writes all fields of the user's form, changed or not",
		formOverTheirs, "I6", twoUsers, 0).jsonOnly(),
	loop("form-as-loaded", "a save writes the version that the user loaded under the ETag that is there now",
		formAsLoaded, "I5", userBackend, 0),
	loop("last-writer-wins", "a field that both changed is overwritten",
		lastWriterWins, "I6", sameField, 0),
	loop("rebase-on-retry", "after a 412 a save is merged against what it reads again",
		rebaseOnRetry, "I6", sameField, 0),

	uploads("trigger-before-archive", "the triggers are written before the archive", newTriggersFirst),
	uploads("triggers-unwritten", "no trigger is written, though all are reported as written",
		forgetfulUploads(func(string) bool { return true })),
	uploads("trigger-lost", "one customer's trigger is reported as written, and was not",
		forgetfulUploads(func(customer string) bool { return customer == "icx" })),
	uploads("failed-trigger-is-success", "a trigger that could not be written is reported as written", inResults(func(r *delivery.UploadResult) {
		*r = delivery.UploadResult{Customer: r.Customer, Success: true}
	})).shows(serviceFaults, "I9"),
	uploads("api-exhaustion-is-500", "exhaustion reaches the API as an error of no type, which is answered 500",
		inUpload(archive.Exhausted, asFailure)).shows(serviceFaults, "I10"),
	uploads("api-unknown-is-conflict", "an unknown outcome reaches the API as a conflict, which is answered 409",
		inUpload(archive.Unknown, asConflict)).shows(serviceFaults, "I10"),
	uploads("api-unknown-is-failure", "an unknown outcome reaches the API as an error of no type, which is answered 500",
		inUpload(archive.Unknown, asFailure)).shows(serviceFaults, "I10"),
	uploads("customer-skipped", "the last customer is neither told nor reported", newSkipping),
	events("prefix-forgotten", "events of a store with a key prefix are taken for those of other programs, and passed over", withoutPrefix),
	events("etag-unquoted", "the ETag of an event is not put into quotes, so that no trigger has it", withBareETags),
	backend("check-then-work", "the trigger is looked for before the work, whose entry has an id of its own",
		redelivery, workerFlaw{asks: true, id: idOfDelivery}),
	backend("trigger-gone-is-handled", "a message is taken for handled whose trigger is gone, be it with a newer one that took its place",
		redelivery, workerFlaw{asks: true}),
	backend("one-id-for-all-triggers", "the entry's id is that of the customer and the change, whatever the trigger",
		redelivery, workerFlaw{id: idOfCustomer}),
	backend("trigger-deleted-on-failure", "a failed update deletes the trigger, and the message that comes again finds it handled",
		queueRedelivers, workerFlaw{asks: true, deleteOnFailure: true}),
	backend("acknowledged-first", "the message is acknowledged before the archive holds the result",
		queueRedelivers, workerFlaw{acknowledgeFirst: true}),
}

func uploads(name, fault string, front func(delivery.UploaderOptions) (Uploads, error)) Bug {
	return Bug{Spec{Name: name, Fault: fault, New: production, Uploads: front}, "I9", redelivery, 0, true}
}

func events(name, fault string, parse func(*archive.Layout, delivery.S3Source, []byte) ([]delivery.Message, error)) Bug {
	return Bug{Spec{Name: name, Fault: fault, New: production, Events: parse}, "I9", redelivery, 0, true}
}

func backend(name, fault, scenario string, f workerFlaw) Bug {
	return Bug{Spec{Name: name, Fault: fault, New: production, Backend: newWorker(f)}, "I9", scenario, 0, true}
}

func store(name, fault string, put putFunc, invariant, scenario string, faults int) Bug {
	return wrapped(name, fault, inStore(put), invariant, scenario, faults)
}

func document(name, fault string, core func(Environment) (Core, error), invariant, scenario string, faults int) Bug {
	return wrapped(name, fault, core, invariant, scenario, faults).jsonOnly()
}

func loop(name, fault string, f flaw, invariant, scenario string, faults int) Bug {
	return wrapped(name, fault, inLoop(f), invariant, scenario, faults)
}

func wrapped(name, fault string, core func(Environment) (Core, error), invariant, scenario string, faults int) Bug {
	return Bug{Spec{Name: name, Fault: fault, New: core}, invariant, scenario, faults, false}
}

// shows says where else a bug shows, and by which invariant.
func (b Bug) shows(scenario, invariant string) Bug {
	b.Scenario, b.Invariant = scenario, invariant
	return b
}

func (b Bug) inTime() Bug {
	b.InTime = true
	return b
}

func (b Bug) jsonOnly() Bug {
	b.JSONOnly = true
	return b
}
