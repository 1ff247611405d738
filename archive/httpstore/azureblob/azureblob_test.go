package azureblob_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/httpstore"
	"holdfast/archive/httpstore/azureblob"
	"holdfast/archive/storetest"
)

// key is the base64 of "sekret key".
const key = "c2VrcmV0IGtleQ=="

func open(t *testing.T, h http.HandlerFunc, change func(*azureblob.Config)) *httpstore.Store {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	transport := httpstore.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	c := azureblob.Config{Container: "cont", Prefix: "p", Account: "acct", Key: key, Endpoint: server.URL + "/acct", Transport: transport}
	if change != nil {
		change(&c)
	}
	s, err := azureblob.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRequests: what Azure needs is sent, signed by the key or under a SAS.
func TestRequests(t *testing.T) {
	var got *http.Request
	h := func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("ETag", `"e"`)
	}
	s := open(t, h, nil)
	if _, err := s.Put(t.Context(), "k", []byte("body"), archive.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	if got.URL.Path != "/acct/cont/p/k" || got.Header.Get("x-ms-blob-type") != "BlockBlob" || got.Header.Get("x-ms-version") == "" ||
		got.Header.Get("x-ms-date") == "" || !strings.HasPrefix(got.Header.Get("Authorization"), "SharedKey acct:") {
		t.Errorf("%s %v", got.URL, got.Header)
	}
	s = open(t, h, func(c *azureblob.Config) { c.Key, c.SAS = "", "?sv=2021-12-02&sig=a%2Bb" })
	if _, err := s.Put(t.Context(), "k", nil, archive.Condition{}); err != nil {
		t.Fatal(err)
	}
	if got.URL.Query().Get("sig") != "a+b" || got.Header.Get("x-ms-blob-type") != "BlockBlob" || got.Header.Get("Authorization") != "" {
		t.Errorf("%s %v", got.URL, got.Header)
	}
}

// TestAnswers: where Azure's answers are not HTTP's.
func TestAnswers(t *testing.T) {
	ifAbsent := func(s archive.Store) error {
		_, err := s.Put(t.Context(), "k", nil, archive.IfAbsent())
		return err
	}
	update := func(s archive.Store) error {
		_, err := s.Put(t.Context(), "k", nil, archive.IfMatch(`"e"`))
		return err
	}
	get := func(s archive.Store) error {
		_, _, err := s.Get(t.Context(), "k")
		return err
	}
	remove := func(s archive.Store) error { return s.Delete(t.Context(), "k", archive.IfMatch(`"e"`)) }
	for _, tt := range []struct {
		call   func(archive.Store) error
		status int
		code   string
		kind   error
		text   string
	}{
		{ifAbsent, 409, "BlobAlreadyExists", archive.ErrPreconditionFailed, "put p/k: 409 BlobAlreadyExists: precondition failed"},
		{update, 412, "ConditionNotMet", archive.ErrPreconditionFailed, ""},
		{update, 412, "LeaseIdMissing", nil, "put p/k: 412 LeaseIdMissing"},
		{update, 409, "BlobImmutableDueToPolicy", nil, ""},
		{update, 404, "ContainerNotFound", nil, ""},
		{get, 404, "ContainerNotFound", nil, "get p/k: 404 ContainerNotFound: is the URL right, and does the server take a GET there?"},
		{get, 404, "BlobNotFound", archive.ErrNotFound, ""},
		{remove, 412, "ConditionNotMet", archive.ErrPreconditionFailed, ""},
		{remove, 409, "SnapshotsPresent", nil, ""},
		{update, 503, "ServerBusy", archive.ErrThrottled, ""},
		{update, 500, "OperationTimedOut", archive.ErrOutcomeUnknown, ""},
		{update, 403, "AuthenticationFailed", nil, "put p/k: 403 AuthenticationFailed: the server does not allow it: correct the credentials, or what they may do"},
	} {
		requests := 0
		s := open(t, func(w http.ResponseWriter, _ *http.Request) {
			requests++
			w.Header().Set("x-ms-error-code", tt.code)
			w.WriteHeader(tt.status)
		}, nil)
		err := tt.call(s)
		if err == nil || requests != 1 || tt.text != "" && err.Error() != tt.text {
			t.Errorf("%d %s: %v, in %d requests", tt.status, tt.code, err, requests)
			continue
		}
		for _, kind := range []error{archive.ErrNotFound, archive.ErrPreconditionFailed, archive.ErrConflict, archive.ErrThrottled, archive.ErrUnavailable, archive.ErrOutcomeUnknown} {
			if errors.Is(err, kind) != (kind == tt.kind) {
				t.Errorf("%d %s: %v", tt.status, tt.code, err)
			}
		}
	}
	accepted := open(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }, nil)
	if err := remove(accepted); err != nil {
		t.Error(err)
	}
}

// TestConfig: a mistake is told, and no secret.
func TestConfig(t *testing.T) {
	good := azureblob.Config{Container: "c", Account: "a", Key: key}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*azureblob.Config){
		"account":     func(c *azureblob.Config) { c.Account = "" },
		"container":   func(c *azureblob.Config) { c.Container = "a/b" },
		"prefix":      func(c *azureblob.Config) { c.Prefix = "a//b" },
		"credentials": func(c *azureblob.Config) { c.Key = "" },
		"base64":      func(c *azureblob.Config) { c.Key = "sekret!" },
		"signature":   func(c *azureblob.Config) { c.Key, c.SAS = "", "sekret=1" },
		"password":    func(c *azureblob.Config) { c.Endpoint = "http://u:sekret@host" },
	} {
		c := good
		change(&c)
		if _, err := azureblob.Open(c); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "sekret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Setenv("AZURE_STORAGE_ACCOUNT", "ambient")
	t.Setenv("AZURE_STORAGE_KEY", key)
	t.Setenv("AZURE_STORAGE_SAS_TOKEN", "")
	if c := (azureblob.Config{Container: "c"}).Ambient(); c.Account != "ambient" || c.Key != key {
		t.Errorf("account %s", c.Account)
	}
	if c := good.Ambient(); c.Account != "a" {
		t.Errorf("account %s", c.Account)
	}
}

func TestParseURL(t *testing.T) {
	for store, want := range map[string][2]string{"azblob://c": {"c", ""}, "azblob://c/p/q/": {"c", "p/q"}} {
		if container, prefix, err := azureblob.ParseURL(store); err != nil || container != want[0] || prefix != want[1] {
			t.Errorf("%s: %s, %s, %v", store, container, prefix, err)
		}
	}
	for _, store := range []string{"", "c", "azblob://", "azblob:///p", "s3://c", "azblob://c?sig=sekret", "azblob://k:sekret@c"} {
		if _, _, err := azureblob.ParseURL(store); err == nil || strings.Contains(err.Error(), "sekret") {
			t.Errorf("%s: %v", store, err)
		}
	}
}

// TestStoreOnServer runs the suite against the server that the environment names:
// HOLDFAST_TEST_STORE=azblob://container, HOLDFAST_TEST_ENDPOINT and Azure's own variables.
func TestStoreOnServer(t *testing.T) {
	container, prefix, err := azureblob.ParseURL(os.Getenv("HOLDFAST_TEST_STORE"))
	if err != nil {
		t.Skip("HOLDFAST_TEST_STORE is no azblob://container")
	}
	quirks, err := storetest.QuirksOf(os.Getenv("HOLDFAST_TEST_QUIRKS"))
	if err != nil {
		t.Fatalf("HOLDFAST_TEST_QUIRKS: %v", err)
	}
	s, err := azureblob.Open(azureblob.Config{Container: container, Prefix: prefix, Endpoint: os.Getenv("HOLDFAST_TEST_ENDPOINT")}.Ambient())
	if err != nil {
		t.Fatal(err)
	}
	s = s.WithPrefix("holdfast-test-" + rand.Text())
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, func(t *testing.T) archive.Store {
		tidy := &tidyStore{Store: s}
		t.Cleanup(func() { tidy.deleteAll(t) })
		return tidy
	}, quirks...)
}

// tidyStore remembers what it may have written.
type tidyStore struct {
	archive.Store
	keys sync.Map
}

func (s *tidyStore) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	s.keys.Store(key, nil)
	return s.Store.Put(ctx, key, body, cond)
}

func (s *tidyStore) deleteAll(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for key := range s.keys.Range {
		if err := s.Delete(ctx, key.(string), archive.Condition{}); err != nil {
			t.Errorf("cleaning up: %v", err)
		}
	}
}
