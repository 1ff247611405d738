// Package httpstore is an archive.Store on any HTTP server that has GET, HEAD, PUT and DELETE
// with ETag, If-Match and If-None-Match as RFC 9110 has them, such as a WebDAV server. It
// needs the standard library only. Package azureblob adapts it to Azure Blob Storage.
//
// A server that ignores the conditions takes every write, and of those who save at the same
// time all but one lose what they were told is saved. No single request shows that: try a
// server (simulate doctor, or package storetest) before anything is trusted to it.
//
// # One call is one request
//
// Nothing is sent again, and no redirect is followed: a second write would be refused with 412
// as its own rival, and only the update loop, which can read back, tells the two apart.
// net/http may send a request again on another connection, but a write only if nothing of it
// had been sent.
//
// A WebDAV server refuses a PUT if the collection (the folder) of its key is missing (RFC 4918).
// So before the first PUT into a collection it is made, with MKCOL, as are those that it is in;
// a server that has no collections answers that it does not know the method. A collection is
// never deleted, also when its last object is. See [Config.NoCollections].
//
// # What is taken for an answer
//
// A GET that is answered 200 with a strong ETag, not encoded and with a length; a PUT that is
// answered 200, 201 or 204 with a strong ETag; a DELETE that is answered 200 or 204, or 404 if
// it has no condition. Of a write that is answered otherwise, without a refusal, the
// outcome is unknown. A bare 503 is no refusal: a proxy may give up on a request that the
// server goes on to execute.
package httpstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/internal/exchange"
)

// Store keeps objects below a URL. It is safe for concurrent use. Create one with [Open].
type Store struct {
	client  *http.Client
	base    *url.URL // without a slash at the end
	prefix  string   // "" or "…/"
	timeout time.Duration
	most    int64 // bytes of an object

	header      http.Header
	query       string // encoded
	sign        func(*http.Request, []byte) error
	interpret   func(*Answer)
	collections bool
	there       *known // collections
}

var _ archive.Store = (*Store)(nil)

// WithPrefix returns a store for the keys below sub, which shares the connections.
func (s *Store) WithPrefix(sub string) *Store {
	t := *s
	if sub = strings.Trim(sub, "/"); sub != "" {
		t.prefix += sub + "/"
	}
	return &t
}

// URL returns where the objects are, without the prefix. There is no secret in it.
func (s *Store) URL() string { return s.base.String() + "/" }

// Prefix returns what stands before every key: "" or a path that ends in a slash.
func (s *Store) Prefix() string { return s.prefix }

// Get implements [archive.Store].
func (s *Store) Get(ctx context.Context, key string) (body []byte, etag string, err error) {
	err = s.do(ctx, &call{method: http.MethodGet, key: key, read: func(x *exchange.Exchange, resp *http.Response) error {
		if body, err = s.object(x, resp); err == nil {
			etag, err = versionOf(x, resp)
		}
		return err
	}})
	return body, etag, err
}

// object reads the body of an answer to a GET.
func (s *Store) object(x *exchange.Exchange, resp *http.Response) ([]byte, error) {
	if encoding := resp.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, x.Fail(fmt.Sprintf("it came with Content-Encoding %q, and none was asked for: what is stored can't be told", brief(x, encoding)), nil, nil)
	}
	if resp.ProtoMajor < 2 && resp.ContentLength < 0 && len(resp.TransferEncoding) == 0 {
		return nil, x.Fail("it came without a length, so that a part can't be told from the whole", nil, nil)
	}
	body, err := exchange.ReadAll(resp.Body, resp.ContentLength, s.most)
	switch {
	case errors.Is(err, exchange.ErrTooLarge): // it will be no smaller when it is read again
		return nil, x.Fail(err.Error(), nil, err)
	case err != nil:
		return nil, x.Unanswered("reading the body: "+x.OneLine(err.Error()), err)
	}
	return body, nil
}

// Head implements [archive.Store].
func (s *Store) Head(ctx context.Context, key string) (etag string, err error) {
	err = s.do(ctx, &call{method: http.MethodHead, key: key, read: func(x *exchange.Exchange, resp *http.Response) error {
		etag, err = versionOf(x, resp)
		return err
	}})
	return etag, err
}

// Put implements [archive.Store].
func (s *Store) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (etag string, err error) {
	collection := parent(s.prefix + key)
	if err := s.needCollection(ctx, collection); err != nil {
		return "", err
	}
	err = s.do(ctx, &call{method: http.MethodPut, key: key, body: body, cond: cond, read: func(x *exchange.Exchange, resp *http.Response) error {
		etag, err = versionOf(x, resp)
		return err
	}})
	if errors.Is(err, archive.ErrConflict) {
		s.there.forget(collection) // somebody may have deleted it
	}
	return etag, err
}

// Delete implements [archive.Store]. A condition must be [archive.IfMatch]: a DELETE that
// depends on absence has nothing to delete.
func (s *Store) Delete(ctx context.Context, key string, cond archive.Condition) error {
	if cond.IsAbsent() {
		return fmt.Errorf("delete %s%s: %w condition %s: condition a delete on an ETag or on nothing",
			s.prefix, key, archive.ErrInvalid, cond)
	}
	err := s.do(ctx, &call{method: http.MethodDelete, key: key, cond: cond})
	if cond == (archive.Condition{}) && errors.Is(err, archive.ErrNotFound) {
		return nil
	}
	return err
}
