package storerace_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"holdfast/archive"
	"holdfast/archive/storefault"
	"holdfast/archive/storerace"
	"holdfast/archive/storetest/broken"
)

// twoFaults answers HEAD with another ETag in each race, and loses what is created from the
// fortieth write on.
func twoFaults() archive.Store {
	s := &broken.Twisted{Memory: broken.NewMemory()}
	writes := 0
	s.OnHead = func(ctx context.Context, key string) (string, error) {
		etag, err := s.Memory.Head(ctx, key)
		return "W/" + etag, err
	}
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		if writes++; writes > 40 && s.Check(key, cond) == nil {
			return fmt.Sprintf("%q", fmt.Sprint("lost ", writes)), nil
		}
		return s.Memory.Put(ctx, key, body, cond)
	}
	return s
}

// TestLimitDoesNotEndACourse: what loses nothing must not hide what does, and the worst is told.
func TestLimitDoesNotEndACourse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := storerace.Named("read-after-write").On(storerace.Field{Stores: []archive.Store{twoFaults()}}).
			Play(t.Context(), storerace.Plan{Races: 100, Racers: []int{2}, BodyBytes: []int{64}, AfterUnsafe: 3}, nil)
		if got.FirstBad != 1 || got.Worst.Kind != storefault.LostWrite || got.Decided < 10 || got.Judged != got.Decided+3 {
			t.Errorf("%+v", got)
		}
	})
	got := storerace.Named("delete-and-delete").On(storerace.Field{Stores: []archive.Store{broken.Store(storefault.TwoDeleters)}}).
		Play(t.Context(), storerace.Plan{Races: 100, Racers: []int{2}, BodyBytes: []int{64}}, nil)
	if got.Judged != 100 || got.Decided != 0 {
		t.Errorf("a limit ended its course: %+v", got)
	}
}

// TestFaultOfReadsDoesNotEndWrites: it is unsafe, and says nothing of writes.
func TestFaultOfReadsDoesNotEndWrites(t *testing.T) {
	s := &broken.Twisted{Memory: broken.NewMemory()}
	s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
		body, etag, err := s.Memory.Get(ctx, key)
		return append(body, '!'), etag, err
	}
	for name, want := range map[string]int{"update": 60, "readers": 4} {
		got := storerace.Named(name).On(storerace.Field{Stores: []archive.Store{s}}).
			Play(t.Context(), storerace.Plan{Races: 60, Racers: []int{2}, BodyBytes: []int{64}, AfterUnsafe: 3}, nil)
		if got.Judged != want || got.Worst.Kind != storefault.StrangeBody {
			t.Errorf("%s: %d judged, want %d: %+v", name, got.Judged, want, got)
		}
	}
}

// forgetful sees nothing of what was written, and fails when it is asked again.
type forgetful struct {
	*broken.Memory
	reads int
	fails func() error // of the reads after the first
}

func (s *forgetful) Get(ctx context.Context, key string) ([]byte, string, error) {
	if s.reads++; s.reads > 1 {
		return nil, "", s.fails()
	}
	return nil, "", archive.ErrNotFound
}

// TestSecondLookThatFails: what was not seen at first may have been lost or be late, and if
// nobody could look again, that is not known.
func TestSecondLookThatFails(t *testing.T) {
	for _, name := range []string{"update", "read-after-write"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for why, fails := range map[string]func() error{
				"the store is away": func() error { return archive.ErrUnavailable },
				"the time is up":    func() error { cancel(); return ctx.Err() },
			} {
				s := &forgetful{Memory: broken.NewMemory(), fails: fails}
				err := storerace.Named(name).On(storerace.Field{Stores: []archive.Store{s}}).Race(ctx, 2, 64)
				if _, bad := errors.AsType[*storefault.Error](err); bad || err == nil || !strings.Contains(err.Error(), "again") {
					t.Errorf("%s, %s: %v", name, why, err)
				}
			}
		})
	}
}

// tardy is a right store behind a front end that gives up waiting for some of the
// creates, which arrive when their key is free: after the next delete.
type tardy struct {
	*broken.Memory
	mu    sync.Mutex
	late  map[string]func()
	puts  int
	spoil int // every so many
}

func (s *tardy) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.puts++; s.puts%s.spoil == 0 {
		s.late[key] = func() { _, _ = s.Memory.Put(ctx, key, body, cond) }
		return "", archive.ErrOutcomeUnknown
	}
	return s.Memory.Put(ctx, key, body, cond)
}

func (s *tardy) Delete(ctx context.Context, key string, cond archive.Condition) error {
	err := s.Memory.Delete(ctx, key, cond)
	s.mu.Lock()
	defer s.mu.Unlock()
	if write := s.late[key]; write != nil {
		delete(s.late, key)
		write()
	}
	return err
}

// TestWriteThatArrivesLater: one of unknown outcome, beside a winner, must not meet the next race.
func TestWriteThatArrivesLater(t *testing.T) {
	s := &tardy{Memory: broken.NewMemory(), late: map[string]func(){}, spoil: 5}
	got := storerace.Named("create").On(storerace.Field{Stores: []archive.Store{s}}).
		Play(t.Context(), storerace.Plan{Races: 60, Racers: []int{3}, BodyBytes: []int{64}, AfterUnsafe: -1}, nil)
	if got.Judged != 60 || got.Bad > 0 {
		t.Errorf("%d of %d are bad: %v, %v", got.Bad, got.Judged, got.Faults, got.Why)
	}
}

// TestFaultAmongReads: what an adapter says of one read counts, though others were right.
func TestFaultAmongReads(t *testing.T) {
	s := &broken.Twisted{Memory: broken.NewMemory()}
	reads, read := 0, make(chan struct{})
	var mu sync.Mutex
	s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
		mu.Lock()
		defer mu.Unlock()
		if reads++; reads == 2 {
			close(read)
		}
		if reads == 1 {
			return nil, "", storefault.Errorf(storefault.NoETag, "get %s: no ETag", key)
		}
		return s.Memory.Get(ctx, key)
	}
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		if cond.ETag() != "" { // the writer, which is still at it when the first read has ended
			<-read
		}
		return s.Memory.Put(ctx, key, body, cond)
	}
	err := storerace.Named("readers").On(storerace.Field{Stores: []archive.Store{s}}).Race(t.Context(), 2, 64)
	if fault, bad := errors.AsType[*storefault.Error](err); !bad || fault.Kind != storefault.NoETag {
		t.Error(err)
	}
}

// TestQuickNeedsAllItsRaces: a limit does not end its races, and fewer than planned are no proof.
func TestQuickNeedsAllItsRaces(t *testing.T) {
	// Every update is refused, though its condition held, but for those with no rival about.
	refusing := &broken.Twisted{Memory: broken.NewMemory()}
	refusing.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		if strings.Contains(key, "update") && cond.ETag() != "" {
			return "", archive.ErrPreconditionFailed
		}
		return refusing.Memory.Put(ctx, key, body, cond)
	}
	err := storerace.Quick(t.Context(), refusing, "check/")
	if _, bad := errors.AsType[*storefault.Error](err); bad || err == nil || !strings.Contains(err.Error(), "update") {
		t.Errorf("nothing can be updated: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		// The races of creates meet a store that is dead after some of them.
		dying := &broken.Twisted{Memory: broken.NewMemory()}
		puts := 0
		var mu sync.Mutex
		dying.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(key, "create") {
				if puts++; puts > 6 {
					return "", archive.ErrUnavailable
				}
			}
			return dying.Memory.Put(ctx, key, body, cond)
		}
		if err := storerace.Quick(t.Context(), dying, "check/"); !errors.Is(err, archive.ErrUnavailable) || !strings.Contains(err.Error(), "of 8 races") {
			t.Errorf("most races were not judged: %v", err)
		}
	})
}

// TestLateReadAfterAnUpdateThatBeatADelete: what was read late must not be taken for what is
// stored, on which the next race would build.
func TestLateReadAfterAnUpdateThatBeatADelete(t *testing.T) {
	s := &broken.Twisted{Memory: broken.NewMemory()}
	var before []byte
	var tag string
	reads := 0
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		etag, err := s.Memory.Put(ctx, key, body, cond)
		if cond.IsAbsent() {
			before, tag = body, etag
		}
		return etag, err
	}
	s.OnDelete = func(context.Context, string, archive.Condition) error { return archive.ErrPreconditionFailed }
	s.OnGet = func(ctx context.Context, key string) ([]byte, string, error) {
		if reads++; reads == 1 {
			return before, tag, nil
		}
		return s.Memory.Get(ctx, key)
	}
	err := storerace.Named("conditional-delete").On(storerace.Field{Stores: []archive.Store{s}}).Race(t.Context(), 3, 64)
	if fault, bad := errors.AsType[*storefault.Error](err); !bad || fault.Kind != storefault.StaleRead {
		t.Error(err)
	}
}
