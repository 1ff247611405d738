package web

import (
	"bytes"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// buffer can be written and read at the same time.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// eventually waits for a text to be logged.
func (b *buffer) eventually(t *testing.T, want string) {
	t.Helper()
	for range 200 {
		if strings.Contains(b.String(), want) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %q in %q", want, b.String())
}

const secret = "Rotate the certificates of ACME"

// TestPanicsAreLoggedWithoutTheirValue, which may be of a document.
func TestPanicsAreLoggedWithoutTheirValue(t *testing.T) {
	var logged buffer
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(secret + "\ngoroutine 1 [running]:\n" + secret)
	}))
	server.Config.ErrorLog = ErrorLog(slog.New(slog.NewTextHandler(&logged, nil)))
	server.Start()
	defer server.Close()
	if resp, err := http.Get(server.URL); err == nil {
		resp.Body.Close()
		t.Error("it was answered")
	}
	logged.eventually(t, "errorlog_test.go:")
	if text := logged.String(); !strings.Contains(text, `msg="http: panic serving 127.0.0.1:`) || strings.Contains(text, "ACME") {
		t.Error(text)
	}
}

// TestServersLogNoContent unless they are told otherwise.
func TestServersLogNoContent(t *testing.T) {
	var logged buffer
	before := log.Writer()
	log.SetOutput(&logged)
	defer log.SetOutput(before)
	server := httptest.NewUnstartedServer(nil)
	server.Config = NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(errors.New(secret)) }))
	server.Start()
	defer server.Close()
	if resp, err := http.Get(server.URL); err == nil {
		resp.Body.Close()
	}
	logged.eventually(t, "panic serving")
	if text := logged.String(); strings.Contains(text, "ACME") {
		t.Error(text)
	}
}

// TestUnsolicitedAnswersAreNotRepeated: a Transport logs where the standard logger does.
func TestUnsolicitedAnswersAreNotRepeated(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		time.Sleep(50 * time.Millisecond)
		_, _ = io.WriteString(conn, `{"changeTitle":"`+secret+`"}`)
		time.Sleep(time.Second)
	}()
	var logged buffer
	before := log.Writer()
	log.SetOutput(ErrorLog(slog.New(slog.NewTextHandler(&logged, nil))).Writer())
	defer log.SetOutput(before)
	client := &http.Client{Transport: &http.Transport{}}
	resp, err := client.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	logged.eventually(t, "Unsolicited response received on idle HTTP channel starting with …")
	if text := logged.String(); strings.Contains(text, "ACME") || strings.Contains(text, "changeTitle") {
		t.Error(text)
	}
}

func TestWithoutContent(t *testing.T) {
	for text, want := range map[string]string{
		"http: TLS handshake error from 127.0.0.1:1: EOF\n":                                   "http: TLS handshake error from 127.0.0.1:1: EOF",
		`http: invalid Content-Length of "ACME"`:                                              "http: invalid Content-Length of …",
		"http: panic serving [::1]:43210: ACME: what":                                         "http: panic serving [::1]:43210",
		"http: superfluous response.WriteHeader call from main.serve (a.go:7)":                "http: superfluous response.WriteHeader call from main.serve (a.go:7)",
		"net/http: HTTP/1.x transport connection broken: malformed MIME header line: ACME: 1": "net/http: HTTP/1.x transport connection broken …",
	} {
		if got, _ := withoutContent(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
