package wire_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holdfast/archive/wire"
)

// TestLogHoldsNoSecret: what authorizes a request is nowhere in its log, wherever it stood.
func TestLogHoldsNoSecret(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("X-Token", "sekret")
		w.Header().Set("Set-Cookie", "sekret")
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<Error><Code>SignatureDoesNotMatch</Code><StringToSign>sekret</StringToSign></Error>")
			return
		}
		_, _ = io.WriteString(w, "the body")
	}))
	defer server.Close()
	ctx, log := wire.Record(t.Context())
	send := func(method, url, body string) error {
		req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Authorization", "X-Amz-Security-Token", "Cookie", "X-Api-Key"} {
			req.Header.Set(name, "sekret")
		}
		req.Header.Set("If-Match", `"before"`)
		resp, err := wire.Do(http.DefaultClient, req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = wire.ReadAnswer(resp)
		return err
	}
	at := strings.Replace(server.URL, "http://", "http://user:sekret@", 1)
	for _, method := range []string{http.MethodPut, http.MethodGet} {
		if err := send(method, at+"/bucket/key?sig=sekret&X-Amz-Signature=sekret&list-type=2", "body of the request"); err != nil {
			t.Fatal(err)
		}
	}
	server.Close()
	if err := send(http.MethodPut, at+"/bucket/key?sig=sekret", "never arrives"); err == nil {
		t.Error("nobody answers, and there is no error")
	}
	text := log.String()
	if strings.Contains(text, "sekret") || strings.Contains(log.Brief(), "sekret") {
		t.Error("a secret is in the log")
	}
	for _, want := range []string{
		"> PUT /bucket/key?list-type=2 HTTP/1.1", `> If-Match: "before"`, "> Content-Length: 19", `> "body of the request"`,
		"< HTTP/1.1 403 Forbidden", "<Code>SignatureDoesNotMatch</Code>", `< Etag: "e"`, `< "the body"`, "! dial tcp",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if log.Len() != 3 || !strings.Contains(log.Last(), "refused") {
		t.Errorf("%d, last %q", log.Len(), log.Last())
	}
	if brief := log.Brief(); !strings.Contains(brief, "and 1 that were refused") || strings.Contains(brief, "403") {
		t.Error(brief)
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestCode(t *testing.T) {
	for body, want := range map[string]string{
		`<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>`: "SlowDown",
		"<html>": "", "": "", "<Other><Code>x</Code></Other>": "",
	} {
		if got := (wire.Answer{Body: []byte(body)}).Code(); got != want {
			t.Errorf("%s: %q", body, got)
		}
	}
	if got := (wire.Answer{Header: http.Header{"X-Ms-Error-Code": {"BlobAlreadyExists"}}}).Code(); got != "BlobAlreadyExists" {
		t.Error(got)
	}
}
