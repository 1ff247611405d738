package web

import (
	"context"
	"log"
	"log/slog"
	"regexp"
	"strings"
)

// ErrorLog returns a logger for what net/http has to say by itself, of a handler that
// panicked or of a connection that broke, for [net/http.Server.ErrorLog] and, by its
// Writer, for the standard logger, which is where a Transport writes. A panic's value and
// the bytes that were not understood may be of a document: they are left out.
func ErrorLog(logger *slog.Logger) *log.Logger {
	return log.New(errorWriter{logger}, "", 0)
}

type errorWriter struct{ logger *slog.Logger }

// Write implements [io.Writer]: a call is a message.
func (w errorWriter) Write(line []byte) (int, error) {
	message, stack := withoutContent(string(line))
	if stack == "" {
		w.logger.LogAttrs(context.Background(), slog.LevelWarn, message)
	} else {
		w.logger.LogAttrs(context.Background(), slog.LevelError, message, slog.String("stack", stack))
	}
	return len(line), nil
}

var (
	// A stack has addresses, and no values.
	beginOfStack = regexp.MustCompile(`(?m)^goroutine \d+ \[running\]:$`)
	whoPanicked  = regexp.MustCompile(`^http: panic serving \S+`)
	// beginOfContent is where a message begins to repeat what was sent.
	beginOfContent = regexp.MustCompile("[\"`{<\n]|malformed |invalid header: ")
)

// withoutContent is a message of net/http without what was sent or received.
func withoutContent(text string) (message, stack string) {
	text = strings.TrimSpace(text)
	if who := whoPanicked.FindString(text); who != "" {
		if all := beginOfStack.FindAllStringIndex(text, -1); len(all) > 0 {
			stack = text[all[len(all)-1][0]:] // what stands before may be the value's
		}
		return strings.TrimSuffix(who, ":"), stack
	}
	if at := beginOfContent.FindStringIndex(text); at != nil {
		text = strings.TrimRight(text[:at[0]], " :;") + " …"
	}
	return text, ""
}
