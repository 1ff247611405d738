package load

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// planned is a load of so many shards on an S3 server of the test's own, under a directory.
func planned(t *testing.T, shards int, scenario string, c scenarios.Choice) (l *Load, dir string, server *fakes3.Server) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_REGION", "us-east-1")
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	run, err := scenarios.Prepare(scenario, c)
	if err != nil {
		t.Fatal(err)
	}
	job := Job{Point: measure.Point{Run: *run, World: scenarios.RealWorld, Replay: "simulate run " + scenario,
		Target: measure.Target{Store: "s3://" + server.Bucket() + "/p", Endpoint: server.Endpoint(), PathStyle: s3store.PathStyleOn}}}
	if err := job.Validate(shards); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	p, err := campaign.Open(t.Context(), measure.Target{Store: dir})
	if err != nil {
		t.Fatal(err)
	}
	camp, _, err := campaign.Write(t.Context(), p, campaign.Plan{Program: "test", Kind: Kind, Shards: shards, Units: shards, Job: text})
	if err != nil {
		t.Fatal(err)
	}
	if l, err = Open(camp); err != nil {
		t.Fatal(err)
	}
	return l, dir, server
}

// work plays a shard as a process of its own would.
func (l *Load) work(ctx context.Context, t *testing.T, shard int, w Worker) error {
	t.Helper()
	s, err := l.Shard(shard, 1)
	if err != nil {
		t.Error(err)
		return err
	}
	defer s.Begin(ctx)()
	return l.Play(ctx, s, w)
}

// recorded are the events of a file, and why they end early.
func recorded(t *testing.T, file string) (history.Header, []*history.Event, error) {
	t.Helper()
	rd, err := history.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	var all []*history.Event
	for e, err := range rd.Events() {
		if err != nil {
			return rd.Header, all, err
		}
		all = append(all, e.Clone())
	}
	return rd.Header, all, nil
}

// TestLoad: all shards start when all are ready, on the same objects; what they have recorded
// is put together whole, the final state is read once, and nothing is left in the store.
func TestLoad(t *testing.T) {
	operations := 5
	l, _, server := planned(t, 3, "sustained-contention", scenarios.Choice{Operations: &operations})
	var all sync.WaitGroup
	var mu sync.Mutex
	began := 0
	for k := range 3 {
		all.Go(func() {
			time.Sleep(time.Duration(k) * 150 * time.Millisecond)
			if err := l.work(t.Context(), t, k, Worker{Began: func() { mu.Lock(); defer mu.Unlock(); began++ }}); err != nil {
				t.Errorf("shard %d: %v", k, err)
			}
		})
	}
	all.Wait()
	if status, err := l.Status(t.Context()); err != nil || status.Done != 3 || began != 3 {
		t.Errorf("%d began; status: %+v, %v", began, status, err)
	}
	c, err := l.Collect(t.Context(), t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Files()) != 4 {
		t.Fatalf("collected are %+v", c)
	}
	committed, ready, start := map[string]bool{}, []int64{}, []int64{}
	for k, file := range c.Files() {
		h, events, err := recorded(t, file)
		if err != nil || len(h.Shards) != 1 || h.Shards[0].Number != k || h.Recorders != 4 {
			t.Fatalf("%s: %+v, %v", file, h, err)
		}
		if k < 3 {
			ready, start = append(ready, h.Shards[0].Ready), append(start, h.Shards[0].Go)
		}
		for _, e := range events {
			if e.Kind == history.Put && e.Op > 0 && e.Answer == history.OK {
				committed[e.Actor[:1]] = true
			}
			if e.Actor == history.FinalActor && k < 3 {
				t.Errorf("shard %d has read the final state", k)
			}
		}
	}
	if len(committed) != 3 {
		t.Errorf("only %v have committed anything", committed)
	}
	for k := range ready {
		if ready[k] <= 0 || start[k] < ready[k] {
			t.Errorf("shard %d was ready at %d and began at %d", k, ready[k], start[k])
		}
	}
	_, final, err := recorded(t, c.Final)
	if reads := slices.DeleteFunc(final, func(e *history.Event) bool { return e.Kind != history.Get }); err != nil || len(reads) < 1 {
		t.Errorf("the final state was read by %d reads, %v", len(reads), err)
	}
	// What is left goes, and who merges again finds the final state as it was.
	if err := l.Clean(t.Context(), nil); err != nil {
		t.Error(err)
	}
	for e, err := range server.Store().Entries(t.Context(), "", false) {
		t.Errorf("left is %v, %v", e.Key, err)
	}
	again, err := l.Collect(t.Context(), t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range c.Files() {
		one, _ := os.ReadFile(file)
		other, _ := os.ReadFile(again.Files()[i])
		if string(one) != string(other) || len(one) == 0 {
			t.Errorf("%s is another file the next time", file)
		}
	}
}

// TestBarrierNamesWhoIsMissing, and lets who comes in its place begin.
func TestBarrierNamesWhoIsMissing(t *testing.T) {
	operations := 1
	l, _, _ := planned(t, 3, "burst", scenarios.Choice{Operations: &operations})
	err := l.work(t.Context(), t, 1, Worker{Barrier: 300 * time.Millisecond})
	if absent, ok := errors.AsType[*AbsentError](err); !ok || !slices.Equal(absent.Shards, []int{0, 2}) || !strings.Contains(err.Error(), "(0, 2)") {
		t.Fatalf("it ended with %v", err)
	}
	if _, err := l.Collect(t.Context(), t.TempDir(), 0); err == nil || !strings.Contains(err.Error(), "0-2") {
		t.Errorf("collecting nothing: %v", err)
	}
	// One that gives up is not waited for by the others, and does not begin with them.
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	told := errors.New("told to end")
	var all sync.WaitGroup
	all.Go(func() {
		if err := l.work(ctx, t, 0, Worker{}); !errors.Is(err, told) {
			t.Errorf("it ended with %v", err)
		}
	})
	time.Sleep(300 * time.Millisecond)
	cancel(told)
	all.Wait()
	for k := range 3 {
		all.Go(func() {
			if err := l.work(t.Context(), t, k, Worker{}); err != nil {
				t.Errorf("shard %d: %v", k, err)
			}
		})
	}
	all.Wait()
	g, err := l.begun(t.Context())
	if err != nil || !slices.Equal(g.Attempts, []int{2, 2, 1}) {
		t.Errorf("who began are %+v, %v", g, err)
	}
	err = l.work(t.Context(), t, 2, Worker{})
	if late, ok := errors.AsType[*BegunError](err); !ok || late.Attempt != 1 || !late.Ended {
		t.Errorf("one that comes late ends with %v", err)
	}
}

// TestInterruptedShardPublishesAll that it has recorded, with its end.
func TestInterruptedShardPublishesAll(t *testing.T) {
	forLong := time.Hour
	l, _, _ := planned(t, 2, "sustained-contention", scenarios.Choice{Duration: &forLong})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all sync.WaitGroup
	for k := range 2 {
		all.Go(func() {
			err := l.work(ctx, t, k, Worker{Began: func() {
				time.AfterFunc(1200*time.Millisecond, func() {
					if k == 0 { // the other one too: they share a context
						cancel()
					}
				})
			}})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("shard %d: %v", k, err)
			}
		})
	}
	all.Wait()
	c, err := l.Collect(t.Context(), t.TempDir(), 0)
	if err != nil || !slices.Equal(c.In(Cut), []int{0, 1}) {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, p := range c.Shards {
		_, events, err := recorded(t, p.File)
		if err != nil || !events[len(events)-1].Interrupted {
			t.Errorf("shard %d has no end: %v", p.Shard, err)
		}
		segments, err := l.List(t.Context(), p.member().history())
		if err != nil || len(segments) < 2 {
			t.Errorf("shard %d has published %d segments, %v", p.Shard, len(segments), err)
		}
	}
}

// TestLostShard: of one that was killed all is there but what came last.
func TestLostShard(t *testing.T) {
	duration := 1500 * time.Millisecond
	l, dir, _ := planned(t, 2, "sustained-contention", scenarios.Choice{Duration: &duration})
	var all sync.WaitGroup
	for k := range 2 {
		all.Go(func() {
			if err := l.work(t.Context(), t, k, Worker{}); err != nil {
				t.Errorf("shard %d: %v", k, err)
			}
		})
	}
	all.Wait()
	segments, err := l.List(t.Context(), member{1, 1}.history())
	if err != nil || len(segments) < 2 {
		t.Fatal(segments, err)
	}
	// As it looks when it was killed before its last segment: its heartbeat is not ended.
	for _, key := range []string{member{1, 1}.ended(), segments[len(segments)-1].Key} {
		if err := os.Remove(filepath.Join(dir, key)); err != nil {
			t.Fatal(err)
		}
	}
	removeAll(t, filepath.Join(dir, "done", "*"))
	removeAll(t, filepath.Join(dir, "shards", "*", "*"))
	removeAll(t, filepath.Join(dir, "workers", "00001", "*.ended"))
	c, err := l.Collect(t.Context(), t.TempDir(), 0)
	if err != nil || !slices.Equal(c.In(Playing), []int{1}) || c.Final != "" {
		t.Fatalf("a moment ago it was playing: %+v, %v", c, err)
	}
	beats, _ := filepath.Glob(filepath.Join(dir, "workers", "00001", "*"))
	for _, file := range beats {
		old := time.Now().Add(-2 * campaign.Dead)
		if err := os.Chtimes(file, old, old); err != nil {
			t.Fatal(err)
		}
	}
	c, err = l.Collect(t.Context(), t.TempDir(), 0)
	if err != nil || !slices.Equal(c.In(Lost), []int{1}) || !slices.Equal(c.In(Ended), []int{0}) || c.Final == "" {
		t.Fatalf("%+v, %v", c, err)
	}
	_, events, err := recorded(t, c.Shards[1].File)
	if err == nil || !strings.Contains(err.Error(), "truncated") || len(events) < 10 {
		t.Errorf("of the lost one %d events are there, %v", len(events), err)
	}
	// A segment that is missing in between is no death.
	if err := os.Remove(filepath.Join(dir, member{0, 1}.segment(0))); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Collect(t.Context(), t.TempDir(), 0); err == nil || !strings.Contains(err.Error(), "segments") {
		t.Errorf("a segment is missing: %v", err)
	}
}

func removeAll(t *testing.T, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStoppedLoad ends as one that is interrupted.
func TestStoppedLoad(t *testing.T) {
	l, _, _ := planned(t, 1, "burst", scenarios.Choice{})
	if err := l.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.work(t.Context(), t, 0, Worker{}); !errors.Is(err, campaign.ErrStopped) {
		t.Errorf("it ended with %v", err)
	}
}
