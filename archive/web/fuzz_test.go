package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"holdfast/archive/delivery"
)

// FuzzUpload: what the parser accepts is a document whose bytes, apart from the
// envelope, are those that were sent; the rest it refuses in order.
func FuzzUpload(f *testing.F) {
	for _, id := range []string{"CHG-12345", "CHG-30030", "CIC-77001"} {
		body, err := os.ReadFile("../testdata/" + id + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
		f.Add([]byte(spread(string(body), `"isUpdate":true,"expectedETag":"\"e\"","modificationId":"m-1"`)))
		f.Add([]byte(`{"metadata":` + string(body) + `,"base":` + string(body) + `,"isUpdate":true,"expectedETag":"e"}`))
	}
	for _, body := range []string{
		doc1, `{}`, `{ "isUpdate" : false , "changeId" : "C" }`, `{"base":null,"changeId":"C","base":1}`, `{"changeId":"C","\u0062ase":null}`,
		"{\"isUpdate\":null,\n\t\"expectedETag\":null,\r\n \"changeId\":\"C\" ,\"modificationId\":null}\n", `{"metadata":{"changeId":"C","metadata":{"isUpdate":1}}}`,
		`{"changeId":"C","x":["\\\"}",{"isUpdate":1},-1.5e+9]}`, `{"changeId":"C","":{"":{"":[[]]}}}`, `{"changeId":"C","a":1,"a":2}`, `[`, `"`, `{"metadata":[]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		original := bytes.Clone(body)
		up, err := parseUpload(nil, body)
		if !bytes.Equal(body, original) {
			t.Fatal("the body was modified")
		}
		if err != nil {
			checkRefusal(t, err)
			return
		}
		checkDocument(t, up, original)
		if len(up.Base.ETag) > mostETag || strings.ContainsAny(up.Base.ETag, "\r\n\x00") || up.Update && up.Base.ETag == "" {
			t.Fatalf("ETag %q", up.Base.ETag)
		}
		if up.Base.Document != nil && up.Base.Change().ID() != up.Document.ID() {
			t.Fatalf("base of %s for %s", up.Base.Change().ID(), up.Document.ID())
		}
	})
}

func checkRefusal(t *testing.T, err error) {
	var refused *refusal
	if !errors.As(err, &refused) || refused.status < 400 || refused.status > 499 || refused.message == "" {
		t.Fatalf("%#v", err)
	}
	if !utf8.ValidString(refused.message) || strings.ContainsAny(refused.message, "\n\r\x00") || len(refused.message) > 1000 {
		t.Fatalf("message %q", refused.message)
	}
}

// checkDocument compares with what encoding/json makes of the body.
func checkDocument(t *testing.T, up delivery.Upload, body []byte) {
	var want map[string]json.RawMessage
	if err := json.Unmarshal(body, &want); err != nil {
		t.Fatalf("accepted what is no object: %v", err)
	}
	text, outer := body, want
	if raw, wrapped := want[keyMetadata]; wrapped {
		text, want = raw, nil
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
	}
	got := up.Document.Encode()
	before := len(want)
	if _, wrapped := outer[keyMetadata]; !wrapped {
		maps.DeleteFunc(want, func(name string, _ json.RawMessage) bool { return slices.Contains(envelopeKeys, name) })
	}
	if before == len(want) && !bytes.Equal(got, text) {
		t.Fatalf("%s became %s", text, got)
	}
	var have map[string]json.RawMessage
	if err := json.Unmarshal(got, &have); err != nil {
		t.Fatalf("%s became %s: %v", text, got, err)
	}
	if !maps.EqualFunc(have, want, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		t.Fatalf("%s became %s", text, got)
	}
	for _, c := range got { // the bytes that are left are in the order in which they were sent
		i := bytes.IndexByte(text, c)
		if i < 0 {
			t.Fatalf("%s is not what is left of %s", got, body)
		}
		text = text[i+1:]
	}
}

// FuzzETag: the comparison ends, and finds a tag wherever it stands in a list.
func FuzzETag(f *testing.F) {
	for _, header := range []string{`"a"`, `W/"a"`, `*`, `"a,b", "c"`, `"`, `W/`, `W/"`, `a, b`, `,,,`, `"a"b,"c"`, `"a" , * `, ``, "\x00"} {
		f.Add(header, `"a"`)
		f.Add(header, `a`)
		f.Add(header, `W/`)
	}
	f.Fuzz(func(t *testing.T, header, etag string) {
		noneMatch([]string{header}, etag)
		for rest := header; rest != ""; {
			_, next := nextTag(rest)
			if len(next) >= len(rest) {
				t.Fatalf("no progress in %q", rest)
			}
			rest = next
		}
		if err := checkETag(etag); err != nil || strings.ContainsRune(opaque(etag), '"') {
			return
		}
		tag := headerETag(etag)
		for _, list := range [][]string{{tag}, {"W/" + strings.TrimPrefix(tag, "W/")}, {`"x,` + "\t" + `y" ,` + tag + `, "z"`}, {`"x"`, tag}} {
			if !noneMatch(list, etag) {
				t.Errorf("%q is not found in %q", etag, list)
			}
		}
		if other := `"` + opaque(etag) + `+"`; noneMatch([]string{other}, etag) {
			t.Errorf("%q is found in %q", etag, other)
		}
	})
}
