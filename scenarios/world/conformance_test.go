package world_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/storetest"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newWorld(crew *world.Crew, latency network.Latency) *world.Virtual {
	return world.NewVirtual(world.Config{
		Latency: latency, RequestTimeout: 10 * time.Second, Crew: crew,
		Rand: func(actor string) *rand.Rand { return rand.New(rand.NewPCG(7, uint64(len(actor)))) },
	})
}

// gateway lets goroutines call the store of a virtual world, which belongs to one:
// each call becomes a task, so that calls of different goroutines overlap in
// virtual time.
type gateway struct {
	calls chan func(archive.Store)
	ended chan error
}

func openGateway(t *testing.T, latency network.Latency) *gateway {
	g := &gateway{calls: make(chan func(archive.Store)), ended: make(chan error, 1)}
	go func() {
		crew := &world.Crew{}
		defer crew.Close()
		w := newWorld(crew, latency)
		g.ended <- w.Run(context.Background(), func(ctx context.Context) { g.serve(ctx, w) })
	}()
	t.Cleanup(func() {
		close(g.calls)
		if err := <-g.ended; err != nil {
			t.Error(err)
		}
	})
	return g
}

func (g *gateway) serve(ctx context.Context, w *world.Virtual) {
	store := w.Store("anybody")
	underWay := 0
	for {
		var call func(archive.Store)
		open := true
		if underWay == 0 {
			call, open = <-g.calls
		} else {
			select {
			case call, open = <-g.calls:
			default:
			}
		}
		switch {
		case !open:
			return
		case call != nil:
			underWay++
			w.Go(func() { call(store); underWay-- })
		default:
			_ = w.Sleep(ctx, 100*time.Microsecond)
		}
	}
}

// through has a call made in the world and waits for its end.
func (g *gateway) through(call func(archive.Store)) {
	done := make(chan struct{})
	g.calls <- func(s archive.Store) {
		defer close(done)
		call(s)
	}
	<-done
}

func (g *gateway) Get(ctx context.Context, key string) (body []byte, etag string, err error) {
	g.through(func(s archive.Store) { body, etag, err = s.Get(ctx, key) })
	return body, etag, err
}

func (g *gateway) Head(ctx context.Context, key string) (etag string, err error) {
	g.through(func(s archive.Store) { etag, err = s.Head(ctx, key) })
	return etag, err
}

func (g *gateway) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (etag string, err error) {
	g.through(func(s archive.Store) { etag, err = s.Put(ctx, key, body, cond) })
	return etag, err
}

func (g *gateway) Delete(ctx context.Context, key string, cond archive.Condition) (err error) {
	g.through(func(s archive.Store) { err = s.Delete(ctx, key, cond) })
	return err
}

func (g *gateway) List(ctx context.Context, prefix, after string) (page []archive.Listed, err error) {
	g.through(func(s archive.Store) { page, err = s.(archive.Lister).List(ctx, prefix, after) })
	return page, err
}

// TestListing: with more objects than the model lists at a time.
func TestListing(t *testing.T) {
	g := openGateway(t, must(network.ParseLatency("normal(10ms,2ms)")))
	if err := storetest.Listing(t.Context(), g, g, 1010); err != nil {
		t.Error(err)
	}
	real := world.NewReal(archive.WallClock{}, g, nil)
	real.Watch("customers/", func(string, string, []byte) {})
	if page, err := real.Store("").(archive.Lister).List(t.Context(), "storetest/", "storetest/liste"); err != nil || len(page) != 1000 || page[0].Key != "storetest/listed" {
		t.Errorf("%d objects, %v", len(page), err)
	}
	bare := world.NewReal(archive.WallClock{}, struct{ archive.Store }{g}, nil)
	bare.Watch("customers/", func(string, string, []byte) {})
	if _, err := bare.Store("").(archive.Lister).List(t.Context(), "", ""); err == nil {
		t.Error("a store that can't be listed was")
	}
}

// TestConformance: the model answers as S3 does, whatever its latencies, and
// whether a write that finds another one under way is told 409 or waits.
func TestConformance(t *testing.T) {
	waiting := must(network.ParseLatency("s3-standard"))
	waiting.Conflict409 = 0
	for name, latency := range map[string]network.Latency{
		"at once": {}, "normal": must(network.ParseLatency("normal(10ms,2ms)")),
		"s3-standard": must(network.ParseLatency("s3-standard")), "without 409": waiting,
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) archive.Store { return openGateway(t, latency) })
		})
	}
}

// kind is the sentinel of an answer.
func kind(err error) error {
	for _, k := range []error{archive.ErrNotFound, archive.ErrPreconditionFailed, archive.ErrConflict} {
		if errors.Is(err, k) {
			return k
		}
	}
	return err
}

// TestModelAgainstGofakes3 compares the two wherever both promise the same: not
// for If-Match on a missing key, to which gofakes3 answers 412 and S3 404, and not
// for a DELETE with If-Match, whose condition gofakes3 ignores.
func TestModelAgainstGofakes3(t *testing.T) {
	server := must(fakes3.Start())
	defer server.Close()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		real, model := server.Store().WithPrefix(fmt.Sprint(run)), world.NewModel()
		same := map[string]string{"": ""} // ETags of gofakes3 and the model
		known := map[string][]string{}    // ETags of gofakes3 that a key had
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			key := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key")
			o := model.Object(key)
			var realETag, etag string
			var realErr, err error
			switch do := rapid.SampledFrom([]string{"get", "put", "put", "create", "update", "update", "delete"}).Draw(t, "do"); do {
			case "get":
				var realBody, body []byte
				realBody, realETag, realErr = real.Get(t.Context(), key)
				body, etag, err = o.Get()
				if string(realBody) != string(body) {
					t.Fatalf("bodies %q and %q", realBody, body)
				}
			case "delete":
				realErr, err = real.Delete(t.Context(), key, archive.Condition{}), o.Delete(archive.Condition{})
			default:
				realCond, cond := archive.Condition{}, archive.Condition{}
				switch {
				case do == "create":
					realCond, cond = archive.IfAbsent(), archive.IfAbsent()
				case do == "update" && o.Present():
					tag := rapid.SampledFrom(known[key]).Draw(t, "condition")
					realCond, cond = archive.IfMatch(tag), archive.IfMatch(same[tag])
				}
				body := []byte(rapid.SampledFrom([]string{"1", "2", "3", ""}).Draw(t, "body"))
				realETag, realErr = real.Put(t.Context(), key, body, realCond)
				etag, err = o.Put(body, cond)
				if realErr == nil && !slices.Contains(known[key], realETag) {
					known[key] = append(known[key], realETag)
				}
			}
			if kind(realErr) != kind(err) {
				t.Fatalf("gofakes3 answers %v, the model %v", realErr, err)
			}
			if was, met := same[realETag]; met && was != etag {
				t.Fatalf("gofakes3 has one ETag for what the model calls %s and %s", was, etag)
			}
			same[realETag] = etag
		}
	})
}

// TestCalibration: conditional writes on one key are as fast and as frequent as
// they were measured on the real service (S3 Standard 14.7 to 15.3 a second at 58
// to 68 ms, Express One Zone 68.6 to 75.3 at 14 to 26 ms), and racing writers do
// not make them more frequent.
func TestCalibration(t *testing.T) {
	for _, c := range []struct {
		profile      string
		slow, fast   float64 // writes a second
		least, most  time.Duration
		meanOfRacers float64 // no more than this many a second
	}{
		{"s3-standard", 14.7, 15.3, 58 * time.Millisecond, 68 * time.Millisecond, 16},
		{"s3-express", 68.6, 75.3, 14 * time.Millisecond, 26 * time.Millisecond, 77},
	} {
		const writes = 2000
		took := lone(t, must(network.ParseLatency(c.profile)), writes)
		rate, mean := writes/took.Seconds(), took/writes
		t.Logf("%s: %.1f writes a second at %v", c.profile, rate, mean)
		if rate < c.slow || rate > c.fast || mean < c.least || mean > c.most {
			t.Errorf("%s: %.1f writes a second at %v", c.profile, rate, mean)
		}
		if rate := racing(t, must(network.ParseLatency(c.profile)), 50, time.Minute); rate > c.meanOfRacers || rate < c.meanOfRacers/4 {
			t.Errorf("%s: 50 writers commit %.1f times a second", c.profile, rate)
		}
	}
}

// lone is how long one client takes for conditional writes back to back.
func lone(t *testing.T, latency network.Latency, writes int) (took time.Duration) {
	crew := &world.Crew{}
	defer crew.Close()
	w := newWorld(crew, latency)
	err := w.Run(t.Context(), func(ctx context.Context) {
		store := w.Store("lone")
		etag := must(store.Put(ctx, "k", []byte("0"), archive.IfAbsent()))
		start := w.Now()
		for n := range writes {
			etag = must(store.Put(ctx, "k", fmt.Append(nil, n), archive.IfMatch(etag)))
		}
		took = w.Now().Sub(start)
	})
	if err != nil {
		t.Fatal(err)
	}
	return took
}

// racing is how often many clients together commit a second: each reads and writes.
func racing(t *testing.T, latency network.Latency, clients int, d time.Duration) float64 {
	crew := &world.Crew{}
	defer crew.Close()
	w := newWorld(crew, latency)
	commits := 0
	err := w.Run(t.Context(), func(ctx context.Context) {
		must(w.Store("first").Put(ctx, "k", []byte("0"), archive.IfAbsent()))
		g := world.NewGroup(w)
		end := w.Now().Add(d)
		for c := range clients {
			g.Go(func() {
				store := w.Store(fmt.Sprint(c, "of many"))
				for w.Now().Before(end) {
					_, etag, err := store.Get(ctx, "k")
					if err != nil {
						continue
					}
					if _, err := store.Put(ctx, "k", fmt.Append(nil, c, commits), archive.IfMatch(etag)); err == nil {
						commits++
					}
				}
			})
		}
		g.Wait()
	})
	if err != nil {
		t.Fatal(err)
	}
	return float64(commits) / d.Seconds()
}
