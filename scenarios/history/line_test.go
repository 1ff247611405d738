package history

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// agrees holds the reader of plain lines against encoding/json: what it takes is what
// that reads. It reports whether the line was taken.
func agrees(t interface{ Fatalf(string, ...any) }, r *lineReader, line []byte) bool {
	text := string(line)
	e := r.read(line)
	if e == nil {
		return false
	}
	want, err := decodeAny(line)
	if err != nil {
		t.Fatalf("took what is no event (%v): %s", err, text)
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Fatalf("read otherwise than encoding/json: %s\n%s", text, diff)
	}
	return true
}

func TestLinesAreReadAsByEncodingJSON(t *testing.T) {
	var r lineReader
	rapid.Check(t, func(t *rapid.T) { agrees(t, &r, appendEvent(nil, anyEvent(t))) })
}

// TestLinesThatWereWrittenAreTaken: else reading would be right, and slow.
func TestLinesThatWereWrittenAreTaken(t *testing.T) {
	var r lineReader
	for _, e := range append(goodEvents(), typicalPut()) {
		if taken := agrees(t, &r, appendEvent(nil, e)); taken != (e.Expected == nil && e.Omitted == nil) {
			t.Errorf("taken: %v: %s", taken, appendEvent(nil, e))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent(t)
		e.Expected, e.Omitted = nil, nil
		line := appendEvent(nil, e)
		if huge := slices.ContainsFunc(strings.FieldsFunc(string(line), func(c rune) bool { return c < '0' || c > '9' }), func(digits string) bool {
			return len(digits) > 18
		}); !huge && !agrees(t, &r, line) {
			t.Fatalf("not taken: %s", line)
		}
	})
}

// TestGarbledLinesAreReadAsByEncodingJSON changes lines a little, where almost all that
// comes of it is an error.
func TestGarbledLinesAreReadAsByEncodingJSON(t *testing.T) {
	var r lineReader
	rapid.Check(t, func(t *rapid.T) {
		line := appendEvent(nil, anyEvent(t))
		from := rapid.IntRange(0, len(line)).Draw(t, "from")
		to := rapid.IntRange(from, min(len(line), from+rapid.SampledFrom([]int{0, 1, 2, 20}).Draw(t, "most"))).Draw(t, "to")
		part := rapid.OneOf(
			rapid.SampledFrom([]string{"", `"`, `\`, `\"`, `\u12`, ",", "0", "-", "1.5", "1e3", "null", "[]", "{}", " ", "}", "\x00", "\xff", "ä", `,"op":1`, `,"Op":1`}),
			rapid.Just(string(line[from:to])+string(line[from:to])),
		).Draw(t, "part")
		agrees(t, &r, slices.Concat(line[:from], []byte(part), line[to:]))
	})
}

func FuzzLine(f *testing.F) {
	for _, e := range append(goodEvents(), typicalPut()) {
		f.Add(appendEvent(nil, e))
	}
	var r lineReader
	f.Fuzz(func(t *testing.T, line []byte) { agrees(t, &r, line) })
}
