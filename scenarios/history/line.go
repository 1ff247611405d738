package history

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"strings"
)

// lineReader reads lines as appendEvent writes them, member for member in its order, in
// a small part of the time that encoding/json takes. It is no JSON parser: it does not
// take a line of any other form, be it the same event written otherwise, one with a
// rare member or garbage. What it takes, encoding/json reads alike (tests hold the two
// together); what it does not take is left to that, and so are the errors.
type lineReader struct {
	rest  []byte
	bad   bool
	words words
	// event and doc are used for one line after the other.
	event Event
	doc   Doc
}

// read returns the event of a line, nil if it does not take it. The event is the
// reader's until the next line.
func (r *lineReader) read(line []byte) *Event {
	r.rest, r.bad, r.event = line, false, Event{}
	r.readEvent(&r.event)
	if r.bad || len(r.rest) > 0 {
		return nil
	}
	return &r.event
}

func (r *lineReader) readEvent(e *Event) {
	r.must(`{"e":`)
	e.Kind = Kind(r.str())
	e.Start = r.number(`,"start_ns":`)
	r.must(`,"at_ns":`)
	e.At = r.integer()
	e.Actor = r.text(`,"actor":`)
	e.Op = int(r.number(`,"op":`))
	e.Key = r.text(`,"key":`)
	e.Clock = int(r.number(`,"clock":`))
	e.Repetition = int(r.number(`,"repetition":`))
	e.Do = r.text(`,"do":`)
	e.Due = r.number(`,"due_ns":`)
	e.GiveUp = r.number(`,"give_up_ns":`)
	e.IDs = r.texts(`,"ids":`)
	e.Sets = r.texts(`,"sets":`)
	e.Base = r.text(`,"base":`)
	e.Entries = r.sums(`,"entries":`)
	e.Values = r.values()
	e.Whole = r.sum(`,"whole":`)
	e.Once = r.text(`,"once":`)
	e.Through = r.text(`,"through":`)
	e.Invalid = r.has(`,"invalid":true`)
	e.Step = r.text(`,"step":`)
	e.Trigger = r.text(`,"trigger":`)
	e.Worked = r.text(`,"worked":`)
	e.Covers = r.text(`,"covers":`)
	e.Customers = r.texts(`,"customers":`)
	e.Asked = r.number(`,"asked_ns":`)
	e.If = r.text(`,"if":`)
	e.IfETag = r.text(`,"if_etag":`)
	e.Answer = r.text(`,"answer":`)
	e.ETag = r.text(`,"etag":`)
	if r.has(`,"doc":`) {
		r.doc = Doc{}
		r.readDoc(&r.doc)
		e.Doc = &r.doc
	}
	e.Fault = r.text(`,"fault":`)
	e.Means = r.text(`,"means":`)
	e.Requests = int(r.number(`,"requests":`))
	e.RetryAfter = r.number(`,"retry_after_ns":`)
	e.Carried = r.text(`,"carried":`)
	e.Wait = r.number(`,"wait_ns":`)
	e.Attempt = int(r.number(`,"attempt":`))
	e.Outcome = r.text(`,"outcome":`)
	e.Fields = r.texts(`,"fields":`)
	e.Status = int(r.number(`,"status":`))
	e.Told = r.texts(`,"told":`)
	e.Shown = r.has(`,"shown":true`)
	e.Count = int(r.number(`,"count":`))
	// No expected and no omitted: they are rare.
	e.Text = r.text(`,"text":`)
	e.Interrupted = r.has(`,"interrupted":true`)
	r.must(`}`)
}

func (r *lineReader) readDoc(d *Doc) {
	r.must(`{"n":`)
	d.N = int(r.integer())
	r.must(`,"sum":`)
	d.Sum = r.digits()
	r.must(`,"fields":`)
	d.Fields = r.digits()
	d.Of = r.text(`,"of":`)
	d.Keep = int(r.number(`,"keep":`))
	d.Add = r.texts(`,"add":`)
	if r.has(`,"set":`) {
		d.Set = list(r, func() (s Set) {
			r.must(`{"field":`)
			s.Field = r.str()
			r.must(`,"was":`)
			s.Was = r.str()
			r.must(`,"now":`)
			s.Now = r.str()
			s.Sum = r.sum(`,"sum":`)
			r.must(`}`)
			return s
		})
	}
	d.Entries = r.sums(`,"entries":`)
	if r.has(`,"holds":`) {
		d.Holds = list(r, func() (h Held) {
			r.must(`{"field":`)
			h.Field = r.str()
			h.Sum = r.sum(`,"sum":`)
			r.must(`}`)
			return h
		})
	}
	d.Whole = r.sum(`,"whole":`)
	d.Moved = r.has(`,"moved":true`)
	d.Bad = r.text(`,"bad":`)
	r.must(`}`)
}

func (r *lineReader) values() []Value {
	if !r.has(`,"values":`) {
		return nil
	}
	return list(r, func() (v Value) {
		switch {
		case r.has(`{"sum":`):
			v.Sum, v.Was, v.Text = r.digits(), r.sum(`,"was":`), r.text(`,"text":`)
		case r.has(`{"was":`):
			v.Was, v.Text = r.digits(), r.text(`,"text":`)
		case r.has(`{"text":`):
			v.Text = r.str()
		default:
			r.must(`{`)
		}
		r.must(`}`)
		return v
	})
}

// list reads an array that is not empty.
func list[T any](r *lineReader, element func() T) (all []T) {
	r.must(`[`)
	for more := true; more; more = r.has(`,`) {
		all = append(all, element())
	}
	r.must(`]`)
	return all
}

// number, sum, text, texts and sums read a member if it comes next.

func (r *lineReader) number(name string) int64 {
	if r.has(name) {
		return r.integer()
	}
	return 0
}

func (r *lineReader) sum(name string) Sum {
	if r.has(name) {
		return r.digits()
	}
	return 0
}

func (r *lineReader) text(name string) string {
	if r.has(name) {
		return r.str()
	}
	return ""
}

func (r *lineReader) texts(name string) []string {
	if r.has(name) {
		return list(r, r.str)
	}
	return nil
}

func (r *lineReader) sums(name string) []Sum {
	if r.has(name) {
		return list(r, r.digits)
	}
	return nil
}

// has reports whether this comes next, and goes on behind it then.
func (r *lineReader) has(next string) bool {
	if len(r.rest) < len(next) || string(r.rest[:len(next)]) != next {
		return false
	}
	r.rest = r.rest[len(next):]
	return true
}

func (r *lineReader) must(next string) {
	if !r.has(next) {
		r.fail()
	}
}

// fail ends reading: nothing comes next.
func (r *lineReader) fail() { r.bad, r.rest = true, nil }

// integer reads a number of few enough digits not to overflow.
func (r *lineReader) integer() int64 {
	negative := r.has(`-`)
	n, digits := int64(0), 0
	for digits < len(r.rest) && digits < 19 && r.rest[digits]-'0' <= 9 {
		n = 10*n + int64(r.rest[digits]-'0')
		digits++
	}
	if digits == 0 || digits == 19 || digits > 1 && r.rest[0] == '0' {
		r.fail()
		return 0
	}
	r.rest = r.rest[digits:]
	if negative {
		return -n
	}
	return n
}

// digits reads a checksum.
func (r *lineReader) digits() Sum {
	const size = len(`"0123456789abcdef"`)
	if len(r.rest) < size || r.rest[0] != '"' || r.rest[size-1] != '"' {
		r.fail()
		return 0
	}
	sum := Sum(0)
	for _, c := range r.rest[1 : size-1] {
		switch {
		case c-'0' <= 9:
			sum = sum<<4 | Sum(c-'0')
		case c-'a' <= 5:
			sum = sum<<4 | Sum(c-'a'+10)
		default:
			r.fail()
			return 0
		}
	}
	r.rest = r.rest[size:]
	return sum
}

// str reads a string.
func (r *lineReader) str() string {
	if len(r.rest) > 0 && r.rest[0] == '"' {
		for end := 1; ; end++ {
			quote := bytes.IndexByte(r.rest[end:], '"')
			if quote < 0 {
				break
			}
			end += quote
			if escaped(r.rest[1:end]) {
				continue
			}
			s, ok := r.words.get(r.rest[:end+1])
			if !ok {
				break
			}
			r.rest = r.rest[end+1:]
			return s
		}
	}
	r.fail()
	return ""
}

// escaped reports whether the byte after this part of a string is.
func escaped(part []byte) bool {
	return (len(part)-len(bytes.TrimRight(part, `\`)))%2 == 1
}

// words remembers strings: most come again soon, and need neither be read nor take
// memory once more.
type words struct {
	seed maphash.Seed
	seen []word // by hash
}

// word is a string as it stands in a line, with its quotes, and what it says.
type word struct{ quoted, says string }

const (
	mostWords   = 1 << 12
	longestWord = 1 << 8
)

// get returns what a quoted string says, false if it is none.
func (ws *words) get(quoted []byte) (string, bool) {
	if len(quoted) > longestWord {
		return unquote(string(quoted))
	}
	if ws.seen == nil {
		ws.seed, ws.seen = maphash.MakeSeed(), make([]word, mostWords)
	}
	known := &ws.seen[maphash.Bytes(ws.seed, quoted)%mostWords]
	if known.quoted != string(quoted) {
		text := string(quoted)
		says, ok := unquote(text)
		if !ok {
			return "", false
		}
		*known = word{text, says}
	}
	return known.says, true
}

// unquote reads plain strings, with quotes in them as ETags have; encoding/json reads
// the others.
func unquote(quoted string) (string, bool) {
	s := strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x80 || c == '\\' {
			var odd string
			err := json.Unmarshal([]byte(quoted), &odd)
			return odd, err == nil
		}
	}
	return s, true
}
