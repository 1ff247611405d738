package archive

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// jsonSeeds are texts at the edges of the grammar, valid and not.
var jsonSeeds = []string{
	``, ` `, `null`, `nul`, `nulll`, `true`, `tru`, `false`, `0`, `-0`, `00`, `01`, `-`, `+1`, `1.`, `.5`, `1.5`, `1e`, `1e+`, `1e9`,
	`1E-9`, `-1.25e+10`, `0e0`, `1 2`, `""`, `"`, `"a`, `"\"`, `"\""`, `"\\"`, `"\u12g4"`, `"\u1234"`, `"\u12"`, `"\x"`, "\"\x00\"",
	"\"\x1f\"", "\"\x7f\xff\"", "\"a\nb\"", `[]`, `[`, `]`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `[1,2]`, `[[],[[]],{}]`, `[}`, `{]`,
	`{}`, `{`, `}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":{"b":[{"c":null}]}}`, `{"a":1,"a":2}`,
	` { "a" : [ 1 , 2 ] } `, "\ufeff{}", `{}x`, `{}{}`, `{"a":1}}`, "\v1", `"\/\b\f\n\r\t"`, `{"\u0061":1}`, `{1:2}`, `{"a":"b":"c"}`, `[1:2]`,
	"\t[\r\n1\n]\n", `-a`, `1a`, `1.e5`, `tRue`, `[true,false,null]`, `[truefalse]`,
}

// FuzzValidJSON compares with the standard library.
func FuzzValidJSON(f *testing.F) {
	for _, seed := range jsonSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, want := validJSON(text), json.Valid(text); got != want {
			t.Errorf("validJSON(%q) = %v, json.Valid says %v", text, got, want)
		}
	})
}

// TestValidJSONAgreesOnEdits breaks valid texts in every way that one byte can.
func TestValidJSONAgreesOnEdits(t *testing.T) {
	const base = `{"a": [1, -0.5e+3, "x\"\\\u00e9", true], "b": {"c": null, "d": {}}, "e": []}`
	for at := range len(base) {
		for c := range 256 {
			replaced := base[:at] + string([]byte{byte(c)}) + base[at+1:]
			inserted := base[:at] + string([]byte{byte(c)}) + base[at:]
			for _, text := range []string{replaced, inserted, base[:at], base[:at] + base[at+1:]} {
				if got, want := validJSON([]byte(text)), json.Valid([]byte(text)); got != want {
					t.Fatalf("validJSON(%q) = %v, json.Valid says %v", text, got, want)
				}
			}
		}
	}
}

func TestValidJSONAgreesOnFragments(t *testing.T) {
	fragment := rapid.SampledFrom([]string{
		"{", "}", "[", "]", ",", ":", " ", "\n", `"k"`, `"\""`, `"`, `\`, "1", "-", "0", ".", "e", "+", "true", "null", "\x01",
	})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(fragment).Draw(t, "text"), "")
		if got, want := validJSON([]byte(text)), json.Valid([]byte(text)); got != want {
			t.Fatalf("validJSON(%q) = %v, json.Valid says %v", text, got, want)
		}
	})
}

func TestValidJSONAgreesOnNesting(t *testing.T) {
	for _, depth := range []int{mostNesting - 1, mostNesting, mostNesting + 1} {
		for _, text := range []string{
			strings.Repeat("[", depth) + strings.Repeat("]", depth),
			strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth),
		} {
			if got, want := validJSON([]byte(text)), json.Valid([]byte(text)); got != want {
				t.Errorf("depth %d of %.1s: validJSON says %v, json.Valid %v", depth, text, got, want)
			}
		}
	}
}

func BenchmarkValidJSON(b *testing.B) {
	for name, valid := range map[string]func([]byte) bool{"ours": validJSON, "encoding-json": json.Valid} {
		b.Run(name, func(b *testing.B) {
			eachDocument(b, func(b *testing.B, body []byte) {
				for b.Loop() {
					if !valid(body) {
						b.Fatal("not valid")
					}
				}
			})
		})
	}
}
