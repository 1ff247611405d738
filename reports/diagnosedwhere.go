package reports

import (
	"net/url"
	"regexp"
	"strings"
)

// withoutFile finds in a command what is about the machine that it was given on.
var withoutFile = regexp.MustCompile(` --measure ('[^']*'|\S+)`)

// address is that of a host, with a port, so that no version is taken for one; Azure's hosts
// are named after accounts.
const address = `\b\d{1,3}(\.\d{1,3}){3}:\d+|\[[0-9a-fA-F:]+(%\w+)?\]:\d+|\b[a-z0-9-]+\.blob\.core\.windows\.net\b`

// hider takes names out of a text, one after the other.
type hider []struct {
	name *regexp.Regexp
	by   string
}

func (h *hider) hide(pattern, by string) {
	*h = append(*h, hider{{regexp.MustCompile(pattern), by}}...)
}

// host hides one, also with a bucket before it.
func (h *hider) host(at *url.URL, bucket string) {
	if at.Hostname() == "" {
		return
	}
	name := regexp.QuoteMeta(at.Hostname()) + `(:\d+|\b)`
	if bucket != "" {
		h.hide(apart+regexp.QuoteMeta(bucket)+`\.`+name, "${1}BUCKET.HOST")
	}
	h.hide(apart+name, "${1}HOST")
}

// apart is what stands before a name that is no part of another.
const apart = `(^|[^\w.-])`

// anonymous returns what takes out of a text where the store is: of HTTP, a command, an error.
func (d *Diagnosed) anonymous() func(string) string {
	scheme, place, _ := strings.Cut(d.Store, "://")
	bucket, prefix, _ := strings.Cut(strings.Trim(place, "/"), "/")
	var h hider
	if scheme == "http" || scheme == "https" {
		h.host(&url.URL{Host: bucket}, "")
		bucket = ""
	}
	for _, e := range d.Endpoints {
		if at, err := url.Parse(e.URL); err == nil {
			h.host(at, bucket)
			if account := strings.Trim(at.Path, "/"); account != "" && bucket != "" {
				h.hide(`/`+regexp.QuoteMeta(account)+`\b`, "/ACCOUNT")
			}
		}
	}
	h.hide(address, "HOST")
	if bucket != "" { // else it is the embedded S3's
		name := regexp.QuoteMeta(bucket)
		h.hide(`Host: `+name+`\.`, "Host: BUCKET.")
		h.hide(apart+name+`\.s3`, "${1}BUCKET.s3")
		h.hide(`([\s"'(]|:/|HOST|ACCOUNT|^)/`+name+`\b`, "${1}/BUCKET")
	}
	if prefix != "" {
		name := regexp.QuoteMeta(prefix)
		h.hide(`(BUCKET|HOST)/`+name+`\b`, "${1}/PREFIX")
		h.hide(apart+name+`/`, "${1}PREFIX/")
		h.hide(`prefix=`+regexp.QuoteMeta(url.QueryEscape(prefix+"/")), "prefix=PREFIX%2F")
	}
	return func(s string) string {
		for _, hidden := range h {
			s = hidden.name.ReplaceAllString(s, hidden.by)
		}
		return s
	}
}
