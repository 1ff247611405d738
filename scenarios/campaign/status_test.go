package campaign

import (
	"context"
	"math"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/archive"
	"holdfast/archive/storetest/broken"
)

// status is that of a campaign.
func status(t *testing.T, c *Campaign) *Status {
	t.Helper()
	s, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Done+s.Running+s.Silent+s.Missing != c.Plan.Shards {
		t.Error(s)
	}
	return s
}

func (s *Status) counts() [6]int {
	return [6]int{s.Done, s.Running, s.Silent, s.Missing, s.Published, s.Complete}
}

// TestStatus: a shard is done, running, silent or missing; what is left is estimated by what
// those who are running say.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := broken.NewMemory()
		c := planned(t, memory, 4, 400)
		if s := status(t, c); s.counts() != [6]int{0, 0, 0, 4, 0, 0} || s.Units != 400 || s.PerSecond != 0 || s.Left != 0 || s.Stopped || s.Clock {
			t.Error(s)
		}
		var all sync.WaitGroup
		work := func(ctx context.Context, c *Campaign, index, attempt int) {
			s, err := c.Shard(index, attempt)
			if err != nil {
				t.Error(err)
				return
			}
			s.Workers = 1
			end := s.Begin(ctx)
			all.Go(func() {
				defer end()
				_ = s.Play(ctx, Whole, 400, slow) // its status tells
			})
		}
		killed := &broken.Twisted{Memory: memory}
		begin := time.Now()
		killed.OnPut = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
			if time.Since(begin) > 41*time.Second {
				return "", errCrashed
			}
			return memory.Put(ctx, key, body, cond)
		}
		theirs, err := Load(t.Context(), In(killed, "mem://x"))
		if err != nil {
			t.Fatal(err)
		}
		told, cancel := context.WithTimeout(t.Context(), 51500*time.Millisecond)
		defer cancel()
		work(t.Context(), c, 0, 1)      // goes on
		work(t.Context(), theirs, 1, 2) // is killed
		work(told, c, 2, 3)             // is told to end
		time.Sleep(45 * time.Second)
		synctest.Wait()
		s := status(t, c)
		if complete := s.Complete; s.counts() != [6]int{0, 3, 0, 1, 0, complete} || complete < 117 || complete > 120 || len(s.Workers) != 3 {
			t.Error(s.counts(), s.Workers)
		}
		if math.Abs(s.PerSecond-3) > 0.2 || s.Left < 80*time.Second || s.Left > 110*time.Second {
			t.Error(s.PerSecond, s.Left)
		}
		if host, _ := os.Hostname(); s.Workers[2].Attempt != 3 || s.Workers[2].Shard != 2 || s.Workers[2].Host != host || s.Workers[2].PID != os.Getpid() {
			t.Error(s.Workers)
		}
		time.Sleep(10 * time.Second) // 55 s: the third has ended, and what it had complete is published
		synctest.Wait()
		if s := status(t, c); s.counts()[1] != 2 || s.Missing != 2 || s.Published != 51 || s.Shards[2].State != Missing || s.Shards[2].Published != 51 {
			t.Error(s.counts(), s.Shards)
		}
		time.Sleep(44 * time.Second) // 99 s: nobody has heard of the second for 59 s
		synctest.Wait()
		if s := status(t, c); s.Shards[1].State != Running {
			t.Error(s.Shards, s.Now)
		}
		time.Sleep(12 * time.Second)
		synctest.Wait()
		if s := status(t, c); s.Shards[0].State != Done || s.Shards[1].State != Silent && s.Clock {
			t.Error(s.Shards, s.Now)
		}
		// The store does not tell the time, and nobody else does: until another worker comes.
		work(t.Context(), c, 2, 4)
		time.Sleep(time.Second)
		synctest.Wait()
		if s := status(t, c); s.Shards[1].State != Silent || s.Shards[2].State != Running || s.Done != 1 || s.Missing != 1 {
			t.Error(s.Shards, s.Now)
		}
		work(t.Context(), c, 1, 5)
		work(t.Context(), c, 3, 6)
		all.Wait()
		if err := c.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if s := status(t, c); s.counts() != [6]int{4, 0, 0, 0, 400, 400} || s.Left != 0 || !s.Stopped {
			t.Error(s.counts())
		}
	})
}

// TestStatusWithoutMarks: a worker that was killed between a piece and its mark has published.
func TestStatusWithoutMarks(t *testing.T) {
	onPrefixes(t, func(t *testing.T, p *Prefix) {
		c, _, err := Write(t.Context(), p, Plan{Program: program, Kind: "run", Shards: 3, Units: 30, Job: []byte(`{}`)})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 2 {
			p := piece{Whole, 1, 4 * n}
			if err := c.Create(t.Context(), p.key(), encoded(t, c, p, "a", "b", "c", "d")); err != nil {
				t.Fatal(err)
			}
			if s := status(t, c); s.Shards[1].Published != 4*(n+1) || s.Published != 4*(n+1) {
				t.Error(s.Shards)
			}
		}
		last := piece{Whole, 1, 8}
		if err := c.Create(t.Context(), last.key(), encoded(t, c, last, "a", "b")); err != nil {
			t.Fatal(err)
		}
		if s := status(t, c); s.Shards[1].State != Done {
			t.Error(s.Shards)
		}
		// Whoever has the index next finds nothing to play, and marks it.
		if err := alone(t, c, 1).Play(t.Context(), Whole, 30, nil); err != nil {
			t.Error(err)
		}
		if marks, err := c.List(t.Context(), Whole.marks()); err != nil || len(marks) != 1 || marks[0].Key != "done/00001-0000010-0000030" {
			t.Error(marks, err)
		}
	})
}

// TestStatusOfDeleted: what was deleted, since it was garbled, is missing, whatever marks say.
func TestStatusOfDeleted(t *testing.T) {
	for deleted, want := range map[int]int{0: 0, 10: 10, 20: 20} {
		synctest.Test(t, func(t *testing.T) {
			memory := broken.NewMemory()
			c := planned(t, memory, 1, 30)
			s := alone(t, c, 0)
			s.Every = 9500 * time.Millisecond
			if err := s.Play(t.Context(), Whole, 30, slow); err != nil {
				t.Fatal(err)
			}
			if s := status(t, c); s.Published != 30 || s.Done != 1 {
				t.Error(s.counts())
			}
			key := Whole.piece(0, deleted)
			if _, _, err := memory.Get(t.Context(), key); err != nil {
				t.Fatal(key, err)
			}
			if err := memory.Delete(t.Context(), key, archive.Condition{}); err != nil {
				t.Fatal(err)
			}
			if s := status(t, c); s.Published != want || s.Missing != 1 {
				t.Error(s.counts(), want)
			}
			if got, _ := published(t, c); len(got) != want {
				t.Error(got)
			}
		})
	}
}

// TestStages: the last stage that somebody has published in is the one that is told.
func TestStages(t *testing.T) {
	c := planned(t, broken.NewMemory(), 3, 0)
	if s := status(t, c); s.Stage != Whole || s.Units != 0 || s.Left != 0 {
		t.Error(s)
	}
	for n, units := range []int{10, 20} {
		for i := range 3 - n {
			if err := alone(t, c, i).Play(t.Context(), StageOf(n), units, unit); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s := status(t, c); s.Stage != "stages/0001/" || s.Units != 20 || s.Done != 0 || s.Missing != 3 || s.Published != 13 {
		t.Error(s) // another stage may follow, so none is done
	}
	next := 0
	gaps, err := c.Collect(t.Context(), StageOf(1), 20, func(n int, _ []byte) error {
		if n != next {
			t.Error(n, next)
		}
		next++
		return nil
	})
	if err != nil || next != 13 || len(gaps) != 1 {
		t.Error(err, next, gaps)
	}
	gap, err := c.CollectShard(t.Context(), StageOf(1), 2, 20, nil)
	if err != nil || *gap != (Gap{2, 13, 19, nil}) {
		t.Error(gap, err)
	}
}

// TestOthersHaveEverything: whatever befalls a worker, if others have published all that it
// was to play, there is nothing to complain of.
func TestOthersHaveEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := planned(t, broken.NewMemory(), 1, 10)
		s := alone(t, c, 0)
		s.Every, s.Workers = time.Second, 2
		failed := false
		err := s.Play(t.Context(), Whole, 10, func(ctx context.Context, n int) ([]byte, error) {
			switch n {
			case 0:
				_ = archive.WallClock{}.Sleep(ctx, 3*time.Second)
			case 1:
				if err := alone(t, c, 0).Play(ctx, Whole, 10, unit); err != nil {
					t.Error(err)
				}
			case 2:
				failed = true
				return nil, errCrashed
			}
			return slow(ctx, n)
		})
		if !failed {
			t.Error("nothing failed")
		}
		if err != nil {
			t.Error(err)
		}
	})
}
