// Package redact takes secrets out of texts that are printed, logged or kept.
//
// Texts of servers, proxies and libraries repeat what they were sent: an address with a
// password, a signed URL, a header. [Text] knows such things by their form, and those it is
// told of by their value. It rather takes out too much than too little.
package redact

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Mark stands where a secret was. A text that has it is not changed by being looked through
// again.
const Mark = "REDACTED"

// shortest is the length of a known value that is looked for: a shorter one is no secret
// that keeps anybody out, and would be found in innocent words.
const shortest = 6

// What a secret looks like. The values of the first end where a text or a list does, since
// they have spaces in them.
var (
	headers = regexp.MustCompile(`(?i)((?:proxy-)?authorization|cookie)` + is + `[^"'<>\])}\r\n]+`)
	named   = regexp.MustCompile(`(?i)((?:\b|%[0-9a-f]{2})(?:(?:x-(?:amz|goog|ms|oss)-)?(?:signature|credential)|sig|signatureprovided|stringtosign|canonicalrequest` +
		`|(?:[a-z0-9]+[_-])*(?:security|session|access|refresh|auth|id)?[_-]?token|[a-z0-9_-]*(?:secret|password|passwd|api[_-]?key|account[_-]?key)` +
		`|[a-z0-9_-]*secret[_-]?access[_-]?key))` + is + `[^\s&"'<>,;\])}]+`)
	schemes  = regexp.MustCompile(`\b(Bearer|Basic|Digest|Negotiate|SharedKey|SharedKeyLite) [A-Za-z0-9+/=_.:~-]{6,}`)
	userInfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*(?::|%3[aA])(?:/|%2[fF]){2})[^\s"'<>]*(?:@|%40)`)
	account  = regexp.MustCompile(`[^\s"'<>/@:=,;(]+:[^\s"'<>/@][^\s"'<>@]*@`)
)

// is stands between a name and its value in queries, headers, JSON, XML and Go's own forms.
const is = `((?:\\?["'])?\s*(?:=|:|>|%3[dD])\s*[\[("'\\]*)`

// Text returns a text without the secrets in it: those with the form of one (user and
// password of a URL, signatures and tokens of a query, headers that say who asks), and
// those which are known by their values. A value of less than six bytes is not looked for.
func Text(text string, known ...string) string {
	for _, secret := range forms(known, len(text)) {
		text = strings.ReplaceAll(text, secret, Mark)
	}
	if !strings.ContainsAny(text, "=:>@%") && !strings.Contains(text, " ") { // as every code of a server
		return text
	}
	text = headers.ReplaceAllString(text, "${1}${2}"+Mark)
	text = named.ReplaceAllString(text, "${1}${2}"+Mark)
	text = schemes.ReplaceAllString(text, "${1} "+Mark)
	text = userInfo.ReplaceAllString(text, "${1}"+Mark+"@")
	return account.ReplaceAllString(text, Mark+"@")
}

// forms are the ways in which values that a text of this length can have in it are written,
// the longest first, so that none leaves a rest of another that contains it.
func forms(known []string, length int) (all []string) {
	for _, secret := range known {
		if len(secret) >= shortest && len(secret) <= length {
			all = append(all, secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)))
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	return slices.Compact(all)
}

// Request returns what is secret in a request: what says who asks, and the signature of its
// URL.
func Request(r *http.Request) (known []string) {
	for name, values := range r.Header {
		if !secretName(name) {
			continue
		}
		known = append(known, values...)
		for _, value := range values { // the parts by themselves too: a scheme, a signature
			if _, after, ok := strings.Cut(value, " "); ok {
				known = append(known, after)
			}
			if _, signature, ok := strings.Cut(value, "Signature="); ok {
				known = append(known, signature)
			}
		}
	}
	if r.URL == nil {
		return known
	}
	for name, values := range r.URL.Query() {
		if secretName(name) {
			known = append(known, values...)
		}
	}
	return append(known, user(r.URL)...)
}

// Environment returns the secrets among the program's environment variables: those whose
// name says so, and users and passwords of addresses.
func Environment() (known []string) {
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if secretName(name) {
			known = append(known, value)
		}
		if !strings.Contains(value, "@") {
			continue
		}
		if !strings.Contains(value, "://") {
			value = "http://" + value // as net/http reads a proxy's address
		}
		if address, err := url.Parse(value); err == nil {
			known = append(known, user(address)...)
		}
	}
	return known
}

func user(address *url.URL) (known []string) {
	if address.User == nil {
		return nil
	}
	password, _ := address.User.Password()
	return append(known, address.User.String(), address.User.Username()+":"+password, password)
}

var secretNames = []string{"secret", "password", "passwd", "token", "authorization", "signature", "cookie", "api-key", "api_key", "account_key", "account-key"}

// secretName reports whether what has this name is secret.
func secretName(name string) bool {
	name = strings.ToLower(name)
	if name == "sig" {
		return true
	}
	return slices.ContainsFunc(secretNames, func(part string) bool { return strings.Contains(name, part) })
}
