package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// isInsertion reports whether after is before with one text inserted.
func isInsertion(before, after, text string) bool {
	head, tail, ok := strings.Cut(after, text)
	return ok && head+tail == before
}

func TestOnlyWhatWasAddedDiffers(t *testing.T) {
	for _, id := range []string{"CHG-12345", "CHG-30030", "CIC-77001"} {
		before := string(readTestdata(t, id))
		next, err := mustParse(t, before).Apply(Edit{Modifications: []Modification{mod("m1")}})
		if err != nil {
			t.Fatal(err)
		}
		const want = `,
    {
      "modification_id": "m1",
      "timestamp": "2025-10-20T12:00:00Z",
      "user_id": "u",
      "modification_type": "updated"
    }`
		if !isInsertion(before, string(next.Encode()), want) {
			t.Errorf("%s: more was done than to insert the entry:\n%s", id, next.Encode())
		}
	}
}

func TestForeignBytesSurviveManyUpdates(t *testing.T) {
	for id, updates := range map[string]int{"CHG-12345": 1000, "CIC-77001": 100} {
		r := newRig(t, 3)
		key, _ := Key(id)
		body := readTestdata(t, id)
		r.store.set(key, body)
		before := mustParse(t, string(body))
		touched := []string{"modifications", "status", "meeting_metadata"}

		snapshot, err := r.Load(t.Context(), id)
		for n := range updates {
			if err != nil {
				t.Fatalf("update %d: %v", n, err)
			}
			m := mod(fmt.Sprint("m", n))
			m.UserID = "<b>&é</b>"
			r.store.history = nil
			if n%2 == 0 {
				snapshot, err = r.Append(t.Context(), id, Edit{Fields: fields("meeting_metadata", fmt.Sprintf(`{"n":%d.0}`, n)), Modifications: []Modification{m}})
			} else {
				snapshot, err = r.Save(t.Context(), id, snapshot, Edit{Fields: fields("status", fmt.Sprintf(`"<%d>"`, n)), Modifications: []Modification{m}})
			}
		}

		after := snapshot.Change()
		wantNames := before.FieldNames()
		if !slices.Contains(wantNames, "meeting_metadata") {
			wantNames = append(wantNames, "meeting_metadata")
		}
		if d := cmp.Diff(wantNames, after.FieldNames()); d != "" {
			t.Errorf("%s: fields: %s", id, d)
		}
		for _, name := range before.FieldNames() {
			was, _ := before.Field(name)
			now, _ := after.Field(name)
			if !slices.Contains(touched, name) && !bytes.Equal(was, now) {
				t.Errorf("%s: %s was %s and is %s", id, name, was, now)
			}
		}
		old := before.RawModifications()
		if d := cmp.Diff(old, after.RawModifications()[:len(old)]); d != "" {
			t.Errorf("%s: old entries: %s", id, d)
		}
		for n, got := range after.ModificationIDs()[len(old):] {
			if got != fmt.Sprint("m", n) {
				t.Fatalf("%s: entry %d has id %s", id, n, got)
			}
		}
		for field, want := range map[string]string{
			"status": fmt.Sprintf(`"<%d>"`, updates-1), "meeting_metadata": fmt.Sprintf(`{"n":%d.0}`, updates-2),
		} {
			if got, _ := after.Field(field); string(got) != want {
				t.Errorf("%s: %s is %s, want %s", id, field, got, want)
			}
		}
		if strings.Contains(string(after.Encode()), `\u00`) || !json.Valid(after.Encode()) {
			t.Errorf("%s: escaped, or no JSON", id)
		}
	}
}

func TestStyleOfWhatIsAdded(t *testing.T) {
	const entry = `{"modification_id":"m1","timestamp":"2025-10-20T12:00:00Z","user_id":"u","modification_type":"updated"}`
	indented := func(newline, indent string) string {
		return strings.NewReplacer(
			`{"`, "{"+newline+indent+indent+indent+`"`, `,"`, ","+newline+indent+indent+indent+`"`,
			`":"`, `": "`, `"}`, `"`+newline+indent+indent+"}").Replace(entry)
	}
	tests := []struct{ name, before, after string }{
		{"compact, empty history",
			`{"changeId":"C","modifications":[],"z":1}`,
			`{"changeId":"C","modifications":[` + entry + `],"z":2,"new":"<&>"}`},
		{"compact, entries",
			`{"changeId":"C","modifications":[{"x":1.50}],"z":1}`,
			`{"changeId":"C","modifications":[{"x":1.50},` + entry + `],"z":2,"new":"<&>"}`},
		{"compact, null history",
			`{"changeId":"C","modifications":null,"z":1}`,
			`{"changeId":"C","modifications":[` + entry + `],"z":2,"new":"<&>"}`},
		{"compact, no history",
			`{"changeId":"C","z":1}`,
			`{"changeId":"C","z":2,"new":"<&>","modifications":[` + entry + `]}`},
		{"two spaces, no history",
			"{\n  \"changeId\": \"C\",\n  \"z\": 1\n}\n",
			"{\n  \"changeId\": \"C\",\n  \"z\": 2,\n  \"new\": \"<&>\",\n  \"modifications\": [\n    " + indented("\n", "  ") + "\n  ]\n}\n"},
		{"tabs, empty history",
			"{\n\t\"changeId\": \"C\",\n\t\"modifications\": [],\n\t\"z\": 1\n}",
			"{\n\t\"changeId\": \"C\",\n\t\"modifications\": [\n\t\t" + indented("\n", "\t") + "\n\t],\n\t\"z\": 2,\n\t\"new\": \"<&>\"\n}"},
		{"CRLF, entries",
			"{\r\n  \"changeId\": \"C\",\r\n  \"modifications\": [\r\n    {\r\n      \"x\": 1\r\n    }\r\n  ],\r\n  \"z\": 1\r\n}\r\n",
			"{\r\n  \"changeId\": \"C\",\r\n  \"modifications\": [\r\n    {\r\n      \"x\": 1\r\n    },\r\n    " + indented("\r\n", "  ") + "\r\n  ],\r\n  \"z\": 2,\r\n  \"new\": \"<&>\"\r\n}\r\n"},
		{"an entry on each line",
			"{\n \"changeId\": \"C\",\n \"modifications\": [\n  {\"x\": 1},\n  {\"x\": 2}\n ],\n \"z\": 1}",
			"{\n \"changeId\": \"C\",\n \"modifications\": [\n  {\"x\": 1},\n  {\"x\": 2},\n  " + entry + "\n ],\n \"z\": 2,\n \"new\": \"<&>\"}"},
		{"the history first",
			`{ "modifications": [ ], "changeId":"C","z":1 }`,
			`{ "modifications": [ ` + entry + ` ], "changeId":"C","z":2, "new": "<&>" }`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			edit := Edit{Fields: fields("z", " 2 ", "new", `"<&>"`), Modifications: []Modification{mod("m1")}}
			next, err := mustParse(t, tt.before).Apply(edit)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.after, string(next.Encode())); d != "" {
				t.Error(d)
			}
			again, err := next.Apply(edit)
			if err != nil || string(again.Encode()) != tt.after {
				t.Errorf("applied again: %v\n%s", err, again.Encode())
			}
		})
	}
}

func TestModificationIsWrittenAsItIs(t *testing.T) {
	m := mod("m1")
	m.UserID = "<&>\u2028"
	m.MeetingMetadata = json.RawMessage(`{"z":1.50, "a":12345678901234567890,"h":"<&>"}`)
	next, err := mustParse(t, testDoc).Apply(Edit{Modifications: []Modification{m, mod("m2")}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"modification_id":"m1","timestamp":"2025-10-20T12:00:00Z","user_id":"<&>\u2028","modification_type":"updated",` +
		`"meeting_metadata":{"z":1.50,"a":12345678901234567890,"h":"<&>"}}`
	got := next.(*Change).RawModifications()
	if string(got[0]) != want {
		t.Errorf("got  %s\nwant %s", got[0], want)
	}
	if d := cmp.Diff([]string{"m1", "m2"}, next.(*Change).ModificationIDs()); d != "" {
		t.Error(d)
	}
}

// TestWideIndentation: a change of 130 KB must not make a document that no back end can
// append to any more, as it did when the white space in front of the first field was
// repeated in each line of each entry.
func TestWideIndentation(t *testing.T) {
	r := newRig(t, 0)
	body := "{\n" + strings.Repeat(" ", 130_000) + `"changeId":"CHG-2"}`
	if _, err := r.Create(t.Context(), "CHG-2", mustParse(t, body), mod("m1")); err != nil {
		t.Fatal(err)
	}
	stored := len(r.store.body("archive/CHG-2.json"))
	for n := range 30 { // customers
		m := mod(string(rune('a' + n)))
		m.Type = Processed
		if _, err := r.Append(t.Context(), "CHG-2", Edit{Modifications: []Modification{m}, Once: m.ID}); err != nil {
			t.Fatalf("an upload of %d bytes is stored as %d bytes, and of 30 customers the %d. can't be appended: %v", len(body), stored, n+1, err)
		}
	}
	if now := len(r.store.body("archive/CHG-2.json")); now > 150_000 {
		t.Errorf("an upload of %d bytes is %d bytes with 30 entries", len(body), now)
	}
}

// TestWidestIndentation: the style of a document is kept up to the widest white space that
// is copied, and entries look alike whether they came first or later.
func TestWidestIndentation(t *testing.T) {
	for _, c := range []struct {
		wide   int
		spread bool
	}{{8, true}, {mostFieldLead - 1, true}, {mostFieldLead, false}} {
		doc := mustParse(t, "{\n"+strings.Repeat(" ", c.wide)+`"changeId":"CHG-2"}`)
		for _, id := range []string{"a", "b"} {
			next, err := doc.Apply(Edit{Modifications: []Modification{mod(id)}})
			if err != nil {
				t.Fatal(err)
			}
			doc = next.(*Change)
		}
		line := "\n" + strings.Repeat(" ", 3*c.wide) + `"modification_id": `
		if n := strings.Count(string(doc.Encode()), line); (n == 2) != c.spread || n == 1 {
			t.Errorf("fields are indented by %d: %d entries are of the document's style\n%s", c.wide, n, doc.Encode())
		}
	}
}
