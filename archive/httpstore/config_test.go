package httpstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/archive/httpstore"
	"holdfast/archive/wire"
)

func TestValidate(t *testing.T) {
	const url = "http://127.0.0.1:9"
	for _, c := range []httpstore.Config{
		{}, {URL: "host/path"}, {URL: "ftp://host/"}, {URL: "http:///path"}, {URL: url + "/a//b"}, {URL: url + "/a/../b"}, {URL: url + "/%2e%2e/b"},
		{URL: url, RequestTimeout: -1}, {URL: url, MaxObjectBytes: -1}, {URL: url, Header: http.Header{"If-Match": {"*"}}},
	} {
		if err := c.Validate(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", c, err)
		}
		if _, err := httpstore.Open(c); err == nil {
			t.Errorf("%+v was opened", c)
		}
	}
}

func TestSettings(t *testing.T) {
	for _, url := range []string{"https://host/a%20b", "https://host/a%20b/"} {
		s := open(t, httpstore.Config{URL: url, Query: map[string][]string{"sig": {"sekret"}}}).WithRequestTimeout(time.Second)
		if got := s.Settings(); got != (httpstore.Settings{URL: "https://host/a%20b/", RequestTimeoutMS: 1000, Collections: true}) {
			t.Errorf("%+v", got)
		}
	}
}

// TestNoSecretIsTold, whatever fails: of the URL, headers, query.
func TestNoSecretIsTold(t *testing.T) {
	var said []error
	for _, url := range []string{"http://user:sekret@host/", "user:sekret@host", "http://user:sekret@[", "http://host/?sig=sekret", "http://host/%zz?sekret", "http://host/#sekret"} {
		_, err := httpstore.Open(httpstore.Config{URL: url})
		said = append(said, err)
	}
	secret := httpstore.Config{Header: http.Header{"Authorization": {"Bearer sekret-word"}}, Query: map[string][]string{"sig": {"sekret-word"}}}
	secret.URL, secret.RequestTimeout = refused(t), 50*time.Millisecond
	stores := []*httpstore.Store{open(t, secret)}
	for _, h := range []http.HandlerFunc{
		answer(302, "Location", "http://user:sekret@elsewhere/?sig=sekret"), answer(500),
		func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403); r.Header.Write(w) },
		func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() },
		hijack("", false), hijack("HTTP/1.1 nonsense\r\n\r\n", false),
		hijack("Authorization: Bearer sekret-word\r\n\r\n", false), hijack("no HTTP: sekret-word\r\n\r\n", false),
		answer(200, "ETag", "W/\"sekret-word\""), answer(200, "ETag", `"e"`, "Content-Encoding", "sekret-word"),
	} {
		s, _ := serve(t, h)
		secret.URL = s.URL()
		stores = append(stores, open(t, secret))
	}
	unsigned := secret
	unsigned.Sign = func(*http.Request, []byte) error { return errors.New("no key") }
	stores = append(stores, open(t, unsigned))
	for _, s := range stores {
		said = append(said, s.Check(t.Context()))
		for _, op := range ops {
			said = append(said, do(t.Context(), s, op))
			_, err := s.Send(t.Context(), wire.Request{Method: strings.ToUpper(op), Key: "k"})
			said = append(said, err)
		}
	}
	failed := 0
	for _, err := range said {
		if err == nil {
			continue
		}
		failed++
		if text := allOf(err); strings.Contains(text, "sekret") {
			t.Error(text)
		}
	}
	if failed < 50 {
		t.Errorf("only %d calls failed", failed)
	}
}

// allOf is the text of an error and of all that it wraps.
func allOf(err error) string {
	text := fmt.Sprintf("%v\n", err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			text += allOf(inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			text += allOf(inner)
		}
	}
	return text
}

// refused is the URL of a server that is not there.
func refused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return "http://" + l.Addr().String()
}

// hijack breaks the connection after the request was read, and after some of the answer.
func hijack(answer string, reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, answer)
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

func TestCheck(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for want, h := range map[string]http.HandlerFunc{
		"":                           answer(404),
		"answer every request":       answer(200, "ETag", `"e"`),
		"correct the credentials":    answer(401),
		"is the server running":      answer(503),
		"a redirect is not followed": answer(301),
		"mimetype.assign":            answer(200),
	} {
		s, _ := serve(t, h)
		s = s.WithPrefix("p")
		err := s.Check(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) ||
			!strings.HasPrefix(err.Error(), "check "+s.URL()+"p/: ")) {
			t.Errorf("%s: %v", want, err)
		}
		if err := s.Check(ended); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}
