// Package fakes3 is an in-memory S3 served over real HTTP on 127.0.0.1.
//
// The server is gofakes3 with its memory back end, which checks a condition and
// writes under one lock; its other back ends tear reads. It differs from S3:
// If-Match on a missing key answers 412 and not 404, DELETE ignores If-Match,
// 409 is never sent, and signatures are not verified. Requests of browsers are refused.
package fakes3

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"holdfast/archive/s3store"
)

const bucket = "holdfast"

// A client on the same machine sends its headers at once.
const readHeaderTimeout = 10 * time.Second

// Server is a running server. Close it when done.
type Server struct {
	endpoint  string
	http      http.Server
	served    chan error
	transport *http.Transport
	client    *s3.Client
}

// Start serves an empty bucket on a free port of 127.0.0.1. It keeps no versions.
func Start() (*Server, error) {
	backend, err := newBackend()
	if err != nil {
		return nil, err
	}
	return serve(handler(backend, gofakes3.WithoutVersioning()))
}

// StartVersioned is [Start] with a bucket that keeps every version.
func StartVersioned() (*Server, error) {
	backend, err := newBackend()
	if err != nil {
		return nil, err
	}
	var keep gofakes3.VersioningConfiguration
	keep.SetEnabled(true)
	if err := backend.SetVersioningConfiguration(bucket, keep); err != nil {
		return nil, fmt.Errorf("start the embedded S3: keep versions: %w", err)
	}
	return serve(handler(backend))
}

func newBackend() (*s3mem.Backend, error) {
	backend := s3mem.New()
	if err := backend.CreateBucket(bucket); err != nil {
		return nil, fmt.Errorf("start the embedded S3: create its bucket: %w", err)
	}
	return backend, nil
}

func serve(h http.Handler) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the embedded S3: %w", err)
	}
	s := &Server{
		endpoint: "http://" + listener.Addr().String(),
		http: http.Server{
			Handler:           forPrograms(h),
			ReadHeaderTimeout: readHeaderTimeout,
			ErrorLog:          log.New(io.Discard, "", 0), // of clients that hang up
		},
		served: make(chan error, 1),
		// No Proxy: the environment's must not come between.
		transport: &http.Transport{MaxIdleConnsPerHost: s3store.IdleConnsPerHost},
	}
	s.client = s.newClient(s.transport)
	go func() { s.served <- s.http.Serve(listener) }()
	return s, nil
}

// handler is the server without what costs time and proves nothing here: a look at the
// client's clock.
func handler(backend gofakes3.Backend, options ...gofakes3.Option) http.Handler {
	options = append(options, gofakes3.WithTimeSkewLimit(0), gofakes3.WithLogger(gofakes3.DiscardLog()))
	return gofakes3.New(backend, options...).Server()
}

// forPrograms refuses what comes from a browser. gofakes3 verifies no signature, takes
// forms and lets every origin read, so any web page that the user of this machine looks at
// could read and overwrite documents: by the address, or by a name of its own that it lets
// point to 127.0.0.1.
func forPrograms(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := (&url.URL{Host: r.Host}).Hostname()
		switch ip, err := netip.ParseAddr(host); {
		case host != "localhost" && (err != nil || !ip.IsLoopback()):
			http.Error(w, "This server is for this machine: ask it as 127.0.0.1 or localhost.", http.StatusMisdirectedRequest)
		case r.Header.Get("Origin") != "":
			http.Error(w, "This server is not for web pages.", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// newClient states every option that the SDK would otherwise look for in the
// environment: a run against this server must not turn to a real bucket. The retryer
// is the SDK's own, as in production, where the store must switch it off as well.
func (s *Server) newClient(transport http.RoundTripper) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint:               aws.String(s.endpoint),
		Region:                     "us-east-1",
		UsePathStyle:               true,
		Credentials:                credentials.NewStaticCredentialsProvider("holdfast", "holdfast", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		HTTPClient:                 &http.Client{Transport: transport},
	})
}

// Store returns a store on the server's bucket. All of them share the objects
// and the connections.
func (s *Server) Store() *s3store.Store { return s3store.New(s.client, bucket, "") }

// StoreVia returns a store whose requests pass through what wrap makes of the
// server's transport.
func (s *Server) StoreVia(wrap func(http.RoundTripper) http.RoundTripper) *s3store.Store {
	return s3store.New(s.newClient(wrap(s.transport)), bucket, "")
}

// Client returns the SDK's client, its retries off, for comparison with a Store.
func (s *Server) Client() *s3.Client {
	return s3.New(s.client.Options(), func(o *s3.Options) { o.Retryer = aws.NopRetryer{} })
}

// Endpoint returns the server's URL.
func (s *Server) Endpoint() string { return s.endpoint }

// Bucket returns the bucket's name.
func (s *Server) Bucket() string { return bucket }

// Close stops the server, drops requests that are under way, and forgets all
// objects.
func (s *Server) Close() error {
	err := s.http.Close()
	s.transport.CloseIdleConnections()
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.served <- http.ErrServerClosed // Close may be called again
	return err
}
