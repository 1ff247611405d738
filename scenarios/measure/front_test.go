package measure

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	wires "holdfast/archive/wire"
	"holdfast/scenarios/profile"
	"holdfast/scenarios/sandbox"
)

// elsewhere is a server that is somebody's, with an object of theirs.
func elsewhere(t *testing.T) (server *fakes3.Server, target Target) {
	t.Helper()
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1"} {
		t.Setenv(name, value)
	}
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	if _, err := server.Store().Put(t.Context(), "p/theirs", []byte("theirs"), archive.Condition{}); err != nil {
		t.Fatal(err)
	}
	return server, Target{Store: "s3://" + server.Bucket() + "/p", Endpoint: server.Endpoint()}
}

func keysOf(t *testing.T, server *fakes3.Server) string {
	t.Helper()
	listed, err := server.Store().List(context.WithoutCancel(t.Context()), "", "")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, o := range listed {
		keys = append(keys, o.Key)
	}
	return strings.Join(keys, " ")
}

// TestFronts: all see one store, below a prefix of their own, and leave it as it was, also
// after the end of the context.
func TestFronts(t *testing.T) {
	server, target := elsewhere(t)
	ctx, cancel := context.WithCancel(t.Context())
	f, err := OpenFronts(ctx, target, FrontsConfig{Endpoints: []string{server.Endpoint(), server.Endpoint()}, Command: "simulate doctor"})
	if err != nil {
		t.Fatal(err)
	}
	fronts := f.All()
	if len(fronts) != 2 || fronts[0].At.URL != server.Endpoint() || !fronts[0].At.PathStyle {
		t.Fatalf("%+v", fronts)
	}
	for i, key := range []string{"a", "b"} {
		if _, err := fronts[i].Store.Put(ctx, key, []byte("1"), archive.IfAbsent()); err != nil {
			t.Error(err)
		}
		if _, _, err := fronts[1-i].Store.Get(ctx, key); err != nil {
			t.Error(err)
		}
	}
	if keys := keysOf(t, server); !strings.HasSuffix(keys, "/manifest.json p/"+f.Prefix()+"a p/"+f.Prefix()+"b p/theirs") || !strings.HasPrefix(f.Prefix(), "simulate-") {
		t.Errorf("below %s: %s", f.Prefix(), keys)
	}
	cancel()
	if err := f.Close(ctx); err != nil {
		t.Error(err)
	}
	if keys := keysOf(t, server); keys != "p/theirs" {
		t.Errorf("it left %s", keys)
	}
}

// TestFrontsThatCannotBeOpened: nothing stays open, and the error names the endpoint.
func TestFrontsThatCannotBeOpened(t *testing.T) {
	server, target := elsewhere(t)
	const nobody = "http://127.0.0.1:1"
	_, err := OpenFronts(t.Context(), target, FrontsConfig{Endpoints: []string{server.Endpoint(), nobody}})
	if err == nil || !strings.Contains(err.Error(), nobody) {
		t.Error(err)
	}
	if keys := keysOf(t, server); keys != "p/theirs" {
		t.Errorf("it left %s", keys)
	}
}

// TestFrontsOfAnotherStore: what is written through them nobody would remove.
func TestFrontsOfAnotherStore(t *testing.T) {
	other, _ := elsewhere(t)
	server, target := elsewhere(t)
	_, err := OpenFronts(t.Context(), target, FrontsConfig{Endpoints: []string{server.Endpoint(), other.Endpoint()}})
	if err == nil || !strings.Contains(err.Error(), "endpoint "+other.Endpoint()) || !strings.Contains(err.Error(), "it leads to another store") {
		t.Error(err)
	}
	for _, s := range []*fakes3.Server{server, other} {
		if keys := keysOf(t, s); keys != "p/theirs" {
			t.Errorf("it left %s", keys)
		}
	}
}

// TestFrontsRemoveWhatWasSentRaw: also what a request of another kind wrote.
func TestFrontsRemoveWhatWasSentRaw(t *testing.T) {
	server, target := elsewhere(t)
	f, err := OpenFronts(t.Context(), target, FrontsConfig{})
	if err != nil {
		t.Fatal(err)
	}
	raw := f.All()[0].Raw
	if raw == nil {
		t.Fatal("S3 can be sent raw requests")
	}
	if _, err := raw.Send(t.Context(), rawRequest(http.MethodPut, "raw", "1")); err != nil {
		t.Error(err)
	}
	if keys := keysOf(t, server); !strings.Contains(keys, f.Prefix()+"raw") {
		t.Error(keys)
	}
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if keys := keysOf(t, server); keys != "p/theirs" {
		t.Errorf("it left %s", keys)
	}
}

func rawRequest(method, key, body string) wires.Request {
	return wires.Request{Method: method, Key: key, Body: []byte(body), Header: http.Header{}}
}

// TestProfileThatLeavesSomething says so beside what it failed of.
func TestProfileThatLeavesSomething(t *testing.T) {
	server, target := elsewhere(t)
	to, err := url.Parse(server.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete || r.Method == http.MethodPut && !strings.HasSuffix(r.URL.Path, "/manifest.json") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(refusing.Close)
	target.Endpoint, target.PathStyle = refusing.URL, s3store.PathStyleOn
	_, err = target.Profile(t.Context(), "a test", "", nil, profile.Config{})
	left, ok := errors.AsType[*sandbox.LeftError](err)
	if !ok || !strings.HasPrefix(err.Error(), "put ") && !strings.Contains(err.Error(), ": put ") || strings.HasPrefix(err.Error(), left.Error()) {
		t.Errorf("%v", err)
	}
}
