package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// zeros is a body of so many bytes, of which it is counted how many were read.
type zeros struct{ left, read int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.left))
	for i := range p[:n] {
		p[i] = 'a'
	}
	z.left -= int64(n)
	z.read += int64(n)
	return n, nil
}

// TestPageReadsNoBody: a GET of the start page, by whoever it may be, must not make
// the server read a body, keep 32 MB of it in memory and write the rest to its disk.
func TestPageReadsNoBody(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	r := newRig(t)
	body := &zeros{left: 200 << 20}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", io.MultiReader(
		strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n"), body,
		strings.NewReader("\r\n--x--\r\n")))
	req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.handler.ServeHTTP(httptest.NewRecorder(), req)
	var onDisk int64
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			onDisk += info.Size()
		}
	}
	if req.MultipartForm != nil {
		_ = req.MultipartForm.RemoveAll()
	}
	if body.read > 1<<20 || onDisk > 0 {
		t.Errorf("GET / read %d MB of a body and wrote %d MB to the disk", body.read>>20, onDisk>>20)
	}
}
