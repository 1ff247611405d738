package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"holdfast/archive"
	"holdfast/archive/storetest"
	"holdfast/archive/storetest/broken"
)

// fault is one, and the cases that must find it. Others may.
type fault struct {
	name   string
	found  string // names of cases, separated by spaces
	twist  func(*broken.Twisted, *broken.Memory)
	quirks []storetest.Quirk
}

var brokenStores = []fault{
	{
		name: "writes ignore conditions",
		found: "conditions/if-absent-on-present conditions/if-match-stale conditions/if-match-missing " +
			"conditions/if-match-after-delete races/one-creator races/one-updater races/counter " +
			"races/create-and-delete races/update-and-delete",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnPut = func(ctx context.Context, key string, body []byte, _ archive.Condition) (string, error) {
				broken.Pause()
				return m.Put(ctx, key, body, archive.Condition{})
			}
		},
	},
	{
		name:  "checks, then writes",
		found: "races/one-creator races/one-updater races/counter races/update-and-delete",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
				if err := m.Check(key, cond); err != nil {
					return "", err
				}
				broken.Pause()
				return m.Put(ctx, key, body, archive.Condition{})
			}
		},
	},
	{
		name:  "checks, then deletes",
		found: "races/one-deleter",
		twist: broken.CheckThenDelete,
	},
	{
		name:  "an update brings a deleted object back",
		found: "conditions/if-match-missing conditions/if-match-after-delete races/update-and-delete",
		twist: broken.BringsBack,
	},
	{
		name:  "every second create ignores what is there",
		found: "races/create-and-delete conditions/if-absent-on-present",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			var creates atomic.Int64
			s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
				if cond.IsAbsent() && creates.Add(1)%2 == 0 {
					return m.Put(ctx, key, body, archive.Condition{})
				}
				return m.Put(ctx, key, body, cond)
			}
		},
	},
	{
		name:  "torn writes",
		found: "races/readers",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
				if _, err := m.Put(ctx, key, body[:len(body)/2], cond); err != nil {
					return "", err
				}
				broken.Pause()
				return m.Put(ctx, key, body, archive.Condition{})
			}
		},
	},
	{
		name:  "the body and the ETag are read apart",
		found: "races/readers",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
				etag, err := m.Head(ctx, key)
				if err != nil {
					return nil, "", err
				}
				broken.Pause()
				body, _, err := m.Get(ctx, key)
				return body, etag, err
			}
		},
	},
	{
		name:  "every second read is one version late",
		found: "races/readers races/read-after-write basics/etag-changes basics/read-after-write",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			var mu sync.Mutex
			type object struct {
				body []byte
				etag string
			}
			before, reads := map[string]object{}, 0
			s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
				mu.Lock()
				defer mu.Unlock()
				old, oldTag, err := m.Get(ctx, key)
				if err == nil {
					before[key] = object{body: old, etag: oldTag}
				}
				return m.Put(ctx, key, body, cond)
			}
			s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
				mu.Lock()
				defer mu.Unlock()
				reads++
				if o, ok := before[key]; ok && reads%2 == 0 {
					return bytes.Clone(o.body), o.etag, nil
				}
				return m.Get(ctx, key)
			}
		},
	},
	{
		name:  "the tail of a longer version stays",
		found: "basics/overwrite races/readers",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
				if old, _, err := m.Get(ctx, key); err == nil && len(old) > len(body) {
					body = append(bytes.Clone(body), old[len(body):]...)
				}
				return m.Put(ctx, key, body, cond)
			}
		},
	},
	{
		name:  "line ends are changed",
		found: "basics/bytes-exact",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
				return m.Put(ctx, key, bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), cond)
			}
		},
	},
	{
		name:  "the ETag is the length",
		found: "basics/etag-changes",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			length := func(ctx context.Context, key string) string {
				body, _, _ := m.Get(ctx, key)
				return fmt.Sprint(len(body))
			}
			s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
				body, _, err := m.Get(ctx, key)
				return body, fmt.Sprint(len(body)), err
			}
			s.OnHead = func(ctx context.Context, key string) (string, error) {
				_, err := m.Head(ctx, key)
				return length(ctx, key), err
			}
			s.OnPut = func(ctx context.Context, key string, body []byte, _ archive.Condition) (string, error) {
				_, err := m.Put(ctx, key, body, archive.Condition{})
				return fmt.Sprint(len(body)), err
			}
		},
	},
	{
		name:  "head has ETags of its own",
		found: "basics/round-trip conditions/if-match-current",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnHead = func(ctx context.Context, key string) (string, error) {
				etag, err := m.Head(ctx, key)
				return "W/" + etag, err
			}
		},
	},
	{
		name:  "a missing object is empty",
		found: "basics/missing basics/round-trip basics/delete-absent",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
				body, etag, err := m.Get(ctx, key)
				if errors.Is(err, archive.ErrNotFound) {
					err = nil
				}
				return body, etag, err
			}
		},
	},
	{
		name:  "deleting nothing is an error",
		found: "basics/delete-absent",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnDelete = func(ctx context.Context, key string, cond archive.Condition) error {
				if _, err := m.Head(ctx, key); err != nil {
					return err
				}
				return m.Delete(ctx, key, cond)
			}
		},
	},
	{
		name:  "keys fold case",
		found: "basics/keys",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
				return m.Put(ctx, strings.ToLower(key), body, cond)
			}
			s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
				return m.Get(ctx, strings.ToLower(key))
			}
		},
	},
	{
		name:  "contexts are ignored",
		found: "basics/cancelled basics/deadline",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
				return m.Put(context.WithoutCancel(ctx), key, body, cond)
			}
		},
	},
	{
		name:  "unknown, though nothing was sent",
		found: "basics/cancelled basics/deadline",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
				if err := ctx.Err(); err != nil {
					return "", errors.Join(archive.ErrOutcomeUnknown, err)
				}
				return m.Put(ctx, key, body, cond)
			}
		},
	},
	{
		name:  "a deleted object still counts as present",
		found: "conditions/if-absent-after-delete",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			var mu sync.Mutex
			gone := map[string]bool{}
			s.OnDelete = func(ctx context.Context, key string, cond archive.Condition) error {
				mu.Lock()
				defer mu.Unlock()
				gone[key] = true
				return m.Delete(ctx, key, cond)
			}
			s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
				mu.Lock()
				defer mu.Unlock()
				if gone[key] && cond.IsAbsent() {
					return "", archive.ErrPreconditionFailed
				}
				return m.Put(ctx, key, body, cond)
			}
		},
	},
	{
		name:  "every condition fails",
		found: "conditions/if-absent-on-absent conditions/if-match-current conditions/delete-if-match-current",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
				if cond != (archive.Condition{}) {
					return "", archive.ErrPreconditionFailed
				}
				return m.Put(ctx, key, body, cond)
			}
		},
	},
	{
		name:  "conditional deletes fail",
		found: "conditions/delete-if-match-current",
		twist: func(s *broken.Twisted, m *broken.Memory) {
			s.OnDelete = func(ctx context.Context, key string, cond archive.Condition) error {
				if cond.ETag() != "" {
					return archive.ErrPreconditionFailed
				}
				return m.Delete(ctx, key, cond)
			}
		},
	},
	{
		name: "deletes ignore conditions",
		found: "conditions/delete-if-match-stale conditions/delete-if-match-absent " +
			"races/one-deleter races/update-and-conditional-delete",
		twist: broken.DeletesIgnoreConditions,
	},
	{
		name:  "a missing object is 412",
		found: "conditions/if-match-missing conditions/if-match-after-delete",
		twist: missingIs412,
	},
	{
		name:   "the other quirk of deletes is gone",
		found:  "conditions/delete-if-match-absent",
		twist:  func(*broken.Twisted, *broken.Memory) {},
		quirks: []storetest.Quirk{storetest.DeleteAbsentIgnoresIfMatch},
	},
	// A quirk that the server no longer has is found as well.
	{
		name: "quirks that are gone",
		found: "conditions/if-match-missing conditions/if-match-after-delete conditions/delete-if-match-stale " +
			"conditions/delete-if-match-absent races/one-deleter",
		twist:  func(*broken.Twisted, *broken.Memory) {},
		quirks: []storetest.Quirk{storetest.IfMatchMissingIs412, storetest.DeleteIgnoresIfMatch},
	},
}

func missingIs412(s *broken.Twisted, m *broken.Memory) {
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		etag, err := m.Put(ctx, key, body, cond)
		if errors.Is(err, archive.ErrNotFound) {
			err = archive.ErrPreconditionFailed
		}
		return etag, err
	}
}
