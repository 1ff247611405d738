package measure

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"holdfast/archive/s3store"
	"holdfast/scenarios"
)

// plainServer keeps objects and conditions as RFC 9110 has them, and asks who comes.
type plainServer struct {
	mu      sync.Mutex
	objects map[string]string
	writes  int
	etags   map[string]string
	who     map[string]bool
}

func (s *plainServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	user, password, _ := r.BasicAuth()
	s.who[user+" "+password] = true
	path := r.URL.Path
	etag, there := s.etags[path]
	match := r.Header.Get("If-Match")
	refused := match != "" && match != etag || r.Header.Get("If-None-Match") == "*" && there
	switch {
	case r.Method == "MKCOL":
		w.WriteHeader(http.StatusNotImplemented)
	case r.Method == http.MethodPut && refused:
		w.WriteHeader(http.StatusPreconditionFailed)
	case r.Method == http.MethodPut:
		s.writes++
		s.objects[path], s.etags[path] = string(body), fmt.Sprintf(`"%d"`, s.writes)
		w.Header().Set("ETag", s.etags[path])
		w.WriteHeader(http.StatusCreated)
	case !there:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		delete(s.objects, path)
		delete(s.etags, path)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("ETag", etag)
		_, _ = io.WriteString(w, s.objects[path])
	}
}

// TestPlayOnHTTP: a run on an HTTP server, with faults, leaves it as it was, and asks with the
// credentials of the environment.
func TestPlayOnHTTP(t *testing.T) {
	t.Setenv("HOLDFAST_HTTP_USER", "somebody")
	t.Setenv("HOLDFAST_HTTP_PASSWORD", "sekret")
	h := &plainServer{objects: map[string]string{}, etags: map[string]string{}, who: map[string]bool{}}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	for scenario, latency := range map[string]string{"two-users": "constant(1ms)", "any-edit": ""} {
		run, err := scenarios.Prepare(scenario, scenarios.Choice{Seed: 1, Repetitions: 1, Latency: latency})
		if err != nil {
			t.Fatal(err)
		}
		point := Point{Run: *run, World: scenarios.RealWorld, Target: Target{Store: server.URL + "/some/where/"}}
		measured, err := Play(t.Context(), Plan{[]Point{point}}, Config{})
		if err != nil {
			t.Fatal(err)
		}
		m := measured[0]
		if !m.Passed() || m.Settings.Endpoint != server.URL+"/some/where/" || m.Settings.MaxAttempts != 1 || m.Counts.Committed == 0 {
			t.Errorf("%s: verdict %s, %v, settings %+v", scenario, m.Verdict, m.Violations, m.Settings)
		}
	}
	if h.writes == 0 || len(h.objects) > 0 || len(h.who) != 1 || !h.who["somebody sekret"] {
		t.Errorf("%d writes, left are %v, asked by %v", h.writes, h.objects, h.who)
	}

	run, err := scenarios.Prepare("outbox", scenarios.Choice{Seed: 1, Repetitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	point := Point{Run: *run, World: scenarios.RealWorld, Target: Target{Store: server.URL}}
	if _, err := Play(t.Context(), Plan{[]Point{point}}, Config{}); err == nil || !strings.Contains(err.Error(), "can't be listed") {
		t.Errorf("outbox: %v", err)
	}
}

// TestHTTPTargets: what is wrong is told before anything is sent, and no secret is.
func TestHTTPTargets(t *testing.T) {
	for _, name := range []string{"HOLDFAST_HTTP_USER", "HOLDFAST_HTTP_PASSWORD", "HOLDFAST_HTTP_TOKEN", "AZURE_STORAGE_SAS_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", "c2VrcmV0")
	for _, tt := range []struct {
		target Target
		want   string
	}{
		{Target{Store: "https://host/path/"}, ""},
		{Target{Store: "http://host"}, ""},
		{Target{Store: "azblob://container/p", Endpoint: "http://127.0.0.1:10000/account"}, ""},
		{Target{Store: "azblob://container"}, ""},
		{Target{Store: "https://user:sekret@host/"}, "take out all up to an @"},
		{Target{Store: "https://host/?sig=sekret"}, "take out all up to an @"},
		{Target{Store: "https://host/", Endpoint: "http://h"}, "endpoint"},
		{Target{Store: "https://host/", PathStyle: s3store.PathStyleOn}, "path style"},
		{Target{Store: "azblob://container", PathStyle: s3store.PathStyleOn}, "path style"},
		{Target{Store: "azblob://"}, "want azblob://container"},
		{Target{Store: "azblob://container", Endpoint: "http://u:sekret@h"}, "take out all up to an @"},
	} {
		err := tt.target.Validate()
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "sekret")) {
			t.Errorf("%+v: %v", tt.target, err)
		}
	}
	t.Setenv("HOLDFAST_HTTP_PASSWORD", "sekret")
	if err := (Target{Store: "https://host/"}).Validate(); err == nil || strings.Contains(err.Error(), "sekret") {
		t.Errorf("a password without a user: %v", err)
	}
}
