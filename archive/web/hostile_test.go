package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// alive checks that a server still serves, and that nothing was ever stored.
func (r *rig) alive() {
	r.Helper()
	resp, err := http.Get(r.url + "/healthz")
	if err != nil {
		r.Fatal(err)
	}
	r.want(r.read(resp), http.StatusOK, "")
	r.wantNothing()
}

// raw sends bytes as they are and reads the answer to a GET or POST.
func (r *rig) raw(request string) reply {
	r.Helper()
	conn := r.dial()
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		r.Fatal(err)
	}
	return r.answered(conn)
}

func (r *rig) dial() *net.TCPConn {
	r.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		r.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		r.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

func (r *rig) answered(conn net.Conn) reply {
	r.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		r.Fatal(err)
	}
	return r.read(resp)
}

func TestHostileIDs(t *testing.T) {
	r := newRig(t).serve()
	for _, id := range []string{
		"../x", "../../etc/passwd", "..", ".", "%2e%2e", "%2e%2e%2fx", "..%2fx", "a%2fb", "a/b", "a%5cb", "%00", "CHG-1%00", "CHG%0a1",
		"", "%20", "CHG-1%20", "-x", ".x", "a..b", "%C3%A9", "%ff", "*", strings.Repeat("a", 129), "CHG-1/", "//CHG-1", "customers%2fa%2fCHG-1", "%252e",
	} {
		r.want(r.raw("GET /api/changes/"+id+" HTTP/1.1\r\nHost: x\r\n\r\n"), http.StatusBadRequest, typeInvalid)
		var posted any = id
		if id == "%00" {
			posted = "CHG-1\x00"
		}
		body, err := json.Marshal(map[string]any{"changeId": posted})
		if err != nil {
			t.Fatal(err)
		}
		r.want(r.post(string(body)), http.StatusBadRequest, typeInvalid)
	}
	for _, target := range []string{"/../api/changes/CHG-1", "/api/../upload", "//api/changes/CHG-1", "/api%2fchanges%2fCHG-1"} {
		r.want(r.raw("GET "+target+" HTTP/1.1\r\nHost: x\r\n\r\n"), http.StatusNotFound, typeNotFound)
	}
	r.alive()
}

func deep(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// customers is an array of n customers.
func customers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"c%d"`, i)
	}
	return "[" + b.String()[1:] + "]"
}

func manyFields(n int) string {
	var b strings.Builder
	b.WriteString(`{"changeId":"CHG-1"`)
	for i := range n {
		fmt.Fprintf(&b, `,"f%d":0`, i)
	}
	return b.String() + "}"
}

func TestHostileBodies(t *testing.T) {
	r := newRig(t).serve()
	const id = `"changeId":"CHG-1"`
	for _, c := range []struct {
		name, body string
		status     int
		says       string
	}{
		{"empty", ``, 400, "byte 0"},
		{"no JSON", `changeId=CHG-1`, 400, "byte 1"},
		{"array", `[{` + id + `}]`, 400, "no JSON object"},
		{"null", `null`, 400, "no JSON object"},
		{"trailing data", `{` + id + `}{}`, 400, "byte"},
		{"byte order mark", "\ufeff{" + id + "}", 400, "byte"},
		{"not UTF-8", "{" + id + ",\"x\":\"\xff\"}", 400, "UTF-8"},
		{"NUL", "{" + id + "}\x00", 400, "byte"},
		{"10000 deep", `{` + id + `,"x":` + deep(10_000) + `}`, 400, "max depth"},
		{"9999 deep", `{` + id + `,"x":` + deep(9_999) + `}`, 400, "deep"},
		{"100 deep", `{` + id + `,"x":` + deep(100) + `}`, 400, "deep"},
		{"unclosed", strings.Repeat("[", 500_000), 400, ""},
		{"duplicate id", `{` + id + `,` + id + `}`, 400, "twice"},
		{"duplicate key, escaped", `{` + id + `,"isUpdate":false,"is\u0055pdate":true}`, 400, "twice"},
		{"duplicate key inside", `{` + id + `,"x":[{"a":1,"a":2}]}`, 400, "twice"},
		{"duplicate in metadata", `{"metadata":{` + id + `,"a":1,"a":1}}`, 400, "twice"},
		{"no id", `{"changeTitle":"x"}`, 400, "changeId"},
		{"id no string", `{"changeId":1}`, 400, "changeId"},
		{"history no array", `{` + id + `,"modifications":{}}`, 400, "modifications"},
		{"many fields", manyFields(80_000), 400, "fields"},
		{"metadata null and nothing else", `{"metadata":null}`, 400, "changeId"},
		{"half a surrogate pair in a name", `{"metadata":{` + id + `,"\ud800":1}}`, 400, "half of a surrogate pair"},
		{"half a surrogate pair deep inside", `{` + id + `,"a":[{"\udc00\ud800":1}]}`, 400, "half of a surrogate pair"},
		{"condition on a version that is new", `{` + id + `,"expectedETag":"\"v1\""}`, 400, "expectedETag"},
		{"condition and isUpdate false", `{"metadata":{` + id + `},"isUpdate":false,"expectedETag":"\"v1\""}`, 400, "expectedETag"},
		{"base of what is new", `{` + id + `,"base":{` + id + `}}`, 400, "base"},
		{"metadata string", `{"metadata":"x"}`, 400, "metadata"},
		{"two documents", `{"metadata":{` + id + `},"changeTitle":"x"}`, 400, "changeTitle"},
		{"isUpdate string", `{` + id + `,"isUpdate":"true"}`, 400, "isUpdate"},
		{"isUpdate number", `{` + id + `,"isUpdate":1}`, 400, "isUpdate"},
		{"ETag number", `{` + id + `,"isUpdate":true,"expectedETag":1}`, 400, "expectedETag"},
		{"ETag object", `{` + id + `,"isUpdate":true,"expectedETag":{}}`, 400, "expectedETag"},
		{"ETag with newline", `{` + id + `,"isUpdate":true,"expectedETag":"\"a\"\r\nX-Evil: 1"}`, 400, "expectedETag"},
		{"ETag with DEL", `{` + id + `,"isUpdate":true,"expectedETag":"\u007f"}`, 400, "expectedETag"},
		{"ETag not ASCII", `{` + id + `,"isUpdate":true,"expectedETag":"é"}`, 400, "expectedETag"},
		{"any version", `{` + id + `,"isUpdate":true,"expectedETag":"*"}`, 400, "one that no version has"},
		{"several versions", `{` + id + `,"isUpdate":true,"expectedETag":"\"a\", \"b\""}`, 400, "one that no version has"},
		{"half a quote", `{` + id + `,"isUpdate":true,"expectedETag":"\"a"}`, 400, "one that no version has"},
		{"ETag too long", `{` + id + `,"isUpdate":true,"expectedETag":"` + strings.Repeat("a", 257) + `"}`, 400, "expectedETag"},
		{"no ETag", `{` + id + `,"isUpdate":true}`, 428, "newETag"},
		{"null ETag", `{` + id + `,"isUpdate":true,"expectedETag":null}`, 428, "expectedETag"},
		{"empty ETag", `{` + id + `,"isUpdate":true,"expectedETag":""}`, 428, "expectedETag"},
		{"base string", `{` + id + `,"isUpdate":true,"expectedETag":"a","base":"x"}`, 400, "base"},
		{"base without id", `{` + id + `,"isUpdate":true,"expectedETag":"a","base":{}}`, 400, "base"},
		{"base of another", `{` + id + `,"isUpdate":true,"expectedETag":"a","base":{"changeId":"CHG-2"}}`, 400, "CHG-2"},
		{"base with many fields", `{` + id + `,"isUpdate":true,"expectedETag":"a","base":` + manyFields(mostFields) + `}`, 400, "base"},
		{"modification id number", `{` + id + `,"modificationId":1}`, 400, "modificationId"},
		{"modification id empty", `{` + id + `,"modificationId":""}`, 400, "modificationId"},
		{"modification id with space", `{` + id + `,"modificationId":"a b"}`, 400, "modificationId"},
		{"modification id with newline", `{` + id + `,"modificationId":"a\nb"}`, 400, "modificationId"},
		{"modification id too long", `{` + id + `,"modificationId":"` + strings.Repeat("a", 129) + `"}`, 400, "modificationId"},
		{"customers above", `{` + id + `,"customers":["../../archive"]}`, 400, "customer code \"../../archive\""},
		{"customers no array", `{` + id + `,"customers":"a"}`, 400, "customers"},
		{"customers no strings", `{` + id + `,"customers":[1]}`, 400, "customers"},
		{"many customers", `{` + id + `,"customers":` + customers(50_000) + `}`, 400, "at most 1000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			got := r.post(c.body)
			errorType := typeInvalid
			if c.status == http.StatusPreconditionRequired {
				errorType = typeNeedsETag
			}
			if got.status != c.status || got.body.ErrorType != errorType || !strings.Contains(got.body.Message, c.says) || len(got.text) > 2000 {
				t.Errorf("%d %.2000s, want %d with %q", got.status, got.text, c.status, c.says)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("refusing it took %v", took)
			}
		})
	}
	r.alive()
}

// endless is a body whose length nobody states.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	copy(p, bytes.Repeat([]byte(" "), n))
	e.left -= n
	return n, nil
}

func TestLargeBodies(t *testing.T) {
	r := newRig(t).serve()
	for name, body := range map[string]io.Reader{
		"stated":   strings.NewReader(`{"changeId":"CHG-1","x":"` + strings.Repeat("x", 10<<20) + `"}`),
		"unstated": &endless{10 << 20},
	} {
		resp, err := http.Post(r.url+"/upload", "application/json", body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r.want(r.read(resp), http.StatusRequestEntityTooLarge, typeTooLarge)
	}
	r.want(r.raw("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n"),
		http.StatusRequestEntityTooLarge, typeTooLarge)
	r.alive()
	small := newRig(t, func(o *Options) { o.MaxBody = 40 })
	small.want(small.post(fmt.Sprintf("%-41s", `{"changeId":"CHG-1"}`)), http.StatusRequestEntityTooLarge, typeTooLarge)
	small.wantNothing()
	small.want(small.post(fmt.Sprintf("%-40s", `{"changeId":"CHG-1"}`)), http.StatusOK, "")
}

func TestOtherMediaTypes(t *testing.T) {
	r := newRig(t)
	for _, mediaType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=iso-8859-1", "application/json;;", "application/jsonp"} {
		r.want(r.post(doc1, "Content-Type", mediaType), http.StatusUnsupportedMediaType, typeMediaType)
	}
	r.want(r.post(doc1, "Content-Encoding", "gzip"), http.StatusUnsupportedMediaType, typeMediaType)
	r.wantNothing()
	r.want(r.post(doc1, "Content-Type", `Application/JSON; charset="UTF-8"`), http.StatusOK, "")
}

// TestLegacyDocument: the original stored the envelope among the fields. It stays
// where it is, and does not decide what a save does.
func TestLegacyDocument(t *testing.T) {
	r := newRig(t)
	const legacy = `{"changeId":"CHG-1","isUpdate":true,"expectedETag":"\"old\"","testPlan":""}`
	etag := r.store.set(key1, []byte(legacy))
	r.want(r.post(`{"metadata":`+strings.Replace(legacy, `Plan":""`, `Plan":"x"`, 1)+`,"isUpdate":true,"expectedETag":`+quoted(etag)+`}`), http.StatusOK, "")
	if stored := r.store.body(key1); !strings.HasPrefix(stored, `{"changeId":"CHG-1","isUpdate":true,"expectedETag":"\"old\"","testPlan":"x"`) {
		t.Error(stored)
	}
}

var _ Uploads = uploadsFunc(nil)

type uploadsFunc func(context.Context, delivery.Upload) (delivery.Uploaded, error)

func (f uploadsFunc) Upload(ctx context.Context, up delivery.Upload) (delivery.Uploaded, error) {
	return f(ctx, up)
}

// TestUploadWithoutContent: a core need not know what it stored. Then its ETag is not
// passed on, see TestNoETagWithoutItsVersion.
func TestUploadWithoutContent(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.Uploads = uploadsFunc(func(context.Context, delivery.Upload) (delivery.Uploaded, error) {
			return delivery.Uploaded{Snapshot: archive.Snapshot{ETag: `"e"`}, ModificationID: "m"}, nil
		})
	})
	got := r.post(doc1)
	r.want(got, http.StatusOK, "")
	if got.body.Metadata != nil || got.body.NewETag != "" || got.body.Message == "" {
		t.Error(got.text)
	}
}
