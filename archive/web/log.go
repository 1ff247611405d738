package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"holdfast/archive"
)

// logRequest writes the one line that every request has.
func (a *api) logRequest(x *exchange, status int) {
	attrs := []slog.Attr{slog.String("method", x.Method), slog.String("route", x.route), slog.Int("status", status)}
	for _, s := range [...][2]string{{"user", x.user}, {"object", x.object}, {"outcome", x.outcome}, {"detail", x.detail}} {
		if s[1] != "" {
			attrs = append(attrs, slog.String(s[0], s[1]))
		}
	}
	a.Logger.LogAttrs(x.Context(), slog.LevelInfo, "request", attrs...)
}

// logCause writes what a client is not told. The messages are those that the alarms
// of the original system look for; they do not change.
func (a *api) logCause(x *exchange, reply answer) {
	if reply.cause == nil {
		return
	}
	level, message := slog.LevelWarn, "request refused"
	switch archive.OutcomeOf(reply.cause) {
	case archive.Conflict:
		message = "ETag mismatch detected"
	case archive.Exhausted:
		if exhausted, ok := errors.AsType[*archive.ExhaustedError](reply.cause); ok {
			message = fmt.Sprintf("Unable to save after %d attempts", exhausted.Attempts)
		}
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
		slog.String("route", x.route), slog.String("user", x.user), slog.String("object", x.object), slog.String("error", reply.cause.Error()))
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
