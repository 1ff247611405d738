package s3store_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/wire"
)

// TestSend: requests that a Store has no call for reach the same objects.
func TestSend(t *testing.T) {
	server := start(t)
	s := server.Store().WithPrefix("p")
	ctx, log := wire.Record(t.Context())
	key := "a key/with+odd=characters.json"
	etag, err := s.Put(ctx, key, []byte("stored"), archive.IfAbsent())
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Send(ctx, wire.Request{Method: http.MethodGet, Key: key})
	if err != nil || got.Status != 200 || string(got.Body) != "stored" || got.Header.Get("ETag") != etag {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = s.Send(ctx, wire.Request{
		Method: http.MethodPut, Key: key, Body: []byte("no"), Header: http.Header{"If-None-Match": {"*"}},
	})
	if err != nil || got.Status != 412 || got.Code() != "PreconditionFailed" {
		t.Errorf("%+v %q, %v", got.Status, got.Code(), err)
	}
	got, err = s.Send(ctx, wire.Request{Method: http.MethodGet, Bucket: true, Query: url.Values{"list-type": {"2"}, "prefix": {"p/a key"}}})
	if err != nil || got.Status != 200 || !strings.Contains(string(got.Body), "characters.json") {
		t.Errorf("%+v %s, %v", got.Status, got.Body, err)
	}
	text := log.String()
	for _, want := range []string{
		"> PUT /holdfast/p/a%20key/with%2Bodd%3Dcharacters.json HTTP/1.1", "> If-None-Match: *", "< HTTP/1.1 412 Precondition Failed",
		"<Code>PreconditionFailed</Code>", `> "stored"`, `< "stored"`, "< Etag: " + etag, "> GET /holdfast/?list-type=2&prefix=p%2Fa+key",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the log has no %q", want)
		}
	}
	for _, secret := range []string{"Authorization", "Credential=", "X-Amz-Date"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// TestSendCut: of a request that is cut the server sees a part, and stores nothing.
func TestSendCut(t *testing.T) {
	server := start(t)
	s := server.Store()
	body := []byte(strings.Repeat("half of it ", 10000))
	_, err := s.Send(t.Context(), wire.Request{Method: http.MethodPut, Key: "k", Body: body, Cut: len(body) / 2})
	if !errors.Is(err, wire.ErrCut) {
		t.Errorf("got %v", err)
	}
	if _, _, err := s.Get(t.Context(), "k"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("half a body is stored: %v", err)
	}
}

// TestSendWhereTheSDKSends: the same host, the same path.
func TestSendWhereTheSDKSends(t *testing.T) {
	for _, c := range []s3store.Config{
		{Endpoint: "http://127.0.0.1:9"}, {Endpoint: "http://127.0.0.1:9/at/a/path"},
		{Endpoint: "http://s3.example:9", PathStyle: s3store.PathStyleOff}, {}, {PathStyle: s3store.PathStyleOn},
	} {
		var sent []string
		c.Bucket, c.Prefix = "bucket", "p"
		c.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			sent = append(sent, r.URL.Scheme+"://"+r.URL.Host+r.URL.EscapedPath())
			return nil, errors.New("it is not sent")
		})
		s := openIn(t, "eu-central-1", c)
		if _, _, err := s.Get(t.Context(), "a key+.json"); err == nil {
			t.Error("no error")
		}
		if _, err := s.Send(t.Context(), wire.Request{Method: http.MethodGet, Key: "a key+.json"}); err == nil {
			t.Error("no error")
		}
		if len(sent) != 2 || sent[0] != sent[1] {
			t.Errorf("%+v: %q", c.Endpoint, sent)
		}
	}
}
