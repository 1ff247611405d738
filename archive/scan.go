package archive

import (
	"encoding/binary"
	"math/bits"
)

// span is body[start:end].
type span struct{ start, end int }

// of returns the span's text, without room to append over what follows it.
func (s span) of(body []byte) []byte { return body[s.start:s.end:s.end] }

// mostNesting is how deep values may be nested, as in encoding/json.
const mostNesting = 10000

// toldDepth is how deep the scanner tells of values: a document's fields are at
// depth 1, the entries of its history at 2, their fields at 3.
const toldDepth = 3

// scanner checks that a text is JSON and tells where its values are, in one
// pass. Every read and every write of a document is scanned, so it is written
// for speed; encoding/json took as long as the rest of an update. FuzzValidJSON
// holds the two together: they accept the same texts.
type scanner struct {
	b    []byte
	most int // nesting allowed
	// open are the objects and arrays around the value under way, outermost first.
	open []container
}

type container struct {
	bracket byte
	start   int
	key     span // of the value under way, with its quotes; objects only
}

// validJSON is json.Valid.
func validJSON(b []byte) bool {
	return validInside(b, 0)
}

// validInside reports whether a text is a JSON value that can stand inside outer
// objects and arrays.
func validInside(b []byte, outer int) bool {
	s := scanner{b: b, most: mostNesting - outer}
	return s.scan(func(int, span) {})
}

// scan reports whether the text is one JSON value. On the way it calls told for
// each value down to toldDepth when its end is reached, while open still holds
// what is around it.
func (s *scanner) scan(told func(depth int, value span)) bool {
	i := skipSpace(s.b, 0)
	for {
		if i < 0 || i >= len(s.b) {
			return false // a value had to begin here
		}
		if c := s.b[i]; c == '{' || c == '[' {
			if len(s.open) == s.most {
				return false
			}
			s.open = append(s.open, container{bracket: c, start: i})
			i = skipSpace(s.b, i+1)
			if i == len(s.b) || s.b[i] != closing(c) {
				i = s.begin(i)
				continue
			}
		} else {
			end := validScalar(s.b, i)
			if end < 0 {
				return false
			}
			s.tell(told, span{i, end})
			i = end
		}
		var more bool
		if i, more = s.next(i, told); !more {
			return i == len(s.b)
		}
	}
}

// next goes on behind a value: past closing brackets, to the next value. Without
// one it returns the end of the text, or -1.
func (s *scanner) next(i int, told func(int, span)) (at int, more bool) {
	for {
		i = skipSpace(s.b, i)
		if len(s.open) == 0 || i == len(s.b) {
			if len(s.open) == 0 && i == len(s.b) {
				return i, false
			}
			return -1, false
		}
		inner := s.open[len(s.open)-1]
		switch s.b[i] {
		case ',':
			return s.begin(skipSpace(s.b, i+1)), true
		case closing(inner.bracket):
			s.open = s.open[:len(s.open)-1]
			i++
			s.tell(told, span{inner.start, i})
		default:
			return -1, false
		}
	}
}

// begin returns the index of the value whose key, if it is in an object, is at
// i; -1 if there is no key.
func (s *scanner) begin(i int) int {
	inner := &s.open[len(s.open)-1]
	if inner.bracket == '[' {
		return i
	}
	if i == len(s.b) || s.b[i] != '"' {
		return -1
	}
	end := validString(s.b, i)
	if end < 0 {
		return -1
	}
	inner.key = span{i, end}
	if i = skipSpace(s.b, end); i == len(s.b) || s.b[i] != ':' {
		return -1
	}
	return skipSpace(s.b, i+1)
}

func (s *scanner) tell(told func(int, span), value span) {
	if depth := len(s.open); depth <= toldDepth {
		told(depth, value)
	}
}

// closing is the bracket that closes an opening one: two further in ASCII.
func closing(bracket byte) byte { return bracket + 2 }

// skipSpace returns the index of the first byte at or after i that is no white
// space, at most len(b).
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return min(i, len(b))
}

// validScalar returns the index after the string, number or literal at i, or -1.
func validScalar(b []byte, i int) int {
	var literal string
	switch b[i] {
	case '"':
		return validString(b, i)
	case 't':
		literal = "true"
	case 'f':
		literal = "false"
	case 'n':
		literal = "null"
	default:
		return validNumber(b, i)
	}
	if end := i + len(literal); end <= len(b) && string(b[i:end]) == literal {
		return end
	}
	return -1
}

// plain marks the bytes that stand for themselves in a string.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return t
}()

// validString returns the index after the string at i, or -1.
func validString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		i = skipPlain(b, i)
		if i == len(b) || b[i] < ' ' {
			return -1
		}
		if b[i] == '"' {
			return i + 1
		}
		if i++; i == len(b) { // behind a backslash
			return -1
		}
		switch b[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		case 'u':
			for range 4 {
				if i++; i == len(b) || !isHex(b[i]) {
					return -1
				}
			}
		default:
			return -1
		}
	}
	return -1
}

// skipPlain returns the index of the first byte at or after i that is not plain,
// at most len(b). It looks at eight bytes at a time: x-lo*n has the high bit of
// the lowest byte set that is smaller than n (Hacker's Delight, 6-1).
func skipPlain(b []byte, i int) int {
	const lo, hi = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, backslash := x^(lo*'"'), x^(lo*'\\')
		special := (x-lo*' ')&^x | (quote-lo)&^quote | (backslash-lo)&^backslash
		if special &= hi; special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for i < len(b) && plain[b[i]] {
		i++
	}
	return i
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func validNumber(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	whole := skipDigits(b, i)
	if whole == i || b[i] == '0' && whole > i+1 {
		return -1
	}
	i = whole
	if i < len(b) && b[i] == '.' {
		fraction := skipDigits(b, i+1)
		if fraction == i+1 {
			return -1
		}
		i = fraction
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		exponent := skipDigits(b, i)
		if exponent == i {
			return -1
		}
		i = exponent
	}
	return i
}

func skipDigits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}
