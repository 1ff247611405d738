// Package check is the judge: it reads a history and says whether every
// invariant held, was violated, or could not be decided.
//
// It is linear in the number of events. Every write states which version it was
// built on and which it replaced, and every modification has a unique id, so
// the committed versions of an object form one chain and one pass over the
// chain decides. A write whose outcome its client never learned counts as
// committed if, and only if, somebody read the version that it made; so does one
// that was answered with a refusal, because a layer below the client may have
// sent it twice. A client that crashed has been told nothing: its operation is
// neither acknowledged nor refused.
//
// Where a fault of the harness made the answer to a call, the history says what the
// caller had to be told of it, and the judge holds the store's adapter to that.
//
// Whose fault: what the store's own answers contradict is the store's, whatever the core did
// ([StoreFinding]); a finding is a proof, in which writes of unknown outcome, bytes that are
// written again and faults that were injected are allowed for. Proof of fault in the core
// needs a store that kept its word. So on an object on which it did not, a violation counts
// only if no store can cause it: an operation's answer against the answers to its own calls
// (I10), what a write does to the very version that it says it is built on (I2, I3, I5, I6,
// I11, I12, unless the body or the ETag of that version is itself in doubt), a write without
// the condition that it needed, a load that answers what was not read, and waits. That
// acknowledged data is gone (I1), versions fork (I4) or come in no order (I7), several are
// told that they created (I8), and what messages say of the object (I9) is not held against
// the core then: Report.Excused counts it.
//
// Inconclusive is not ok. A scenario states the conflicts that it needs; without them, without
// a final read, with nothing acknowledged, or if a fault that was planned for a certain call
// struck nobody, a history proves nothing.
//
// Several recorders: each tells by a clock of its own, and what two clocks tell has an order only
// as far as the history itself bounds how far they are apart; see clocks for how. What is so in
// every alignment is held against somebody, what is so in some is [Undetermined]. A circle of
// reads of which not all can be right is a violation of [RealTime] that needs no clock, or the
// store's; that a version was met before its write was sent, in every alignment, is neither a
// core's doing nor a store's: such clocks don't keep to one rate, and the history contradicts
// itself.
//
// Nothing that a core or a store can do makes an operation begin twice or an actor's time go
// back: a history that says so was damaged, see [history.Consistency].
//
// Who judges the judge: a test compares it with Porcupine on thousands of small histories of
// sound and broken stores; the self-test of package explore compares it with the planted bugs
// of package cores, and with sound cores of other habits, which must not be accused.
//
// Not all of a run need be in its history: of several recorders some may be missing, others may
// have died in the middle ([history.Header.Recorders], [history.Shard.Lost]). Then a version that
// nobody is seen to write may be theirs. What it holds is known from who read it, and so is where
// it stands: of an object to which one only appends, each version holds what all before it held.
// What that proves is a violation as ever, whoever is missing: an acknowledged modification that
// the last version lacks (I1), one that stands twice (I2), two versions each of which holds what
// the other lacks (I5), two recorded writes that replaced one version (I4), what a recorded writer
// added unasked, changed unasked or replaced unseen (I3, I11, I6), and what it was told of its own
// calls (I10, I12). What somebody may have done who is missing is left open: [Undetermined], never
// a violation. A missing recorder makes a history inconclusive that would be ok; one that died
// does not, if it is known of all versions what they hold. Messages are of all who send and
// process them, so I9 is left open as a whole.
//
// What it can't see: versions that nobody read and whose author got no good
// answer, and, if no recorder is missing, whatever clients outside the history do between
// two recorded reads (their versions show up as [OneChain] violations).
package check

import "holdfast/scenarios/history"

// Verdict is what a history shows.
type Verdict string

// The verdicts. Inconclusive is never a pass: nothing was run, the contention
// was too small to prove anything, or the evidence is incomplete.
const (
	OK           Verdict = "ok"
	Violated     Verdict = "violated"
	StoreAtFault Verdict = "store_at_fault" // the store broke its word; nothing is shown against the core
	Inconclusive Verdict = "inconclusive"
)

// Final reports whether nothing that comes later can undo the verdict: something was found.
func (v Verdict) Final() bool { return v == Violated || v == StoreAtFault }

// Invariant names a promise that every run must keep.
type Invariant string

// The invariants.
const (
	NothingLost       Invariant = "I1"  // an acknowledged modification is in every later version
	ExactlyOnce       Invariant = "I2"  // no modification id twice in one version
	NothingInvented   Invariant = "I3"  // every modification was submitted by the client that wrote it
	OneChain          Invariant = "I4"  // each commit names the version it replaced; versions never fork; only a create makes the first
	AppendOnly        Invariant = "I5"  // a version's modifications are its predecessor's plus a suffix
	NoSilentOverwrite Invariant = "I6"  // an acknowledged field edit is replaced only by someone who had seen it
	RealTime          Invariant = "I7"  // a read, or a load as a whole, that starts after an acknowledgement sees it; versions never go back
	OneCreator        Invariant = "I8"  // of racing creates exactly one wins
	ArchiveFirst      Invariant = "I9"  // no trigger without its archive object; each is processed exactly once, or still queued or dead-lettered; an entry covers what was read, and a reconciler forgets nobody
	HonestAnswers     Invariant = "I10" // each call's answer is true
	ForeignDataIntact Invariant = "I11" // fields that an operation did not mean to change survive
	AsAsked           Invariant = "I12" // the version in which an operation commits holds what it asked for; an answered ETag names what its caller has written or been given
)

var titles = map[Invariant]string{
	NothingLost:       "nothing lost",
	ExactlyOnce:       "exactly once",
	NothingInvented:   "nothing invented",
	OneChain:          "one chain",
	AppendOnly:        "append only",
	NoSilentOverwrite: "no silent overwrite",
	RealTime:          "real time",
	OneCreator:        "one creator",
	ArchiveFirst:      "archive first",
	HonestAnswers:     "honest answers",
	ForeignDataIntact: "foreign data intact",
	AsAsked:           "as asked",
}

// Invariants are all of them, in their order.
func Invariants() []Invariant {
	return []Invariant{
		NothingLost, ExactlyOnce, NothingInvented, OneChain, AppendOnly, NoSilentOverwrite, RealTime, OneCreator, ArchiveFirst, HonestAnswers, ForeignDataIntact, AsAsked,
	}
}

// Title is the invariant in two or three words.
func (i Invariant) Title() string { return titles[i] }

// Violation is one broken promise.
type Violation struct {
	Invariant Invariant `json:"invariant"`
	// Anomaly is a short name for the way in which it was broken.
	Anomaly string `json:"anomaly"`
	// KnownAs is what the literature calls that, empty if it has no name for it; Means is what
	// it is, in a sentence. See [Anomaly]; results of older versions have neither.
	KnownAs string `json:"known_as,omitempty"`
	Means   string `json:"means,omitempty"`
	Summary string `json:"summary"`
	// Witness is the smallest set of events that shows it, in order of time.
	Witness []history.Event `json:"witness"`
}

// Report is the judge's answer.
type Report struct {
	Verdict Verdict
	// Reasons say why the verdict is inconclusive.
	Reasons []string
	// Notes say what the verdict is not about.
	Notes []string
	// Violations are at most [MostShown] for each invariant, the earliest
	// found; Found counts all. Both are nil if there are none.
	Violations []Violation
	Found      map[Invariant]int
	// StoreFindings are the promises that the store broke, one for each kind, in the order of
	// [storefault.All]; nil: none is proved.
	StoreFindings []StoreFinding
	// Excused counts what would be violations if the store had kept its word on their object.
	Excused int
	// Undetermined is what can't be decided, each once for what it would have been and for
	// the cause; nil: all was decided.
	Undetermined []Undetermined
	Counts       Counts
	Tally        Tally
	// Alignment is that of the clocks of several recorders; nil: there is one.
	Alignment *Alignment
	// Interrupted: the run was cut short; the verdict is about what there is.
	Interrupted bool
}

// MostShown bounds the violations of one invariant that are reported with a witness.
const MostShown = 5

// Counts is what the judge counted on the way.
type Counts struct {
	Committed   int // versions written by the scenario's actors
	Lost        int // distinct acknowledged modifications that are gone
	Duplicated  int // distinct modifications that stood twice in a version
	Overwritten int // acknowledged field edits replaced unseen

	Untold               int // customers of a stored upload who were never told of it
	DeadLettersProcessed int // dead letters whose message was processed anyway
	AcknowledgedLate     int // deliveries acknowledged after the queue had taken the message back
}

// Judge takes the events of one history and gives the verdict. Use [New].
type Judge struct {
	header    history.Header
	actors    table
	keys      table     // key → number of the object
	throughs  table     // groups and queues
	objects   []*object // beyond its length are some to be used again
	latest    *object   // of the last event
	ops       operations
	clocks    clocks
	claims    openClaims
	sets      [][]string        // fields that operations meant to change; the first is none
	values    [][]history.Value // what they were to be, likewise; none if it was not recorded
	messages  messages
	patrol    patrol
	tally     Tally
	cut       bool
	violation []Violation
	found     map[Invariant]int
	findings  []StoreFinding // nil: none
	excused   int
	open      []Undetermined // nil: nothing is
	gaps      gaps
	possible  possible
	openOf    []int // by clock: operations under way
	counts    Counts
	learned   []string // see word
	steps     []string // of the timeline; the first is none
	effort    int      // spent on versions that rewrite history
	scratch   scratch
}

// scratch is memory that judging one object needs and the next can use again; the
// slices are empty in between.
type scratch struct {
	walker   walker
	fields   fieldLog
	found    candidates
	taken    []bool
	writes   []int32
	reads    []int32
	started  []int32
	creators []int32
	takers   []int32
	since    []int64
}

// New returns a judge for a history with this header.
func New(h history.Header) *Judge {
	j := &Judge{}
	j.Reset(h)
	return j
}

// Reset makes the judge as new, for a history with this header, and keeps its
// memory: judging one short history after another then allocates next to nothing.
// Reports that it gave stay valid.
func (j *Judge) Reset(h history.Header) {
	j.header = h
	j.actors.reset()
	j.keys.reset()
	j.throughs.reset()
	j.throughs.number("") // 0 is nothing
	j.objects, j.latest = j.objects[:0], nil
	j.ops.reset()
	j.clocks.reset(h.Shards)
	j.claims = openClaims{}
	j.messages.reset()
	j.patrol.reset(h)
	j.sets, j.values = append(j.sets[:0], nil), append(j.values[:0], nil)
	j.tally, j.cut, j.counts = Tally{}, false, Counts{}
	j.violation, j.found, j.findings, j.excused, j.open = nil, nil, nil, 0, nil // a report has them
	j.learned, j.effort = j.learned[:0], 0
	j.gaps, j.possible, j.openOf = gaps{}, possible{}, j.openOf[:0]
	j.steps = append(j.steps[:0], "")
}

// Finish gives the verdict. The judge must not be used afterwards, but for [Judge.Reset].
func (j *Judge) Finish() Report {
	j.gaps = gapsOf(j.header)
	j.cutOff()
	j.align()
	for _, o := range j.objects {
		o.judge(j)
	}
	j.checkTogether()
	j.checkPolicy()
	j.checkMessages()
	for _, o := range j.objects {
		if o.updated {
			j.tally.Objects++
			if o.final == none {
				j.tally.Unread++
			}
		}
	}
	j.tally.Drawn = j.patrol.drawn
	r := Report{
		Violations: j.violation, Found: j.found, StoreFindings: j.findings, Excused: j.excused, Undetermined: j.open,
		Counts: j.counts, Tally: j.tally, Interrupted: j.cut, Alignment: j.aligned(),
	}
	r.conclude(j.header)
	return r
}

// report records a violation; witness is called only if it will be shown.
func (j *Judge) report(i Invariant, anomaly, summary string, witness func() []history.Event) {
	if i == ArchiveFirst && j.gaps.any() { // messages are of all who send and process them
		j.leaveOpen(Unrecorded, i, anomaly, 0, summary)
		return
	}
	if j.found == nil {
		j.found = map[Invariant]int{}
	}
	j.found[i]++
	if j.found[i] <= MostShown {
		j.violation = append(j.violation, violation(i, anomaly, summary, witness()))
	}
}

// violation is one with what is known of its anomaly.
func violation(i Invariant, anomaly, summary string, witness []history.Event) Violation {
	a := anomalyNamed(anomaly)
	return Violation{Invariant: i, Anomaly: anomaly, KnownAs: a.KnownAs, Means: a.Means, Summary: summary, Witness: witness}
}
