package campaign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/archive"
	"holdfast/archive/storetest/broken"
)

// errCrashed is what a worker gets that was killed: nothing it does has an effect any more.
var errCrashed = errors.New("killed")

// network is the way of one worker to the store, on which calls are lost, repeated, late and
// refused, and which ends when the worker is killed. All that befalls it is drawn.
type network struct {
	*broken.Memory
	mu      sync.Mutex
	random  *rand.Rand
	faults  int // that are left
	crashAt int // call in which the worker is killed; it may be applied
	calls   int
	late    sync.WaitGroup
	wrote   func(key string, body []byte)
}

// befalls draws what happens to a call.
func (n *network) befalls() (what int, pause time.Duration, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls++
	pause = time.Duration(n.random.IntN(200)) * time.Millisecond
	switch {
	case n.crashAt > 0 && n.calls > n.crashAt:
		return 0, 0, errCrashed
	case n.crashAt == n.calls:
		return -1 - n.random.IntN(2), pause, errCrashed
	case n.faults > 0 && n.random.IntN(3) == 0:
		n.faults--
		return 1 + n.random.IntN(7), pause, nil
	}
	return 0, pause, nil
}

// Get implements [archive.Store].
func (n *network) Get(ctx context.Context, key string) ([]byte, string, error) {
	what, pause, err := n.befalls()
	if err == nil {
		err = archive.WallClock{}.Sleep(ctx, pause)
	}
	switch {
	case err != nil:
		return nil, "", err
	case what == 1:
		return nil, "", archive.ErrThrottled
	case what == 2:
		return nil, "", archive.ErrUnavailable
	}
	return n.Memory.Get(ctx, key)
}

// Put implements [archive.Store].
func (n *network) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	what, pause, err := n.befalls()
	if slept := (archive.WallClock{}).Sleep(ctx, pause); slept != nil && err == nil {
		err = slept
	}
	switch {
	case what == -1: // killed after it was applied
		_, _ = n.apply(key, body, cond)
		return "", err
	case err != nil:
		return "", err
	}
	switch what {
	case 1:
		return "", archive.ErrThrottled
	case 2:
		return "", archive.ErrUnavailable
	case 3:
		return "", archive.ErrConflict
	case 4: // the request is lost
		return "", archive.ErrOutcomeUnknown
	case 5: // the reply is lost
		_, _ = n.apply(key, body, cond)
		return "", archive.ErrOutcomeUnknown
	case 6: // the request arrives twice
		_, _ = n.apply(key, body, cond)
	case 7: // it arrives late
		n.late.Go(func() {
			_ = archive.WallClock{}.Sleep(context.Background(), 20*pause)
			_, _ = n.apply(key, body, cond)
		})
		return "", archive.ErrOutcomeUnknown
	}
	return n.apply(key, body, cond)
}

func (n *network) apply(key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := n.Memory.Put(context.Background(), key, body, cond)
	if err == nil {
		n.wrote(key, body)
	}
	return etag, err
}

// cluster is some workers of one campaign.
type cluster struct {
	t       *testing.T
	memory  *broken.Memory
	units   int
	mu      sync.Mutex
	written map[string][]byte // pieces
}

// wrote holds that a piece is written once.
func (c *cluster) wrote(key string, body []byte) {
	if !strings.HasPrefix(key, "shards/") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.written[key] != nil {
		c.t.Errorf("%s was written twice", key)
	}
	c.written[key] = body
}

func (c *cluster) network(random *rand.Rand) *network {
	return &network{Memory: c.memory, random: rand.New(rand.NewPCG(random.Uint64(), 0)), faults: 6, wrote: c.wrote}
}

func result(unit int) []byte { return bytes.Repeat(fmt.Appendf(nil, "unit %d.", unit), unit%5) }

// work is one start of a worker, which is killed, told to end, or neither. It reports whether its
// shard is done.
func (c *cluster) work(random *rand.Rand, index int, fate int) bool {
	n := c.network(random)
	defer n.late.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	switch fate {
	case 1:
		n.crashAt = 1 + random.IntN(15)
	case 2:
		over := time.AfterFunc(time.Duration(random.IntN(40_000))*time.Millisecond, cancel)
		defer over.Stop()
	}
	opened, err := Load(ctx, In(n, "faulty"))
	if err != nil {
		return false
	}
	s, err := opened.Shard(index, 0)
	if err != nil {
		c.t.Error(err)
		return true
	}
	s.Every, s.Workers = time.Duration(random.IntN(30)-5)*time.Second, 1+random.IntN(3)
	if random.IntN(2) == 0 {
		defer s.Begin(ctx)()
	}
	pace := rand.New(rand.NewPCG(random.Uint64(), 0))
	var mu sync.Mutex
	err = s.Play(ctx, Whole, c.units, func(ctx context.Context, unit int) ([]byte, error) {
		mu.Lock()
		took := time.Duration(pace.IntN(5000)) * time.Millisecond
		mu.Unlock()
		return result(unit), archive.WallClock{}.Sleep(ctx, took)
	})
	switch _, lost := errors.AsType[*DeterminismError](err); {
	case lost:
		c.t.Error(err)
	case err != nil && fate == 0:
		c.t.Errorf("a worker that nobody has ended: %v", err)
	}
	return err == nil
}

// TestExactlyOnce: whatever befalls the workers of a campaign, which may be several of one
// index, killed at any call and told to end at any unit, with a network that loses, repeats and
// delays: what is merged is what one machine shows, each unit once.
func TestExactlyOnce(t *testing.T) {
	for seed := range campaigns() {
		synctest.Test(t, func(t *testing.T) { campaignOf(t, seed) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func campaignOf(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 16))
	c := &cluster{t: t, memory: broken.NewMemory(), units: random.IntN(60), written: map[string][]byte{}}
	shards := 1 + random.IntN(4)
	plan := Plan{Program: program, Kind: "sweep", Shards: shards, Units: c.units, Job: []byte(`{"of": "everything"}`)}
	planner := c.network(random)
	opened, _, err := Write(t.Context(), In(planner, "faulty"), plan)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for index := range shards {
		for range 1 + random.IntN(3) {
			own := rand.New(rand.NewPCG(random.Uint64(), 0))
			all.Go(func() {
				for start := 0; ; start++ {
					fate := own.IntN(3)
					if start > 4 {
						fate = 0
					}
					if c.work(own, index, fate) || fate == 0 {
						return
					}
				}
			})
		}
	}
	all.Wait()
	planner.late.Wait()
	next := 0
	gaps, err := opened.Collect(t.Context(), Whole, c.units, func(unit int, got []byte) error {
		if unit != next || !bytes.Equal(got, result(unit)) {
			t.Errorf("got unit %d as %q in the place of unit %d", unit, got, next)
		}
		next++
		return nil
	})
	if err != nil || len(gaps) > 0 || next != c.units {
		t.Error(err, gaps, next)
	}
	c.partition(shards)
}

// partition holds that pieces hold each unit once.
func (c *cluster) partition(shards int) {
	opened, err := Load(c.t.Context(), In(c.memory, "sound"))
	if err != nil {
		c.t.Fatal(err)
	}
	held := 0
	for key, body := range c.written {
		shard, first, ok := Whole.readPiece(key)
		begin, end := Range(shard, shards, c.units)
		results, err := opened.decode(piece{Whole, shard, first}, body, end-begin)
		if !ok || err != nil {
			c.t.Error(key, err)
		}
		held += len(results)
	}
	if held != c.units {
		c.t.Errorf("the pieces hold %d units, there are %d", held, c.units)
	}
}

// campaigns is how many are played.
func campaigns() uint64 {
	if os.Getenv("HOLDFAST_EXPERIMENT") == "full" {
		return 20_000
	}
	return 100
}
