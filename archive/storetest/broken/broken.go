package broken

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

// Store returns a store with one fault. It panics if none is planted of that kind.
func Store(k storefault.Kind) archive.Store {
	s := &Twisted{Memory: NewMemory()}
	twist, ok := twists[k]
	if !ok {
		panic("broken: no store is " + string(k))
	}
	twist(s, s.Memory)
	return s
}

var twists = map[storefault.Kind]func(*Twisted, *Memory){
	storefault.TwoWinners:       checkThenWrite(func(c archive.Condition) bool { return c.ETag() != "" }),
	storefault.TwoCreators:      checkThenWrite(archive.Condition.IsAbsent),
	storefault.IgnoredCondition: ignoresConditions,
	storefault.WrongRefusal:     refusesUpdates,
	storefault.LostWrite:        losesWrites,
	storefault.RefusedAndKept:   keepsRefused,
	storefault.StrangeBody:      tearsWrites,
	storefault.BodyUnderOlder:   readsETagFirst,
	storefault.BodyUnderNewer:   readsBodyFirst,
	storefault.StaleRead:        readsLate,
	storefault.NoETag:           tellsNoETag,
	storefault.SharedETag:       keepsETag,
	storefault.UnstableETag:     headsDiffer,
	storefault.IgnoredDelete:    DeletesIgnoreConditions,
	storefault.TwoDeleters:      CheckThenDelete,
	storefault.UndoneDelete:     BringsBack,
}

// rarely reports true of every 20th call.
func rarely() func() bool {
	var calls atomic.Int64
	return func() bool { return calls.Add(1)%20 == 0 }
}

func checkThenWrite(apart func(archive.Condition) bool) func(*Twisted, *Memory) {
	return func(s *Twisted, m *Memory) {
		s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
			if !apart(cond) {
				return m.Put(ctx, key, body, cond)
			}
			if err := m.Check(key, cond); err != nil {
				return "", err
			}
			Pause()
			return m.Put(ctx, key, body, archive.Condition{})
		}
	}
}

func ignoresConditions(s *Twisted, m *Memory) {
	s.OnPut = func(ctx context.Context, key string, body []byte, _ archive.Condition) (string, error) {
		return m.Put(ctx, key, body, archive.Condition{})
	}
}

func refusesUpdates(s *Twisted, m *Memory) {
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		if cond.ETag() != "" {
			return "", archive.ErrPreconditionFailed
		}
		return m.Put(ctx, key, body, cond)
	}
}

func losesWrites(s *Twisted, m *Memory) {
	lost := rarely()
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		if err := m.Check(key, cond); err == nil && lost() {
			return `"of a write that was not stored"`, nil
		}
		return m.Put(ctx, key, body, cond)
	}
}

func keepsRefused(s *Twisted, m *Memory) {
	refused := rarely()
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		etag, err := m.Put(ctx, key, body, cond)
		if err == nil && cond.ETag() != "" && refused() {
			return "", archive.ErrPreconditionFailed
		}
		return etag, err
	}
}

func tearsWrites(s *Twisted, m *Memory) {
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		half, err := m.Put(ctx, key, body[:len(body)/2], cond)
		if err != nil {
			return "", err
		}
		Pause()
		etag, err := m.Put(ctx, key, body, archive.IfMatch(half))
		if errors.Is(err, archive.ErrNotFound) { // deleted meanwhile
			return half, nil
		}
		return etag, err
	}
}

func readsETagFirst(s *Twisted, m *Memory) {
	s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
		etag, err := m.Head(ctx, key)
		if err != nil {
			return nil, "", err
		}
		Pause()
		body, _, err := m.Get(ctx, key)
		return body, etag, err
	}
}

func readsBodyFirst(s *Twisted, m *Memory) {
	s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
		body, _, err := m.Get(ctx, key)
		if err != nil {
			return nil, "", err
		}
		Pause()
		etag, err := m.Head(ctx, key)
		return body, etag, err
	}
}

func readsLate(s *Twisted, m *Memory) {
	var mu sync.Mutex
	before, late := map[string]object{}, rarely()
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		old, oldTag, err := m.Get(ctx, key)
		etag, putErr := m.Put(ctx, key, body, cond)
		if err == nil && putErr == nil {
			before[key] = object{body: old, etag: oldTag}
		}
		return etag, putErr
	}
	s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
		mu.Lock()
		defer mu.Unlock()
		if o, ok := before[key]; ok && late() {
			return bytes.Clone(o.body), o.etag, nil
		}
		return m.Get(ctx, key)
	}
}

func tellsNoETag(s *Twisted, m *Memory) {
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		_, err := m.Put(ctx, key, body, cond)
		return "", err
	}
}

// keepsETag has one ETag for all versions whose bodies are equally long.
func keepsETag(s *Twisted, m *Memory) {
	length := func(body []byte) string { return fmt.Sprintf(`"%d bytes"`, len(body)) }
	s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
		body, _, err := m.Get(ctx, key)
		return body, length(body), err
	}
	s.OnHead = func(ctx context.Context, key string) (string, error) {
		body, _, err := m.Get(ctx, key)
		return length(body), err
	}
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		now, etag, err := m.Get(ctx, key)
		if err == nil && cond.ETag() == length(now) {
			cond = archive.IfMatch(etag)
		}
		_, err = m.Put(ctx, key, body, cond)
		return length(body), err
	}
}

func headsDiffer(s *Twisted, m *Memory) {
	s.OnHead = func(ctx context.Context, key string) (string, error) {
		etag, err := m.Head(ctx, key)
		return "W/" + etag, err
	}
}

// DeletesIgnoreConditions makes every delete unconditional.
func DeletesIgnoreConditions(s *Twisted, m *Memory) {
	s.OnDelete = func(ctx context.Context, key string, _ archive.Condition) error {
		return m.Delete(ctx, key, archive.Condition{})
	}
}

// CheckThenDelete lets others in between.
func CheckThenDelete(s *Twisted, m *Memory) {
	s.OnDelete = func(ctx context.Context, key string, cond archive.Condition) error {
		if err := m.Check(key, cond); err != nil {
			return err
		}
		Pause()
		return m.Delete(ctx, key, archive.Condition{})
	}
}

// BringsBack makes an update of what was deleted create it.
func BringsBack(s *Twisted, m *Memory) {
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		etag, err := m.Put(ctx, key, body, cond)
		if errors.Is(err, archive.ErrNotFound) {
			return m.Put(ctx, key, body, archive.IfAbsent())
		}
		return etag, err
	}
}
