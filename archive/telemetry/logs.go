package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"holdfast/archive"
)

// Logs returns an observer that writes what calls meet to a logger. In its
// messages one finds
//
//	"ETag mismatch detected"              each time that a version was not the expected one
//	"(attempt 2/4)"                       each retry, with the policy's number of attempts;
//	                                      "(attempt 2)" if it has none
//	"Unable to save after 4 attempts"     a user was told to refresh and try again;
//	"Unable to append after 4 attempts"   a back end gave up, and its message comes again
//
// Levels: debug for what went well at once, info for mismatches, retries and what
// went well after some, warn for what somebody else deals with (a user who has to
// merge, a message that comes again, an object that is gone, a caller that has
// left), error for the rest.
//
// Attributes: op, key, attempt, max_attempts (absent: unlimited), wait_ms, etag,
// cause, outcome, elapsed_ms, and for conflicts expected_etag and fields, the names of the
// first ten, with more_fields if there are others. The values of fields are never logged,
// and what documents call something is cut where it is long. The logger's handler must not block.
func Logs(l *slog.Logger) archive.Observer {
	h := logs{l}
	return archive.Observer{Attempt: h.attempt, Wait: h.wait, Done: h.done}
}

type logs struct{ *slog.Logger }

// attempt tells of mismatches; of everything else that fails an attempt, wait or
// done tells.
func (l logs) attempt(ctx context.Context, i archive.AttemptInfo) {
	var mismatch *archive.ETagMismatchError
	refused := i.Wrote && (errors.Is(i.Err, archive.ErrPreconditionFailed) || errors.Is(i.Err, archive.ErrConflict))
	if !refused && !errors.As(i.Err, &mismatch) || !l.Enabled(ctx, slog.LevelInfo) {
		return
	}
	l.LogAttrs(ctx, slog.LevelInfo, "ETag mismatch detected: the object was modified concurrently",
		append(callAttrs(i.CallInfo, i.Attempt), slog.String("etag", i.ETag), slog.String("cause", cause(i.Err)))...)
}

func (l logs) wait(ctx context.Context, i archive.WaitInfo) {
	if !l.Enabled(ctx, slog.LevelInfo) {
		return
	}
	of := ""
	if i.MaxAttempts != archive.Unlimited {
		of = fmt.Sprintf("/%d", i.MaxAttempts)
	}
	message := fmt.Sprintf("retrying after %v (attempt %d%s)", i.Wait.Round(time.Millisecond), i.Attempt, of)
	l.LogAttrs(ctx, slog.LevelInfo, message, append(callAttrs(i.CallInfo, i.Attempt),
		slog.Float64("wait_ms", milliseconds(i.Wait)), slog.String("cause", cause(i.Cause)))...)
}

func (l logs) done(ctx context.Context, i archive.DoneInfo) {
	l.grown(ctx, i)
	outcome := archive.OutcomeOf(i.Err)
	level := levelOf(i, outcome)
	if !l.Enabled(ctx, level) {
		return
	}
	attrs := append(callAttrs(i.CallInfo, i.Attempts),
		slog.String("outcome", string(outcome)), slog.Float64("elapsed_ms", milliseconds(i.Elapsed)))
	var mismatch *archive.ETagMismatchError
	switch {
	case outcome == archive.Committed:
		attrs = append(attrs, slog.String("etag", i.ETag))
	case errors.As(i.Err, &mismatch):
		attrs = append(attrs, slog.String("etag", mismatch.Found), slog.String("expected_etag", mismatch.Expected))
		if len(mismatch.Fields) > 0 {
			attrs = append(attrs, slog.Any("fields", fieldsOf(mismatch)))
		}
		if more := len(mismatch.Fields) - mostNamed; more > 0 {
			attrs = append(attrs, slog.Int("more_fields", more))
		}
	}
	if i.Err != nil {
		attrs = append(attrs, slog.String("cause", cause(i.Err)))
	}
	l.LogAttrs(ctx, level, ended(i, outcome), attrs...)
}

// grown warns of a document that will soon be too large to be stored.
func (l logs) grown(ctx context.Context, i archive.DoneInfo) {
	const nearly = 0.8
	if i.MaxBytes == 0 || float64(i.Bytes) < nearly*float64(i.MaxBytes) || i.Op == "load" {
		return
	}
	l.LogAttrs(ctx, slog.LevelWarn, "the document is nearly as large as is allowed",
		slog.String("op", i.Op), slog.String("key", i.Key), slog.Int("bytes", i.Bytes), slog.Int("max_bytes", i.MaxBytes))
}

// levelOf is the level of a call's end.
func levelOf(i archive.DoneInfo, outcome archive.Outcome) slog.Level {
	switch {
	case outcome == archive.Committed && i.Attempts == 1:
		return slog.LevelDebug
	case outcome == archive.Committed, outcome == archive.Gone && i.Op == "load":
		return slog.LevelInfo
	case outcome == archive.Conflict, outcome == archive.Gone, outcome == archive.Cancelled,
		outcome == archive.Exhausted && ServiceOf(i.Op) == Backend:
		return slog.LevelWarn
	}
	return slog.LevelError
}

// ended says how a call ended.
func ended(i archive.DoneInfo, outcome archive.Outcome) string {
	switch outcome {
	case archive.Committed:
		if i.Op == "load" {
			return "loaded"
		}
		return i.Op + " committed"
	case archive.Conflict:
		return i.Op + " in conflict: another user's version is stored"
	case archive.Exhausted:
		verb := "save" // what the first implementation said to every user
		if ServiceOf(i.Op) == Backend {
			verb = i.Op
		}
		return fmt.Sprintf("Unable to %s after %d attempts", verb, i.Attempts)
	case archive.Gone:
		return i.Op + " found no such object"
	case archive.Unknown:
		return i.Op + " ended with an unknown outcome"
	case archive.Unavailable:
		return i.Op + " found the store unavailable"
	case archive.Cancelled:
		return i.Op + " was cancelled by its caller"
	case archive.Contradiction:
		return i.Op + " met a store that contradicts itself"
	}
	return i.Op + " failed"
}

// callAttrs are the attributes of every record.
func callAttrs(c archive.CallInfo, attempt int) []slog.Attr {
	attrs := make([]slog.Attr, 0, 10) // more than any record has
	attrs = append(attrs, slog.String("op", c.Op), slog.String("key", c.Key), slog.Int("attempt", attempt))
	if c.MaxAttempts != archive.Unlimited {
		attrs = append(attrs, slog.Int("max_attempts", c.MaxAttempts))
	}
	return attrs
}

// cause is an error as a log may have it: without the values of fields, which are
// the documents' business, and without the words of the message, which searches
// for it would count twice.
func cause(err error) string {
	var mismatch *archive.ETagMismatchError
	if errors.As(err, &mismatch) {
		return "another version is stored than the one worked on"
	}
	var exhausted *archive.ExhaustedError
	if errors.As(err, &exhausted) {
		err = exhausted.Last
	}
	var unavailable *archive.UnavailableError
	if errors.As(err, &unavailable) {
		err = unavailable.Last
	}
	return cut(err.Error(), mostCause)
}

// What one record may hold of text that others chose.
const (
	mostNamed = 10   // fields of a conflict
	mostName  = 60   // bytes of a field's name
	mostCause = 1000 // bytes of an error
)

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

func fieldsOf(m *archive.ETagMismatchError) []string {
	names := make([]string, min(len(m.Fields), mostNamed))
	for i := range names {
		names[i] = cut(m.Fields[i].Field, mostName)
	}
	return names
}
