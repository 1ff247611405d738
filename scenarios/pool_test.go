package scenarios

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

func putsInto(store func() archive.Store) func(context.Context, string, []byte) error {
	return func(ctx context.Context, key string, body []byte) error {
		_, err := store().Put(ctx, key, body, archive.IfAbsent())
		return err
	}
}

func testPool(t *testing.T, spec Objects) (*pool, *plain) {
	t.Helper()
	store := newPlain(newLeaping())
	p := newPool(spec, must(OpenDocument("")), asTheyAre, putsInto(func() archive.Store { return store }))
	if err := p.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p, store
}

func TestPoolNamesAndStores(t *testing.T) {
	for _, c := range []struct {
		spec Objects
		ids  []string
	}{
		{Objects{}, []string{"CHG-12345"}},
		{Objects{Count: 3}, []string{"CHG-12345-s001", "CHG-12345-s002", "CHG-12345-s003"}},
		{Objects{FreshAfter: 2}, []string{"CHG-12345-g0001"}},
		{Objects{Count: 2, FreshAfter: 2}, []string{"CHG-12345-s001-g0001", "CHG-12345-s002-g0001"}},
		{Objects{Absent: true}, []string{"CHG-12345"}},
	} {
		p, store := testPool(t, c.spec)
		if !slices.Equal(p.all(), c.ids) {
			t.Errorf("%+v: documents %v, want %v", c.spec, p.all(), c.ids)
		}
		for _, id := range c.ids {
			o, stored := store.objects[must(archive.Key(id))]
			if stored == c.spec.Absent {
				t.Errorf("%+v: %s is stored: %v", c.spec, id, stored)
			}
			if stored && must(archive.ParseChange(o.body)).ID() != id {
				t.Errorf("%+v: the document stored as %s has another id", c.spec, id)
			}
		}
	}
}

// TestPoolRotates: after so many updates, and not before, a fresh document takes over.
func TestPoolRotates(t *testing.T) {
	p, store := testPool(t, Objects{FreshAfter: 3})
	ctx := t.Context()
	var seen []string
	for range 10 {
		id := p.current(0)
		seen = append(seen, id[len("CHG-12345-"):])
		if err := p.updated(ctx, 0, id); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"g0001", "g0001", "g0001", "g0002", "g0002", "g0002", "g0003", "g0003", "g0003", "g0004"}
	if !slices.Equal(seen, want) {
		t.Errorf("documents %v, want %v", seen, want)
	}
	if len(p.all()) != 4 || len(store.objects) != 4 {
		t.Errorf("%d documents used, %d stored, want 4", len(p.all()), len(store.objects))
	}
	// A late update of an old document does not count for the new one.
	for range 5 {
		if err := p.updated(ctx, 0, "CHG-12345-g0001"); err != nil {
			t.Fatal(err)
		}
	}
	if p.current(0) != "CHG-12345-g0004" {
		t.Errorf("late updates replaced the document by %s", p.current(0))
	}
}

// TestPoolRotatesOnceForMany: of many that finish at once one stores the next.
func TestPoolRotatesOnceForMany(t *testing.T) {
	p, _ := testPool(t, Objects{FreshAfter: 10})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if err := p.updated(context.Background(), 0, p.current(0)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	ids := p.all()
	slices.Sort(ids)
	// How many depends on how long whoever stores the next is kept from it.
	if len(slices.Compact(ids)) != len(p.all()) || len(ids) < 2 || len(ids) > 81 {
		t.Errorf("800 updates used %d documents", len(ids))
	}
}

// TestPoolsStoreAtOnce is for the race detector: documents of several slots are
// stored at the same time, each by a client of its own.
func TestPoolsStoreAtOnce(t *testing.T) {
	clock, m := newLeaping(), &memory{}
	store, rec := newPlain(clock), history.NewRecorder(m, clock)
	spec := Objects{Count: 8, FreshAfter: 1}
	p := newPool(spec, must(OpenDocument("")), asTheyAre, putsInto(func() archive.Store { return rec.Client(history.SetupActor, "", store) }))
	if err := p.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := range spec.Count {
		wg.Go(func() {
			for range 20 {
				if err := p.updated(context.Background(), n, p.current(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	keys := map[string]bool{}
	for _, e := range m.events {
		keys[e.Key] = true
	}
	if want := spec.Count * 21; len(m.events) != want || len(keys) != want {
		t.Errorf("%d writes of %d documents, want %d", len(m.events), len(keys), want)
	}
}

func TestPoolReportsAStoreThatFails(t *testing.T) {
	p, store := testPool(t, Objects{FreshAfter: 1})
	broken := errors.New("broken")
	store.refuse = func(string) error { return broken }
	if err := p.updated(t.Context(), 0, p.current(0)); !errors.Is(err, broken) {
		t.Errorf("want the store's error, got %v", err)
	}
	if err := newPool(Objects{}, p.doc, asTheyAre, p.put).open(t.Context()); !errors.Is(err, broken) {
		t.Errorf("want the store's error, got %v", err)
	}
	store.refuse = nil
	if err := p.updated(t.Context(), 0, p.current(0)); err != nil || p.current(0) != "CHG-12345-g0002" {
		t.Errorf("the next update stays with %s (%v)", p.current(0), err)
	}
}

// TestPopularity: uniform choice is even, zipf prefers the first the more the
// steeper it is, and both follow the actor's stream alone.
func TestPopularity(t *testing.T) {
	const draws = 20_000
	shares := func(skew float64, count int) []float64 {
		p := newPool(Objects{Count: count, Popularity: Popularity{skew}}, nil, nil, nil)
		rng := stream(7, "s", 1, "a")
		hits := make([]float64, count)
		for range draws {
			hits[p.pick("alice", rng)]++
		}
		for i := range hits {
			hits[i] /= draws
		}
		return hits
	}
	for i, share := range shares(0, 5) {
		if share < 0.18 || share > 0.22 {
			t.Errorf("uniform: document %d has a share of %.3f", i, share)
		}
	}
	gentle, steep := shares(1.1, 5), shares(3, 5)
	if !slices.IsSortedFunc(gentle, func(a, b float64) int { return -compare(a, b) }) {
		t.Errorf("zipf is out of order: %v", gentle)
	}
	// 1/k³ over k = 1…5 gives the first 0.843.
	if steep[0] < 0.83 || steep[0] > 0.86 || gentle[0] > steep[0] || gentle[4] < steep[4] {
		t.Errorf("zipf(1.1) %v, zipf(3) %v", gentle, steep)
	}
	if only := shares(2, 1); only[0] != 1 {
		t.Errorf("one document has a share of %v", only)
	}
	if !slices.Equal(shares(1.5, 50), shares(1.5, 50)) {
		t.Error("the same stream chooses differently")
	}
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// TestStreams: the same for the same seed, scenario, repetition and name; apart
// in each of them.
func TestStreams(t *testing.T) {
	draw := func(r *rand.Rand) [4]uint64 { return [4]uint64{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()} }
	base := draw(stream(1, "s", 1, "a"))
	if draw(stream(1, "s", 1, "a")) != base {
		t.Error("the same stream twice differs")
	}
	for name, other := range map[string]*rand.Rand{
		"seed": stream(2, "s", 1, "a"), "scenario": stream(1, "t", 1, "a"),
		"repetition": stream(1, "s", 2, "a"), "actor": stream(1, "s", 1, "b"),
		"a digit moved":  stream(11, "s", 1, "a"),
		"a letter moved": stream(1, "s1", 1, "a"),
	} {
		if draw(other) == base {
			t.Errorf("another %s gives the same stream", name)
		}
	}
}

// TestHashedKeys: an actor has one document, whatever it draws, and actors are spread over all
// as evenly as if each had drawn once.
func TestHashedKeys(t *testing.T) {
	const actors, parts = 3000, 6
	p := newPool(Objects{Count: parts, Keys: HashedKeys}, nil, nil, nil)
	hits := make([]float64, parts)
	for i := range actors {
		name := (&Actor{Name: "backend", Count: actors}).memberName(i)
		rng := stream(uint64(i), "s", 1, name)
		first := p.pick(name, rng)
		for range 5 {
			if n := p.pick(name, rng); n != first {
				t.Fatalf("%s goes to %d and %d", name, first, n)
			}
		}
		hits[first]++
	}
	chi2 := 0.0
	for _, h := range hits {
		chi2 += (h - actors/parts) * (h - actors/parts) / (actors / parts)
	}
	// χ² with 5 degrees of freedom: 0.21 and 20.5 at 0.1 %.
	if chi2 < 0.21 || chi2 > 20.5 {
		t.Errorf("%v, χ² = %.2f", hits, chi2)
	}
}
