package azureblob

import (
	"net/http"
	"strings"
	"testing"
)

// TestToSign: the examples of Azure's documentation.
func TestToSign(t *testing.T) {
	r, err := http.NewRequest(http.MethodGet, "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("x-ms-version", "2015-02-21")
	r.Header.Set("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT")
	const want = "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n" +
		"/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
	if got := toSign("myaccount", r); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	r, err = http.NewRequest(http.MethodPut, "http://127.0.0.1:10000/acct/c/a%20b?include=b&Include=a&include=a", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("If-Match", `"e"`)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("x-ms-blob-type", "BlockBlob")
	const put = "PUT\n\n\n4\n\napplication/json\n\n\n\"e\"\n\n\n\nx-ms-blob-type:BlockBlob\n/acct/acct/c/a%20b\ninclude:a\ninclude:a,b"
	if got := toSign("acct", r); got != put {
		t.Errorf("got  %q\nwant %q", got, put)
	}
}
