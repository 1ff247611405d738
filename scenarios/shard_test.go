package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// TestShardsShareTheClients: each client is played by one shard, whose name it has, on the
// documents of all.
func TestShardsShareTheClients(t *testing.T) {
	const source = `name: t
shows: T.
objects: {fresh_after: 7}
actors:
  - {name: be, kind: backend, count: 5, load: {operations: 4}}
  - {name: user, kind: user, load: {operations: 4}}
`
	s, err := Parse(t.Name(), []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	const shards = 3
	store := newPlain(archive.WallClock{})
	var met, all sync.WaitGroup
	met.Add(shards)
	sinks := make([]memory, shards)
	for k := range shards {
		run := must(NewRun(s, must(cores.Find("production"))))
		run.Policy = archive.Policy{Kind: archive.None, Retries: 1000}
		run.Shard = &Shard{Number: k, Attempt: 2, Of: shards, Meet: func(context.Context, func() int64) error {
			met.Done()
			met.Wait()
			return nil
		}}
		all.Go(func() {
			w := world.NewReal(archive.WallClock{}, store, nil)
			if _, err := run.Play(context.Background(), func(int) world.World { return w }, &sinks[k]); err != nil {
				t.Errorf("shard %d: %v", k, err)
			}
		})
	}
	all.Wait()
	var names []string
	asked, stored, documents := map[string]bool{}, map[string]int{}, map[string]int{}
	for k := range sinks {
		for _, e := range sinks[k].events {
			switch {
			case e.Actor == history.FinalActor:
				t.Errorf("shard %d has read the final state", k)
			case e.Kind == history.Invoke && !strings.HasPrefix(e.Actor, fmt.Sprintf("%d/2/", k)):
				t.Errorf("shard %d plays %s", k, e.Actor)
			}
			if e.Kind == history.Invoke && !slices.Contains(names, e.Actor) {
				names = append(names, e.Actor)
			}
			for _, id := range e.IDs {
				asked[id] = true
			}
			if e.Kind == history.Put && e.Op > 0 && e.Answer == history.OK {
				documents[e.Key]++
				for _, id := range e.Doc.Add {
					stored[id]++
				}
			}
		}
	}
	want := []string{"0/2/be-1", "0/2/be-4", "1/2/be-2", "1/2/be-5", "2/2/be-3", "2/2/user"}
	if slices.Sort(names); !slices.Equal(names, want) {
		t.Errorf("the clients are %v, want %v", names, want)
	}
	// The ids are those that can be told from the names alone.
	for _, name := range names {
		ids := history.NewIDs(1, "t", name)
		for n := range 4 {
			if id := ids.Next(); !asked[id] {
				t.Errorf("nobody has asked for %s, number %d of %s", id, n+1, name)
			}
		}
	}
	if len(stored) != 6*4 || len(asked) < 6*4 {
		t.Errorf("%d modifications were stored, want %d", len(stored), 6*4)
	}
	// 24 updates of all shards together are those of at least 24/(7+shards) documents: each
	// is left by a shard with its own next update after the seventh.
	for key, n := range documents {
		if n > 7+2*6 {
			t.Errorf("%s has %d updates", key, n)
		}
	}
	if len(documents) < 3 {
		t.Errorf("24 updates were of %d documents: %v", len(documents), documents)
	}
}

// TestShardable: what can't be played by several processes is refused with the reason.
func TestShardable(t *testing.T) {
	for name, want := range map[string]string{
		"two-users":            "timeline",
		"service-faults":       "via: api",
		"fifo-batches":         "queue",
		"group-commit":         "group",
		"burst":                "",
		"sustained-contention": "",
	} {
		r := must(Prepare(name, Choice{}))
		err := r.Shardable(2)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	r := must(Prepare("burst", Choice{}))
	if err := r.Shardable(r.Scenario.Clients() + 1); err == nil || !strings.Contains(err.Error(), "--clients") {
		t.Errorf("more shards than clients: %v", err)
	}
	r = must(Prepare("burst", Choice{Repetitions: 2}))
	if err := r.Shardable(2); err == nil || !strings.Contains(err.Error(), "--runs") {
		t.Errorf("two repetitions: %v", err)
	}
}

// TestShardThatDoesNotMeet plays nothing.
func TestShardThatDoesNotMeet(t *testing.T) {
	alone := errors.New("nobody came")
	r := must(Prepare("burst", Choice{}))
	r.Shard = &Shard{Number: 0, Attempt: 1, Of: 2, Meet: func(context.Context, func() int64) error { return alone }}
	m := &memory{}
	w := world.NewReal(archive.WallClock{}, newPlain(archive.WallClock{}), nil)
	if _, err := r.Play(t.Context(), func(int) world.World { return w }, m); !errors.Is(err, alone) {
		t.Errorf("it ended with %v", err)
	}
	for _, e := range m.events {
		if e.Kind == history.Begin || e.Kind == history.Invoke {
			t.Errorf("it went on: %+v", e)
		}
	}
}
