package main

import (
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/archive/s3store/fakes3"
)

// TestOwnAuthority: behind a proxy that speaks TLS with an authority of its own, AWS_CA_BUNDLE
// is what is needed, with and without latency and faults, and is what is named without.
func TestOwnAuthority(t *testing.T) {
	withCredentials(t)
	s3, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s3.Close()
	target, err := url.Parse(s3.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(target))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are broken off
	server.StartTLS()
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	write(t, bundle, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	for _, flags := range []string{"", "--latency constant(1ms)", "--fault reply-lost(nth=1,call=put,actor=alice)"} {
		args := append([]string{"run", "two-users", "--store", "s3://" + s3.Bucket() + "/p", "--endpoint", server.URL, "--path-style", "on", "--out", t.TempDir()},
			strings.Fields(flags)...)
		t.Setenv("AWS_CA_BUNDLE", "")
		if code, _, stderr := simulate(t, args...); code != exitCouldNotRun || !strings.Contains(stderr, "set AWS_CA_BUNDLE") {
			t.Errorf("%s: exit %d without the authority's certificate: %s", flags, code, stderr)
		}
		t.Setenv("AWS_CA_BUNDLE", bundle)
		if code, stdout, stderr := simulate(t, args...); code != exitPassed {
			t.Errorf("%s: exit %d\n%s%s", flags, code, stdout, stderr)
		}
	}
}
