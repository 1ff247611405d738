package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// The bounds of a request's JSON. A change has about 40 fields and is nested 5 deep;
// beyond these bounds reading costs more than any change is worth.
const (
	mostNesting = 100
	mostFields  = 2000 // of a document
)

// span is text[start:end].
type span struct{ start, end int }

// member is a name with its value in an object.
type member struct {
	name  string
	key   span // the name as it is written, with its quotes
	value span
}

// object is a JSON object of which it is known where its members are.
type object struct {
	text    []byte
	members []member
}

// parseBody reads an object as strictly as programs need that have to agree on what
// they read: it is UTF-8, and in none of its objects does a name appear twice, or has half
// of a surrogate pair.
func parseBody(text []byte) (object, error) {
	if !utf8.Valid(text) {
		return object{}, errors.New("it is not UTF-8")
	}
	if !json.Valid(text) {
		return object{}, syntaxError(text)
	}
	return parseObject(text)
}

func syntaxError(text []byte) error {
	err := json.Unmarshal(text, new(json.RawMessage))
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("at byte %d: %w", syntax.Offset, err)
	}
	return err
}

// parseObject finds the members of an object in a text that is valid JSON.
func parseObject(text []byte) (object, error) {
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); trimmed[0] != '{' {
		return object{}, errors.New("it is no JSON object")
	}
	s := scan{text: text, seen: map[nameIn]struct{}{}}
	for i := 0; i < len(text); {
		next, err := s.step(i)
		if err != nil {
			return object{}, err
		}
		i = next
	}
	return object{text, s.members}, nil
}

// scan is one pass over the tokens of an object.
type scan struct {
	text     []byte
	members  []member // of the outermost object
	open     []container
	wantName bool
	objects  int
	seen     map[nameIn]struct{}
}

// container is an array, or one of the objects, which are numbered from 1.
type container struct{ object int }

type nameIn struct {
	object int
	name   string
}

// step reads the byte at i, or the string that begins there, and returns where the
// next one begins. White space, numbers and literals need no look: the text is valid.
func (s *scan) step(i int) (next int, err error) {
	switch s.text[i] {
	case '{':
		s.objects++
		s.wantName = true
		return i + 1, s.push(container{s.objects})
	case '[':
		s.wantName = false
		return i + 1, s.push(container{})
	case '}', ']':
		s.endValue(i)
		s.open = s.open[:len(s.open)-1]
	case ',':
		s.endValue(i)
		s.wantName = s.open[len(s.open)-1].object > 0
	case ':':
		if len(s.open) == 1 {
			s.members[len(s.members)-1].value.start = i + 1
		}
	case '"':
		end := stringEnd(s.text, i)
		if s.wantName {
			s.wantName = false
			err = s.name(span{i, end})
		}
		return end, err
	}
	return i + 1, nil
}

func (s *scan) push(c container) error {
	s.open = append(s.open, c)
	if len(s.open) > mostNesting {
		return fmt.Errorf("it is nested more than %d deep", mostNesting)
	}
	return nil
}

func (s *scan) name(key span) error {
	var name string
	if err := json.Unmarshal(s.text[key.start:key.end], &name); err != nil {
		return err
	}
	if hasHalfPair(s.text[key.start:key.end]) {
		return fmt.Errorf("the name %s has half of a surrogate pair, which readers take for other names; choose another name", cut(string(s.text[key.start:key.end]), mostName))
	}
	in := nameIn{s.open[len(s.open)-1].object, name}
	if _, twice := s.seen[in]; twice {
		return fmt.Errorf("the name %s appears twice in one object", brief(name))
	}
	s.seen[in] = struct{}{}
	if len(s.open) == 1 {
		s.members = append(s.members, member{name: name, key: key})
		if len(s.members) > mostFields {
			return fmt.Errorf("an object in it has more than %d fields", mostFields)
		}
	}
	return nil
}

// hasHalfPair reports whether a JSON string escapes one half of a surrogate pair without
// the other.
func hasHalfPair(quoted []byte) bool {
	const size = len(`\uffff`)
	for i := 0; i < len(quoted); i++ {
		if quoted[i] != '\\' {
			continue
		}
		first := escaped(quoted[i:])
		switch {
		case !utf16.IsSurrogate(first):
			i++ // what is behind the backslash begins no escape
		case utf16.DecodeRune(first, escaped(quoted[i+size:])) == utf8.RuneError:
			return true
		default:
			i += 2*size - 1
		}
	}
	return false
}

// escaped is the UTF-16 code that a text begins with as a \u escape, else 0.
func escaped(text []byte) rune {
	if len(text) < len(`\uffff`) || text[0] != '\\' || text[1] != 'u' {
		return 0
	}
	code, _ := strconv.ParseUint(string(text[2:6]), 16, 16) // 0 of what is no number
	return rune(code)
}

// endValue ends the value in front of i, if it is one of the outermost object's.
func (s *scan) endValue(i int) {
	if len(s.open) != 1 || len(s.members) == 0 {
		return
	}
	v := &s.members[len(s.members)-1].value
	raw := s.text[v.start:i]
	v.start += len(raw) - len(bytes.TrimLeft(raw, " \t\r\n"))
	v.end = v.start + len(bytes.TrimSpace(raw))
}

// stringEnd returns the index behind the string at i.
func stringEnd(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// raw returns the value of a member as it is written, or nil if there is none.
func (o object) raw(name string) []byte {
	for _, m := range o.members {
		if m.name == name {
			return o.text[m.value.start:m.value.end:m.value.end]
		}
	}
	return nil
}

// without returns the object's text without some members: each goes with the comma
// and the white space in front of it, the first ones with those behind. All other
// bytes stay.
func (o object) without(names ...string) []byte {
	cut := func(m member) bool { return slices.Contains(names, m.name) }
	if !slices.ContainsFunc(o.members, cut) {
		return o.text
	}
	out := slices.Clone(o.text[:o.members[0].key.start])
	some := false
	for i, m := range o.members {
		switch {
		case cut(m):
		case some:
			out = append(out, o.text[o.members[i-1].value.end:m.value.end]...)
		default:
			out = append(out, o.text[m.key.start:m.value.end]...)
			some = true
		}
	}
	return append(out, o.text[o.members[len(o.members)-1].value.end:]...)
}

// brief quotes what a client sent, shortened for a message.
func brief(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
