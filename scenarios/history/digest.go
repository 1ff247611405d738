package history

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"holdfast/archive"
)

// Mix continues a checksum with a word. It loses nothing: for one sum, different
// words give different sums, and the other way round.
func (s Sum) Mix(word uint64) Sum {
	const odd = 0x9e3779b97f4a7c15
	s = (s ^ Sum(word)) * odd
	return s ^ s>>32
}

// Mixed continues a checksum with a part, eight bytes at a time; the length
// separates consecutive parts. The sums of one run are compared with each other only.
func Mixed[T ~string | ~[]byte](s Sum, part T) Sum {
	n := len(part)
	for ; len(part) >= 8; part = part[8:] {
		s = s.Mix(uint64(part[0]) | uint64(part[1])<<8 | uint64(part[2])<<16 | uint64(part[3])<<24 |
			uint64(part[4])<<32 | uint64(part[5])<<40 | uint64(part[6])<<48 | uint64(part[7])<<56)
	}
	var rest uint64
	for i := range len(part) {
		rest |= uint64(part[i]) << (8 * i)
	}
	return s.Mix(rest | uint64(n)<<56) // the rest has seven bytes at most
}

// What the digests of the kinds of value start with: numbers of no pattern, so that
// no two kinds have a digest in common by their text.
const (
	ofWord    Sum = 0x8a5cd789635d2dff // a number, true, false, null
	ofString  Sum = 0x121fd2155c472f96 // by what it says, however it is escaped
	ofArray   Sum = 0xd6e8feb86659fd93
	ofObject  Sum = 0xa0761d6478bd642f
	ofMember  Sum = 0xe7037ed1a0b428db
	ofGarbage Sum = 0x589965cc75374cc3
)

// Digest is a checksum of what a JSON value says: values that differ only in white
// space, in the order of an object's members or in how strings are escaped have the
// same, all others do not. Numbers count by their spelling. Half of a surrogate pair,
// and bytes that are not UTF-8, count as they are: a reader that replaces them may
// not be the only one. Nothing, which is an absent value, has the digest 0.
//
// A core may spell what it stores in its own way, but it must store what it was told.
func Digest(raw []byte) Sum { return digest(valueReader{text: raw}) }

func digest(r valueReader) Sum {
	r.space()
	if r.at == len(r.text) {
		return 0
	}
	sum := r.value()
	if r.space(); r.bad || r.at != len(r.text) {
		return Mixed(ofGarbage, r.text)
	}
	return sum
}

// StoredEntryDigest is the [Digest] of an entry of a stored history of that layout, but
// for its content digest: that is the core's own note, which nobody has asked for.
func StoredEntryDigest(l *archive.Layout, raw []byte) Sum {
	r := valueReader{text: raw}
	if name := l.Resolved().Entry.Digest; name != "" {
		r.skip = Mixed(ofMember, name)
	}
	return digest(r)
}

// EntryDigest is the [StoredEntryDigest] of a modification as a history of that layout
// holds it.
func EntryDigest(l *archive.Layout, m *archive.Modification) Sum {
	for _, s := range [...]string{m.ID, m.Timestamp, m.UserID, m.Type, m.CustomerCode, m.Covers} {
		if !utf8.ValidString(s) { // it is not stored as it is
			raw, _ := l.EncodeEntry(*m)
			return StoredEntryDigest(l, raw)
		}
	}
	names := &l.Resolved().Entry
	sum := ofText(names.Timestamp, m.Timestamp) + ofText(names.User, m.UserID) + ofText(names.Type, m.Type)
	if m.ID != "" {
		sum += ofText(names.ID, m.ID)
	}
	if m.CustomerCode != "" {
		sum += ofText(names.Customer, m.CustomerCode)
	}
	if m.Notify && names.Notify != "" {
		sum += member(names.Notify, Mixed(ofWord, "true"))
	}
	if m.Covers != "" {
		sum += ofText(names.Covers, m.Covers)
	}
	if len(m.MeetingMetadata) > 0 && names.Meeting != "" {
		sum += member(names.Meeting, Digest(m.MeetingMetadata))
	}
	for name, value := range m.Fields { // in any order: it is a sum
		sum += member(name, Digest(value))
	}
	return ofObject.Mix(uint64(sum))
}

// ofText is a member whose value is a text; without a name there is none.
func ofText(name, text string) Sum {
	if name == "" {
		return 0
	}
	return member(name, Mixed(ofString, text))
}

// member is an object's member: their sum does not depend on their order.
func member(name string, value Sum) Sum { return Mixed(ofMember, name).Mix(uint64(value)) }

// valueReader reads a JSON value. Of what is no JSON it need only say so: documents
// have been parsed before.
type valueReader struct {
	text    []byte
	at      int
	bad     bool
	decoded []byte
	skip    Sum // a member of the outermost object that does not count; 0: none
}

func (r *valueReader) space() {
	for r.at < len(r.text) && (r.text[r.at] == ' ' || r.text[r.at] == '\n' || r.text[r.at] == '\t' || r.text[r.at] == '\r') {
		r.at++
	}
}

// next is the byte that comes after white space; 0 at the end.
func (r *valueReader) next() byte {
	if r.space(); r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *valueReader) value() Sum {
	switch r.next() {
	case '"':
		return Mixed(ofString, r.str())
	case '[':
		return r.array()
	case '{':
		return r.object()
	}
	start := r.at
	for r.at < len(r.text) && wordByte(r.text[r.at]) {
		r.at++
	}
	r.bad = r.bad || r.at == start
	return Mixed(ofWord, r.text[start:r.at])
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E'
}

func (r *valueReader) array() Sum {
	sum, n := ofArray, uint64(0)
	for r.at++; ; r.at++ {
		if n == 0 && r.next() == ']' {
			break
		}
		sum = sum.Mix(uint64(r.value()))
		if n++; r.next() != ',' {
			break
		}
	}
	r.close(']')
	return sum.Mix(n)
}

func (r *valueReader) object() Sum {
	var members Sum
	skip := r.skip
	r.skip = 0
	for r.at++; ; r.at++ {
		if r.next() != '"' {
			r.bad = r.bad || members != 0 // a comma, and no member after it
			break
		}
		name := Mixed(ofMember, r.str())
		if r.next() != ':' {
			r.bad = true
			break
		}
		r.at++
		if value := r.value(); skip == 0 || name != skip {
			members += name.Mix(uint64(value))
		}
		if r.next() != ',' {
			break
		}
	}
	r.close('}')
	return ofObject.Mix(uint64(members))
}

func (r *valueReader) close(with byte) {
	r.bad = r.bad || r.next() != with
	r.at++
}

// str is what a string says. It is the reader's until the next one.
func (r *valueReader) str() []byte {
	r.at++
	start := r.at
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case '"':
			r.at++
			return r.text[start : r.at-1]
		case '\\':
			return r.escaped(start)
		}
		r.at++
	}
	r.bad = true
	return nil
}

// escaped is str for a string with an escape, which the reader has come to.
func (r *valueReader) escaped(start int) []byte {
	out := r.decoded[:0]
	out = append(out, r.text[start:r.at]...)
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '"':
			r.decoded = out
			return out
		case c != '\\':
			out = append(out, c)
		case r.at == len(r.text):
		default:
			out = r.escape(out)
		}
	}
	r.bad = true
	return nil
}

// escape appends what stands behind a backslash.
func (r *valueReader) escape(out []byte) []byte {
	c := r.text[r.at]
	r.at++
	switch c {
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'u':
		return r.unicode(out)
	}
	return append(out, c) // a quote or a slash
}

// unicode appends the character of a \u escape, or of two that are a pair. Half of a
// pair becomes bytes that no valid text has.
func (r *valueReader) unicode(out []byte) []byte {
	first, ok := r.hex()
	if !ok {
		r.bad = true
		return out
	}
	if !utf16.IsSurrogate(first) {
		return utf8.AppendRune(out, first)
	}
	if r.at+1 < len(r.text) && r.text[r.at] == '\\' && r.text[r.at+1] == 'u' {
		r.at += 2
		if second, ok := r.hex(); ok && utf16.DecodeRune(first, second) != utf8.RuneError {
			return utf8.AppendRune(out, utf16.DecodeRune(first, second))
		}
		r.at -= 2 + 4
	}
	return append(out, 0xff, byte(first>>8), byte(first))
}

// hex reads four digits; it goes on behind them also if they are none.
func (r *valueReader) hex() (rune, bool) {
	end := min(r.at+4, len(r.text))
	n, err := strconv.ParseUint(string(r.text[r.at:end]), 16, 32)
	short := r.at + 4 - end
	r.at += 4 - short
	if short > 0 {
		r.bad = true
	}
	return rune(n), err == nil && short == 0
}
