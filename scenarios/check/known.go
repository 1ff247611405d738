package check

// Anomaly is a way in which an invariant can be broken.
type Anomaly struct {
	Name      string
	Invariant Invariant
	// KnownAs is what the literature calls it; empty: it has no name for it. P4 is of Berenson
	// et al. (A Critique of ANSI SQL Isolation Levels, 1995), G1a of Adya (Weak Consistency,
	// 1999), G0-realtime, incompatible order and duplicate elements of Elle (Kingsbury and
	// Alvaro, 2020), stale read as jepsen.io and Viotti and Vukolić (2016) have it: not the
	// latest version though its write had ended; fork is that of fork consistency (Mazières
	// and Shasha, 2002).
	KnownAs string
	// Means is what it is, a sentence.
	Means string
}

const (
	lostUpdate  = "lost update, P4"
	lostWrite   = "lost write"
	abortedRead = "aborted read, G1a"
	staleRead   = "stale read"
	duplicate   = "duplicate elements"
	atLeastOnce = "at-least-once duplicate"
	dualWrite   = "dual write"
)

// anomalies are all of them.
var anomalies = []Anomaly{
	{"modification vanished", NothingLost, lostUpdate, "Somebody wrote on top of an older version that he had read, or of nothing, and so over a change that had been acknowledged since."},
	{"modification dropped", NothingLost, "", "Somebody who had read an acknowledged change wrote the document back without it."},
	{"overwritten", NothingLost, lostWrite, "A write that was built on nothing that is known replaced an acknowledged change."},
	{"gone at the end", NothingLost, lostWrite, "An acknowledged change is not in what was read last, and no write took it away."},
	{"never written", NothingLost, lostWrite, "A change was acknowledged and is in no version that anybody read."},

	{"appended again", ExactlyOnce, duplicate, "One change stands twice in a document, mostly because it was tried again after it had been stored."},
	{"stored again", ExactlyOnce, atLeastOnce, "Work that had been stored was done and stored once more, differently."},
	{"edit applied again", ExactlyOnce, atLeastOnce, "An edit that had been stored was applied once more, on top of what came after it."},

	{"never submitted", NothingInvented, "", "A version holds a change that its writer was never asked for."},

	{"fork", OneChain, "fork", "Two writes both replaced one version, so that one of them stands on nothing."},
	{"resurrected", OneChain, "zombie, deleted data that comes back", "An update made an object where there was none, or none any more."},
	{"unknown predecessor", OneChain, "", "A version was written on top of one that no recorded write made."},
	{"unknown version", OneChain, "", "A read returned a version that no recorded write made."},
	{"one ETag, two contents", OneChain, "ABA problem", "One ETag stands for two contents, so that a condition on it does not tell them apart."},

	{"history rewritten", AppendOnly, "incompatible order", "A version's history is not that of the one before it with something added."},
	{"entries do not add up", AppendOnly, "", "A version has another number of changes than what its writer kept and added makes."},

	{"stale field written", NoSilentOverwrite, lostUpdate, "Somebody who had loaded an older version replaced a value that another had saved since, without having seen it."},

	{"stale read", RealTime, staleRead, "A read that began after a newer version had been acknowledged or read returned an older one."},
	{"older at the end", RealTime, staleRead, "The last read returned a version from before one that had been there."},
	{"replaced too late", RealTime, "G0-realtime", "A version was replaced after the one that came after it had been shown."},

	{"several creators", OneCreator, lostUpdate, "Several who had all found nothing were told that they had created the object, so that one has replaced the other."},

	{"trigger without its archive object", ArchiveFirst, dualWrite, "A customer was told of something that had not been stored."},
	{"trigger never written", ArchiveFirst, dualWrite, "A change was stored, and a customer who was said to have been told of it was not."},
	{"trigger vanished", ArchiveFirst, "lost message", "A message is gone, and nobody has done what it asked for."},
	{"trigger deleted before it was processed", ArchiveFirst, "lost message", "What a message was about was removed before anybody had done the work, so that it looks done."},
	{"processed twice", ArchiveFirst, atLeastOnce, "What one message asked for was done and stored twice."},
	{"one entry for two triggers", ArchiveFirst, "", "Two messages were taken for one, so that one of them was not worked on."},
	{"delivered too often", ArchiveFirst, "", "The queue delivered a message sooner or more often than it promises."},
	{"covers what was not read", ArchiveFirst, "", "An entry says that its work took something into account that its worker had not read."},
	{"customer forgotten", ArchiveFirst, "", "The one who looks for customers that nobody told of a change passed one over."},
	{"told too soon", ArchiveFirst, "", "The one who looks for untold customers told one while the server may still have been telling."},

	{"failure that committed", HonestAnswers, abortedRead, "Somebody was told that nothing was written, and others read what he wrote."},
	{"success without a write", HonestAnswers, lostWrite, "Somebody was told of success, and no version holds what he asked for."},
	{"success without an ETag", HonestAnswers, "", "Somebody was told of success and not of the version."},
	{"unknown ETag", HonestAnswers, "", "Somebody was told the ETag of no version."},
	{"stale ETag", HonestAnswers, "", "Somebody was told the ETag of a version from before his change."},
	{"conflict called a failure", HonestAnswers, "", "Somebody was told that the store had failed when others had been faster."},
	{"exhausted without a refusal", HonestAnswers, "", "Somebody was told that others kept being faster when nobody was."},
	{"outage called a conflict", HonestAnswers, "", "Somebody was told that others kept being faster when the store did not serve."},
	{"unavailable without an outage", HonestAnswers, "", "Somebody was told that the store did not serve when it did."},
	{"conflict without a cause", HonestAnswers, "", "Somebody was told of a conflict with nobody."},
	{"gone without a 404", HonestAnswers, "", "Somebody was told that the object is gone, which the store never said."},
	{"told another's failure", HonestAnswers, "", "Somebody was told of a failure that was another's of the same batch."},
	{"misread answer", HonestAnswers, "", "The adapter took an answer of the store for something that it does not mean."},
	{"sent again", HonestAnswers, "", "A layer below the core sent a request more than once."},
	{"sent on another condition", HonestAnswers, "", "A request was sent on another condition than its caller had asked for."},
	{"attempts beyond the policy", HonestAnswers, "", "A call went on for more attempts than its policy allows."},
	{"wait below the policy", HonestAnswers, "", "A call waited for a shorter time than its policy says."},
	{"wait beyond the policy", HonestAnswers, "", "A call waited for a longer time than its policy says."},
	{"came too soon", HonestAnswers, "", "A call came back before the time for which the store had asked."},
	{"gave up early", HonestAnswers, "", "A call gave up when its policy allowed another attempt."},
	{"went on after its deadline", HonestAnswers, "", "A call went on when its time was over."},
	{"went on after cancellation", HonestAnswers, "", "A call went on when nobody waited for it any more."},
	{unevenWaits, HonestAnswers, "", "The waits of all calls together are not spread as the policy draws them."},

	{"field changed unasked", ForeignDataIntact, "", "A write changed a field that it had not been asked to change."},
	{"fields reordered", ForeignDataIntact, "", "A write put the fields of a document into another order."},
	{"not a document", ForeignDataIntact, "", "A write stored something that is no document."},

	{"value altered", AsAsked, "", "A field was stored with another value than was asked for."},
	{"edit dropped", AsAsked, lostWrite, "A change was acknowledged, and a field that it was to set was not set."},
	{"entry altered", AsAsked, "", "An entry was stored otherwise than it was submitted."},
	{"document altered", AsAsked, "", "A document was created otherwise than it was submitted."},
	{"ETag of what was not given", AsAsked, "", "Somebody was given a licence to overwrite a version whose content he was not given."},
}

// Anomalies are all ways in which an invariant can be broken, in the order of the invariants.
func Anomalies() []Anomaly { return append([]Anomaly(nil), anomalies...) }

// anomalyNamed is the one of that name, and nothing but that name if there is none.
func anomalyNamed(name string) Anomaly {
	for i := range anomalies {
		if anomalies[i].Name == name {
			return anomalies[i]
		}
	}
	return Anomaly{Name: name}
}
