package history

import (
	"encoding/json"
	"strconv"
	"testing"

	"holdfast/archive"

	"pgregory.net/rapid"
)

// TestDigestsAreOfWhatIsSaid: the values of a row say the same, and something else
// than all others.
func TestDigestsAreOfWhatIsSaid(t *testing.T) {
	rows := [][]string{
		{``, ` `},
		{`null`}, {`true`}, {`false`}, {`"null"`}, {`""`, `  "" `}, {`0`}, {`-0`}, {`1.50`}, {`1.5`}, {`15e-1`}, {`"1.5"`},
		{`"A"`, `"\u0041"`, "\t\"A\"\n"}, {`"a"`}, {`"A "`}, {`" A"`}, {`"\""`, `"\u0022"`}, {`"\\"`, `"\u005c"`}, {`"\\u0041"`},
		{`"é"`, `"\u00e9"`, `"\u00E9"`}, {`"e\u0301"`, "\"e\u0301\""},
		{`"😀"`, `"\ud83d\ude00"`, `"\uD83D\uDE00"`}, {`"\ud83d"`, `"\uD83D"`}, {`"\ude00"`}, {`"\ud83d\ud83d"`}, {`"\ude00\ud83d"`},
		{`"\ufffd"`, `"�"`}, {"\"\xff\""}, {"\"\xed\xa0\xbd\""}, {`"\ud83dA"`, `"\ud83d\u0041"`}, {"\"\x7f\"", `"\u007f"`},
		{`"/"`, `"\/"`}, {`"\n\r\t\b\f"`, `"\u000a\u000d\u0009\u0008\u000c"`},
		{`[]`, `[ ]`}, {`{}`, `{ }`}, {`[{}]`}, {`[[]]`}, {`[1,2]`, "[ 1 ,\n2 ]"}, {`[2,1]`}, {`[12]`}, {`["1,2"]`}, {`[1,[2]]`}, {`[[1],2]`},
		{`{"a":1,"b":[2]}`, `{"b":[2],"a":1}`, `{ "\u0061" : 1, "b" : [ 2 ] }`}, {`{"a":[2],"b":1}`}, {`{"a":{"b":1}}`}, {`{"b":{"a":1}}`},
		{`{"a":{"b":1},"c":{}}`}, {`{"a":{},"c":{"b":1}}`}, {`{"a":null}`}, {`{"a":""}`},
		{`"ab","cd"`}, {`[1,]`}, {`[1 2]`}, {`{"a"}`}, {`{"a":}`}, {`"`}, {`"\`}, {`"\u00`}, {`"\u00zz"`}, {`[`}, {`{`}, {`]`}, {`1 2`}, {`"\ud83d\u"`},
	}
	seen := map[Sum]string{}
	for _, row := range rows {
		first := Digest([]byte(row[0]))
		for _, value := range row[1:] {
			if got := Digest([]byte(value)); got != first {
				t.Errorf("%s and %s have different digests", row[0], value)
			}
		}
		if other, taken := seen[first]; taken {
			t.Errorf("%s and %s have one digest", row[0], other)
		}
		seen[first] = row[0]
	}
	if Digest(nil) != 0 || Digest([]byte(" \n")) != 0 {
		t.Error("absent must have the digest 0")
	}
}

// TestDigestsOfEntries: made of the struct they are those of the text.
func TestDigestsOfEntries(t *testing.T) {
	texts := rapid.SampledFrom([]string{"", "m-1", "alice", `"quoted" <&>`, "é😀", "not \xff UTF-8", "\u2028", "a\\b\n"})
	metadata := rapid.SampledFrom([]string{"", `null`, `{"b": 1, "a": "\u0041"}`, `[1.50 ]`})
	rapid.Check(t, func(t *rapid.T) {
		m := archive.Modification{
			ID: texts.Draw(t, "id"), Timestamp: texts.Draw(t, "timestamp"), UserID: texts.Draw(t, "user"),
			Type: texts.Draw(t, "type"), CustomerCode: texts.Draw(t, "customer"), ContentDigest: texts.Draw(t, "digest"),
			Notify: rapid.Bool().Draw(t, "notify"), Covers: texts.Draw(t, "covers"),
		}
		if raw := metadata.Draw(t, "metadata"); raw != "" {
			m.MeetingMetadata = json.RawMessage(raw)
		}
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := EntryDigest(nil, &m), StoredEntryDigest(nil, raw); got != want {
			t.Fatalf("%s: %v, its text %v", raw, got, want)
		}
		// In any layout, with whatever fields it has besides.
		l := &archive.Layout{ID: []string{"id"}, History: "log", Entry: archive.EntryLayout{ID: "n"}}
		for i, name := range []*string{&l.Entry.Timestamp, &l.Entry.User, &l.Entry.Type, &l.Entry.Customer, &l.Entry.Meeting, &l.Entry.Digest} {
			*name = rapid.SampledFrom([]string{"", rapid.StringMatching(`[a-z<é]{3,9}`).Draw(t, "name") + strconv.Itoa(i)}).Draw(t, "named")
		}
		if rapid.Bool().Draw(t, "more") {
			m.Fields = map[string]json.RawMessage{"More": json.RawMessage(` [1.50 ]`), "<Most>": json.RawMessage(`"\u0041"`)}
		}
		raw, err = l.EncodeEntry(m)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := EntryDigest(l, &m), StoredEntryDigest(l, raw); got != want {
			t.Fatalf("%+v: %s: %v, its text %v", l.Entry, raw, got, want)
		}
	})
}

// FuzzDigest: values that an independent reader can tell apart have different digests,
// and a value and its other spellings the same.
func FuzzDigest(f *testing.F) {
	for _, s := range []string{`{"a": [1, "\ud83d\ude00"], "b": null}`, `"\u00e9"`, `[]`, `"\ud83d"`, `{`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		sum := Digest(raw)
		var compact json.RawMessage
		if json.Unmarshal(raw, &compact) != nil {
			return
		}
		again, err := json.Marshal(compact) // without white space, and with other escapes
		if err != nil {
			return
		}
		if got := Digest(again); got != sum {
			t.Errorf("%q and %q have different digests", raw, again)
		}
	})
}

func BenchmarkDigest(b *testing.B) {
	entry, _ := json.Marshal(archive.Modification{ID: "m-0123456789abcdefghjkmnpq", Timestamp: "2026-01-02T03:04:05Z", UserID: "backend-17", Type: archive.Processed, CustomerCode: "ACME"})
	b.Run("entry", func(b *testing.B) {
		for b.Loop() {
			Digest(entry)
		}
	})
	m := archive.Modification{ID: "m-0123456789abcdefghjkmnpq", Timestamp: "2026-01-02T03:04:05Z", UserID: "backend-17", Type: archive.Processed, CustomerCode: "ACME"}
	b.Run("struct", func(b *testing.B) {
		for b.Loop() {
			EntryDigest(nil, &m)
		}
	})
}
