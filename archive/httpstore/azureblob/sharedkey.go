package azureblob

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"holdfast/archive"
)

// blockBlob says what a PUT makes.
func blockBlob(r *http.Request, _ []byte) error {
	if r.Method == http.MethodPut {
		r.Header.Set("x-ms-blob-type", "BlockBlob")
	}
	return nil
}

// sharedKey returns what signs requests with an account's key, as "Authorize with Shared Key" of
// Azure's documentation has it.
func sharedKey(account, key string) (func(*http.Request, []byte) error, error) {
	secret, err := base64.StdEncoding.DecodeString(key)
	if err != nil { // whose text would have a part of it
		return nil, fmt.Errorf("the account's key is no base64: correct %s", envKey)
	}
	return func(r *http.Request, body []byte) error {
		if err := blockBlob(r, body); err != nil {
			return err
		}
		r.Header.Set("x-ms-date", archive.WallClock{}.Now().UTC().Format(http.TimeFormat))
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(toSign(account, r)))
		r.Header.Set("Authorization", "SharedKey "+account+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		return nil
	}, nil
}

// toSign is what is signed of a request.
func toSign(account string, r *http.Request) string {
	length := ""
	if r.ContentLength > 0 {
		length = strconv.FormatInt(r.ContentLength, 10)
	}
	h := r.Header
	lines := []string{
		r.Method, h.Get("Content-Encoding"), h.Get("Content-Language"), length, h.Get("Content-MD5"), h.Get("Content-Type"),
		"", // the date is that of x-ms-date
		h.Get("If-Modified-Since"), h.Get("If-Match"), h.Get("If-None-Match"), h.Get("If-Unmodified-Since"), h.Get("Range"),
	}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-ms-") {
			lines = append(lines, lower+":"+strings.TrimSpace(h.Get(name)))
		}
	}
	return strings.Join(append(lines, resource(account, r.URL)), "\n")
}

// resource is what of a URL is signed: the path as it is sent, and the parameters.
func resource(account string, u *url.URL) string {
	text := "/" + account + u.EscapedPath()
	query := u.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := query[name]
		slices.Sort(values)
		text += "\n" + strings.ToLower(name) + ":" + strings.Join(values, ",")
	}
	return text
}
