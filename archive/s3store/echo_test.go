package s3store_test

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"holdfast/archive/s3store"
)

// TestEchoedSecrets: a server's answer repeats what it was sent, in one form or another.
// What is secret of it is in no error.
func TestEchoedSecrets(t *testing.T) {
	const token = "Fake/Session+Token=="
	escaped := func(text string) string {
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(text)) // a Builder has no errors
		return b.String()
	}
	var signature string
	for name, echo := range map[string]func(r *http.Request) (code, message string){
		"the header":       func(r *http.Request) (string, string) { return "Odd", "you sent " + r.Header.Get("Authorization") },
		"the signature":    func(r *http.Request) (string, string) { return "Odd", signature + " is wrong" },
		"the token":        func(r *http.Request) (string, string) { return "Odd", "token " + token + " has expired" },
		"the token, coded": func(r *http.Request) (string, string) { return "Odd", "at /?t=" + url.QueryEscape(token) },
		"in base64":        func(r *http.Request) (string, string) { return "Odd", base64.StdEncoding.EncodeToString([]byte(token)) },
		"all headers":      func(r *http.Request) (string, string) { return "Odd", fmt.Sprint(r.Header) },
		"as the code":      func(r *http.Request) (string, string) { return token, "no" },
		"beyond the cut":   func(r *http.Request) (string, string) { return "Odd", strings.Repeat("x", 290) + token },
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, signature, _ = strings.Cut(r.Header.Get("Authorization"), "Signature=")
			code, message := echo(r)
			s3Error(400, escaped(code), escaped(message))(w, r)
		})
		endpoint := s.Settings().Endpoint
		t.Setenv("AWS_SESSION_TOKEN", token)
		s, err := s3store.Open(t.Context(), s3store.Config{Bucket: "b", Endpoint: endpoint})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{do(t.Context(), s, "put"), do(t.Context(), s, "get"), s.Check(t.Context())} {
			if err == nil || !strings.Contains(err.Error(), "400") {
				t.Fatalf("%s: %v", name, err)
			}
			for _, secret := range []string{token, "Fake/", url.QueryEscape(token), base64.StdEncoding.EncodeToString([]byte(token)), signature} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

// TestEndpointWithAQuery is refused without being repeated: it may be signed.
func TestEndpointWithAQuery(t *testing.T) {
	for _, given := range []string{"https://host/?X-Amz-Signature=sekret", "https://host/c?sig=sekret", "https://host/#sekret"} {
		cleanEnv(t)
		_, err := s3store.Open(t.Context(), s3store.Config{Bucket: "b", Endpoint: given})
		if err == nil || strings.Contains(err.Error(), "sekret") {
			t.Errorf("%s: %v", given, err)
		}
	}
	for _, store := range []string{"s3://key:sekret@bucket/p", "https://key:sekret@host/p", "s3://bucket?sig=sekret"} {
		if _, _, err := s3store.ParseURL(store); err == nil || strings.Contains(err.Error(), "sekret") {
			t.Errorf("%s: %v", store, err)
		}
	}
}
