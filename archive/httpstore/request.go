package httpstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"holdfast/archive"
	"holdfast/archive/internal/exchange"
)

// methodMakeCollection makes a collection (RFC 4918).
const methodMakeCollection = "MKCOL"

// call is one request, and what is done with the answer.
type call struct {
	method, key string
	body        []byte
	cond        archive.Condition
	read        func(*exchange.Exchange, *http.Response) error // of a success; nil: nothing is
}

// ops are what errors call the methods.
var ops = map[string]string{
	http.MethodGet: "get", http.MethodHead: "head", http.MethodPut: "put", http.MethodDelete: "delete", methodMakeCollection: "make collection",
}

// do makes one request. Its error is the request's failure.
func (s *Store) do(ctx context.Context, c *call) error {
	key := s.prefix + c.key
	if err := c.validate(key); err != nil {
		return fmt.Errorf("%s %s: %w", ops[c.method], exchange.OneLine(key), err)
	}
	writes := c.method == http.MethodPut || c.method == http.MethodDelete
	x, ctx, err := exchange.Begin(ctx, ops[c.method], key, writes, s.timeout)
	if err != nil {
		return err
	}
	defer x.End()
	req, err := s.request(ctx, c, key)
	if err != nil {
		return x.Unanswered(exchange.OneLine(err.Error()), err)
	}
	exchange.HandOver(ctx)
	resp, err := s.client.Do(req)
	if err == nil {
		err = exchange.Redirected(req, resp)
	}
	var outer *url.Error // it has the URL in it, with a query that may be secret
	if errors.As(err, &outer) {
		err = outer.Err
	}
	if err != nil {
		return x.Unanswered(exchange.OneLine(err.Error()), err)
	}
	defer resp.Body.Close()
	a := s.answer(c, resp)
	if a.Success && c.read != nil {
		return c.read(x, resp)
	}
	// Of all else the status has said what there is to say; its body is read so that the
	// connection can be used again.
	_, _ = io.CopyN(io.Discard, resp.Body, exchange.MaxErrorBytes)
	if a.Success {
		return nil
	}
	return a.failure(x)
}

func (c *call) validate(key string) error {
	if err := validatePath(key); err != nil {
		return fmt.Errorf("%w key: it has %w", archive.ErrInvalid, err)
	}
	if tag := c.cond.ETag(); tag != "" && !isStrong(tag) {
		return fmt.Errorf("%w condition: %s is no strong ETag", archive.ErrInvalid, brief(tag))
	}
	return nil
}

// validatePath reports what would make a path name another object than it seems: servers and
// proxies take out empty segments and dots.
func validatePath(path string) error {
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "":
			return errors.New("an empty path segment")
		case ".", "..":
			return errors.New("a path segment of dots")
		}
	}
	return nil
}

// request makes that of a call.
func (s *Store) request(ctx context.Context, c *call, key string) (*http.Request, error) {
	u := *s.base
	u.Path, u.RawPath, u.RawQuery = s.base.Path+"/"+key, s.base.EscapedPath()+"/"+escape(key), s.query
	req := (&http.Request{Method: c.method, URL: &u, Host: u.Host, Header: s.header.Clone()}).WithContext(ctx)
	if req.Header == nil {
		req.Header = http.Header{}
	}
	switch c.method {
	case http.MethodGet, http.MethodHead:
		req.Header.Set("Accept-Encoding", "identity") // an encoded body has another ETag, or a weak one
		req.Header.Set("Cache-Control", "no-cache")   // of caches on the way
	case http.MethodPut:
		req.Header.Set("Content-Type", "application/json")
		// Without GetBody, net/http sends a body again only if nothing of it was read.
		req.Body, req.ContentLength = http.NoBody, int64(len(c.body))
		if len(c.body) > 0 {
			req.Body = io.NopCloser(bytes.NewReader(c.body))
		}
	case http.MethodDelete:
		if s.collections {
			// A WebDAV server deletes a collection with all that is in it; asked for less, it
			// must refuse. For objects this means nothing.
			req.Header.Set("Depth", "0")
		}
	}
	if c.cond.IsAbsent() {
		req.Header.Set("If-None-Match", "*")
	} else if tag := c.cond.ETag(); tag != "" {
		req.Header.Set("If-Match", tag)
	}
	if s.sign != nil {
		if err := s.sign(req, c.body); err != nil {
			return nil, fmt.Errorf("sign the request: %w", err)
		}
	}
	return req, nil
}

// escape makes each segment of a key one of a URL's path.
func escape(key string) string {
	segments := strings.Split(key, "/")
	for i, segment := range segments {
		segments[i] = url.PathEscape(segment)
	}
	return strings.Join(segments, "/")
}

// makeCollection makes a collection, and those that it is in, and reports whether it is there by
// now, so that a PUT that was refused can be sent again. A server that knows none has none.
func (s *Store) makeCollection(ctx context.Context, path string) (there bool, err error) {
	if path == "" {
		return false, fmt.Errorf("make a collection in %s: it is missing itself: make it, or correct the URL", s.URL())
	}
	root := *s
	root.prefix = ""
	for range 2 {
		err = root.do(ctx, &call{method: methodMakeCollection, key: path})
		var refused *StatusError
		if err == nil || !errors.As(err, &refused) {
			return err == nil, err
		}
		switch refused.Status {
		case http.StatusMethodNotAllowed: // it is there, or there is no such method
			return true, nil
		case http.StatusNotImplemented, http.StatusNotFound, http.StatusBadRequest:
			return false, nil
		case http.StatusConflict: // what it is in is missing
			if there, err := s.makeCollection(ctx, parent(path)); !there {
				return false, err
			}
		default:
			return false, err
		}
	}
	return false, err
}

// parent is the collection that a path is in; empty: that of the URL.
func parent(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 0)] }
