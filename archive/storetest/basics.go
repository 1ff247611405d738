package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

var basics = []spec{
	{name: "basics/round-trip", run: roundTrip},
	{name: "basics/bytes-exact", run: bytesExact},
	{name: "basics/etag-changes", run: etagChanges},
	{name: "basics/missing", run: missing},
	{name: "basics/overwrite", run: overwrite},
	{name: "basics/delete-absent", run: deleteAbsent},
	{name: "basics/keys", run: keys},
	{name: "basics/read-after-write", run: readAfterWrite},
	{name: "basics/cancelled", run: cancelled},
	{name: "basics/deadline", run: deadline},
}

func roundTrip(ctx context.Context, s archive.Store) error {
	k := key("round-trip.json")
	etag, err := put(ctx, s, k, `{"a":1}`, archive.Condition{})
	if err != nil {
		return err
	}
	if err := mustHold(ctx, s, k, `{"a":1}`, etag); err != nil {
		return err
	}
	if err := s.Delete(ctx, k, archive.Condition{}); err != nil {
		return fmt.Errorf("delete %s: %w", k, err)
	}
	return mustBeAbsent(ctx, s, k)
}

func bytesExact(ctx context.Context, s archive.Store) error {
	var binary strings.Builder
	for i := range 256 {
		binary.WriteByte(byte(i))
	}
	for name, body := range map[string]string{
		"empty":    "",
		"binary":   binary.String(),
		"newlines": "a\r\nb\n\nc\r",
		"unicode":  `{"name":"Žofia 😀 Ω","also":"\u00e9"}`,
		"40KB":     strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz,\r\n\"", 1000),
	} {
		k := key("bytes-exact", name)
		etag, err := create(ctx, s, k, body)
		if err != nil {
			return err
		}
		if err := mustHold(ctx, s, k, body, etag); err != nil {
			return err
		}
	}
	return nil
}

func etagChanges(ctx context.Context, s archive.Store) error {
	k := key("etag-changes.json")
	seen := map[string]string{}
	for _, body := range []string{"a", "b", "ab", "ba", "a ", strings.Repeat("a", 5000)} {
		etag, err := put(ctx, s, k, body, archive.Condition{})
		if err != nil {
			return err
		}
		if other, ok := seen[etag]; ok {
			return storefault.Errorf(storefault.SharedETag, "put %s: %s and %s have the same ETag %s", k, brief(other), brief(body), etag)
		}
		seen[etag] = body
		if err := mustHold(ctx, s, k, body, etag); err != nil {
			return err
		}
	}
	return nil
}

func missing(ctx context.Context, s archive.Store) error {
	return mustBeAbsent(ctx, s, key("missing.json"))
}

func overwrite(ctx context.Context, s archive.Store) error {
	k := key("overwrite.json")
	if _, err := create(ctx, s, k, "a longer first version"); err != nil {
		return err
	}
	etag, err := put(ctx, s, k, "second", archive.Condition{})
	if err != nil {
		return err
	}
	return mustHold(ctx, s, k, "second", etag)
}

func deleteAbsent(ctx context.Context, s archive.Store) error {
	k := key("delete-absent.json")
	if err := s.Delete(ctx, k, archive.Condition{}); err != nil {
		return fmt.Errorf("delete %s, which is absent: %w", k, err)
	}
	return mustBeAbsent(ctx, s, k)
}

// keys writes a different body under each key before it reads any, so that keys
// which a store mixes up show.
func keys(ctx context.Context, s archive.Store) error {
	names := []string{
		key("keys", "abcdefghijklmnopqrstuvwxyz0123456789"),
		key("keys", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
		key("keys", "safe!-_.*'()characters"),
		key("keys", "CHG-2025_000.1"),
		key("keys", "chg-2025_000.1"),
		key("keys", "deep", "er", "and", "deeper", "x.json"),
		key("keys", strings.Repeat("long", 50)),
	}
	etags := make([]string, len(names))
	for i, k := range names {
		etag, err := create(ctx, s, k, "body of "+k)
		if err != nil {
			return err
		}
		etags[i] = etag
	}
	for i, k := range names {
		if err := mustHold(ctx, s, k, "body of "+k, etags[i]); err != nil {
			return err
		}
	}
	return nil
}

func readAfterWrite(ctx context.Context, s archive.Store) error {
	k := key("read-after-write.json")
	for i := range 20 {
		if err := mustBeAbsent(ctx, s, k); err != nil {
			return fmt.Errorf("round %d, after the delete: %w", i, err)
		}
		for j := range 3 {
			body := fmt.Sprintf("round %d, write %d", i, j)
			etag, err := put(ctx, s, k, body, archive.Condition{})
			if err != nil {
				return err
			}
			if err := mustHold(ctx, s, k, body, etag); err != nil {
				return fmt.Errorf("round %d, after the write: %w", i, err)
			}
		}
		if err := s.Delete(ctx, k, archive.Condition{}); err != nil {
			return fmt.Errorf("delete %s: %w", k, err)
		}
	}
	return nil
}

func cancelled(ctx context.Context, s archive.Store) error {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	return refusesEnded(ctx, ended, s, key("cancelled.json"), context.Canceled)
}

func deadline(ctx context.Context, s archive.Store) error {
	ended, cancel := context.WithTimeout(ctx, -time.Second)
	defer cancel()
	return refusesEnded(ctx, ended, s, key("deadline.json"), context.DeadlineExceeded)
}

// refusesEnded makes every call under a context that has ended. Each must say
// so, and none may have an effect or claim that it might have had one.
func refusesEnded(ctx, ended context.Context, s archive.Store, k string, want error) error {
	etag, err := create(ctx, s, k, "before")
	if err != nil {
		return err
	}
	_, _, getErr := s.Get(ended, k)
	_, headErr := s.Head(ended, k)
	_, putErr := s.Put(ended, k, []byte("after"), archive.IfMatch(etag))
	deleteErr := s.Delete(ended, k, archive.Condition{})
	for _, call := range []struct {
		what string
		err  error
	}{{"get", getErr}, {"head", headErr}, {"put", putErr}, {"delete", deleteErr}} {
		what := fmt.Sprintf("%s %s under a context that has ended", call.what, k)
		if !errors.Is(call.err, want) {
			return fmt.Errorf("%s: got %v, want %q", what, call.err, want)
		}
		if errors.Is(call.err, archive.ErrOutcomeUnknown) {
			return fmt.Errorf("%s: got %q, but nothing can have been sent", what, call.err)
		}
	}
	return mustHold(ctx, s, k, "before", etag)
}
