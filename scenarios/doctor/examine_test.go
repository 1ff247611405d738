package doctor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/storefault"
	"holdfast/archive/storetest/broken"
	"holdfast/scenarios/doctor"
)

func fronts(stores ...archive.Store) []doctor.Front {
	var all []doctor.Front
	for _, s := range stores {
		all = append(all, doctor.Front{Store: s})
	}
	return all
}

func examine(t *testing.T, c doctor.Config) doctor.Diagnosis {
	t.Helper()
	began := time.Now()
	d, err := doctor.Examine(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if c.Budget > 0 && time.Since(began) > c.Budget+time.Second {
		t.Errorf("it took %v of at most %v", time.Since(began), c.Budget)
	}
	return d
}

func TestSoundStore(t *testing.T) {
	m := broken.NewMemory()
	d := examine(t, doctor.Config{Fronts: fronts(m, m), Races: 200, BodyBytes: []int{64, 2000}})
	if d.Verdict != doctor.Safe || len(d.Limits) > 0 || len(d.Reasons) > 0 {
		t.Errorf("%s, limits %q, reasons %q", d.Verdict, d.Limits, d.Reasons)
	}
	for _, r := range d.Races {
		if r.Races != r.Wanted || r.Bad != 0 || r.Races == 200 && (r.RateUpper95 < 0.0148 || r.RateUpper95 > 0.015) {
			t.Errorf("%+v", r)
		}
	}
	if d.Requests < 2000 {
		t.Errorf("%d requests", d.Requests)
	}
}

// TestBrokenStores: each fault is found and named, and weighs what it weighs.
func TestBrokenStores(t *testing.T) {
	for _, fault := range storefault.All() {
		t.Run(string(fault.Kind), func(t *testing.T) {
			t.Parallel()
			races := 150
			if fault.Severity == storefault.Limit { // which ends nothing
				races = 50
			}
			d := examine(t, doctor.Config{Fronts: fronts(broken.Store(fault.Kind)), Races: races, BodyBytes: []int{64, 2000}, Budget: 30 * time.Second})
			var kinds []storefault.Kind
			for _, r := range d.Rows {
				kinds = append(kinds, r.Kind)
			}
			for _, r := range d.Races {
				kinds = append(kinds, r.Kinds...)
			}
			if !slices.Contains(kinds, fault.Kind) {
				t.Errorf("not found: %q", d.Limits)
			}
			want := doctor.SafeWithLimits
			switch {
			case fault.Severity == storefault.Unsafe:
				want = doctor.Unsafe
			case fault.Kind == storefault.WrongRefusal: // nothing can be saved, and so nothing be lost
				want = doctor.Inconclusive
			}
			// A store that loses writes is found to do worse than it was planted for.
			if d.Verdict != want && d.Verdict != doctor.Unsafe {
				t.Errorf("%s, want %s: %q", d.Verdict, want, d.Reasons)
			}
			level := map[storefault.Subject]doctor.Level{storefault.Writes: d.Writes, storefault.Reads: d.Reads, storefault.Deletes: d.Deletes}[fault.Subject]
			if level == doctor.LevelSafe || level == doctor.LevelInconclusive && want != doctor.Inconclusive {
				t.Errorf("%s are %s", fault.Subject, level)
			}
		})
	}
}

// TestLimitsOnly: what the core loses nothing by is no reason to refuse a store.
func TestLimitsOnly(t *testing.T) {
	for _, kind := range []storefault.Kind{
		storefault.UnstableETag, storefault.BodyUnderOlder, storefault.StaleRead, storefault.IgnoredDelete, storefault.TwoDeleters,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			d := examine(t, doctor.Config{Fronts: fronts(broken.Store(kind)), Races: 150, BodyBytes: []int{64, 2000}})
			if d.Verdict != doctor.SafeWithLimits {
				t.Errorf("%s, %q %q", d.Verdict, d.Limits, d.Reasons)
			}
		})
	}
}

// TestEmbedded examines the embedded server over HTTP.
func TestEmbedded(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s, at := server.Store().WithPrefix("doctor"), &doctor.Endpoint{URL: server.Endpoint()}
	config := doctor.Config{Store: "fake", Fronts: []doctor.Front{{Store: s, Raw: s, At: at}}, Races: 40}
	d := examine(t, config)
	if d.Verdict != doctor.SafeWithLimits || d.Writes != doctor.LevelSafe || d.Reads != doctor.LevelSafe || d.Deletes != doctor.LevelWarn {
		t.Errorf("%s: writes %s, reads %s, deletes %s, %q", d.Verdict, d.Writes, d.Reads, d.Deletes, d.Reasons)
	}
	for _, r := range d.Rows {
		if !r.OK && (r.Reproduction == "" || !strings.Contains(r.Reproduction, "> ")) {
			t.Errorf("%s: no reproduction", r.Name)
		}
		if r.Name == "update of nothing" && r.Here != "412 PreconditionFailed" {
			t.Errorf("%+v", r)
		}
	}
	for _, r := range d.Races {
		if r.Name == "delete-and-delete" && !strings.Contains(r.Reproduction, "> DELETE /holdfast/doctor/races/") {
			t.Errorf("%+v", r)
		}
	}
	if len(d.Endpoints) != 1 || d.Endpoints[0].Server == "" || d.Endpoints[0].Versioning != "off" {
		t.Errorf("%+v", d.Endpoints)
	}

	config.Quick, config.Races, config.Budget = true, 0, 5*time.Second
	config.Fronts[0].Store = server.Store().WithPrefix("quick")
	if d := examine(t, config); d.Verdict != doctor.Safe || d.Requests > 250 || !d.Quick {
		t.Errorf("quick: %s, %d requests, %q %q", d.Verdict, d.Requests, d.Limits, d.Reasons)
	}
}

// TestQuickRefuses: the short form finds what ignores conditions, and what lets two win.
func TestQuickRefuses(t *testing.T) {
	for _, kind := range []storefault.Kind{storefault.IgnoredCondition, storefault.TwoWinners, storefault.TwoCreators, storefault.NoETag} {
		if d := examine(t, doctor.Config{Fronts: fronts(broken.Store(kind)), Quick: true}); d.Verdict != doctor.Unsafe {
			t.Errorf("%s: %s", kind, d.Verdict)
		}
	}
}

// slow makes each call take so long.
type slow struct {
	archive.Store
	each time.Duration
}

func (s slow) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if err := (archive.WallClock{}).Sleep(ctx, s.each); err != nil {
		return "", errors.Join(archive.ErrOutcomeUnknown, err)
	}
	return s.Store.Put(ctx, key, body, cond)
}

// TestBudget: what a slow server did not finish is inconclusive, with what was seen.
func TestBudget(t *testing.T) {
	d := examine(t, doctor.Config{Fronts: fronts(slow{broken.NewMemory(), 20 * time.Millisecond}), Budget: 2 * time.Second})
	if d.Verdict != doctor.Inconclusive || d.Writes != doctor.LevelInconclusive || len(d.Reasons) == 0 || d.Interrupted {
		t.Errorf("%s, writes %s, %q", d.Verdict, d.Writes, d.Reasons)
	}
	for _, r := range d.Races {
		if r.Name == "update" && (r.Races == 0 || r.Races >= r.Wanted || !strings.Contains(r.Inconclusive, "budget")) {
			t.Errorf("%+v", r)
		}
	}
	d = examine(t, doctor.Config{Fronts: fronts(slow{broken.NewMemory(), 300 * time.Millisecond}), Budget: 20 * time.Second, RowBudget: 50 * time.Millisecond, Races: 1})
	for _, r := range d.Rows {
		if r.Name == "create over an object" && (!r.Inconclusive || r.OK) {
			t.Errorf("%+v", r)
		}
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d, err := doctor.Examine(ctx, doctor.Config{
		Fronts: fronts(slow{broken.NewMemory(), time.Millisecond}),
		Progress: func(p doctor.Progress) {
			if p.Done > 100 {
				cancel()
			}
		},
	})
	if err != nil || !d.Interrupted || d.Verdict != doctor.Inconclusive || len(d.Rows) == 0 {
		t.Errorf("%s, interrupted %t, %v", d.Verdict, d.Interrupted, err)
	}
}

// mute answers nothing.
type mute struct{ archive.Store }

func (mute) Put(context.Context, string, []byte, archive.Condition) (string, error) {
	return "", archive.ErrUnavailable
}

func TestNothingToExamine(t *testing.T) {
	if _, err := doctor.Examine(t.Context(), doctor.Config{}); err == nil {
		t.Error("no front, and no error")
	}
	if _, err := doctor.Examine(t.Context(), doctor.Config{Fronts: fronts(mute{broken.NewMemory()}), Budget: time.Second}); !errors.Is(err, archive.ErrUnavailable) {
		t.Error(err)
	}
}

// starting refuses what comes in its first second.
type starting struct {
	archive.Store
	began time.Time
}

func (s starting) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if time.Since(s.began) < time.Second {
		return "", archive.ErrOutcomeUnknown
	}
	return s.Store.Put(ctx, key, body, cond)
}

func TestStartingServerIsWaitedFor(t *testing.T) {
	d := examine(t, doctor.Config{Fronts: fronts(starting{broken.NewMemory(), time.Now()}), Quick: true})
	if d.Verdict != doctor.Safe {
		t.Errorf("%s, %q", d.Verdict, d.Reasons)
	}
}

// TestTwoFronts: two front ends that cache for themselves are found out, each alone is not.
func TestTwoFronts(t *testing.T) {
	m := broken.NewMemory()
	stale := broken.Twisted{Memory: m}
	cached := map[string]string{}
	stale.OnHead = func(ctx context.Context, key string) (string, error) {
		etag, err := m.Head(ctx, key)
		if err != nil || !strings.Contains(key, "read-after-write") {
			return etag, err
		}
		if before, ok := cached[key]; ok {
			return before, nil
		}
		cached[key] = etag
		return etag, nil
	}
	d := examine(t, doctor.Config{Fronts: fronts(m, &stale), Races: 20, Writers: []int{2}})
	if d.Reads != doctor.LevelWarn {
		t.Errorf("reads %s, %q", d.Reads, d.Limits)
	}
}
