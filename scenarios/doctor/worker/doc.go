// Package worker puts a store into a process of its own, so that races come from several
// processes too: calls and answers go over the worker's stdin and stdout.
package worker

import (
	"context"
	"errors"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

// The calls.
const (
	get    = "get"
	head   = "head"
	put    = "put"
	remove = "delete"
	cancel = "cancel" // the one with this number
)

// call is what a worker is asked.
type call struct {
	Number uint64 // from 1; a worker's first answer, that its store is open, is 0
	Do     string
	Key    string
	Body   []byte
	Absent bool   // If-None-Match: *
	ETag   string // If-Match
}

func (c *call) condition() archive.Condition {
	if c.Absent {
		return archive.IfAbsent()
	}
	return archive.IfMatch(c.ETag)
}

// answer is what a worker answers.
type answer struct {
	Number uint64
	Body   []byte
	ETag   string
	Failed *failure // nil: it did not
}

// failure is an error as it is sent.
type failure struct {
	Text  string
	Is    []int // what errors.Is finds in it, of told
	Fault storefault.Kind
	After time.Duration // see archive.RetryAfter
}

// told are the errors that callers tell apart.
var told = []error{
	archive.ErrNotFound, archive.ErrPreconditionFailed, archive.ErrConflict, archive.ErrThrottled, archive.ErrUnavailable,
	archive.ErrOutcomeUnknown, archive.ErrInvalid, context.Canceled, context.DeadlineExceeded,
}

func failureOf(err error) *failure {
	if err == nil {
		return nil
	}
	f := &failure{Text: err.Error(), After: archive.RetryAfter(err)}
	for i, known := range told {
		if errors.Is(err, known) {
			f.Is = append(f.Is, i)
		}
	}
	if fault, ok := errors.AsType[*storefault.Error](err); ok {
		f.Fault = fault.Kind
	}
	return f
}

// Error implements error.
func (f *failure) Error() string { return f.Text }

// RetryAfter implements what [archive.RetryAfter] looks for.
func (f *failure) RetryAfter() time.Duration { return f.After }

// Unwrap returns what the error was found to be in the worker.
func (f *failure) Unwrap() []error {
	var all []error
	for _, i := range f.Is {
		if i < len(told) {
			all = append(all, told[i])
		}
	}
	if f.Fault != "" {
		all = append(all, &storefault.Error{Kind: f.Fault, Seen: f.Text})
	}
	return all
}
