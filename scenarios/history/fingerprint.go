package history

import (
	"math/bits"
)

// Fingerprint is a hash of all that happens in one repetition, in its order: what is called and
// answered, by whom, when, on which condition, and with which content. Times count from the
// repetition's first event, operations from its first, and keys without what keeps repetitions
// apart, so that a repetition has the same fingerprint wherever it stands: played alone, or
// among others in a saved history. It is for telling behaviours apart, not against forgery.
// Its zero value is that of nothing.
type Fingerprint struct {
	sum   Sum
	any   bool
	begin int64 // of the first event
	ops   int   // operations before the repetition
	// The key that came last: mostly all calls are of the same.
	key    string
	keySum uint64
}

// Reset makes f that of nothing, for a repetition before which there were so many operations.
func (f *Fingerprint) Reset(operations int) {
	*f = Fingerprint{ops: operations, key: f.key, keySum: f.keySum}
}

// Sum is the hash of what was added so far.
func (f *Fingerprint) Sum() Sum { return f.sum }

// Add implements [Sink]. How a history ends, and what it leaves out, is none of a repetition.
func (f *Fingerprint) Add(e *Event) {
	if e.Kind == End || e.Kind == Omit {
		return
	}
	if !f.any {
		f.any, f.begin = true, e.At
		if e.Calls() {
			f.begin = e.Start
		}
	}
	sum := ofChars(1, string(e.Kind)) + ofChars(2, e.Actor) + ofNumber(3, uint64(e.At-f.begin))
	if e.Op > 0 {
		sum += ofNumber(4, uint64(e.Op-f.ops))
	}
	if e.Key != "" {
		if e.Key != f.key {
			f.key, f.keySum = e.Key, ofChars(5, ownKey(e.Key))
		}
		sum += f.keySum
	}
	switch e.Kind {
	case Get, Put, Head, Delete:
		sum += f.call(e)
	case Wait:
		sum += ofNumber(6, uint64(e.Wait)) + ofNumber(7, uint64(e.Attempt))
	case Invoke:
		sum += f.wanted(e)
	default:
		sum += f.other(e)
	}
	if e.Text != "" {
		sum += ofChars(8, e.Text)
	}
	if e.Fault != "" || e.Means != "" {
		sum += ofChars(9, e.Fault) + ofChars(10, e.Means)
	}
	f.sum = f.sum.Mix(sum)
}

// call is of a store call. Of a document it takes its content and what it was made of: what a
// write has changed follows from that.
func (f *Fingerprint) call(e *Event) uint64 {
	sum := ofNumber(11, uint64(e.Start-f.begin)) + ofChars(12, e.Answer) + ofChars(13, e.ETag)
	if e.If != "" {
		sum += ofChars(14, e.If) + ofChars(15, e.IfETag)
	}
	if d := e.Doc; d != nil {
		sum += ofDoc(d)
	}
	if e.Asked > 0 {
		sum += ofNumber(16, uint64(e.Asked-f.begin))
	}
	if e.Requests > 0 || e.RetryAfter > 0 || e.Carried != "" || e.Interrupted {
		sum += ofNumber(17, uint64(e.Requests)) + ofNumber(18, uint64(e.RetryAfter)) + ofChars(19, e.Carried) + ofFlag(20, e.Interrupted)
	}
	return sum
}

func ofDoc(d *Doc) uint64 {
	return ofNumber(21, uint64(d.N)) + ofNumber(22, uint64(d.Sum)) + ofNumber(23, uint64(d.Fields)) +
		ofChars(24, d.Of) + ofNumber(25, uint64(d.Keep)) + ofChars(26, d.Bad)
}

// wanted is of the beginning of an operation.
func (f *Fingerprint) wanted(e *Event) uint64 {
	sum := ofChars(27, e.Do) + ofTexts(28, e.IDs) + ofTexts(29, e.Sets) + ofChars(30, e.Base) + ofNumber(31, uint64(e.GiveUp)) + ofNumber(32, uint64(e.Whole)) +
		ofChars(33, e.Once) + ofChars(34, e.Through) + ofFlag(35, e.Invalid) + f.message(e)
	if e.Due > 0 {
		sum += ofNumber(36, uint64(e.Due-f.begin))
	}
	for i, s := range e.Entries {
		sum += ofNumber(37+uint64(i)<<8, uint64(s))
	}
	for i := range e.Values {
		sum += ofNumber(38+uint64(i)<<8, uint64(e.Values[i].Sum)) + ofNumber(39+uint64(i)<<8, uint64(e.Values[i].Was))
	}
	return sum
}

// message is what an event says of one, and of whom it concerns.
func (f *Fingerprint) message(e *Event) uint64 {
	return ofChars(40, ownKey(e.Trigger)) + ofChars(41, e.Worked) + ofChars(42, e.Covers) + ofTexts(43, e.Customers)
}

// other is of an event that is neither a call nor a wait nor the beginning of an operation.
func (f *Fingerprint) other(e *Event) uint64 {
	sum := ofChars(44, e.Do) + ofChars(45, e.Outcome) + ofChars(46, e.ETag) + ofTexts(47, e.IDs) + ofTexts(48, e.Fields) + ofTexts(49, e.Told) +
		ofNumber(50, uint64(e.Status)) + ofNumber(51, uint64(e.Count)) + ofNumber(52, uint64(e.Attempt)) + ofFlag(53, e.Shown) + ofFlag(54, e.Interrupted) + f.message(e)
	if e.Start > 0 {
		sum += ofNumber(55, uint64(e.Start-f.begin))
	}
	if e.Doc != nil {
		sum += ofDoc(e.Doc)
	}
	if x := e.Expected; x != nil {
		sum += ofChars(56, x.Want) + ofChars(57, x.Got) + ofFlag(58, x.Missed)
	}
	return sum
}

// Parts of an event are hashed apart, which the processor does at the same time, and added
// up: ofNumber, ofChars, ofTexts and ofFlag give what a part adds, which depends on the number
// of its field too. What is empty adds nothing.

const (
	fieldStep  = 0x9e3779b97f4a7c15
	lengthStep = 0xe7037ed1a0b428db
	wordStep   = 0xa0761d6478bd642f
)

func ofNumber(field, w uint64) uint64 {
	if w == 0 {
		return 0
	}
	return folded(w, field*fieldStep)
}

// folded is both halves of a product, in which each bit of the word counts.
func folded(w, by uint64) uint64 {
	high, low := bits.Mul64(w^fieldStep, by|1)
	return high ^ low
}

func ofFlag(field uint64, set bool) uint64 {
	if !set {
		return 0
	}
	return ofNumber(field, 1)
}

func ofChars(field uint64, s string) uint64 {
	if s == "" {
		return 0
	}
	return ofBytes(field*fieldStep+uint64(len(s))*lengthStep, s)
}

// ofBytes takes eight bytes at a time, the last of them once more if need be.
func ofBytes(by uint64, s string) (sum uint64) {
	n := len(s)
	switch {
	case n < 4:
		return folded(uint64(s[0])|uint64(s[n/2])<<8|uint64(s[n-1])<<16, by)
	case n < 8:
		return folded(uint64(four(s, 0))|uint64(four(s, n-4))<<32, by)
	}
	for at := 0; at+8 < n; at += 8 {
		sum += folded(eight(s, at), by)
		by += wordStep
	}
	return sum + folded(eight(s, n-8), by)
}

func four(s string, at int) uint32 {
	s = s[at : at+4]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func eight(s string, at int) uint64 {
	s = s[at : at+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func ofTexts(field uint64, all []string) (sum uint64) {
	for i, s := range all {
		sum += folded(ofChars(field, s), (field+uint64(i)<<8)*fieldStep)
	}
	return sum
}

// Calls reports whether the event is a call of the store, which has a Start.
func (e *Event) Calls() bool {
	return e.Kind == Get || e.Kind == Put || e.Kind == Head || e.Kind == Delete
}

// PartOf splits a key into the repetition that it belongs to and what it is in each of them.
// Of a run of one repetition keys say nothing of it: 0.
func PartOf(key string) (repetition int, own string) {
	if len(key) < len("r00001/") || key[0] != 'r' {
		return 0, key
	}
	n := 0
	for i := 1; i < len(key); i++ {
		switch c := key[i]; {
		case c == '/' && i > 5:
			return n, key[i+1:]
		case c < '0' || c > '9' || i > 12:
			return 0, key
		default:
			n = 10*n + int(c-'0')
		}
	}
	return 0, key
}

func ownKey(key string) string {
	_, own := PartOf(key)
	return own
}
