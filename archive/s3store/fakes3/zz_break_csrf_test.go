package fakes3_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"testing"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
)

// TestBreakForeignPageWrites: while `simulate serve` runs, any web page that its user
// looks at may send a form to the embedded S3, which needs no preflight. Documents are
// overwritten without a condition, past every protection of the API.
func TestBreakForeignPageWrites(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s := server.Store().WithPrefix("serve")
	if _, err := s.Put(t.Context(), "archive/CHG-1.json", []byte(`{"changeId":"CHG-1"}`), archive.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("key", "serve/archive/CHG-1.json")
	part, _ := w.CreateFormFile("file", "x")
	_, _ = part.Write([]byte(`{"changeId":"CHG-1","changeTitle":"forged"}`))
	w.Close()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.Endpoint()+"/"+server.Bucket(), &form)
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Origin", "https://evil.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	body, _, err := s.Get(t.Context(), "archive/CHG-1.json")
	if err != nil || bytes.Contains(body, []byte("forged")) {
		t.Errorf("answered %d; stored is now %s, %v", resp.StatusCode, body, err)
	}
	// A name that a web site lets point to 127.0.0.1 (DNS rebinding) reads everything.
	req, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, server.Endpoint()+"/"+server.Bucket()+"/serve/archive/CHG-1.json", nil)
	req.Host = "evil.example"
	resp, err = http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode == http.StatusOK {
		t.Errorf("asked as evil.example it answers %d", resp.StatusCode)
	}
}
