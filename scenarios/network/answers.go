package network

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"holdfast/archive"
)

// answer is one that S3, or what stands between it and its client, gives. The
// table states what each means, apart from the adapter that has to find it out: so the
// one can be held against the other.
type answer struct {
	name   string
	status int
	code   string // in S3's XML; empty: the answer has no body, but for page
	page   bool   // it has a proxy's HTML
	odd    oddity
	// applied: the store has served the request before it is answered so.
	applied bool
	// What a write is told, a read, and a HEAD, whose answer has no body and so
	// no code. errOther: an error that is none of the sentinels.
	write, read, head error
}

// oddity is what is odd about an answer that is otherwise the store's own.
type oddity uint8

const (
	made      oddity = iota // nothing of it is the store's own
	noETag                  // a success without the header
	emptyETag               // … with a header that is empty
	cut                     // a success whose body breaks off
	refusing                // in place of a refusal, 412
)

// errOther stands for an error that callers don't tell apart: nothing was written.
var errOther = errors.New("refused")

var (
	unclear   = [3]error{archive.ErrOutcomeUnknown, archive.ErrUnavailable, archive.ErrUnavailable}
	throttles = [3]error{archive.ErrThrottled, archive.ErrThrottled, archive.ErrThrottled}
	refuses   = [3]error{errOther, errOther, errOther}
)

func (a answer) means(told [3]error) answer {
	a.write, a.read, a.head = told[0], told[1], told[2]
	return a
}

// answers are all of them, by the names that as= takes: the status alone, or with the
// code in S3's XML; under 200 what is wrong with a seeming success.
var answers = []answer{
	answer{name: "500", status: 500, applied: true}.means(unclear),
	answer{name: "502", status: 502, page: true, applied: true}.means(unclear),
	answer{name: "503", status: 503, applied: true}.means(unclear),
	answer{name: "504", status: 504, page: true, applied: true}.means(unclear),
	answer{name: "503-SlowDownWrite", status: 503, code: "SlowDownWrite", applied: true}.means(unclear), // no code of S3's
	answer{name: "503-ServiceUnavailable", status: 503, code: "ServiceUnavailable"}.
		means([3]error{archive.ErrThrottled, archive.ErrThrottled, archive.ErrUnavailable}),
	answer{name: "429", status: 429}.means(throttles),
	answer{name: "429-TooManyRequests", status: 429, code: "TooManyRequests"}.means(throttles),
	answer{name: "400-ThrottlingException", status: 400, code: "ThrottlingException"}.
		means([3]error{archive.ErrThrottled, archive.ErrThrottled, errOther}),
	answer{name: "400-RequestTimeout", status: 400, code: "RequestTimeout"}.
		means([3]error{archive.ErrOutcomeUnknown, archive.ErrUnavailable, errOther}),
	answer{name: "403-RequestTimeTooSkewed", status: 403, code: "RequestTimeTooSkewed"}.
		means([3]error{archive.ErrUnavailable, archive.ErrUnavailable, errOther}),
	answer{name: "409", status: 409}.means([3]error{archive.ErrConflict}),
	answer{name: "409-OperationAborted", status: 409, code: "OperationAborted"}.means([3]error{archive.ErrConflict}),
	answer{name: "409-InvalidBucketState", status: 409, code: "InvalidBucketState"}.means([3]error{errOther}),
	answer{name: "301-PermanentRedirect", status: 301, code: "PermanentRedirect"}.means(refuses),
	answer{name: "403-AccessDenied", status: 403, code: "AccessDenied"}.means(refuses),
	answer{name: "404", status: 404, page: true}.means([3]error{errOther, errOther, archive.ErrNotFound}), // some web server's
	answer{name: "404-NoSuchBucket", status: 404, code: "NoSuchBucket"}.means([3]error{errOther, errOther, archive.ErrNotFound}),
	answer{name: "501-NotImplemented", status: 501, code: "NotImplemented"}.means(refuses),
	answer{name: "200-InternalError", status: 200, code: "InternalError", applied: true}.means(unclear),
	answer{name: "200-SlowDown", status: 200, code: "SlowDown"}.
		means([3]error{archive.ErrThrottled, archive.ErrUnavailable, archive.ErrUnavailable}),
	answer{name: "412-PreconditionFailed", status: 412, code: "PreconditionFailed"}.means([3]error{archive.ErrPreconditionFailed}),
	answer{name: "412", status: 412, odd: refusing, applied: true}.means([3]error{archive.ErrPreconditionFailed}),
	answer{name: "200-412", status: 200, code: "PreconditionFailed", odd: refusing, applied: true}.
		means([3]error{archive.ErrPreconditionFailed}),
	answer{name: "200-no-etag", status: 200, odd: noETag, applied: true}.means(unclear),
	answer{name: "200-empty-etag", status: 200, odd: emptyETag, applied: true}.means(unclear),
	answer{name: "200-cut", status: 200, odd: cut, applied: true}.
		means([3]error{archive.ErrOutcomeUnknown, archive.ErrUnavailable}),
}

// answerNamed finds an answer by its name; nil: there is none.
func answerNamed(name string) *answer {
	if i := slices.IndexFunc(answers, func(a answer) bool { return a.name == name }); i >= 0 {
		return &answers[i]
	}
	return nil
}

// AnswerNames are the answers that as= of an answer fault can name.
func AnswerNames() []string {
	var names []string
	for _, a := range answers {
		names = append(names, a.name)
	}
	return names
}

// told is what such a call has to be told; nil: it can't be answered so.
func (a *answer) told(call Method) error {
	switch call {
	case MethodGet:
		return a.read
	case MethodHead:
		return a.head
	case MethodDelete:
		if a.odd == noETag || a.odd == emptyETag {
			return nil // a deletion has none
		}
	}
	return a.write
}

// text is what an adapter says of the answer.
func (a *answer) text() string {
	switch {
	case a.odd == cut:
		return "the answer breaks off"
	case a.odd == noETag, a.odd == emptyETag:
		return "200 without an ETag"
	case a.code == "":
		return fmt.Sprintf("%d without an S3 error code", a.status)
	}
	return fmt.Sprintf("%d %s", a.status, a.code)
}

// Means is what a call of this kind has to be told when the fault strikes it: one of
// archive's sentinels, or another error. Nil: the fault decides nothing about that,
// or can't befall such a call.
func (f *Fault) Means(call Method) error {
	write := call == MethodPut || call == MethodDelete
	switch f.Kind {
	case RequestLost, ReplyLost, Error500, NoAnswer:
		if write {
			return archive.ErrOutcomeUnknown
		}
		return archive.ErrUnavailable
	case NoConnection:
		return archive.ErrUnavailable
	case Throttled503:
		if call == MethodHead {
			return archive.ErrUnavailable // without its code it may be a proxy's
		}
		return archive.ErrThrottled
	case Conflict409:
		if write {
			return archive.ErrConflict
		}
	case Denied403:
		return errOther
	case SentTwice:
		switch f.Answer {
		case http.StatusConflict:
			return archive.ErrConflict
		case http.StatusServiceUnavailable:
			return archive.ErrThrottled
		}
		return archive.ErrPreconditionFailed
	case Answer:
		return answerNamed(f.As).told(call)
	}
	return nil
}

// Error is what a client is told whose call the fault has struck, in words like an
// adapter's. It wraps what [Fault.Means] says, which must not be nil.
func (f *Fault) Error(call Method) error {
	text := string(f.Kind)
	switch f.Kind {
	case Answer:
		text = answerNamed(f.As).text()
	case NoAnswer:
		text = "no answer in time"
	case NoConnection:
		text = "connection refused"
	}
	told := f.Means(call)
	if told == errOther { //nolint:errorlint // the very one
		return errors.New(text)
	}
	return fmt.Errorf("%s: %w", text, told)
}

// Applies reports whether the store serves a request that meets the fault.
func (f *Fault) Applies() bool {
	switch f.Kind {
	case RequestLost, NoConnection, Throttled503, Conflict409, Denied403:
		return false
	case Answer:
		return answerNamed(f.As).applied
	}
	return true
}

// Changes reports whether the fault changes this answer of the store: most do with
// any, some need one that succeeds, or is refused.
func (f *Fault) Changes(told error) bool {
	if f.Kind != Answer {
		return true
	}
	switch answerNamed(f.As).odd {
	case made:
		return true
	case refusing:
		return errors.Is(told, archive.ErrPreconditionFailed)
	}
	return told == nil
}

// befalls reports whether the fault can befall such a call.
func (f *Fault) befalls(call Method, conditional bool) bool {
	if f.Call != AnyMethod && f.Call != call {
		return false
	}
	switch {
	case f.Kind == Conflict409, f.Kind == SentTwice:
		return conditional && slices.Contains(writeCalls, call)
	case f.Kind == Answer:
		a := answerNamed(f.As)
		return a.told(call) != nil && (conditional || a.odd != refusing)
	}
	return true
}
