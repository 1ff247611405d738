package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"holdfast/archive"
)

// logRequest writes the one line that every request has.
func (a *api) logRequest(x *exchange, status int) {
	attrs := []slog.Attr{slog.String("method", x.Method), slog.String("route", x.route), slog.Int("status", status)}
	for _, s := range [...][2]string{{"user", cut(x.user, mostMessage)}, {"object", x.object}, {"outcome", x.outcome}, {"detail", x.detail}} {
		if s[1] != "" {
			attrs = append(attrs, slog.String(s[0], s[1]))
		}
	}
	a.Logger.LogAttrs(x.Context(), slog.LevelInfo, "request", attrs...)
}

// logCause writes what a client is not told, but for what stands in documents. The
// words are others than those of the core's own logs, whose lines alarms count.
func (a *api) logCause(x *exchange, reply answer) {
	if reply.cause == nil {
		return
	}
	level, message := slog.LevelWarn, "request refused"
	switch archive.OutcomeOf(reply.cause) {
	case archive.Conflict:
		message = "conflict left to the user"
	case archive.Exhausted:
		message = "retries exhausted"
	case archive.Unknown:
		message = "outcome unknown"
	case archive.Gone:
		level, message = slog.LevelInfo, "object not found"
	default:
		if reply.status >= http.StatusInternalServerError {
			level, message = slog.LevelError, "request failed"
		}
	}
	a.Logger.LogAttrs(x.Context(), level, message,
		slog.String("route", x.route), slog.String("user", cut(x.user, mostMessage)), slog.String("object", x.object), slog.String("error", withoutValues(reply.cause)))
}

const (
	mostNamed   = 10   // fields of a conflict
	mostName    = 60   // bytes of a field's name or a customer's code
	mostMessage = 1000 // bytes of an error, in an answer too: it may quote what was sent
)

// cut shortens text that others chose.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// withoutValues is an error's text, or of a conflict what it is about: users' text is
// not for logs, nor is a line of any length.
func withoutValues(err error) string {
	mismatch, ok := errors.AsType[*archive.ETagMismatchError](err)
	if !ok {
		return cut(err.Error(), mostMessage)
	}
	var names []string
	for _, f := range mismatch.Fields[:min(len(mismatch.Fields), mostNamed)] {
		names = append(names, cut(f.Field, mostName))
	}
	return fmt.Sprintf("%s/%s: expected ETag %s, found %s; %d fields in conflict: %s",
		mismatch.Bucket, mismatch.Key, mismatch.Expected, mismatch.Found, len(mismatch.Fields), strings.Join(names, ", "))
}

// statusRecorder notes the status of an answer that another handler gives.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap is for [http.ResponseController].
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
