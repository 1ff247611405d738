package measure

import (
	"context"
	"fmt"
	"net/http"

	"holdfast/archive"
	"holdfast/archive/httpstore"
	"holdfast/archive/httpstore/azureblob"
	"holdfast/archive/s3store"
	"holdfast/scenarios/network"
)

// httpBacking is a store on an HTTP server.
type httpBacking struct{ *httpstore.Store }

// Check looks where runs write: whoever plays need be allowed nothing else.
func (b httpBacking) Check(ctx context.Context) error {
	return b.WithPrefix("simulate-check").Check(ctx)
}

func (b httpBacking) at(prefix string) archive.Store { return b.WithPrefix(prefix) }
func (b httpBacking) Close() error                   { return nil } // its connections are left to idle

func (b httpBacking) settings() Settings {
	s := b.Settings()
	return Settings{MaxAttempts: 1, RequestTimeoutMS: s.RequestTimeoutMS, Endpoint: s.URL}
}

// transport is what requests of an HTTP store pass through; nil: its own.
func (w wire) transport() http.RoundTripper {
	if w.through == nil {
		return nil
	}
	through := w.through(httpstore.NewTransport())
	if faults, ok := through.(*network.Transport); ok {
		faults.WithoutCodes()
	}
	return through
}

func (t Target) http() (httpstore.Config, error) {
	if t.Endpoint != "" || t.PathStyle != s3store.PathStyleAuto {
		return httpstore.Config{}, fmt.Errorf("--store %s: an endpoint or a path style is for s3:// (and an endpoint for azblob://)", t.Store)
	}
	c, err := httpstore.Config{URL: t.Store}.Ambient()
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return c, fmt.Errorf("--store: %w", err)
	}
	return c, nil
}

func validateHTTP(t Target) error {
	_, err := t.http()
	return err
}

func openHTTP(_ context.Context, t Target, w wire) (backing, error) {
	c, err := t.http()
	if err != nil {
		return nil, err
	}
	c.RequestTimeout, c.Transport = w.timeout, w.transport()
	store, err := httpstore.Open(c)
	if err != nil {
		return nil, err
	}
	return httpBacking{store}, nil
}

func (t Target) azure() (azureblob.Config, error) {
	container, prefix, err := azureblob.ParseURL(t.Store)
	if err != nil {
		return azureblob.Config{}, fmt.Errorf("--store: %w", err)
	}
	if t.PathStyle != s3store.PathStyleAuto {
		return azureblob.Config{}, fmt.Errorf("--store %s: a path style is for s3://", t.Store)
	}
	c := azureblob.Config{Container: container, Prefix: prefix, Endpoint: t.Endpoint}.Ambient()
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("--store %s: %w", t.Store, err)
	}
	return c, nil
}

func validateAzure(t Target) error {
	_, err := t.azure()
	return err
}

func openAzure(_ context.Context, t Target, w wire) (backing, error) {
	c, err := t.azure()
	if err != nil {
		return nil, err
	}
	c.RequestTimeout, c.Transport = w.timeout, w.transport()
	store, err := azureblob.Open(c)
	if err != nil {
		return nil, err
	}
	return httpBacking{store}, nil
}
