package measure

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/httpstore/azureblob"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
)

// backing is an open store of some kind: what a run needs of it.
type backing interface {
	// Check reports, in one line that says what to do, why the store can't be played on. It
	// writes nothing, and reads nothing that is not below simulate-.
	Check(ctx context.Context) error
	// at returns the store of the keys below a prefix, which ends in a slash or is empty. It
	// is an [archive.Lister] if the store can list.
	at(prefix string) archive.Store
	settings() Settings
	// Close releases what the store holds open, and leaves the objects alone.
	Close() error
}

// wire is how requests get to a store.
type wire struct {
	timeout time.Duration // of each request
	// through, which may be nil, has them pass through what it makes of the store's own
	// transport.
	through func(http.RoundTripper) http.RoundTripper
}

// kind is a kind of store.
type kind struct {
	scheme string // of its names
	form   string // of its names, for messages
	ours   bool   // its objects go with the run, and nobody else has any there
	// validate reports what is wrong with a target; open connects to it and sends nothing.
	validate func(Target) error
	open     func(context.Context, Target, wire) (backing, error)
}

// kinds are the stores that can be played on.
var kinds = []kind{
	{Embedded, Embedded, true, validateEmbedded, openEmbedded},
	{"s3", "s3://bucket/prefix", false, validateS3, openS3},
	{azureblob.Scheme, "azblob://container/prefix", false, validateAzure, openAzure},
	{"https", "https://host/path/", false, validateHTTP, openHTTP},
	{"http", "http://host/path/", false, validateHTTP, openHTTP},
}

// kind returns the target's, or what is wrong with it.
func (t Target) kind() (kind, error) {
	scheme, _, _ := strings.Cut(t.Name(), "://")
	var forms []string
	for _, k := range kinds {
		if k.scheme == scheme {
			return k, k.validate(t)
		}
		forms = append(forms, k.form)
	}
	return kind{}, fmt.Errorf("--store: store %q: want %s", t.Store, strings.Join(forms, " or "))
}

// Settings is what decides how requests are sent. A result records it.
type Settings struct {
	SDKVersion       string `json:"sdk_version,omitempty"` // of aws-sdk-go-v2; this and what else is omitted is of S3 alone
	S3Version        string `json:"s3_version,omitempty"`  // of its module service/s3
	Retryer          string `json:"retryer,omitempty"`     // the SDK's, by its type
	MaxAttempts      int    `json:"max_attempts"`          // requests that are made for one call
	RequestTimeoutMS int64  `json:"request_timeout_ms"`    // of each request
	Checksums        string `json:"checksums,omitempty"`   // of requests: when_required or when_supported
	Region           string `json:"region,omitempty"`      // that requests are signed for
	Endpoint         string `json:"endpoint"`              // "" is AWS
	PathStyle        bool   `json:"path_style"`            // the bucket stands in the path
}

// s3Backing is an S3 store.
type s3Backing struct{ *s3store.Store }

// Check looks where runs write: whoever plays need be allowed nothing else.
func (b s3Backing) Check(ctx context.Context) error {
	return b.WithPrefix("simulate-check").Check(ctx)
}

func (b s3Backing) at(prefix string) archive.Store { return b.WithPrefix(prefix) }
func (b s3Backing) settings() Settings             { return Settings(b.Settings()) }
func (b s3Backing) Close() error                   { return nil } // its connections are left to idle

func (t Target) s3() (s3store.Config, error) {
	bucket, prefix, err := s3store.ParseURL(t.Store)
	if err != nil {
		return s3store.Config{}, fmt.Errorf("--store: %w", err)
	}
	c := s3store.Config{Bucket: bucket, Prefix: prefix, Endpoint: t.Endpoint, PathStyle: t.PathStyle}
	return c, c.Validate()
}

func validateS3(t Target) error {
	_, err := t.s3()
	return err
}

func openS3(ctx context.Context, t Target, w wire) (backing, error) {
	config, err := t.s3()
	if err != nil {
		return nil, err
	}
	config.RequestTimeout, config.Through = w.timeout, w.through
	store, err := s3store.Open(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", t.Store, err)
	}
	return s3Backing{store}, nil
}

// embeddedBacking is the embedded S3, which ends with its run.
type embeddedBacking struct {
	s3Backing
	server *fakes3.Server
}

func validateEmbedded(t Target) error {
	switch {
	case t.Name() != Embedded:
		return fmt.Errorf("--store: store %q: want %s", t.Store, Embedded)
	case t.Endpoint != "":
		return fmt.Errorf("endpoint %s: the embedded S3 has its own", t.Endpoint)
	}
	return nil
}

func (b embeddedBacking) Close() error { return b.server.Close() }

func openEmbedded(_ context.Context, _ Target, w wire) (backing, error) {
	server, err := fakes3.Start()
	if err != nil {
		return nil, err
	}
	store := server.Store()
	if w.through != nil {
		store = server.StoreVia(w.through)
	}
	return embeddedBacking{s3Backing{store.WithRequestTimeout(w.timeout)}, server}, nil
}
