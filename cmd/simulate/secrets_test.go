package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"holdfast/archive/s3store/fakes3"
)

// fake is the n-th secret. None is a part of another.
func fake(n int) string { return fmt.Sprintf("Fake/%02d+Sekrit==", n) }

// The places of secrets.
const (
	secretKey = iota + 1
	sessionToken
	proxyPassword
	endpointPassword
	profilePassword
	profileKey
	querySignature
	locationSignature
	otelHeader
	otelPassword
	userPassword
	fileSecret
	echoedSignature
	places
)

// inURL is a secret as it stands in one.
func inURL(n int) string { return url.QueryEscape(fake(n)) }

// echoing is an S3 endpoint that after so many requests answers with all that it was sent.
func echoing(t *testing.T, after int64, status int, method string) (endpoint, bucket string) {
	t.Helper()
	s3, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s3.Close() })
	target, err := url.Parse(s3.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) <= after || method != "" && r.Method != method {
			proxy.ServeHTTP(w, r)
			return
		}
		signed, token := r.Header.Get("Authorization"), r.Header.Get("X-Amz-Security-Token")
		_, signature, _ := strings.Cut(signed, "Signature=")
		said := []string{ // only the beginning of a message is repeated
			signed, signature, token, "token: " + token, base64.StdEncoding.EncodeToString([]byte(token)), url.QueryEscape(token),
			"http://user:" + inURL(userPassword) + "@" + r.Host, "GET " + r.URL.Path + "?X-Amz-Signature=" + inURL(echoedSignature), fmt.Sprint(r.Header),
		}
		var message bytes.Buffer
		if err := xml.EscapeText(&message, []byte("you sent "+said[int(requests.Load())%len(said)]+" and "+strings.Join(said, " "))); err != nil {
			t.Error(err)
		}
		w.Header().Set("Location", "http://127.0.0.1:1/?X-Amz-Signature="+inURL(locationSignature))
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>Odd</Code><Message>%s</Message><StringToSign>%s</StringToSign></Error>", &message, r.Header.Get("Authorization"))
	}))
	t.Cleanup(server.Close)
	return server.URL, s3.Bucket()
}

// secretly is an environment with a secret in every place that has one.
func secretly(t *testing.T, extra ...string) []string {
	t.Helper()
	dir := t.TempDir()
	shared, credentials := filepath.Join(dir, "config"), filepath.Join(dir, "credentials")
	write(t, shared, "[default]\nregion = us-east-1\n[profile other]\nregion = us-east-1\nendpoint_url = http://user:"+inURL(profilePassword)+"@127.0.0.1:1\n")
	write(t, credentials, "[default]\naws_access_key_id = AKIDOFFILE\naws_secret_access_key = "+fake(profileKey)+"\n"+
		"[other]\naws_access_key_id = AKIDOFFILE\naws_secret_access_key = "+fake(profileKey)+"\n")
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "OTEL_") && !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			env = append(env, entry)
		}
	}
	return append(append(env, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY="+fake(secretKey), "AWS_SESSION_TOKEN="+fake(sessionToken),
		"AWS_CONFIG_FILE="+shared, "AWS_SHARED_CREDENTIALS_FILE="+credentials, "AWS_EC2_METADATA_DISABLED=true",
		"HTTP_PROXY=http://user:"+inURL(proxyPassword)+"@127.0.0.1:1", "NO_PROXY=127.0.0.1",
		"OTEL_EXPORTER_OTLP_HEADERS=authorization="+inURL(otelHeader), "OTEL_EXPORTER_OTLP_ENDPOINT=http://user:"+inURL(otelPassword)+"@127.0.0.1:1",
	), extra...)
}

// program runs the program itself, in an environment, and returns all that it says.
func program(t *testing.T, env []string, args ...string) (output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAsProgram$")
	cmd.Env = env
	cmd.Env = append(cmd.Environ(), asProgram+"="+strings.Join(args, "\n"))
	all, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Errorf("it took too long: %v", err)
	}
	return strings.TrimPrefix(string(all), ready+"\n")
}

// files are the contents of all files of a directory, decompressed.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		all[path] = string(content)
		if plain, err := zstd.NewReader(bytes.NewReader(content)); err == nil {
			defer plain.Close()
			if text, err := io.ReadAll(plain); err == nil || len(text) > 0 {
				all[path] += string(text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// leaked are the secrets in a text, in whatever form.
func leaked(text string) (found []string) {
	for n := 1; n < places; n++ {
		for _, form := range []string{fake(n), fake(n)[:9], inURL(n), url.PathEscape(fake(n)), base64.StdEncoding.EncodeToString([]byte(fake(n))),
			base64.StdEncoding.EncodeToString([]byte("user:" + fake(n)))} {
			if strings.Contains(text, form) {
				found = append(found, form)
				break
			}
		}
	}
	if at := strings.Index(text, "Signature="); at >= 0 && !strings.HasPrefix(text[at:], "Signature=REDACTED") {
		found = append(found, text[at:min(at+40, len(text))])
	}
	return found
}

// TestLeakedIsFound: the test below can fail.
func TestLeakedIsFound(t *testing.T) {
	for _, text := range []string{fake(3), inURL(3), "x" + base64.StdEncoding.EncodeToString([]byte("user:"+fake(3))), "Signature=0123"} {
		if len(leaked(text)) == 0 {
			t.Errorf("%s is not found", text)
		}
	}
}

// TestNoSecretInAnyOutput: whatever befalls a command, in no output, history, report or error
// is any of the secrets that it was given, or that a server gave it.
func TestNoSecretInAnyOutput(t *testing.T) {
	dir := t.TempDir()
	scenario := filepath.Join(dir, "scenario.yaml")
	write(t, scenario, "name: s\nshows: X.\nendpoint: http://user:"+inURL(fileSecret)+"@host\npassword: "+fake(fileSecret)+"\nactors: [{name: a, kind: backend, load: {operations: 1}}]\n")
	out := filepath.Join(dir, "out")
	type command struct {
		says string // in its output, or the case shows nothing
		args []string
		env  []string
	}
	commands := map[string]command{
		"endpoint with a password":  {"take out all up to the @", []string{"run", "two-users", "--store", "s3://b/p", "--endpoint", "http://user:" + inURL(endpointPassword) + "@127.0.0.1:1"}, nil},
		"endpoint with a signature": {"take out all from the ?", []string{"run", "two-users", "--store", "s3://b/p", "--endpoint", "http://127.0.0.1:1/?X-Amz-Signature=" + inURL(querySignature)}, nil},
		"endpoint that is no URL":   {"want a URL", []string{"run", "two-users", "--store", "s3://b/p", "--endpoint", "http//sig=" + inURL(querySignature)}, nil},
		"of SIMULATE_ENDPOINT":      {"take out all up to the @", []string{"run", "two-users", "--store", "s3://b/p"}, []string{"SIMULATE_ENDPOINT=http://user:" + inURL(endpointPassword) + "@127.0.0.1:1"}},
		"store with a password":     {"--store", []string{"run", "two-users", "--store", "s3://user:" + fake(userPassword) + "@bucket/p"}, nil},
		"store of another kind":     {"--store", []string{"run", "two-users", "--store", "ftp://user:" + inURL(userPassword) + "@host/p"}, nil},
		"store with a signature":    {"", []string{"run", "two-users", "--store", "http://127.0.0.1:1/c/?sv=1&sig=" + inURL(querySignature)}, nil},
		"profile with a password":   {"take out all up to the @", []string{"run", "two-users", "--store", "s3://b/p"}, []string{"AWS_PROFILE=other", "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_SESSION_TOKEN="}},
		"ambient endpoint":          {"take out all up to the @", []string{"run", "two-users", "--store", "s3://b/p"}, []string{"AWS_ENDPOINT_URL=http://user:" + inURL(endpointPassword) + "@127.0.0.1:1"}},
		"no proxy there":            {"HTTP_PROXY", []string{"run", "two-users", "--store", "s3://b/p", "--endpoint", "http://s3.invalid"}, []string{"NO_PROXY="}},
		"a proxy that is no URL":    {"proxy", []string{"run", "two-users", "--store", "s3://b/p", "--endpoint", "http://s3.invalid"}, []string{"NO_PROXY=", "HTTP_PROXY=http://user:" + inURL(proxyPassword) + "@[bad"}},
		"serve with a password":     {"take out all up to the @", []string{"serve", "--store", "s3://b/p", "--endpoint", "http://user:" + inURL(endpointPassword) + "@127.0.0.1:1"}, nil},
		"sweep":                     {"", []string{"sweep", "burst", "--vary", "clients=2"}, nil},
		"a scenario's keys":         {"unknown", []string{"run", scenario}, nil},
		"validate":                  {"unknown", []string{"validate", scenario}, nil},
		"list":                      {"two-users", []string{"list", "--json"}, nil},
		"version":                   {"", []string{"version", "--json"}, nil},
		"explore":                   {"simulate.explore/v1", []string{"explore", "two-users", "--json"}, nil},
		"metrics that go nowhere":   {"not exported", []string{"run", "two-users"}, []string{"OTEL_METRICS_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_TIMEOUT=500"}},
		"tune":                      {"", []string{"tune", "burst", "--clients", "4", "--evaluations", "200"}, nil},
	}
	for name, c := range map[string]struct {
		after  int64
		status int
		method string
		args   string
	}{
		"400 at once":   {0, 400, "", "run two-users"},
		"403 at once":   {0, 403, "", "run two-users --skip-check"},
		"301 at once":   {0, 301, "", "run two-users --skip-check"},
		"307 mid-run":   {60, 307, "", "run sustained-contention --duration 300ms --skip-check"},
		"403 mid-run":   {60, 403, "", "run sustained-contention --duration 300ms --skip-check --latency constant(1ms)"},
		"400 mid-run":   {60, 400, "", "run sustained-contention --duration 300ms --skip-check --via api --json"},
		"507 for PUT":   {60, 507, http.MethodPut, "run burst --skip-check --policy full(base=1ms,cap=2ms,retries=2)"},
		"400 DELETE":    {0, 400, http.MethodDelete, "run two-users --skip-check"},
		"serve":         {0, 403, "", "serve --listen 127.0.0.1:0"},
		"serve samples": {1, 403, http.MethodPut, "serve --listen 127.0.0.1:0 --samples"},
		"doctor":        {0, 403, "", "doctor --json"},
		"doctor, later": {40, 400, "", "doctor --budget 2s"},
		"doctor, PUT":   {10, 400, http.MethodPut, "doctor --budget 2s --format markdown"},
		"doctor, sound": {1 << 40, 400, "", "doctor --budget 2s --processes 2"},
	} {
		endpoint, bucket := echoing(t, c.after, c.status, c.method)
		commands[name] = command{"", append(strings.Fields(c.args), "--store", "s3://"+bucket+"/p", "--endpoint", endpoint), nil}
	}
	webdav, _ := echoing(t, 0, 403, "")
	for name, args := range map[string][]string{"run, by a signed address": {"run", "two-users"}, "doctor, by a signed address": {"doctor", "--budget", "2s"}} {
		commands[name] = command{"", append(args, "--store", webdav+"/c/?sv=1&sig="+inURL(querySignature)), nil}
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	turns := make(chan struct{}, 2)
	for name, c := range commands {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			args := c.args
			if slices.Contains([]string{"run", "doctor", "sweep", "explore", "tune"}, args[0]) {
				args = append(args, "--out", out)
			}
			said := program(t, secretly(t, c.env...), args...)
			mu.Lock()
			defer mu.Unlock()
			if found := leaked(said); len(found) > 0 || !strings.Contains(said, c.says) {
				t.Errorf("%s: it says %q, and should say %q:\n%s", name, found, c.says, said)
			}
		})
	}
	all.Wait()
	kept := files(t, out)
	if len(kept) < 20 {
		t.Errorf("only %d files were written", len(kept))
	}
	for path, content := range kept {
		if found := leaked(content); len(found) > 0 {
			t.Errorf("%s has %q", path, found)
		}
		if filepath.Base(path) == "history.ndjson.zst" {
			said := program(t, secretly(t), "check", path)
			if found := leaked(said); len(found) > 0 {
				t.Errorf("check %s says %q", path, found)
			}
		}
	}
}
