// Package wire is what a store's adapter and its server say to each other: requests as
// somebody wants them, headers and all, and a log of what was sent and answered, which
// holds no secret.
package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
)

// Sender is an adapter that also sends what [holdfast/archive.Store] has no call for.
type Sender interface {
	// Send sends one request, signed as the adapter's own, and returns the answer
	// whatever its status. The error says that there was none. errors.ErrUnsupported:
	// a server of this kind has no such request.
	Send(ctx context.Context, r Request) (Answer, error)
}

// Request is one HTTP request.
type Request struct {
	Method string
	Key    string     // below the adapter's prefix
	Bucket bool       // it is to the bucket, not to a key
	Query  url.Values // may be nil
	Header http.Header
	Body   []byte
	// Cut, if not 0, is how many bytes of the body are sent, all of which was promised,
	// before the connection is closed. It must be less than there are.
	Cut int
}

// Answer is what a server answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // at most [MostBody] bytes of it
	TLS    *tls.ConnectionState
}

// MostBody is how much of an answer's body is kept.
const MostBody = 1 << 20

// Code is the error code that the answer holds, whatever its status: S3 may answer an
// error inside a 200. "": none.
func (a Answer) Code() string {
	if code := a.Header.Get("X-Ms-Error-Code"); code != "" {
		return code
	}
	return errorCode(a.Body)
}

func errorCode(body []byte) string {
	var e struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
	}
	if xml.Unmarshal(body, &e) != nil {
		return ""
	}
	return e.Code
}

// ReadAnswer makes an [Answer] of a response, whose body it reads and closes.
func ReadAnswer(resp *http.Response) (Answer, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MostBody))
	return Answer{resp.StatusCode, resp.Header, body, resp.TLS}, err
}

// BodyOf is a request's body as it is to be sent. Of one that is to be cut, the end is an
// error, at which net/http closes the connection.
func BodyOf(r Request) io.Reader {
	if r.Cut > 0 {
		return io.MultiReader(bytes.NewReader(r.Body[:r.Cut]), broken{})
	}
	return bytes.NewReader(r.Body)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, ErrCut }
