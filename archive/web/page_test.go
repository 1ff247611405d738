package web_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"holdfast/archive/web"
)

func getPage(t *testing.T, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	web.Pages().ServeHTTP(w, r)
	return w
}

func TestPagesAreServed(t *testing.T) {
	for _, c := range []struct {
		target, contentType, contains string
		status                        int
	}{
		{"/", "text/html; charset=utf-8", "Open a change", 200},
		{"/?id=+CHG-1+", "", "", 303},
		{"/?id=%3Cb%3E", "text/html; charset=utf-8", `value="&lt;b&gt;"`, 400},
		{"/?id=../x", "text/html; charset=utf-8", "no id of a change", 400},
		{"/changes/CHG-1", "text/html; charset=utf-8", "/static/app.js", 200},
		{"/changes/..%2fx", "text/html; charset=utf-8", "no id of a change", 404},
		{"/changes/%3Cscript%3E", "text/html; charset=utf-8", "no id of a change", 404},
		{"/static/app.js", "text/javascript; charset=utf-8", "import", 200},
		{"/static/style.css", "text/css; charset=utf-8", "color-scheme", 200},
		{"/static/icon.svg", "image/svg+xml", "<svg", 200},
		{"/static/", "text/plain; charset=utf-8", "", 404},
		{"/static/..%2fopen.html", "text/plain; charset=utf-8", "", 404},
	} {
		w := getPage(t, c.target)
		if w.Code != c.status || c.contentType != "" && w.Header().Get("Content-Type") != c.contentType || !strings.Contains(w.Body.String(), c.contains) {
			t.Errorf("GET %s: %d %q, want %d %q with %q\n%s", c.target, w.Code, w.Header().Get("Content-Type"), c.status, c.contentType, c.contains, w.Body)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "script-src 'self'", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache",
		} {
			if got := w.Header().Get(name); !strings.Contains(got, want) {
				t.Errorf("GET %s: %s is %q, want %q in it", c.target, name, got, want)
			}
		}
	}
	if got := getPage(t, "/?id=CHG-1").Header().Get("Location"); got != "/changes/CHG-1" {
		t.Errorf("the form leads to %q", got)
	}
	policy := getPage(t, "/").Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %s: %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("the policy allows what is unsafe: %s", policy)
	}
}

func TestUnchangedFilesAreNotSentAgain(t *testing.T) {
	etag := getPage(t, "/static/app.js").Header().Get("ETag")
	if w := getPage(t, "/static/app.js", "If-None-Match", etag); etag == "" || w.Code != http.StatusNotModified {
		t.Errorf("with the ETag %q: %d", etag, w.Code)
	}
}

// unsafe is whatever makes markup, styles or code of a string, or comes from elsewhere.
var unsafe = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|\beval\(|new Function|setHTML|javascript:|\.style\b|<script>|<style|\sstyle=|\son[a-z]+="|https?://`)

// svgNamespace is a name, not an address.
const svgNamespace = "http://www.w3.org/2000/svg"

func TestPagesMakeNoMarkupOfText(t *testing.T) {
	err := fs.WalkDir(os.DirFS("page"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile("page/" + name)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(strings.ReplaceAll(string(body), svgNamespace, ""), "\n") {
			if m := unsafe.FindString(line); m != "" {
				t.Errorf("%s:%d has %q", name, i+1, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
