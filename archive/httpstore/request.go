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
	"holdfast/archive/wire"
)

// call is one request, and what is done with the answer.
type call struct {
	method, key string
	body        []byte
	cond        archive.Condition
	header      http.Header                                    // more than the call itself needs
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
		return x.Unanswered(x.OneLine(err.Error()), err)
	}
	x.Sends(req)
	exchange.HandOver(ctx)
	resp, err := s.send(req)
	if err != nil {
		return x.Unanswered(x.OneLine(err.Error()), err)
	}
	defer resp.Body.Close()
	a := s.answer(x, c, resp)
	if a.Success && c.read != nil {
		if err = c.read(x, resp); err != nil {
			return err
		}
	}
	// The body is read so that the connection can be used again, and because what breaks off is
	// no answer.
	_, cut := io.CopyN(io.Discard, resp.Body, exchange.MaxErrorBytes)
	switch {
	case !a.Success:
		return a.failure(x)
	case cut != nil && !errors.Is(cut, io.EOF):
		return x.Unanswered("the answer breaks off: "+x.OneLine(cut.Error()), cut)
	}
	return nil
}

// send sends a request, and follows nothing.
func (s *Store) send(req *http.Request) (*http.Response, error) {
	resp, err := wire.Do(s.client, req)
	if err == nil {
		err = exchange.Redirected(req, resp)
	}
	var outer *url.Error // it has the URL in it, with a query that may be secret
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return resp, err
}

func (c *call) validate(key string) error {
	if err := validatePath(key); err != nil {
		return fmt.Errorf("%w key: it has %w", archive.ErrInvalid, err)
	}
	if tag := c.cond.ETag(); tag != "" && !isStrong(tag) {
		return fmt.Errorf("%w condition: %s is no strong ETag", archive.ErrInvalid, exchange.OneLine(tag))
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
	case methodMakeCollection: // whose name ends in a slash; nginx insists
		u.Path, u.RawPath = u.Path+"/", u.RawPath+"/"
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
	for name, values := range c.header {
		req.Header[http.CanonicalHeaderKey(name)] = values
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
