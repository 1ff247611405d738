package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// The error types of answers, besides [delivery.ConcurrentModification].
const (
	typeInvalid         = "INVALID"
	typeTooLarge        = "TOO_LARGE"
	typeTooSlow         = "TOO_SLOW"
	typeMediaType       = "UNSUPPORTED_MEDIA_TYPE"
	typeMethod          = "METHOD_NOT_ALLOWED"
	typeNeedsETag       = "PRECONDITION_REQUIRED"
	typeUnauthenticated = "UNAUTHENTICATED"
	typeForeign         = "CROSS_ORIGIN"
	typeNotFound        = "NOT_FOUND"
	typeUnknown         = delivery.UnknownOutcome
	typeUnavailable     = "UNAVAILABLE"
	typeReused          = "MODIFICATION_ID_REUSED"
	typeContradiction   = "STORE_CONTRADICTION"
	typeInternal        = "INTERNAL"
)

// failure is the body of every answer that is no success.
type failure struct {
	Success        bool                    `json:"success"` // false
	ErrorType      string                  `json:"errorType"`
	Reason         string                  `json:"reason,omitempty"` // of a CONCURRENT_MODIFICATION
	Message        string                  `json:"message"`
	CurrentETag    string                  `json:"currentETag,omitempty"`
	Conflicts      []conflict              `json:"conflicts,omitempty"`
	ModificationID string                  `json:"modificationId,omitempty"`
	Results        []delivery.UploadResult `json:"results,omitempty"`
}

// conflict is a field that the user and somebody else both changed. A value that
// is left out is a field that is absent; ours, one that the user removes.
type conflict struct {
	Field  string          `json:"field"`
	Base   json.RawMessage `json:"base,omitempty"`
	Theirs json.RawMessage `json:"theirs,omitempty"`
	Ours   json.RawMessage `json:"ours,omitempty"`
}

// answer is what a request is answered with.
type answer struct {
	status int
	header [][2]string
	body   []byte // JSON, or none
	cause  error  // for the log only
}

// with returns the answer with a header added.
func (r answer) with(name, value string) answer {
	r.header = append(slices.Clip(r.header), [2]string{name, value})
	return r
}

func (r answer) write(w http.ResponseWriter, method string) {
	h := w.Header()
	for _, field := range r.header {
		h.Set(field[0], field[1])
	}
	if len(r.body) > 0 {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
	if method != http.MethodHead {
		_, _ = w.Write(r.body) // a client that hung up needs no answer
	}
}

// refuse is the answer to a request that nothing came of.
func refuse(status int, errorType, message string) answer {
	return fail(status, failure{ErrorType: errorType, Message: message})
}

func fail(status int, f failure) answer {
	return answer{status: status, body: encode(f)}
}

// withMetadata is an answer's body with the document in it, verbatim: encoding/json
// would change its white space.
func withMetadata(document archive.Document, rest any) []byte {
	return slices.Concat([]byte(`{"metadata":`), document.Encode(), []byte(`,`), encode(rest)[1:])
}

// encode writes an object without escaping for HTML, which JSON that is never sniffed
// does not need.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // the types of this package always encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// sentence makes a message for people of an error that is about what they sent.
func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}
