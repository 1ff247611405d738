package httpstore_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// server is RFC 9110's way with conditions, over a map; with collections, RFC 4918's way with
// these.
type server struct {
	mu          sync.Mutex
	objects     map[string]object
	collections map[string]bool // nil: it knows none
	writes      int

	ignores bool // conditions
	gap     bool // between check and write
}

type object struct{ body, etag string }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it was cut
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	path := r.URL.Path
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if o, ok := s.objects[path]; ok {
			w.Header().Set("ETag", o.etag)
			w.Header().Set("Content-Length", fmt.Sprint(len(o.body)))
			io.WriteString(w, o.body)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	case http.MethodPut:
		s.put(w, r, string(body))
	case http.MethodDelete:
		s.delete(w, r)
	case "MKCOL":
		path, named := strings.CutSuffix(path, "/")
		switch {
		case !named:
			w.WriteHeader(http.StatusConflict)
		case s.collections == nil, s.collections[path]:
			w.WriteHeader(http.StatusMethodNotAllowed)
		case !s.collections[parentOf(path)]:
			w.WriteHeader(http.StatusConflict)
		default:
			s.collections[path] = true
			w.WriteHeader(http.StatusCreated)
		}
	default:
		w.WriteHeader(http.StatusNotImplemented)
	}
}

func parentOf(path string) string { return path[:strings.LastIndexByte(path, '/')] }

func (s *server) put(w http.ResponseWriter, r *http.Request, body string) {
	path := r.URL.Path
	if s.collections != nil && !s.collections[parentOf(path)] {
		w.WriteHeader(http.StatusConflict)
		return
	}
	if !s.holds(r) {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	if s.gap {
		s.mu.Unlock()
		time.Sleep(50 * time.Microsecond)
		s.mu.Lock()
	}
	status := http.StatusCreated
	if _, ok := s.objects[path]; ok {
		status = http.StatusNoContent
	}
	s.writes++
	etag := fmt.Sprintf(`"%d"`, s.writes)
	s.objects[path] = object{body, etag}
	w.Header().Set("ETag", etag)
	w.WriteHeader(status)
}

// delete asks for the object before the condition: by RFC 9110 a precondition is ignored if
// without it the answer would be no success.
func (s *server) delete(w http.ResponseWriter, r *http.Request) {
	_, ok := s.objects[r.URL.Path]
	switch {
	case s.collections[r.URL.Path] && r.Header.Get("Depth") != "":
		w.WriteHeader(http.StatusBadRequest)
	case s.collections[r.URL.Path]:
		clear(s.objects) // as good as
		w.WriteHeader(http.StatusNoContent)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case !s.holds(r):
		w.WriteHeader(http.StatusPreconditionFailed)
	default:
		delete(s.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	}
}

// holds reports whether the conditions do.
func (s *server) holds(r *http.Request) bool {
	o, ok := s.objects[r.URL.Path]
	match, noneMatch := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	switch {
	case s.ignores:
	case match != "" && (!ok || match != "*" && match != o.etag), noneMatch == "*" && ok:
		return false
	}
	return true
}
