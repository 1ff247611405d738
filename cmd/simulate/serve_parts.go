package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/scenarios"
	"holdfast/scenarios/world"
)

// notifying is a store that sends a message for each trigger written through it. A
// real bucket does that itself: S3 notifies the queue (SQS) of each object below
// customers/, at least once and whoever wrote it. This stands in for it and sees the
// writes of the uploader and the reconciler only.
type notifying struct {
	archive.Store
	layout *archive.Layout
	source delivery.S3Source // where the store is
	queue  *delivery.MemoryQueue
}

func (s notifying) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := s.Store.Put(ctx, key, body, cond)
	if _, _, isTrigger := delivery.ParseTriggerKey(s.layout, key); !isTrigger {
		return etag, err
	}
	written := etag
	if errors.Is(err, archive.ErrOutcomeUnknown) {
		// S3 notifies of what it stored, also where the writer had no answer. What is
		// there may be an older trigger: its message a second time does no harm. One
		// that is stored later is not seen; the uploader writes it again.
		written, _ = s.Head(ctx, key)
	}
	if written == "" {
		return etag, err
	}
	messages, unread := delivery.ParseS3Event(s.layout, s.source, world.Notification(s.source, key, written))
	if unread != nil { // of an event that is made here
		return etag, errors.Join(err, fmt.Errorf("tell of %s: %w", key, unread))
	}
	for _, m := range messages {
		s.queue.Send(m, 0)
	}
	return etag, err
}

// userHeader names the user of a request.
const userHeader = "X-User"

// reader is who reads without a name.
const reader = "somebody"

// longestUser bounds a user's name, in characters.
const longestUser = 64

// identify believes whoever asks: this is a demonstration. A service with real users
// takes the name from what has authenticated them. The page percent-encodes the
// name, as headers are ASCII and names are not.
func identify(r *http.Request) (string, error) {
	name := r.Header.Get(userHeader)
	if name == "" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		return reader, nil // who only reads leaves no name anywhere
	}
	if decoded, err := url.PathUnescape(name); err == nil {
		name = decoded
	}
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", fmt.Errorf("no user name: send the header %s, or enter your name on the page", userHeader)
	case !utf8.ValidString(name), strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", errors.New("the user name has characters that can't be shown: use letters, digits, spaces and punctuation")
	case utf8.RuneCountInString(name) > longestUser:
		return "", fmt.Errorf("the user name is longer than %d characters", longestUser)
	}
	return name, nil
}

// askedByLoopbackName refuses requests that were sent to another name than this
// machine's own. A web site can let its name point to 127.0.0.1: to a browser its pages
// would then be pages of this server, and could write under any name.
func askedByLoopbackName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := (&url.URL{Host: r.Host}).Hostname()
		if !isLoopback(host) {
			http.Error(w, "This server is for this machine: ask it as 127.0.0.1 or localhost, or start it with --allow-remote.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// samples are the documents that serve begins with.
var samples = []string{"CHG-12345", "CHG-30030", "CIC-77001"}

// storeSamples stores the samples of a layout that are not there, as they are, and
// returns the ids of all. What is there stays.
func storeSamples(ctx context.Context, store archive.Store, layout string) ([]string, error) {
	names := samples
	if layout != "" {
		names = []string{""} // its document
	}
	var ids []string
	for _, name := range names {
		_, doc, err := (&scenarios.Scenario{Layout: layout, Document: name}).Open()
		if err != nil {
			return nil, usage("the sample %w", err)
		}
		id := doc.ID()
		key, err := doc.Layout().Key(id)
		if err != nil {
			return nil, couldNotRun("%w", err)
		}
		_, err = store.Put(ctx, key, doc.Encode(), archive.IfAbsent())
		if err != nil && !errors.Is(err, archive.ErrPreconditionFailed) {
			return nil, couldNotRun("store the sample %s: %w; start again to complete the samples", id, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
