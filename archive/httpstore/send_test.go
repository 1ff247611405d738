package httpstore_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/archive/httpstore"
	"holdfast/archive/wire"
)

// TestSend: a request as it is wanted, signed and below the prefix as all others, and the answer
// whatever it is.
func TestSend(t *testing.T) {
	h := &server{objects: map[string]object{}, collections: map[string]bool{"": true}}
	s, _ := serve(t, h)
	signed := ""
	s = open(t, httpstore.Config{URL: s.URL(), RequestTimeout: time.Second, Sign: func(r *http.Request, _ []byte) error {
		signed = r.Method + " " + r.URL.Path + " " + r.Header.Get("If-Match")
		return nil
	}}).WithPrefix("p")
	put := wire.Request{Method: "PUT", Key: "k", Body: []byte("body")}
	a, err := s.Send(t.Context(), put)
	if err != nil || a.Status != 201 || a.Header.Get("ETag") == "" || h.objects["/p/k"].body != "body" {
		t.Errorf("%+v, %v: %v", a, err, h.objects)
	}
	put.Header = http.Header{"if-match": {"*"}}
	if a, err := s.Send(t.Context(), put); err != nil || a.Status != 204 || signed != "PUT /p/k *" {
		t.Errorf("%+v, %v, signed %q", a, err, signed)
	}
	if a, err := s.Send(t.Context(), wire.Request{Method: "GET", Key: "k"}); err != nil || string(a.Body) != "body" {
		t.Errorf("%+v, %v", a, err)
	}
	ctx, log := wire.Record(t.Context())
	if _, _, err := s.Get(ctx, "k"); err != nil || log.Last() != "200" {
		t.Errorf("%q was noted: %v", log.Last(), err)
	}

	put.Key, put.Cut = "cut", 2
	if _, err := s.Send(t.Context(), put); !errors.Is(err, wire.ErrCut) {
		t.Error(err)
	}
	if len(h.objects) != 1 {
		t.Errorf("stored are %v", h.objects)
	}
	for _, r := range []wire.Request{{Method: "GET", Bucket: true}, {Method: "GET", Key: "k", Query: map[string][]string{"acl": {""}}}} {
		if _, err := s.Send(t.Context(), r); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
	}
	if _, err := s.Send(t.Context(), wire.Request{Method: "DELETE", Key: ".."}); err == nil {
		t.Error("a key of dots was sent")
	}
	slow, _ := silent()
	s, _ = serve(t, slow)
	if _, err := s.WithRequestTimeout(50*time.Millisecond).Send(t.Context(), wire.Request{Method: "GET", Key: "k"}); !strings.Contains(fmt.Sprint(err), "get k: no answer within 50ms") {
		t.Error(err)
	}
}
