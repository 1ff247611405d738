package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// The bounds of a server that faces people, some of whom are slow and some of whom
// are hostile.
const (
	// A browser sends its headers at once.
	readHeaderTimeout = 5 * time.Second
	// A megabyte takes this long at 70 kB/s.
	readTimeout = 15 * time.Second
	// Reading the body, all attempts of the archive and the triggers: less than the 29 s
	// after which an API gateway answers in the server's place, so that the client gets
	// the true answer. The page waits for a minute.
	requestTimeout = 28 * time.Second
	// Beyond requestTimeout, what it takes to send the answer. It is counted from the
	// end of the headers, as is requestTimeout.
	writeTimeout = 45 * time.Second
	// The page polls every 5 seconds at most; a connection that carries nothing for
	// this long belongs to nobody.
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 16 << 10
)

// NewServer returns a server for the handler with its address to be set. Its bounds:
//
//	ReadHeaderTimeout   5 s    ReadTimeout      15 s
//	WriteTimeout        45 s   IdleTimeout      2 min
//	MaxHeaderBytes      16 KiB
//	context of a request       28 s
//
// What it logs by itself goes to slog's default, without what requests hold; see
// [ErrorLog].
//
// A POST that has arrived is carried out although its client hangs up: a user who
// closes the page has saved, and between the archive object and the triggers there
// is no good place to stop.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           bounded(h, requestTimeout),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          ErrorLog(slog.Default()),
	}
}

// bounded ends the context of each request after so long.
func bounded(h http.Handler, d time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if r.Method == http.MethodPost {
			ctx = context.WithoutCancel(ctx)
		}
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}
