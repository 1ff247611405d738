package breaker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store/breaker"
	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/storefault"
	"holdfast/archive/storetest"
)

func TestWithoutAFaultItIsTransparent(t *testing.T) {
	s, proxy := before(t, breaker.Config{})
	storetest.Run(t, func(*testing.T) archive.Store { return s })
	if proxy.Broken() > 0 {
		t.Errorf("it has broken %d promises", proxy.Broken())
	}
}

func TestTransparentBeforeTheEmbeddedServer(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s, _ := through(t, breaker.Config{Upstream: server.Endpoint()})
	quirks, err := storetest.QuirksOf("gofakes3")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases(t, quirks...) {
		if !has("basics conditions", c.Name) {
			continue
		}
		if err := c.Run(t.Context(), s); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// TestFaults plays the conformance suite on a server that is sound but for one fault.
func TestFaults(t *testing.T) {
	// The cases that must find a fault, and those that must not: what breaks under races
	// only is right for whoever is alone.
	tests := map[string]struct{ found, unseen string }{
		"ignored-condition":        {"conditions/if-absent-on-present conditions/if-match-stale", "basics"},
		"two-winners":              {"races/one-updater races/counter", "basics conditions races/one-creator"},
		"two-creators":             {"races/one-creator", "basics conditions races/one-updater races/counter"},
		"wrong-refusal":            {"races/readers", ""},
		"weak-etags":               {"conditions/if-match-current", ""},
		"lost-write":               {"basics/read-after-write races/readers", ""},
		"refused-and-kept":         {"races/readers", "basics"},
		"doubled-put":              {"races/readers", "basics"},
		"strange-body":             {"races/readers", ""},
		"foreign-body":             {"basics/read-after-write races/readers", ""},
		"body-under-older-etag":    {"races/readers", ""},
		"body-under-newer-etag":    {"races/readers", ""},
		"shared-etag":              {"basics/etag-changes", ""},
		"stale-read":               {"basics/read-after-write races/readers", ""},
		"no-etag":                  {"basics/round-trip conditions/if-match-current", ""},
		"unstable-etag":            {"basics/round-trip conditions/if-match-current", ""},
		"ignored-delete-condition": {"conditions/delete-if-match-stale conditions/delete-if-match-absent races/one-deleter", "basics races/one-updater"},
		"two-deleters":             {"races/one-deleter", "basics conditions races/one-updater"},
		"undone-delete":            {"basics/read-after-write", "races/one-updater"},
	}
	for _, f := range breaker.Faults() {
		t.Run(f.Name, func(t *testing.T) {
			want, ok := tests[f.Name]
			if !ok {
				t.Fatal("no case is said to find it")
			}
			for _, c := range cases(t) {
				must := has(want.found, c.Name)
				if !must && !has(want.unseen, c.Name) {
					continue
				}
				s, proxy := before(t, breaker.Config{Fault: f.Name})
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				err := c.Run(ctx, s)
				cancel()
				t.Logf("%s: %d broken: %v", c.Name, proxy.Broken(), err)
				switch {
				case must && err == nil:
					t.Errorf("%s did not find it", c.Name)
				case !must && err != nil:
					t.Errorf("%s, to which the promise is kept: %v", c.Name, err)
				}
			}
		})
	}
}

func cases(t *testing.T, quirks ...storetest.Quirk) []storetest.Case {
	t.Helper()
	all, err := storetest.Cases(quirks...)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// has reports whether a list has the case or its group.
func has(list, name string) bool {
	for _, entry := range strings.Fields(list) {
		if name == entry || strings.HasPrefix(name, entry+"/") {
			return true
		}
	}
	return false
}

func TestEveryKindHasAFault(t *testing.T) {
	broken := map[storefault.Kind]bool{}
	for _, f := range breaker.Faults() {
		broken[f.Kind] = true
	}
	for _, f := range storefault.All() {
		if !broken[f.Kind] {
			t.Errorf("nothing breaks a store in the way %s", f.Kind)
		}
	}
}

// TestAServerThatDoesNotAnswer: neither does the proxy.
func TestAServerThatDoesNotAnswer(t *testing.T) {
	s, _ := through(t, breaker.Config{Upstream: "http://127.0.0.1:1"})
	if _, _, err := s.Get(t.Context(), "k"); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("a read: %v", err)
	}
	if _, err := s.Put(t.Context(), "k", nil, archive.Condition{}); !errors.Is(err, archive.ErrOutcomeUnknown) {
		t.Errorf("a write: %v", err)
	}
}

func TestWrongConfigurations(t *testing.T) {
	for _, c := range []breaker.Config{
		{}, {Upstream: "localhost"}, {Upstream: "http://user:secret@127.0.0.1:1"}, {Upstream: "http://127.0.0.1:1", Fault: "two-winer"},
	} {
		if _, err := breaker.New(c); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", c.Fault, err)
		}
	}
}
