package cores

import "holdfast/archive"

// The bugs that show in what is stored, and in what is answered, by value.

const (
	saveAgain      = "save-again"
	almostEqual    = "almost-equal"
	largeDocument  = "large-document"
	severalEntries = "several-entries"
	absentField    = "absent-field"
	counting       = "counting"
	removedField   = "removed-field"
	newCustomer    = "new-customer"
	crowd          = "sustained-contention"
	busyStore      = "busy-store"
)

var plantedAsked = []Bug{
	loop("edit-dropped-on-retry", "from the second attempt on the entry is stored and the fields are forgotten",
		dropFieldsOnRetry, "I12", twoUsers, 0),
	loop("one-field-stored", "of several fields the first one is stored", firstField, "I12", saveAgain, 0),
	loop("one-entry-stored", "of several modifications of one edit the last one is stored", lastEntry, "I1", severalEntries, 0),
	loop("entry-made-anew", "each attempt, and each repetition of the work, writes its entry anew", stampAnew, "I12", writers, 0),
	loop("compared-without-case", "the merge compares values without regard to case", foldCase, "I12", almostEqual, 0),
	loop("compared-without-space", "the merge compares values without regard to white space", foldSpace, "I12", almostEqual, 0),
	loop("compared-normalised", "the merge compares values by how they look, however accents are composed", foldAccents, "I12", almostEqual, 0),
	loop("compared-decoded", "the merge compares what a decoder makes of values, to which every half of a surrogate pair is the same",
		compareDecoded, "I12", almostEqual, 0),
	loop("shows-what-it-sent", "who meets the own entry, with others' on top, is shown what was sent, under the ETag of what is there",
		answerOwn, "I12", lostReply, 1),
	loop("mine-on-a-tie", "a field that both changed keeps what is stored, and the save succeeds", theirsOnTie, "I12", sameField, 0),
	loop("mine-if-new", "a field that the user had not loaded is overwritten, whoever has added it since", mineIfNew, "I6", absentField, 0),
	loop("removal-forgotten", "a field that a user removes stays, and the save succeeds", keepRemoved, "I12", removedField, 0),
	loop("removal-unconditional", "a field that a user removes goes, whatever others have made of it since", removeOverTheirs, "I6", removedField, 0),
	wrapped("update-made-once", "an edit that is made of what is stored is not made anew when others were faster", newUpdating(madeOnce), "I6", counting, 0),
	wrapped("update-made-again", "an edit that is made of what is stored is made of itself after a lost reply", madeAgain, "I2", counting, 1),
	wrapped("null-dropped", "a field that is set to null is left as it was", newDropping(isNull), "I12", absentField, 0),
	wrapped("number-rounded", "numbers are stored as a float64 can hold them", newEditing(roundNumbers), "I12", almostEqual, 0),

	wrapped("value-cut", "values are cut at 32 characters", newCutting(32), "I12", twoUsers, 0),
	wrapped("value-trimmed", "values are stored without white space around them", newEditing(trimmed), "I12", almostEqual, 0),
	wrapped("value-normalised", "values are stored with their accents composed", newEditing(composed), "I12", almostEqual, 0),
	wrapped("entry-of-another", "an entry is stored under its id, and with another user and type", newEntryChange(misattributed), "I12", userBackend, 0),
	wrapped("customer-left-out", "an entry is stored without the customer whose it is", newEntryChange(nobodys), "I12", userBackend, 0),
	wrapped("etag-without-content", "a save is answered with the ETag alone, also if others' changes were merged",
		newSilent, "I12", twoUsers, 0),
	wrapped("old-page-new-etag", "a load shows the version that it had shown before, with the ETag that is there now",
		newStalePage, "I12", sameField, 0),
	store("rivals-etag", "after its write the ETag is asked for, and whosever version it is answered",
		answerCurrentETag, "I12", writers, 0),
	document("history-cut-off", "only the last 150 entries of the history are kept",
		inDocument(inHistory(lastOf(150))), "I5", largeDocument, 0).inTime(),
	document("value-cut-at-64k", "what is longer than 64 KB is cut",
		inDocument(inValues(cutAt(64<<10))), "I11", largeDocument, 0).inTime(),
	store("large-without-condition", "what is longer than 64 KB is uploaded in parts, without a condition",
		largeWithoutCondition(64<<10), "I4", largeDocument, 0).inTime(),
	uploads("control-keys-stored", "the keys of the request are stored among the fields of the document",
		newUploadChange(withKeys)).shows(redelivery, "I11"),
	uploads("upload-of-one-field", "of an upload with several fields the first one is stored",
		newUploadChange(oneOfTheFields)).shows(redelivery, "I12"),
	uploads("new-customer-untold", "a customer whom somebody has added is not told, and reported as told",
		forgetfulUploads(func(customer string) bool { return customer == "customer-new" })).shows(newCustomer, "I9"),
	uploads("trigger-409-is-success", "409 to the write of a trigger is taken for success",
		onTriggers(conflictIsSuccess)).shows(serviceFaults, "I9"),
	uploads("api-outage-is-conflict", "exhaustion by a store that does not answer reaches the API as one by others, which is answered 409",
		inUpload(archive.Unavailable, byOthers)).shows(serviceFaults, "I10"),
	uploads("api-unknown-without-id", "an unknown outcome is answered without the id by which it could be settled",
		newNameless).shows(serviceFaults, "I10"),
	backend("unknown-acknowledged", "a message is acknowledged although nobody knows whether its result is stored",
		serviceFaults, workerFlaw{unknownIsDone: true}),
	backend("trigger-deleted-first", "the trigger is deleted before the result is stored",
		redelivery, workerFlaw{deleteFirst: true}),
	wrapped("hint-ignored", "when the store wants to be asked again is not looked at", deaf, "I10", busyStore, 0).inTime(),
	wrapped("waits-halved", "waits are drawn from the lower half of their range",
		withPolicy(func(p *archive.Policy) { p.Base, p.Cap = p.Base/2, p.Cap/2 }), "I10", crowd, 0).inTime(),
	onMessages("work-stored-again", "a message that was processed stores the results of the work once more", forgetOnce, "I2"),
	onMessages("wrong-customer", "the entry of a message names another customer", otherCustomer, "I12"),
}

// onMessages is a back end with a bug in what it stores for a message.
func onMessages(name, fault string, change func(*archive.Edit), invariant string) Bug {
	b := backend(name, fault, redelivery, workerFlaw{}).shows(redelivery, invariant)
	b.Backend = onBehalf(change)
	return b
}
