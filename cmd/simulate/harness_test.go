package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"holdfast/archive/s3store/fakes3"
)

// meddled is an S3 endpoint in front of which somebody may answer instead, or spoil an
// answer. Count is the number of requests of this method for this key.
func meddled(t *testing.T, meddle func(w http.ResponseWriter, r *http.Request, key string, count int, pass func()) bool) (flags []string) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_REGION", "us-east-1")
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
	var mu sync.Mutex
	counts := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		mu.Lock()
		counts[r.Method+" "+key]++
		n := counts[r.Method+" "+key]
		mu.Unlock()
		if !meddle(w, r, key, n, func() { proxy.ServeHTTP(httptest.NewRecorder(), r) }) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return []string{"--store", "s3://" + s3.Bucket() + "/p", "--endpoint", server.URL, "--path-style", "on", "--out", t.TempDir()}
}

func answerError(w http.ResponseWriter, status int, code string) bool {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>not now</Message></Error>")
	return true
}

// TestHarnesssOwnCalls against a server: whatever passes is waited for, in setting up,
// in the final read and in cleaning.
func TestHarnesssOwnCalls(t *testing.T) {
	const document = "CHG-12345.json"
	for name, meddle := range map[string]func(http.ResponseWriter, *http.Request, string, int, func()) bool{
		"409 OperationAborted to the first PUT": func(w http.ResponseWriter, r *http.Request, key string, n int, _ func()) bool {
			return r.Method == http.MethodPut && key == document && n == 1 && answerError(w, 409, "OperationAborted")
		},
		"500 to the first PUT, which was applied": func(w http.ResponseWriter, r *http.Request, key string, n int, pass func()) bool {
			if r.Method != http.MethodPut || key != document || n != 1 {
				return false
			}
			pass()
			return answerError(w, 500, "InternalError")
		},
		"503 to the look whether the server is there": func(w http.ResponseWriter, _ *http.Request, key string, n int, _ func()) bool {
			return key == "nothing-is-stored-here" && n == 1 && answerError(w, 503, "SlowDown")
		},
		"503 to the first DELETE": func(w http.ResponseWriter, r *http.Request, _ string, n int, _ func()) bool {
			return r.Method == http.MethodDelete && n == 1 && answerError(w, 503, "SlowDown")
		},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := simulate(t, append([]string{"run", "two-users"}, meddled(t, meddle)...)...)
			if code != exitPassed || strings.Contains(stderr, "simulate: ") {
				t.Errorf("exit %d\n%s%s", code, stdout, stderr)
			}
		})
	}
}

// TestHeavyTail: a verdict, however long the store may take.
func TestHeavyTail(t *testing.T) {
	code, stdout, stderr := simulate(t, "run", "burst", "--world", "virtual", "--runs", "2000", "--clients", "2",
		"--latency", "lognormal(10ms,5s)", "--out", t.TempDir())
	if code != exitPassed || !strings.HasPrefix(stdout, "PASS") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// TestFirstCauseLost: a load that fails is what the report names, and not what its user
// could not do any more.
func TestFirstCauseLost(t *testing.T) {
	const xml = "<Error><Code>InternalError</Code><Message>not now</Message></Error>"
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		code   int
		says   []string
	}{
		"a GET answers 200 with an XML error": {
			// It is no answer of the store's, so the load is repeated; but it is told.
			func(w http.ResponseWriter) { _, _ = io.WriteString(w, xml) }, exitPassed,
			[]string{"errors 1× get: 200 without an ETag"},
		},
		"and with an ETag": { // then it is what the store says is stored
			func(w http.ResponseWriter) {
				w.Header().Set("ETag", `"abc"`)
				_, _ = io.WriteString(w, xml)
			}, exitStoreAtFault,
			[]string{"STORE AT FAULT", "strange-body", "errors 1× get: 200 with a body that is no document"},
		},
		"a GET is refused": {
			func(w http.ResponseWriter) { answerError(w, 403, "AccessDenied") }, exitInconclusive,
			[]string{"T1 alice load: want a version to work on, got failed (", "403 AccessDenied"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			flags := meddled(t, func(w http.ResponseWriter, r *http.Request, key string, n int, _ func()) bool {
				spoilt := r.Method == http.MethodGet && key == "CHG-12345.json" && n == 1
				if spoilt {
					c.answer(w)
				}
				return spoilt
			})
			code, stdout, stderr := simulate(t, append([]string{"run", "two-users"}, flags...)...)
			text := strings.Join(strings.Fields(stdout), " ")
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if code != c.code || strings.Contains(text, "ETag is missing") || strings.Contains(text, "which has 0 modifications") {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			if t.Failed() {
				t.Logf("%s%s", stdout, stderr)
			}
		})
	}
}

// TestReportNamesTheCommonestStoreErrors: a server whose disk is full for a moment is
// written to again, and nothing is lost; but it is told.
func TestReportNamesTheCommonestStoreErrors(t *testing.T) {
	flags := meddled(t, func(w http.ResponseWriter, r *http.Request, key string, n int, _ func()) bool {
		return r.Method == http.MethodPut && key == "CHG-12345.json" && n == 2 && answerError(w, 507, "XMinioStorageFull")
	})
	code, stdout, stderr := simulate(t, append([]string{"run", "two-users"}, flags...)...)
	if code != exitPassed || !strings.Contains(stdout, "errors      1× put: 507 XMinioStorageFull") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}
