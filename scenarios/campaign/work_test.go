package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/archive"
	"holdfast/archive/storetest/broken"
)

// slow plays a unit in a second.
func slow(ctx context.Context, n int) ([]byte, error) {
	if err := (archive.WallClock{}).Sleep(ctx, time.Second); err != nil {
		return nil, err
	}
	return unit(ctx, n)
}

// alone is a shard whose units are played one after the other.
func alone(t *testing.T, c *Campaign, index int) *Shard {
	t.Helper()
	s, err := c.Shard(index, 1)
	if err != nil {
		t.Fatal(err)
	}
	s.Workers = 1
	return s
}

// published are the units that can be collected, and what is missing.
func published(t *testing.T, c *Campaign) (units []int, gaps []Gap) {
	t.Helper()
	gaps, err := c.Collect(t.Context(), Whole, c.Plan.Units, func(n int, result []byte) error {
		if want := fmt.Sprintf("unit %d", n); string(result) != want {
			t.Errorf("got unit %d as %q", n, result)
		}
		units = append(units, n)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return units, gaps
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// TestEnded: whoever is told to end publishes what is complete, and who comes after plays the
// rest alone.
func TestEnded(t *testing.T) {
	broke := errors.New("it broke")
	for _, tt := range []struct {
		name string
		end  func(c *Campaign, cancel func())
		play func(context.Context, int) ([]byte, error)
		want error
	}{
		{"cancelled", func(_ *Campaign, cancel func()) { cancel() }, slow, context.Canceled},
		{"stopped", func(c *Campaign, _ func()) {
			if err := c.Stop(context.Background()); err != nil { // in the bubble of the test
				t.Error(err)
			}
		}, slow, ErrStopped},
		{"failed", func(*Campaign, func()) {}, func(ctx context.Context, n int) ([]byte, error) {
			if n == 12 {
				return nil, broke
			}
			return slow(ctx, n)
		}, broke},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := planned(t, broken.NewMemory(), 1, 30)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(9500*time.Millisecond, func() { tt.end(c, cancel) })
				if err := alone(t, c, 0).Play(ctx, Whole, 30, tt.play); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				cancel()
				got, gaps := published(t, c)
				if n := len(got); n < 9 || n > 15 || !slices.Equal(got, upTo(n)) || !slices.Equal(gaps, []Gap{{0, n, 29, nil}}) {
					t.Error(got, gaps)
				}
				if err := c.Resume(t.Context()); err != nil {
					t.Error(err)
				}
				var again atomic.Int64
				err := alone(t, c, 0).Play(t.Context(), Whole, 30, func(ctx context.Context, n int) ([]byte, error) {
					again.Add(1)
					return unit(ctx, n)
				})
				if all, gaps := published(t, c); err != nil || int(again.Load()) != 30-len(got) || len(all) != 30 || len(gaps) > 0 {
					t.Error(err, again.Load(), all, gaps)
				}
			})
		})
	}
}

// TestStoppedBefore: a worker of a stopped campaign plays nothing.
func TestStoppedBefore(t *testing.T) {
	c := planned(t, broken.NewMemory(), 1, 3)
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := alone(t, c, 0).Play(t.Context(), Whole, 3, func(context.Context, int) ([]byte, error) {
		t.Error("played")
		return nil, nil
	})
	if stopped, look := c.Stopped(t.Context()); err != ErrStopped || !stopped || look != nil {
		t.Error(err, stopped, look)
	}
}

// TestNowAndThen: a long shard is published as it goes, so a worker that is killed loses the
// last minutes alone.
func TestNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := broken.NewMemory()
		c := planned(t, memory, 1, 1000)
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute+30*time.Second)
		defer cancel()
		killed := &broken.Twisted{Memory: memory}
		killed.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
			if ctx.Err() != nil || ctx.Value(key) != nil {
				return "", errCrashed
			}
			if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= LastFor { // it has no time for that
				return "", errCrashed
			}
			return memory.Put(ctx, key, body, cond)
		}
		theirs, err := Load(t.Context(), In(killed, "mem://x"))
		if err != nil {
			t.Fatal(err)
		}
		if err := alone(t, theirs, 0).Play(ctx, Whole, 1000, slow); err == nil {
			t.Error("it was killed")
		}
		if got, _ := published(t, c); len(got) < 355 || len(got) > 365 {
			t.Errorf("%d units are published, of six minutes", len(got))
		}
	})
}

// TestOthersAreTaken: of two workers with one index the slower one goes on after what the faster
// one has published, and compares what it has itself.
func TestOthersAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := planned(t, broken.NewMemory(), 1, 100)
		var played atomic.Int64
		var both sync.WaitGroup
		for i := range 2 {
			both.Go(func() {
				s := alone(t, c, 0)
				s.Every = 10 * time.Second
				err := s.Play(t.Context(), Whole, 100, func(ctx context.Context, n int) ([]byte, error) {
					played.Add(1)
					if i == 1 {
						_ = archive.WallClock{}.Sleep(ctx, 4*time.Second)
					}
					return slow(ctx, n)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if got, gaps := published(t, c); !slices.Equal(got, upTo(100)) || len(gaps) > 0 || played.Load() > 125 {
			t.Error(got, gaps, played.Load())
		}
	})
}

// TestDeterminismLost: other bytes of a unit are told with unit and shard, whoever was first.
func TestDeterminismLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := broken.NewMemory()
		c := planned(t, memory, 2, 20)
		var both sync.WaitGroup
		errs := make([]error, 2)
		for i := range 2 {
			both.Go(func() {
				errs[i] = alone(t, c, 1).Play(t.Context(), Whole, 20, func(ctx context.Context, n int) ([]byte, error) {
					result, err := slow(ctx, n)
					if i == 1 && n == 17 {
						_ = archive.WallClock{}.Sleep(ctx, time.Second)
						result = []byte("something else")
					}
					return result, err
				})
			})
		}
		both.Wait()
		lost, is := errors.AsType[*DeterminismError](errs[1])
		if errs[0] != nil || !is || lost.Unit != 17 || lost.Shard != 1 {
			t.Error(errs)
		}
		want := "determinism is lost: unit 17 (shard 1) has shown " + digest([]byte("unit 17")) + " in mem://x/shards/00001/0000000, and " + digest([]byte("something else")) +
			" where another worker played it, with the same plan and program: find the machine or the fault in the program that makes it; to go on, delete that piece and mem://x/disputes/00001, and play the shard again"
		if errs[1].Error() != want {
			t.Error(errs[1])
		}
		// Whoever comes later is told too, although all results are there.
		if err := alone(t, c, 1).Play(t.Context(), Whole, 20, slow); err == nil || err.Error() != want {
			t.Error(err)
		}
		if _, err := c.Collect(t.Context(), Whole, 20, nil); err == nil || err.Error() != want {
			t.Error(err)
		}
		if _, err := c.CollectShard(t.Context(), Whole, 1, 20, nil); err == nil || err.Error() != want {
			t.Error(err)
		}
		if err := alone(t, c, 0).Play(t.Context(), Whole, 20, unit); err != nil {
			t.Error(err)
		}
		if s := status(t, c); s.Disputed == nil || s.Disputed.Error() != want || s.Done != 2 {
			t.Error(s.Disputed, s.counts())
		}
		if err := memory.Delete(t.Context(), "disputes/00001", archive.Condition{}); err != nil {
			t.Error(err)
		}
		if got, _ := published(t, c); !slices.Equal(got, upTo(20)) {
			t.Error(got)
		}
	})
}

// refusing is a store that refuses to create pieces, from one on, for a while.
func refusing(m *broken.Memory, from int, why error, until time.Time) *broken.Twisted {
	s := &broken.Twisted{Memory: m}
	pieces := 0
	s.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		if strings.HasPrefix(key, "shards/") && (until.IsZero() || time.Now().Before(until)) {
			if pieces++; pieces >= from {
				return "", why
			}
		}
		return m.Put(ctx, key, body, cond)
	}
	return s
}

// TestFull: a store that takes no more is told at once, with what is lost; what was published is
// there.
func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("507 XMinioStorageFull: Storage backend has reached its minimum free drive threshold")
		memory := broken.NewMemory()
		c := planned(t, refusing(memory, 2, full, time.Time{}), 1, 30)
		s := alone(t, c, 0)
		s.Every = 9500 * time.Millisecond
		begin := time.Now()
		err := s.Play(t.Context(), Whole, 30, slow)
		lost, is := errors.AsType[*LostError](err)
		if !is || !errors.Is(err, full) || lost.First != 10 || lost.Last != 20 || // which was being played
			time.Since(begin) > time.Minute {
			t.Fatal(err, time.Since(begin))
		}
		want := "units 10 to 20 of shard 0: played and not published, so to be played again (all that was published before is there): create mem://x/shards/00000/0000010: 507"
		if !strings.HasPrefix(err.Error(), want) {
			t.Error(err)
		}
		if got, _ := published(t, c); !slices.Equal(got, upTo(10)) {
			t.Error(got)
		}
		again, err := Load(t.Context(), In(memory, "mem://x"))
		if err == nil {
			err = alone(t, again, 0).Play(t.Context(), Whole, 30, slow)
		}
		if got, _ := published(t, c); err != nil || len(got) != 30 {
			t.Error(err, got)
		}
	})
}

// TestOutage: a store that is away for some minutes is waited for, one that stays away is not.
func TestOutage(t *testing.T) {
	for _, why := range []error{archive.ErrUnavailable, archive.ErrThrottled, archive.ErrConflict, archive.ErrOutcomeUnknown, context.DeadlineExceeded} {
		for _, tt := range []struct{ away, least, most time.Duration }{
			{4 * time.Minute, 4 * time.Minute, 5 * time.Minute},
			{time.Hour, PublishFor, PublishFor + 2*time.Minute},
		} {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				c := planned(t, refusing(broken.NewMemory(), 1, why, begin.Add(tt.away)), 1, 3)
				err := alone(t, c, 0).Play(t.Context(), Whole, 3, unit)
				_, lost := errors.AsType[*LostError](err)
				if took := time.Since(begin); lost != (tt.away == time.Hour) || took < tt.least || took > tt.most {
					t.Error(why, tt, err, took)
				}
			})
		}
	}
}

// TestEndsInTime: a worker that was told to end does not wait for a store that is away until
// it is killed.
func TestEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := planned(t, refusing(broken.NewMemory(), 1, archive.ErrUnavailable, time.Time{}), 1, 30)
		ctx, cancel := context.WithTimeout(t.Context(), 5500*time.Millisecond)
		defer cancel()
		begin := time.Now()
		err := alone(t, c, 0).Play(ctx, Whole, 30, slow)
		if _, lost := errors.AsType[*LostError](err); !lost || time.Since(begin) > 6*time.Second+LastFor {
			t.Error(err, time.Since(begin))
		}
	})
}

// TestToldToEndWhilePublishing: what is on its way to the store when a worker is told to end gets
// there, and it does not say that it was lost.
func TestToldToEndWhilePublishing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration
		want  int
	}{
		{"now and then", 11 * time.Second, 11},
		{"the last piece", 31 * time.Second, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := broken.NewMemory()
				late := &broken.Twisted{Memory: memory}
				late.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
					if strings.HasPrefix(key, "shards/") {
						if err := (archive.WallClock{}).Sleep(ctx, 5*time.Second); err != nil {
							return "", err
						}
					}
					return memory.Put(ctx, key, body, cond)
				}
				c := planned(t, late, 1, 20)
				s := alone(t, c, 0)
				s.Every = 9500 * time.Millisecond
				ctx, cancel := context.WithTimeout(t.Context(), tt.after)
				defer cancel()
				err := s.Play(ctx, Whole, 20, slow)
				if got, _ := published(t, c); len(got) < tt.want {
					t.Error(got)
				}
				if _, lost := errors.AsType[*LostError](err); lost {
					t.Error(err)
				}
			})
		})
	}
}

// TestPublishedAfterAll: a store that comes back just when a worker gives it up has lost nothing, and
// the worker does not say so.
func TestPublishedAfterAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := broken.NewMemory()
		refused := 0
		once := &broken.Twisted{Memory: memory}
		once.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
			if strings.HasPrefix(key, "shards/") && refused == 0 {
				refused++
				return "", errors.New("507: full")
			}
			return memory.Put(ctx, key, body, cond)
		}
		c := planned(t, once, 1, 30)
		s := alone(t, c, 0)
		s.Every = 9500 * time.Millisecond
		err := s.Play(t.Context(), Whole, 30, slow)
		if got, _ := published(t, c); len(got) != 11 {
			t.Error(got)
		}
		if _, lost := errors.AsType[*LostError](err); err == nil || lost || !strings.Contains(err.Error(), "507: full") {
			t.Error(err)
		}
	})
}

// TestLostIsNotComplete: a worker that could not publish what it has played is not said to be at
// work any more.
func TestLostIsNotComplete(t *testing.T) {
	memory := broken.NewMemory()
	c := planned(t, refusing(memory, 1, errors.New("507: full"), time.Time{}), 1, 3)
	s := alone(t, c, 0)
	end := s.Begin(t.Context())
	err := s.Play(t.Context(), Whole, 3, unit)
	end()
	if _, lost := errors.AsType[*LostError](err); !lost {
		t.Fatal(err)
	}
	survey, err := c.Survey(t.Context(), Whole, 3)
	if err != nil || survey.Shards[0].State != Missing {
		t.Error(err, survey)
	}
}

// TestBoundedAhead: one slow unit does not have all others wait in memory.
func TestBoundedAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := planned(t, broken.NewMemory(), 1, 1000)
		s := alone(t, c, 0)
		s.Workers = 2
		var played atomic.Int64
		err := s.Play(t.Context(), Whole, 1000, func(ctx context.Context, n int) ([]byte, error) {
			if n == 0 {
				_ = archive.WallClock{}.Sleep(ctx, time.Hour)
				if done := played.Load(); done > 2*ahead {
					t.Errorf("%d units were played meanwhile", done)
				}
			}
			played.Add(1)
			return unit(ctx, n)
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestBySize: what is complete is published before it takes much memory.
func TestBySize(t *testing.T) {
	memory := broken.NewMemory()
	c := planned(t, memory, 1, 10)
	large := make([]byte, publishBytes/2)
	err := alone(t, c, 0).Play(t.Context(), Whole, 10, func(context.Context, int) ([]byte, error) { return large, nil })
	pieces, listed := c.List(t.Context(), Whole.pieces(0))
	if err != nil || listed != nil || len(pieces) != 5 || pieces[1].Key != Whole.piece(0, 2) {
		t.Error(err, listed, pieces)
	}
}
