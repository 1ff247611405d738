package world

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"

	"holdfast/archive/web"
)

// InProcess is a [Door] whose requests are calls of the handler, on the client's own
// goroutine or coroutine.
func InProcess(h http.Handler) Door { return inProcess{h} }

type inProcess struct{ handler http.Handler }

func (d inProcess) Close() error { return nil }

// InProcess marks a door behind which requests are calls.
func (d inProcess) InProcess() {}

// RoundTrip implements [http.RoundTripper]. A panic of the handler is the caller's,
// but for http.ErrAbortHandler, which breaks the connection.
func (d inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, errors.Join(err, closeBody(req))
	}
	if req.Body == nil {
		req = req.Clone(req.Context())
		req.Body = http.NoBody // a handler may read it
	}
	req.RequestURI = req.URL.RequestURI()
	w := &answerWriter{header: http.Header{}}
	if aborted := ask(d.handler, w, req); aborted {
		return nil, errors.Join(io.ErrUnexpectedEOF, closeBody(req))
	}
	return w.response(req), closeBody(req)
}

// ask reports whether the handler broke off as [http.ErrAbortHandler] says.
func ask(h http.Handler, w http.ResponseWriter, req *http.Request) (aborted bool) {
	defer func() {
		switch r := recover(); r {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(r)
		}
	}()
	h.ServeHTTP(w, req)
	return false
}

func closeBody(req *http.Request) error {
	if req.Body == nil {
		return nil
	}
	return req.Body.Close()
}

// answerWriter keeps what a handler answers.
type answerWriter struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

func (w *answerWriter) Header() http.Header { return w.header }

func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *answerWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *answerWriter) response(req *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		StatusCode: w.status, Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.sent,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: req,
	}
}

// socket is a [Door] on a port of the loopback interface.
type socket struct {
	server    *http.Server
	address   string
	transport *http.Transport
	served    chan error

	mu       sync.Mutex
	requests int64
	underWay map[string]chan struct{} // by number: closed when the handler returns; nil before it begins
}

// requestNumber is the header by which a request is known on both ends.
const requestNumber = "X-Door-Request"

func openSocket(h http.Handler) (Door, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve on a port of 127.0.0.1: %w", err)
	}
	s := &socket{
		address: listener.Addr().String(), served: make(chan error, 1), underWay: map[string]chan struct{}{},
		transport: &http.Transport{MaxIdleConnsPerHost: 256}, // no Proxy: the environment's must not come between
	}
	s.server = web.NewServer(s.admitted(h))
	s.server.ErrorLog = log.New(io.Discard, "", 0) // of clients that hang up
	go func() { s.served <- s.server.Serve(listener) }()
	return s, nil
}

// Close stops the server.
func (s *socket) Close() error {
	err := s.server.Close()
	s.transport.CloseIdleConnections()
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// RoundTrip implements [http.RoundTripper].
func (s *socket) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.requests++
	number := strconv.FormatInt(s.requests, 10)
	s.underWay[number] = nil
	s.mu.Unlock()
	sent := req.Clone(req.Context())
	sent.URL.Scheme, sent.URL.Host, sent.Host = "http", s.address, s.address
	sent.Header.Set(requestNumber, number)
	resp, err := s.transport.RoundTrip(sent)
	if err == nil {
		err = readAll(resp) // or a long answer would keep its handler waiting
	}
	s.leave(number)
	if err != nil {
		return nil, err
	}
	return resp, nil
}

func readAll(resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	err = errors.Join(err, resp.Body.Close())
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return err
}

// leave returns when the handler of a request has returned, or never will be called.
func (s *socket) leave(number string) {
	s.mu.Lock()
	ended := s.underWay[number]
	delete(s.underWay, number)
	s.mu.Unlock()
	if ended != nil {
		<-ended
	}
}

// admitted calls the handler for requests whose clients still wait, once for each.
func (s *socket) admitted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		number, ended := req.Header.Get(requestNumber), make(chan struct{})
		s.mu.Lock()
		before, waits := s.underWay[number]
		if waits && before == nil {
			s.underWay[number] = ended
		}
		s.mu.Unlock()
		if !waits || before != nil { // the transport repeats a GET whose connection broke
			panic(http.ErrAbortHandler)
		}
		defer close(ended)
		h.ServeHTTP(w, req)
	})
}
