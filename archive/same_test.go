package archive

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// TestSameOnlyIfNoReaderCanTell: of case "cut emoji", and of its kind: what decoding loses
// is not lost by a merge.
func TestSameOnlyIfNoReaderCanTell(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`"\ud83d"`, `"\ufffd"`, false},
		{`"\ud83d"`, `"\ud83e"`, false},
		{`"\ud83d"`, `"\uD83D"`, false}, // who knows
		{`"\ud83d"`, `"\ud83d"`, true},
		{`"\ude00\ud83d"`, `"\ufffd\ufffd"`, false},
		{`"\ud83dx\ude00"`, `"\ufffdx\ufffd"`, false},
		{`"\ud83d\u0041"`, `"\ufffdA"`, false},
		{`"\ud83d\ude00"`, `"😀"`, true},
		{`"\\ud83d"`, `"\u005cud83d"`, true}, // the text \ud83d, not an escape
		{"\"\xff\"", `"\ufffd"`, false},
		{"\"\xff\"", "\"\xfe\"", false},
		{"[\"\xff\\u0041\"]", "[\"\xffA\"]", false},
		{`{"a":1,"a":2}`, `{"a":2}`, false},
		{`{"a":1,"a":2}`, `{"a":2,"a":1}`, false},
		{`[{"b":{"a":1,"\u0061":2}}]`, `[{"b":{"a":2}}]`, false},
		{`{"\ud83d":1}`, `{"\ufffd":1}`, false},
		{`{"a":[1, {}], "b":""}`, `{"b":"","a":[1,{ }]}`, true},
		{`1`, `"1"`, false},
		{`-0`, `0`, false},
		{`null`, ``, false},
	} {
		a, b := json.RawMessage(c.a), json.RawMessage(c.b)
		if c.b == "" {
			b = nil
		}
		if sameValue(a, b) != c.same || sameValue(b, a) != c.same {
			t.Errorf("%s and %s: want same %v", c.a, c.b, c.same)
		}
	}
}

// jsonText draws a JSON text in which names, halves of pairs and bytes that are no text
// come often.
func jsonText(depth int) *rapid.Generator[string] {
	str := rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{
			"a", "b", `\u0061`, `\ud83d`, `\ude00`, `\uD83D\uDE00`, "😀", "\xff", "\xf0\x9f", "\ufffd", `\ufffd`, `\\`, `\"`, `\/`, "/", `\n`, " ",
		}), 0, 3).Draw(t, "parts")
		return `"` + strings.Join(parts, "") + `"`
	})
	return rapid.Custom(func(t *rapid.T) string {
		kinds := []string{"string", "string", "word"}
		if depth > 0 {
			kinds = append(kinds, "array", "object")
		}
		space := rapid.SampledFrom([]string{"", " "}).Draw(t, "space")
		switch rapid.SampledFrom(kinds).Draw(t, "kind") {
		case "string":
			return space + str.Draw(t, "string")
		case "array":
			return "[" + strings.Join(rapid.SliceOfN(jsonText(depth-1), 0, 2).Draw(t, "array"), ",") + space + "]"
		case "object":
			var members []string
			for range rapid.IntRange(0, 2).Draw(t, "members") {
				members = append(members, fmt.Sprintf("%s%s:%s", space, str.Draw(t, "name"), jsonText(depth-1).Draw(t, "value")))
			}
			return "{" + strings.Join(members, ",") + "}"
		}
		return space + rapid.SampledFrom([]string{"null", "true", "1", "1.0", "1e1", "10", "-0", "0"}).Draw(t, "word")
	})
}

// TestSameAgreesWithAStrictReader: two values that a merge calls the same, other than by
// their bytes, are both taken by a reader that refuses whatever is not certain, and are
// the same to it.
func TestSameAgreesWithAStrictReader(t *testing.T) {
	strict := func(raw string) (string, error) {
		var b strings.Builder
		dec := jsontext.NewDecoder(strings.NewReader(raw))
		value, err := dec.ReadValue()
		if err != nil {
			return "", err
		}
		err = canonical(&b, value)
		return b.String(), err
	}
	same := 0
	check := func(t *rapid.T) {
		a, b := jsonText(2).Draw(t, "a"), jsonText(2).Draw(t, "b")
		if rapid.Bool().Draw(t, "alike") {
			b = respelled(t, a)
		}
		if a == b || !sameValue(json.RawMessage(a), json.RawMessage(b)) {
			return
		}
		same++
		readA, errA := strict(a)
		readB, errB := strict(b)
		if errA != nil || errB != nil || readA != readB {
			t.Fatalf("%s and %s are called the same; a strict reader has %s (%v) and %s (%v)", a, b, readA, errA, readB, errB)
		}
	}
	for range 20 { // one round in a hundred draws no two that are the same
		if rapid.Check(t, check); same > 0 {
			break
		}
	}
	if same == 0 {
		t.Error("no two values were the same, so nothing was tested")
	}
}

// respelled writes some characters of a text in other ways.
func respelled(t *rapid.T, text string) string {
	for _, r := range [][2]string{{"a", `\u0061`}, {`\u0061`, "a"}, {"/", `\/`}, {`\uD83D\uDE00`, "😀"}, {`\ud83d`, "\ufffd"}, {"\xff", "\ufffd"}, {":", ": "}} {
		if rapid.Bool().Draw(t, r[0]) {
			text = strings.ReplaceAll(text, r[0], r[1])
		}
	}
	return text
}

// canonical writes a value with the members of objects in order and strings in one
// spelling; numbers stay as they are spelled.
func canonical(b *strings.Builder, value jsontext.Value) error {
	switch value.Kind() {
	case '{', '[':
		var parts []string
		dec := jsontext.NewDecoder(strings.NewReader(string(value)))
		open, err := dec.ReadToken()
		if err != nil {
			return err
		}
		for dec.PeekKind() != '}' && dec.PeekKind() != ']' {
			part, err := dec.ReadValue()
			if err != nil {
				return err
			}
			var p strings.Builder
			if err := canonical(&p, part); err != nil {
				return err
			}
			if n := len(parts); value.Kind() == '{' && isValue(dec) {
				parts[n-1] += ":" + p.String()
			} else {
				parts = append(parts, p.String())
			}
		}
		if open.Kind() == '{' {
			slices.Sort(parts)
		}
		fmt.Fprintf(b, "%c%s%c", value.Kind(), strings.Join(parts, ","), value.Kind()+2)
		return nil
	case '"':
		s, err := jsontext.AppendUnquote(nil, value)
		if err != nil {
			return err
		}
		quoted, err := jsontext.AppendQuote(nil, s)
		b.Write(quoted)
		return err
	}
	b.Write(value)
	return nil
}

// isValue reports whether what was read last of an object is the value of a member.
func isValue(dec *jsontext.Decoder) bool {
	_, read := dec.StackIndex(dec.StackDepth())
	return read%2 == 0
}
