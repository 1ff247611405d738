package archive

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// sameValue reports whether two raw values are the same to every reader: equal but for
// white space, the order of an object's fields and the escaping of strings. Numbers
// are compared by their spelling, so that no edit is missed for want of precision.
// Where readers can differ (half of a surrogate pair, bytes that are not UTF-8, a name
// twice in one object) only values of the same bytes are the same.
// Absent (nil) equals only absent.
func sameValue(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return (a == nil) == (b == nil)
	}
	if a == nil || b == nil || plainString(a) && plainString(b) {
		return false
	}
	va, certainA := decode(a)
	vb, certainB := decode(b)
	return certainA && certainB && reflect.DeepEqual(va, vb)
}

// plainString reports whether a value is a string without escapes or space around
// it: two such strings mean the same only if they are spelled the same.
func plainString(raw json.RawMessage) bool {
	return len(raw) > 1 && raw[0] == '"' && raw[len(raw)-1] == '"' && bytes.IndexByte(raw, '\\') < 0
}

// decode returns what a value says. It is certain only if every reader takes it for
// the same.
func decode(raw json.RawMessage) (value any, certain bool) {
	if !wholeText(raw) {
		return nil, false
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return decodeNext(dec)
}

// decodeNext is encoding/json's own decoding, but that a name twice in one object is
// noticed, of which it takes the last.
func decodeNext(dec *json.Decoder) (value any, certain bool) {
	token, err := dec.Token()
	if err != nil {
		return nil, false
	}
	switch token {
	case json.Delim('['):
		array := []any{}
		for dec.More() {
			element, certain := decodeNext(dec)
			if !certain {
				return nil, false
			}
			array = append(array, element)
		}
		value = array
	case json.Delim('{'):
		object := map[string]any{}
		for dec.More() {
			token, err := dec.Token()
			name, isName := token.(string)
			if _, twice := object[name]; err != nil || !isName || twice {
				return nil, false
			}
			if object[name], certain = decodeNext(dec); !certain {
				return nil, false
			}
		}
		value = object
	default:
		return token, true
	}
	_, err = dec.Token() // the closing bracket
	return value, err == nil
}
