package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"time"
)

// BeatEvery is the time between two heartbeats of a worker. One that has none for [Dead] is
// silent: it has missed five.
const (
	BeatEvery = 10 * time.Second
	Dead      = time.Minute
)

// Beat is a heartbeat: a worker's object of that name, which it overwrites while it is at work.
type Beat struct {
	Shard    int       `json:"shard"`
	Attempt  int       `json:"attempt"`
	Host     string    `json:"host"`
	PID      int       `json:"pid"`
	Complete int       `json:"complete"` // units of the shard, published or not
	Units    int       `json:"units"`    // of the shard
	Played   int       `json:"played"`   // units, by this worker, since it started
	Started  time.Time `json:"started"`  // this and At are by the worker's clock
	At       time.Time `json:"at"`
}

const (
	beats = "workers/"
	ended = ".ended"
)

var unfitForKeys = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// key is the worker's own. A container that is started again has host and process of the one
// before it, so the time tells them apart.
func (b *Beat) key() string {
	host := unfitForKeys.ReplaceAllString(b.Host, "-")
	return fmt.Sprintf("%s%05d/%d-%s-%d-%d", beats, b.Shard, b.Attempt, host[:min(len(host), 64)], b.PID, b.Started.UnixMilli())
}

// Begin says that a worker is at work on the shard, by a heartbeat, until end is called. That a
// heartbeat can't be written is no reason not to work.
func (s *Shard) Begin(ctx context.Context) (end func()) {
	host, _ := os.Hostname() // without one it has none
	b := &Beat{Shard: s.Index, Attempt: s.Attempt, Host: host, PID: os.Getpid(), Started: s.clock.Now().UTC()}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s.beat(ctx, b); s.clock.Sleep(ctx, BeatEvery) == nil; {
			s.beat(ctx, b)
		}
	}()
	return func() {
		cancel()
		<-done
		last, cancel := s.clock.WithTimeout(context.WithoutCancel(ctx), lastBeatFor)
		defer cancel()
		// That a shard is done says so itself. One of no known units has failed before it began.
		all := s.units.Load()
		if s.Plan.Units == 0 || all == 0 || s.complete.Load() < all {
			_, _ = s.store.Put(last, b.key()+ended, nil, anything)
		}
	}
}

// lastBeatFor is how long a worker that ends takes to say so.
const lastBeatFor = 2 * time.Second

// beat writes a heartbeat, once: the next one is soon.
func (s *Shard) beat(ctx context.Context, b *Beat) {
	bounded, cancel := s.clock.WithTimeout(ctx, BeatEvery)
	defer cancel()
	b.At = s.clock.Now().UTC()
	b.Complete, b.Units, b.Played = int(s.complete.Load()), int(s.units.Load()), int(s.played.Load())
	if body, err := json.Marshal(b); err == nil {
		_, _ = s.store.Put(bounded, b.key(), body, anything)
	}
}
