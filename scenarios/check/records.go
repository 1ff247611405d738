package check

import (
	"math"
	"slices"

	"holdfast/scenarios/history"
)

// none is the number of a version, modification or operation that is not there.
const none int32 = -1

// operation is what one client meant to do and was told.
type operation struct {
	number      int32 // as the history has it
	actor       int32
	object      int32 // none: the operation is only known by its store calls
	base, etag  int32 // numbers of ETags in the object's table
	shown       int32 // the version of its object that it was shown last; nothing: none; 0: not yet
	invoked, at int64
	firstMod    int32 // its modifications are object.submitted[firstMod:][:mods]
	mods        int32
	sets        int32 // its fields are judge.sets[sets], their values judge.values[sets]
	once        int32 // the modification by which all of it is known; none: they all are
	through     int16 // what it is stored through, or stores what goes through; 0: nothing
	do, outcome word
	lastCall    answer // to its last store call, of those that explain a failure
	met         met
	invalid     bool  // its core must refuse it
	step        uint8 // of the timeline: judge.steps[step]; 0: none
}

// met is what an operation met with, as bits: millions of operations are held.
type met uint8

const (
	refusal   met = 1 << iota // any answer but ok
	absence                   // 404
	rivals                    // 412 or 409, or another version than its base
	overtaken                 // a read that showed another version than what it had begun with
	beaten                    // 412 or 409 to a write
	told409                   // the API answered by that status
	cutShort                  // an interrupt, before its client was told anything
)

func (m met) has(what met) bool { return m&what != 0 }

// note adds what an answer of the store tells.
func (m *met) note(what met, told bool) {
	if told {
		*m |= what
	}
}

// acknowledged reports whether the client was told that its operation had committed,
// before any interrupt.
func (op *operation) acknowledged() bool { return op.outcome == committed && !op.met.has(cutShort) }

// answer is a store's answer as a number; 0 is ok.
type answer uint8

var answers = []string{
	history.OK, history.UnknownAnswer, history.PreconditionFailed, history.Conflict, history.NotFound,
	history.Throttled, history.Unavailable, history.OtherError,
}

const (
	acknowledged answer = iota
	outcomeUnknown
	preconditionFailed
	conflict
	notFound
	throttled
)

// conditions of a write, as numbers.
var conditions = []string{history.IfMatch, history.IfAbsent, history.IfNone}

const (
	ifMatch uint8 = iota
	ifAbsent
	ifNone
)

// code is the index of a word, or the last one if the word is not known.
func code(words []string, word string) int {
	if n := slices.Index(words, word); n >= 0 {
		return n
	}
	return len(words) - 1
}

// word is a kind or outcome of an operation as a number; the first is none.
type word uint8

const (
	noWord word = iota
	load
	create
	save
	appends
	update
	batch
	committed
	userConflict
	exhausted
	gone
	unknown
	failed
	unavailable
	contradiction
	cancelled
	crashed
)

var words = []string{
	"", "load", "create", "save", "append", "update", history.DoBatch, history.Committed, history.UserConflict,
	history.Exhausted, history.Gone, history.Unknown, history.Failed, history.Unavailable, history.Contradiction, history.Cancelled, history.Crashed,
}

// based reports whether an operation is made on top of a version that its caller knows.
func (w word) based() bool { return w == save || w == update }

// refused reports whether the outcome says that nothing was written.
func (w word) refused() bool { return w >= userConflict && w != unknown && w < crashed }

// word returns the number of a word; those that the judge does not know by
// itself, such as further kinds of operation, are learned.
func (j *Judge) word(s string) word {
	for w, known := range words {
		if known == s {
			return word(w)
		}
	}
	at := slices.Index(j.learned, s)
	if at < 0 && len(words)+len(j.learned) < math.MaxUint8 {
		at = len(j.learned)
		j.learned = append(j.learned, s)
	}
	return word(len(words) + max(at, 0))
}

func (j *Judge) spelled(w word) string {
	if int(w) < len(words) {
		return words[w]
	}
	return j.learned[int(w)-len(words)]
}

// step returns the number of a step; 0 for what is one too many.
func (j *Judge) step(label string) uint8 {
	at := slices.Index(j.steps, label)
	if at < 0 && len(j.steps) <= math.MaxUint8 {
		at = len(j.steps)
		j.steps = append(j.steps, label)
	}
	return uint8(max(at, 0))
}

// version is a write that was, or may have been, applied.
type version struct {
	start, at   int64
	sum, fields history.Sum
	op          int32
	by          int32 // actor
	etag        int32 // of this version; 0 while it is not known
	cond        int32 // ETag that the write was conditioned on
	of          int32 // ETag of the version it was built on
	firstAdd    int32 // the entries it adds are object.added[firstAdd:][:adds]
	adds        int32
	keep, n     int32
	parent      int32  // the version it replaced
	pos         int32  // position in the chain; none if not on it
	sets        int32  // the fields it changed are object.sets[sets]
	holds       int32  // fields that it left as they were are object.holds[holds]
	clock       uint16 // of its times
	ifCond      uint8
	answer      answer
	moved, bad  bool
	harness     bool // written by the harness, which needs no operation
	swayed      bool // a fault that was injected decided what its caller was told
	unrecorded  bool // somebody read it, and nobody is seen to write it: see supply
	inferred    bool // which version it replaced is not said by its condition: see follow
	tied        bool // one of equal entries, so that it is not known which came first
}

// read is a read that was answered with a version, or with nothing (etag 0): a
// store call, or a load as a whole that was answered with something else than it
// had just read.
type read struct {
	start, at   int64
	sum, fields history.Sum
	op          int32
	by          int32 // actor
	etag        int32
	n           int32 // none: only the ETag is known
	version     int32
	clock       uint16 // of its times
	load, bad   bool
}

// deletion is one that was acknowledged: the object was absent for a moment.
type deletion struct {
	start, at int64
	op, by    int32
	cond      int32 // ETag that it was conditioned on; 0: none
	clock     uint16
	// widened is by how much start is earlier, and at later, than it says: see widen.
	widened int64
}

// object is what the history says of one key.
type object struct {
	number    int32
	key       string
	etags     table
	mods      table
	ops       []int32 // operations on it, in order of their beginning
	submitted []int32 // modification numbers, in order of submission
	added     []int32 // modification numbers, in order of writing
	// asked and written are the digests of the entries in submitted and added, 0 where
	// they were not recorded.
	asked, written []history.Sum
	versions       list[version]
	sets           [][]history.Set  // fields that versions changed; the first is none
	holds          [][]history.Held // fields that versions left as they were; the first is none
	// wholes are the digests of documents that were to be created, or were written on top
	// of nothing.
	wholes wholes
	// ungiven are answers with an ETag whose version the operation had not just written
	// or read, or had with other content.
	ungiven []shownAs
	reads   list[read]
	final   int32 // the last read by the harness; none if there was none
	updated bool  // by an operation or a write
	// deletedUntil is when the last deletion ended, forever if that is not
	// known: what began earlier may be gone rightly.
	deletedUntil int64
	deletions    []deletion // acknowledged ones

	byETag  []int32   // ETag number → version
	state   []modInfo // by modification number
	chain   []int32   // versions in order, oldest first
	anchors []int32   // see anchor; empty until needed
	// unsettled: some writes have no good answer and nobody read what they made.
	unsettled bool
	described []bool // by ETag number: somebody read more than the ETag
	batches   batches
	accounts  []version // what reads tell of versions
	followed  *followed // nil: nothing is missing
	// unreadable says of the bodies that are no document why; nil if all are.
	unreadable map[bodyOf]string
	store      storeFacts
}

// bodyOf is the call by which a body was read or written.
type bodyOf struct {
	op        int32
	start, at int64
}

// noteBody keeps why the body of a call is no document, if it is none.
func (o *object) noteBody(op int32, e *history.Event) {
	if e.Doc == nil || e.Doc.Bad == "" {
		return
	}
	if o.unreadable == nil {
		o.unreadable = map[bodyOf]string{}
	}
	o.unreadable[bodyOf{op, e.Start, e.At}] = e.Doc.Bad
}

const (
	neverDeleted = math.MinInt64
	forever      = math.MaxInt64
)

func (j *Judge) object(key string) *object {
	if j.latest != nil && j.latest.key == key { // consecutive events are mostly of one object
		return j.latest
	}
	n := j.keys.number(key)
	if int(n) == len(j.objects) {
		j.addObject(key)
	}
	j.latest = j.objects[n]
	return j.latest
}

func (j *Judge) addObject(key string) {
	n := len(j.objects)
	if n == cap(j.objects) {
		j.objects = append(j.objects, nil)
	}
	j.objects = j.objects[:n+1]
	if j.objects[n] == nil {
		j.objects[n] = &object{}
	}
	j.objects[n].reset(int32(n), key)
}

// reset makes an object as new and keeps its memory.
func (o *object) reset(number int32, key string) {
	o.number, o.key = number, key
	o.etags.reset()
	o.etags.number("") // 0 is no ETag
	o.mods.reset()
	o.ops, o.submitted, o.added = o.ops[:0], o.submitted[:0], o.added[:0]
	o.asked, o.written, o.ungiven = o.asked[:0], o.written[:0], o.ungiven[:0]
	o.versions.reset()
	o.sets, o.holds = append(o.sets[:0], nil), append(o.holds[:0], nil)
	o.wholes.reset()
	o.reads.reset()
	o.final, o.updated = none, false
	o.deletedUntil, o.deletions = neverDeleted, o.deletions[:0]
	o.chain, o.anchors, o.unsettled = o.chain[:0], o.anchors[:0], false
	clear(o.unreadable)
	o.batches.reset()
	o.accounts, o.followed = o.accounts[:0], nil
	o.store.reset()
}

// modsOf are the modifications that an operation submitted to this object.
func (o *object) modsOf(op *operation) []int32 {
	if op.object != o.number {
		return nil
	}
	return o.submitted[op.firstMod:][:op.mods]
}

func (o *object) adds(v *version) []int32 { return o.added[v.firstAdd:][:v.adds] }

// version returns a version by the number of its ETag, or none.
func (o *object) version(etag int32) int32 { return o.byETag[etag] }

// position is where a version stands in the chain; none if it does not.
func (o *object) position(version int32) int32 {
	if version == none {
		return none
	}
	return o.versions.at(version).pos
}

// operations are found by the numbers that the history gives them. In a good
// history these are consecutive; in a garbled one they can be anything.
type operations struct {
	all   list[operation] // the first stands for writes outside any operation
	dense []int32         // number → index in all, 0 if there is none
	odd   map[int]int32
}

func (t *operations) reset() {
	t.all.reset()
	t.all.add(operation{object: none, once: none})
	t.dense, t.odd = t.dense[:0], nil
}

// index returns where the operation of that number is, adding it if it is new.
func (t *operations) index(number int) int32 {
	if number == 0 {
		return 0
	}
	if number > 0 && number < len(t.dense) && t.dense[number] != 0 {
		return t.dense[number]
	}
	if n, known := t.odd[number]; known {
		return n
	}
	n := t.all.n
	t.all.add(operation{number: int32(number), object: none, once: none})
	if number < 0 || number > 4*int(t.all.n)+1024 {
		if t.odd == nil {
			t.odd = map[int]int32{}
		}
		t.odd[number] = n
		return n
	}
	for len(t.dense) <= number {
		t.dense = append(t.dense, 0)
	}
	t.dense[number] = n
	return n
}
