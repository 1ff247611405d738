package campaign

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"holdfast/archive"
	"holdfast/archive/storetest/broken"
)

// counting is a store that lists a thousand objects at a time, as S3 does, and counts what it
// is asked.
type counting struct {
	*broken.Memory
	mu     sync.Mutex
	asked  costs
	times  map[string]archive.Listed
	sorted []string // keys; nil: not known
}

// costs are requests of a kind, and bytes of objects.
type costs struct{ gets, puts, lists, read, written int }

func (c costs) String() string {
	return fmt.Sprintf("%d GET, %d PUT, %d LIST, %d bytes read, %d bytes written", c.gets, c.puts, c.lists, c.read, c.written)
}

func (c *counting) Get(ctx context.Context, key string) ([]byte, string, error) {
	body, etag, err := c.Memory.Get(ctx, key)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked.gets++
	c.asked.read += len(body)
	return body, etag, err
}

func (c *counting) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := c.Memory.Put(ctx, key, body, cond)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked.puts++
	c.asked.written += len(body)
	if err == nil {
		c.times[key], c.sorted = archive.Listed{Key: key, Modified: archive.WallClock{}.Now()}, nil
	}
	return etag, err
}

func (c *counting) List(_ context.Context, prefix, after string) (page []archive.Listed, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked.lists++
	if c.sorted == nil {
		c.sorted = slices.Sorted(maps.Keys(c.times))
	}
	from, _ := slices.BinarySearch(c.sorted, max(prefix, after))
	for _, key := range c.sorted[from:] {
		if !strings.HasPrefix(key, prefix) || len(page) == 1000 {
			break
		}
		if key > after {
			page = append(page, c.times[key])
		}
	}
	return page, nil
}

// since returns what was asked since it was called last.
func (c *counting) since() costs {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.asked
	c.asked = costs{}
	return asked
}

// TestCostOfShards: what a campaign costs beside its work. docs/scale.md has the figures.
func TestCostOfShards(t *testing.T) {
	most := 10_000
	if raceDetector { // which makes it ten times slower; still more than one page of a listing
		most = 1_500
	}
	for _, shards := range []int{1, 100, most} {
		store := &counting{Memory: broken.NewMemory(), times: map[string]archive.Listed{}}
		pages := (shards + 999) / 1000
		units := 3 * shards
		job := fmt.Appendf(nil, "%q", strings.Repeat("a scenario, ", 1000))
		plan := Plan{Program: program, Kind: "run", Shards: shards, Units: units, Job: job}
		if _, _, err := Write(t.Context(), In(store, "mem://x"), plan); err != nil {
			t.Fatal(err)
		}
		if asked := store.since(); asked.puts != 2 || asked.gets != 1 || asked.lists != 0 {
			t.Error("plan:", asked)
		}
		working(t, store, units)
		worked := store.since()
		if worked.gets != 4*shards || worked.puts != 3*shards || worked.lists != 0 {
			t.Error("work:", worked)
		}
		c, err := Load(t.Context(), In(store, "mem://x"))
		if err != nil {
			t.Fatal(err)
		}
		if s := status(t, c); s.Done != shards || s.Published != units {
			t.Error(s.counts())
		}
		looked := store.since()
		if looked.gets > 2 || looked.puts > 0 || looked.lists > 3*(pages+1)+1 {
			t.Error("status:", looked)
		}
		if got, gaps := published(t, c); !slices.Equal(got, upTo(units)) || len(gaps) > 0 {
			t.Error(len(got), gaps)
		}
		merged := store.since()
		if merged.gets != shards || merged.puts > 0 || merged.lists > pages+2 {
			t.Error("merge:", merged)
		}
		t.Logf("%d shards:\nwork:   %v\nstatus: %v\nmerge:  %v", shards, worked, looked, merged)
	}
}

// working has all shards played, each by a worker of its own that begins with the plan.
func working(t *testing.T, store archive.Store, units int) {
	t.Helper()
	for i := 0; ; i++ {
		c, err := Load(t.Context(), In(store, "mem://x"))
		if err != nil {
			t.Fatal(err)
		}
		if i == c.Plan.Shards {
			break
		}
		s := alone(t, c, i)
		s.beat(t.Context(), &Beat{Shard: i, Host: "machine-0000", PID: 1000 + i})
		if err := s.Play(t.Context(), Whole, units, unit); err != nil {
			t.Fatal(err)
		}
	}
	store.(*counting).asked.gets-- // the last plan
}

// TestManyWorkers: of many that are running some are asked, and stand for the others.
func TestManyWorkers(t *testing.T) {
	c := planned(t, broken.NewMemory(), 200, 2000)
	for i := range 150 {
		s := alone(t, c, i)
		b := &Beat{Shard: i, Host: "h", PID: i}
		b.Started = s.clock.Now().Add(-10e9)
		s.complete.Store(5)
		s.played.Store(5)
		s.units.Store(10)
		s.beat(t.Context(), b)
	}
	s := status(t, c)
	if s.Running != 150 || s.Missing != 50 || len(s.Workers) != MostAsked || s.Complete != 5*MostAsked || s.PerSecond < 74 || s.PerSecond > 76 {
		t.Error(s.counts(), len(s.Workers), s.PerSecond)
	}
}
