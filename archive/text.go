package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// halfPair begins what [text] makes of a string that has no decoded form. No UTF-8 does.
const halfPair = "\xff"

// text decodes a JSON string that is known to be valid. It shares its memory
// where it can. Half a surrogate pair, or what is not UTF-8, can't be decoded: the string
// is then known by its spelling, which is marked, as "\ud800" would else be "\\ud800".
func text(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	if !wholeText(quoted) || json.Unmarshal(quoted, &s) != nil {
		return append([]byte(halfPair), quoted[1:len(quoted)-1]...)
	}
	return []byte(s)
}

// ValidateJSON reports where a text stops being JSON; nil if it does not.
func ValidateJSON(body []byte) error {
	err := json.Unmarshal(body, new(json.RawMessage))
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	before := body[:max(syntax.Offset-1, 0)] // the offset counts the offending byte
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Errorf("line %d, column %d: %w", line, column, err)
}

// checkText refuses a field whose name is no text: bytes that are not UTF-8, or a name of
// a parsed document that has half a surrogate pair (see [text]). Other readers would take
// it for another name.
func checkText(what, name string) error {
	if utf8.ValidString(name) {
		return nil
	}
	return fmt.Errorf("%w %s: the field name %q is not UTF-8, or has half of a surrogate pair, such as \\ud800; choose another name", ErrInvalid, what, short(strings.TrimPrefix(name, halfPair)))
}

// wholeText reports whether all strings of a valid JSON text are texts: it is UTF-8, and
// no escape is half of a surrogate pair. Decoders put U+FFFD for what is none, and so
// make different strings the same.
func wholeText(raw []byte) bool {
	if !utf8.Valid(raw) {
		return false
	}
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return true
		}
		first, n := escape(raw[i:])
		raw = raw[i+n:]
		if !utf16.IsSurrogate(first) {
			continue
		}
		second, n := escape(raw)
		if utf16.DecodeRune(first, second) == utf8.RuneError {
			return false
		}
		raw = raw[n:]
	}
}

// escape is the character of a \u escape, 0 for any other text, and how long it is.
func escape(raw []byte) (r rune, length int) {
	const size = len(`\u0000`)
	if len(raw) < size || raw[0] != '\\' || raw[1] != 'u' {
		return 0, min(2, len(raw))
	}
	n, err := strconv.ParseUint(string(raw[2:size]), 16, 16)
	if err != nil {
		return 0, 2
	}
	return rune(n), size
}

// appendCompact appends a value without white space, and a comma.
func appendCompact(b []byte, value json.RawMessage) ([]byte, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, value); err != nil {
		return nil, err
	}
	return append(append(b, compact.Bytes()...), ','), nil
}

// appendText appends a text as a JSON string. Only plain ASCII is done here.
func appendText(b []byte, s string) []byte {
	if anyByte(s, func(c byte) bool { return !plain[c] || c >= 0x7f }) {
		quoted, _ := encode(s) // a string always encodes
		return append(b, quoted...)
	}
	return append(append(append(b, '"'), s...), '"')
}

// encode returns compact JSON without HTML escaping.
func encode(value any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
