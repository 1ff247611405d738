package main

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive/s3store/fakes3"
)

// front is a server that can be killed and started again: what it holds is kept, as on a
// disk, its connections are not.
type front struct {
	behind string

	mu       sync.Mutex
	address  string
	listener net.Listener // nil: it is down
	hung     bool         // it accepts, and nothing passes any more
	open     []net.Conn
	accepted int
	busy     chan struct{} // closed when all clients of a run have come
}

// clientsOfARun is how many connections sustained-contention opens at least.
const clientsOfARun = 12

// startFront returns a front of an S3 of its own, and the flags to play on it.
func startFront(t *testing.T) (*front, []string) {
	t.Helper()
	s3, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s3.Close() })
	f := &front{behind: strings.TrimPrefix(s3.Endpoint(), "http://"), address: "127.0.0.1:0", busy: make(chan struct{})}
	f.start(t)
	t.Cleanup(f.kill)
	return f, []string{"--store", "s3://" + s3.Bucket() + "/p", "--endpoint", "http://" + f.address, "--skip-check", "--out", t.TempDir()}
}

func (f *front) start(t *testing.T) {
	listener, err := net.Listen("tcp", f.address)
	if err != nil {
		t.Error(err)
		return
	}
	f.mu.Lock()
	f.address, f.listener = listener.Addr().String(), listener
	f.mu.Unlock()
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return // it was killed
			}
			if f.keep(in) {
				f.count()
				go f.serve(in)
			}
		}
	}()
}

func (f *front) count() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.accepted++; f.accepted == clientsOfARun {
		close(f.busy)
	}
}

// keep notes a connection that a kill cuts, and reports whether it is served.
func (f *front) keep(c net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listener == nil {
		_ = c.Close()
		return false
	}
	f.open = append(f.open, c)
	return !f.hung
}

func (f *front) serve(in net.Conn) {
	out, err := net.Dial("tcp", f.behind)
	if err != nil {
		return
	}
	if !f.keep(out) {
		_ = out.Close()
		return
	}
	go func() { _, _ = io.Copy(out, in) }()
	_, _ = io.Copy(in, out)
}

// kill is SIGKILL: all connections break, and no other is accepted.
func (f *front) kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listener == nil {
		return
	}
	_ = f.listener.Close()
	f.listener = nil
	f.cut()
}

// hang cuts what there is, and answers nothing from now on.
func (f *front) hang() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hung = true
	f.cut()
}

func (f *front) cut() {
	for _, c := range f.open {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
	f.open = nil
}

func withCredentials(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_REGION", "us-east-1")
}

// TestKilledAndStartedAgain, three times, the last time when the run is to end: nothing is
// lost, and the run takes little longer.
func TestKilledAndStartedAgain(t *testing.T) {
	withCredentials(t)
	server, flags := startFront(t)
	const duration = 4 * time.Second
	begun := time.Now()
	var killer sync.WaitGroup
	killer.Go(func() {
		for range 3 {
			time.Sleep(700 * time.Millisecond)
			server.kill()
			time.Sleep(800 * time.Millisecond)
			server.start(t)
		}
	})
	code, stdout, stderr := simulate(t, append([]string{"run", "sustained-contention", "--duration", duration.String()}, flags...)...)
	took := time.Since(begun)
	killer.Wait()
	if code != exitPassed || !strings.HasPrefix(stdout, "PASS") || !strings.Contains(stdout, "connection refused") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if took > duration+15*time.Second {
		t.Errorf("it took %v, and %v was asked for", took, duration)
	}
}

// TestGoneForGood: the run ends soon, says what it waited for and what is left.
func TestGoneForGood(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("a store that answers nothing is waited for, in real time")
	}
	withCredentials(t)
	var all sync.WaitGroup
	for name, c := range map[string]struct {
		gone  func(*front)
		flags []string
	}{
		"killed":               {(*front).kill, nil},
		"killed, with latency": {(*front).kill, []string{"--latency", "constant(5ms)", "--fault", "reply-lost(rate=0.01)"}},
		"hung":                 {(*front).hang, nil},
		"hung, with latency":   {(*front).hang, []string{"--latency", "constant(5ms)"}},
		"via the API":          {(*front).kill, []string{"--via", "api"}},
	} {
		server, flags := startFront(t)
		all.Go(func() {
			killed := make(chan time.Time, 1)
			go func() {
				select {
				case <-server.busy:
				case <-time.After(20 * time.Second): // and then it is killed earlier
				}
				time.Sleep(300 * time.Millisecond)
				killed <- time.Now()
				c.gone(server)
			}()
			code, stdout, stderr := simulate(t, slices.Concat([]string{"run", "sustained-contention", "--duration", "1m"}, c.flags, flags)...)
			took := time.Since(<-killed)
			for _, says := range []string{"play sustained-contention: ", "the store has answered none of ", "/p/simulate-"} {
				if !strings.Contains(stderr, says) {
					t.Errorf("%s: it does not say %q", name, says)
				}
			}
			if code != exitCouldNotRun || took > 35*time.Second || !strings.HasPrefix(stdout, "STOPPED") {
				t.Errorf("%s: exit %d, %v after it was killed\n%s%s", name, code, took, stdout, stderr)
			}
			t.Logf("%s: %v after it was gone", name, took.Round(time.Second))
		})
	}
	all.Wait()
}

// TestOneInTroubleLeavesTheOthers: a scenario that can't go on does not take those after it
// along.
func TestOneInTroubleLeavesTheOthers(t *testing.T) {
	for name, c := range map[string]struct{ from int }{"from the beginning": {0}, "in the middle": {4}} {
		var mu sync.Mutex
		var seen []string // prefixes of runs
		requests := map[string]int{}
		flags := meddled(t, func(w http.ResponseWriter, r *http.Request, _ string, _ int, _ func()) bool {
			_, below, ok := strings.Cut(r.URL.Path, "/simulate-")
			if !ok {
				return false
			}
			id, _, _ := strings.Cut(below, "/")
			mu.Lock()
			defer mu.Unlock()
			if r.Method == http.MethodPut && !slices.Contains(seen, id) { // its manifest
				seen = append(seen, id)
			}
			requests[id]++
			return len(seen) > 1 && seen[1] == id && requests[id] > c.from && answerError(w, 403, "ExpiredToken")
		})
		code, stdout, stderr := simulate(t, append([]string{"run", "two-users", "single-conflict", "create-race", "--skip-check"}, flags...)...)
		if code != exitCouldNotRun || !strings.Contains(stdout, "2 of 3 scenarios passed") || !strings.Contains(stderr, "play single-conflict: ") ||
			!strings.Contains(stderr, "403 ExpiredToken") {
			t.Errorf("%s: exit %d\n%s%s", name, code, stdout, stderr)
		}
	}
}

// TestServersInTrouble: whatever a server answers from some moment on, the run ends, blames
// nobody, and names the cause.
func TestServersInTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		method string // that is answered so; empty: every one
		status int
		code   string
		header [2]string
		says   string
	}{
		"full":                    {http.MethodPut, 507, "XMinioStorageFull", [2]string{}, "507 XMinioStorageFull"},
		"an expired token":        {"", 403, "ExpiredToken", [2]string{}, "403 ExpiredToken"},
		"a key that is not known": {"", 403, "InvalidAccessKeyId", [2]string{}, "403 InvalidAccessKeyId"},
		"writing is denied":       {http.MethodPut, 403, "AccessDenied", [2]string{}, "(needs s3:PutObject)"},
		"another region":          {"", 301, "PermanentRedirect", [2]string{"X-Amz-Bucket-Region", "eu-west-1"}, "301 PermanentRedirect"},
		"another host":            {"", 307, "TemporaryRedirect", [2]string{"Location", "http://127.0.0.1:1/"}, "307 TemporaryRedirect"},
	} {
		var requests atomic.Int64
		flags := meddled(t, func(w http.ResponseWriter, r *http.Request, _ string, _ int, _ func()) bool {
			if requests.Add(1) < 100 || c.method != "" && r.Method != c.method {
				return false
			}
			if c.header[0] != "" {
				w.Header().Set(c.header[0], c.header[1])
			}
			return answerError(w, c.status, c.code)
		})
		begun := time.Now()
		code, stdout, stderr := simulate(t, append([]string{"run", "sustained-contention", "--duration", "1s", "--skip-check",
			"--policy", "full(base=1ms,cap=10ms,retries=4)"}, flags...)...)
		text := strings.Join(strings.Fields(stdout+stderr), " ")
		if !slices.Contains([]int{exitCouldNotRun, exitInconclusive, exitThreshold}, code) || !strings.Contains(text, c.says) || time.Since(begun) > 20*time.Second {
			t.Errorf("%s: exit %d after %v, and it should say %q\n%s%s", name, code, time.Since(begun), c.says, stdout, stderr)
		}
		t.Logf("%s: exit %d after %v", name, code, time.Since(begun).Round(time.Millisecond))
	}
}
