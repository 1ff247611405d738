package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/telemetry"
	"holdfast/scenarios"
)

// served is a running serve.
type served struct {
	t       *testing.T
	address string
	links   []string
	stop    context.CancelFunc
	code    chan int
	stderr  bytes.Buffer // read it after code
}

// startServe runs serve on a free port and waits until it says where it is.
func startServe(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	s := &served{t: t, stop: stop, code: make(chan int, 1)}
	out, in := io.Pipe()
	go func() {
		s.code <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...), in, &s.stderr)
		in.Close()
	}()
	t.Cleanup(func() { s.end() })
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("serve ended with %d: %s", <-s.code, s.stderr.String())
	}
	fmt.Sscanf(lines.Text(), "serving %s", &s.address)
	rest, wanted := make(chan []string, 1), len(samples)
	if slices.Contains(args, "--layout") {
		wanted = 1
	}
	go func() {
		var links []string
		for lines.Scan() {
			links = append(links, strings.TrimSpace(lines.Text()))
			if len(links) == wanted {
				break
			}
		}
		rest <- links
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case s.links = <-rest:
	case <-time.After(time.Second): // there are no samples
	}
	return s
}

// end interrupts serve and returns its exit code.
func (s *served) end() int {
	s.stop()
	code := <-s.code
	s.code <- code
	return code
}

func (s *served) do(method, path, user, body string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.address+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if user != "" {
		r.Header.Set(userHeader, user)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// change is what the API says of a change.
type change struct {
	Metadata struct {
		Title         string                 `json:"changeTitle"`
		Modifications []archive.Modification `json:"modifications"`
	} `json:"metadata"`
	ETag string `json:"etag"`
}

func (s *served) load(id string) (c change) {
	s.t.Helper()
	status, body := s.do("GET", "/api/changes/"+id, "", "")
	if err := json.Unmarshal([]byte(body), &c); status != 200 || err != nil {
		s.t.Fatalf("load %s: %d %v\n%s", id, status, err, body)
	}
	return c
}

// waitFor waits until a condition holds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen that %s", what)
		}
	}
}

func TestServeSavesAndProcesses(t *testing.T) {
	s := startServe(t)
	if len(s.links) != len(samples) {
		t.Fatalf("serve printed %q", s.links)
	}
	for _, link := range s.links {
		if status, body := s.do("GET", strings.TrimPrefix(link, s.address), "", ""); status != 200 || !strings.Contains(body, "/static/app.js") {
			t.Errorf("%s: %d", link, status)
		}
	}
	c := s.load("CHG-12345")
	status, body := s.do("POST", "/upload", "alice", fmt.Sprintf(
		`{"metadata":{"changeId":"CHG-12345","changeTitle":"Alice's title"},"isUpdate":true,"expectedETag":%q}`, c.ETag))
	if status != 200 {
		t.Fatalf("the save: %d %s", status, body)
	}
	processed := map[string]int{}
	waitFor(t, "each customer's back end processes the save", func() bool {
		clear(processed)
		for _, m := range s.load("CHG-12345").Metadata.Modifications[len(c.Metadata.Modifications):] {
			if m.Type == archive.Processed {
				processed[m.CustomerCode]++
			}
		}
		return len(processed) == 6
	})
	for customer, n := range processed {
		if n != 1 {
			t.Errorf("processed %d times for %s", n, customer)
		}
	}
	if got := s.load("CHG-12345").Metadata.Title; got != "Alice's title" {
		t.Errorf("the title is %q", got)
	}
	if status, _ := s.do("POST", "/upload", "", "{}"); status != 401 {
		t.Errorf("a save by nobody: %d, want 401", status)
	}
	if code := s.end(); code != exitPassed {
		t.Errorf("interrupted, it exits %d: %s", code, s.stderr.String())
	}
}

func TestServeOnABucket(t *testing.T) {
	bucket, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_REGION", "us-east-1")
	at := []string{"--store", "s3://" + bucket.Bucket() + "/demo", "--endpoint", bucket.Endpoint()}
	s := startServe(t, at...)
	if status, body := s.do("GET", "/api/changes/CHG-12345", "", ""); status != 404 || len(s.links) != 0 {
		t.Errorf("samples nobody asked for: %d %s", status, body)
	}
	s.end()
	s = startServe(t, append(at, "--samples")...)
	c := s.load("CHG-12345")
	s.do("POST", "/upload", "alice", fmt.Sprintf(
		`{"metadata":{"changeId":"CHG-12345","changeTitle":"kept"},"isUpdate":true,"expectedETag":%q}`, c.ETag))
	s.end()
	if got := startServe(t, append(at, "--samples")...).load("CHG-12345").Metadata.Title; got != "kept" {
		t.Errorf("samples replaced what was there: the title is %q", got)
	}
}

func TestServeRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--listen", "0.0.0.0:0"}, exitUsage, "--allow-remote"},
		{[]string{"--listen", ":0"}, exitUsage, "--allow-remote"},
		{[]string{"--listen", "[::]:0"}, exitUsage, "--allow-remote"},
		{[]string{"--listen", "example.com:80"}, exitUsage, "--allow-remote"},
		{[]string{"--listen", "8080"}, exitUsage, "HOST:PORT"},
		{[]string{"--policy", "never"}, exitUsage, "--policy"},
		{[]string{"--endpoint", "http://127.0.0.1:1"}, exitUsage, "--store s3://"},
		{[]string{"--simulate-others", "--samples=false"}, exitUsage, "--samples"},
		{[]string{"--store", "disk"}, exitUsage, "--store"},
		{[]string{"now"}, exitUsage, "flags only"},
		{[]string{"--listen", taken.Addr().String()}, exitCouldNotRun, "--listen 127.0.0.1:0 takes a free one"},
	} {
		code, stdout, stderr := simulate(t, append([]string{"serve"}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 || stdout != "" {
			t.Errorf("serve %q: exit %d, want %d with %q\n%s%s", c.args, code, c.code, c.want, stdout, stderr)
		}
	}
}

func TestIdentify(t *testing.T) {
	for _, c := range []struct{ method, header, want string }{
		{"POST", "alice", "alice"},
		{"POST", " Bob B. ", "Bob B."},
		{"POST", "%C5%81ukasz%20%F0%9F%90%A7", "Łukasz 🐧"},
		{"POST", "100%", "100%"},
		{"POST", strings.Repeat("%C3%98", 64), strings.Repeat("Ø", 64)},
		{"POST", strings.Repeat("%C3%98", 65), ""},
		{"POST", "", ""},
		{"POST", "%20", ""},
		{"POST", "a%0Ab", ""},
		{"POST", "%FF", ""},
		{"GET", "", reader},
		{"GET", "a%00", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(userHeader, c.header)
		if got, err := identify(r); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s %q is %q, %v, want %q", c.method, c.header, got, err, c.want)
		}
	}
}

func TestOnlyItsOwnNameIsAnswered(t *testing.T) {
	h := askedByLoopbackName(http.NotFoundHandler())
	for host, want := range map[string]int{
		"127.0.0.1:8080": 404, "localhost:8080": 404, "localhost": 404, "[::1]:8080": 404,
		"evil.example:8080": 421, "127.0.0.1.evil.example": 421, "0.0.0.0:8080": 421, "": 421,
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("Host %q: %d, want %d", host, w.Code, want)
		}
	}
}

// silent answers that it does not know, whether or not it wrote.
type silent struct {
	archive.Store
	writes bool
}

func (s silent) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if s.writes {
		if _, err := s.Store.Put(ctx, key, body, cond); err != nil {
			return "", err
		}
	}
	return "", archive.ErrOutcomeUnknown
}

func TestATriggerThatIsStoredSendsAMessage(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	put := func(store archive.Store, key string) []delivery.Message {
		queue := delivery.NewMemoryQueue(delivery.QueueOptions{})
		_, _ = notifying{store, nil, delivery.S3Source{Bucket: "b", Prefix: "p/"}, queue}.Put(t.Context(), key, []byte("{}"), archive.Condition{})
		return queue.Left()
	}
	for _, c := range []struct {
		store archive.Store
		key   string
		want  int
	}{
		{server.Store(), "customers/a/CHG-1.json", 1},
		{server.Store(), "archive/CHG-1.json", 0},
		{silent{server.Store(), true}, "customers/b/CHG-1.json", 1},
		{silent{server.Store(), false}, "customers/c/CHG-1.json", 0},
	} {
		got := put(c.store, c.key)
		if len(got) != c.want {
			t.Errorf("%s: %d messages, want %d", c.key, len(got), c.want)
			continue
		}
		if c.want == 1 && (got[0].ObjectID != "CHG-1" || got[0].TriggerETag == "") {
			t.Errorf("%s: the message is %+v", c.key, got[0])
		}
	}
}

// TestServeTellsWhoWasForgotten by a process before it: its reconciler finds them when it
// starts, and its back ends process what it tells.
func TestServeTellsWhoWasForgotten(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	old := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	body := fmt.Sprintf(`{"changeId":"CHG-1","customers":["hts","cds"],"modifications":[
		{"modification_id":"m-1","timestamp":%q,"user_id":"dana","modification_type":"created","notify":true}]}`, old)
	if _, err := server.Store().Put(t.Context(), "archive/CHG-1.json", []byte(body), archive.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	var log, metrics bytes.Buffer
	emf, err := telemetry.NewEMF(&metrics, telemetry.EMFOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := newService(server.Store(), nil, archive.DefaultPolicy(), hooks{reconciled: telemetry.Reconciled(emf)}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, listener, false) }()
	waitFor(t, "both customers have processed the change", func() bool {
		loaded, err := s.core.Load(t.Context(), "CHG-1")
		if err != nil {
			t.Fatal(err)
		}
		untold, err := delivery.FindUntold(loaded.Change())
		return err == nil && len(untold) == 0 && loaded.Document.HistoryLen() == 3
	})
	stop()
	if err := errors.Join(<-ended, emf.Flush()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), `object=CHG-1 customers="[hts cds]" modifications="[m-1 m-1]"`) || !strings.Contains(metrics.String(), `"ForgottenCustomerCount":2`) {
		t.Errorf("the log is\n%s\nthe metrics are\n%s", log.String(), metrics.String())
	}
}

func TestOthersChangeTheSamples(t *testing.T) {
	for _, layout := range []string{"", "order"} {
		othersChange(t, layout)
	}
}

func othersChange(t *testing.T, layout string) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	l, err := scenarios.OpenLayout(layout)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newService(server.Store(), l, archive.DefaultPolicy(), hooks{reconciled: telemetry.Reconciled()}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := storeSamples(t.Context(), server.Store(), layout)
	if err != nil || len(ids) == 0 {
		t.Fatal(ids, err)
	}
	for _, id := range ids {
		before, err := s.core.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			for _, o := range others {
				if err := o.act(s, t.Context(), o.name, id); err != nil {
					t.Fatalf("%s: %v", o.name, err)
				}
			}
		}
		after, err := s.core.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(after.Change().ModificationIDs()) - len(before.Change().ModificationIDs()); n != 10*len(others) {
			t.Errorf("%s: %d new entries, want %d", id, n, 10*len(others))
		}
		for _, field := range editedByOthers {
			raw, _ := after.Document.Field(l.Field(field))
			if n := strings.Count(string(raw), "[seen by"); n > 1 {
				t.Errorf("%s: %s grows with each edit: %s", id, field, raw)
			}
		}
	}
}
