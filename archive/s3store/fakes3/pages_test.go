package fakes3_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"testing"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
)

// TestForeignPagesAreRefused: while the server runs, any web page that its user looks at
// may send forms and reads to it, by its address or by a name that points there (DNS
// rebinding). Programs are served.
func TestForeignPagesAreRefused(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s := server.Store().WithPrefix("serve")
	const document = `{"changeId":"CHG-1"}`
	if _, err := s.Put(t.Context(), "archive/CHG-1.json", []byte(document), archive.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("key", "serve/archive/CHG-1.json")
	part, _ := w.CreateFormFile("file", "x")
	_, _ = part.Write([]byte(`{"changeId":"CHG-1","changeTitle":"forged"}`))
	w.Close()
	bucket := server.Endpoint() + "/" + server.Bucket()
	object := bucket + "/serve/archive/CHG-1.json"
	for _, tt := range []struct {
		name, method, url, host, body string
		header                        map[string]string
		want                          int
	}{
		{"a form", "POST", bucket, "", form.String(), map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403},
		{"a form of an old browser", "POST", bucket, "", form.String(), map[string]string{"Origin": "https://evil.example"}, 403},
		{"a form without its origin", "POST", bucket, "", form.String(), map[string]string{"Origin": "null"}, 403},
		{"a form that only says cross-site", "POST", bucket, "", form.String(), map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"a read", "GET", object, "", "", map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403},
		{"a preflight", "OPTIONS", object, "", "", map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}, 403},
		{"a read by another name", "GET", object, "evil.example", "", nil, 421},
		{"by a name that begins like one of this machine", "GET", object, "127.0.0.1.evil.example", "", nil, 421},
		{"a write by another name", "PUT", object, "evil.example", "{}", nil, 421},
		{"a program", "GET", object, "", "", nil, 200},
		{"a program that says localhost", "GET", object, "localhost:1", "", nil, 200},
		{"a program that says [::1]", "GET", object, "[::1]:1", "", nil, 200},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), tt.method, tt.url, bytes.NewReader([]byte(tt.body)))
		req.Host = tt.host
		for name, value := range tt.header {
			req.Header.Set(name, value)
		}
		if tt.method == http.MethodPost {
			req.Header.Set("Content-Type", w.FormDataContentType())
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tt.want || (tt.want != 200) == bytes.Contains(answer, []byte("changeId")) {
			t.Errorf("%s is answered %d: %s", tt.name, resp.StatusCode, answer)
		}
		if body, _, err := s.Get(t.Context(), "archive/CHG-1.json"); err != nil || string(body) != document {
			t.Fatalf("%s: stored is now %s, %v", tt.name, body, err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
