package storerace_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
	"holdfast/archive/storerace"
	"holdfast/archive/storetest/broken"
	"holdfast/archive/wire"
)

func plan(races int) storerace.Plan {
	return storerace.Plan{Races: races, Racers: []int{2, 8}, BodyBytes: []int{64, 3000}, AfterUnsafe: 10}
}

func play(t *testing.T, k storerace.Kind, races int, stores ...archive.Store) storerace.Tally {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return k.On(storerace.Field{Stores: stores, Prefix: "races/"}).Play(ctx, plan(races), nil)
}

func TestSoundStore(t *testing.T) {
	m := broken.NewMemory()
	for _, k := range storerace.Kinds() {
		if k.Raw {
			continue
		}
		got := play(t, k, 200, m, m)
		if got.Judged != 200 || got.Bad > 0 || got.Unjudged > 0 {
			t.Errorf("%s: %+v, want 200 judged, none bad", k.Name, got)
		}
	}
}

// TestBrokenStores: each fault is found by the races that are meant for it, and called by
// its name.
func TestBrokenStores(t *testing.T) {
	for _, test := range []struct {
		kind  storefault.Kind
		races string
	}{
		{storefault.TwoWinners, "update"},
		{storefault.TwoCreators, "create create-and-delete"},
		{storefault.WrongRefusal, "update"},
		{storefault.LostWrite, "counter read-after-write"},
		{storefault.RefusedAndKept, "update counter"},
		{storefault.StrangeBody, "readers"},
		{storefault.BodyUnderOlder, "readers"},
		{storefault.BodyUnderNewer, "readers"},
		{storefault.StaleRead, "update read-after-write readers"},
		{storefault.NoETag, "update create"},
		{storefault.SharedETag, "update read-after-write"},
		{storefault.UnstableETag, "read-after-write"},
		{storefault.IgnoredDelete, "conditional-delete"},
		{storefault.TwoDeleters, "delete-and-delete"},
		{storefault.UndoneDelete, "update-and-delete"},
	} {
		for name := range strings.FieldsSeq(test.races) {
			races := 400
			if storefault.Of(test.kind).Severity == storefault.Limit { // which ends no course
				races = 60
			}
			got := play(t, storerace.Named(name), races, broken.Store(test.kind))
			if len(got.Faults) == 0 || !slices.ContainsFunc(got.Faults, func(f *storefault.Error) bool { return f.Kind == test.kind }) {
				t.Errorf("a store that is %s, by %s: %d of %d bad, %v %v", test.kind, name, got.Bad, got.Judged, got.Faults, got.Why)
				continue
			}
			t.Logf("%s, by %s: %d of %d, first %d: %v", test.kind, name, got.Bad, got.Judged, got.FirstBad, got.Faults[0])
		}
	}
}

// troubled spoils answers as a transport does.
type troubled struct {
	archive.Store
	rng   *rand.Rand // nil: every call
	err   error
	after bool // the call is made first
}

func (s *troubled) spoilt() bool { return s.rng == nil || s.rng.IntN(17) == 0 }

func (s *troubled) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if !s.spoilt() {
		return s.Store.Put(ctx, key, body, cond)
	}
	if s.after {
		if _, err := s.Store.Put(ctx, key, body, cond); err != nil {
			return "", archive.ErrOutcomeUnknown
		}
	}
	return "", s.err
}

func (s *troubled) Get(ctx context.Context, key string) ([]byte, string, error) {
	if s.spoilt() {
		return nil, "", archive.ErrUnavailable
	}
	return s.Store.Get(ctx, key)
}

// TestTroubledTransport: a cut answer is no fault, and doesn't end the races.
func TestTroubledTransport(t *testing.T) {
	for _, err := range []error{archive.ErrOutcomeUnknown, archive.ErrThrottled, archive.ErrUnavailable} {
		for _, after := range []bool{false, true} {
			if after && !errors.Is(err, archive.ErrOutcomeUnknown) {
				continue
			}
			for _, name := range []string{"update", "create", "counter", "readers", "update-and-delete"} {
				s := &locked{Store: &troubled{Store: broken.NewMemory(), rng: rand.New(rand.NewPCG(1, 2)), err: err, after: after}}
				got := play(t, storerace.Named(name), 60, s)
				if got.Judged != 60 || got.Bad > 0 {
					t.Errorf("%s, %v, applied %v: %d judged, %d bad, %d unjudged, %v %v", name, err, after, got.Judged, got.Bad, got.Unjudged, got.Faults, got.Why)
				}
				if errors.Is(err, archive.ErrOutcomeUnknown) && got.Unjudged == 0 {
					t.Errorf("%s: races of unknown outcome were judged", name)
				}
			}
		}
	}
}

// locked makes one call at a time.
type locked struct {
	archive.Store
	mu sync.Mutex
}

func (s *locked) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Put(ctx, key, body, cond)
}

func (s *locked) Get(ctx context.Context, key string) ([]byte, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Get(ctx, key)
}

// TestDeadStore: a store that never answers ends the races, and says why.
func TestDeadStore(t *testing.T) {
	dead := &locked{Store: &troubled{Store: broken.NewMemory(), err: archive.ErrUnavailable}}
	got := storerace.Named("update").On(storerace.Field{Stores: []archive.Store{dead}}).Play(t.Context(), plan(100), nil)
	if got.Judged != 0 || got.Bad != 0 || !errors.Is(got.Why, archive.ErrUnavailable) {
		t.Errorf("%+v", got)
	}
}

func TestQuick(t *testing.T) {
	m := broken.NewMemory()
	if err := storerace.Quick(t.Context(), m, "check/"); err != nil {
		t.Error(err)
	}
	if left, _ := m.List(t.Context(), "", ""); len(left) > 0 {
		t.Errorf("it left %v behind", left)
	}
	for _, kind := range []storefault.Kind{
		storefault.TwoWinners, storefault.TwoCreators, storefault.IgnoredCondition, storefault.NoETag,
	} {
		fault, ok := errors.AsType[*storefault.Error](storerace.Quick(t.Context(), broken.Store(kind), "check/"))
		if !ok || fault.Kind != kind {
			t.Errorf("a store that is %s: %v", kind, fault)
		}
	}
	for _, kind := range []storefault.Kind{storefault.UnstableETag, storefault.IgnoredDelete, storefault.UndoneDelete, storefault.BodyUnderOlder} {
		if err := storerace.Quick(t.Context(), broken.Store(kind), "check/"); err != nil {
			t.Errorf("a store that is %s loses nothing, and is refused: %v", kind, err)
		}
	}
	if err := storerace.Quick(t.Context(), &troubled{Store: m, err: archive.ErrUnavailable}, "check/"); !errors.Is(err, archive.ErrUnavailable) {
		t.Error(err)
	}
}

// cutter is a server that keeps so many bytes of a body which is cut off.
type cutter struct {
	*broken.Memory
	keeps int
}

func (c cutter) Send(ctx context.Context, r wire.Request) (wire.Answer, error) {
	if c.keeps > 0 {
		if _, err := c.Put(ctx, r.Key, r.Body[:min(c.keeps, r.Cut)], archive.Condition{}); err != nil {
			return wire.Answer{}, err
		}
	}
	return wire.Answer{}, wire.ErrCut
}

func TestCutWrite(t *testing.T) {
	for keeps, want := range map[int]int{0: 0, 5: 20} {
		c := cutter{broken.NewMemory(), keeps}
		field := storerace.Field{Stores: []archive.Store{c}, Raw: c}
		got := storerace.Named("cut-write").On(field).Play(t.Context(), storerace.Plan{Races: 20, Racers: []int{2}, BodyBytes: []int{64}, AfterUnsafe: -1}, nil)
		if got.Judged != 20 || got.Bad != want {
			t.Errorf("a server that keeps %d bytes: %+v", keeps, got)
		}
		kinds := map[storefault.Kind]bool{}
		for _, fault := range got.Faults {
			kinds[fault.Kind] = true
		}
		if want > 0 && (len(kinds) != 2 || !kinds[storefault.StrangeBody] || !kinds[storefault.LostWrite]) {
			t.Errorf("%v: want one for what is made of nothing, and one for what replaces a version", got.Faults)
		}
	}
}

// lateCutter stores what was cut off a moment later.
type lateCutter struct{ *broken.Memory }

func (c lateCutter) Send(_ context.Context, r wire.Request) (wire.Answer, error) {
	time.AfterFunc(5*time.Millisecond, func() {
		_, _ = c.Put(context.Background(), r.Key, r.Body[:r.Cut], archive.Condition{})
	})
	return wire.Answer{}, wire.ErrCut
}

func TestCutWriteThatIsStoredLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := lateCutter{broken.NewMemory()}
		got := storerace.Named("cut-write").On(storerace.Field{Stores: []archive.Store{c}, Raw: c}).
			Play(t.Context(), storerace.Plan{Races: 10, Racers: []int{2}, BodyBytes: []int{64}, AfterUnsafe: -1}, nil)
		if got.Bad != 10 {
			t.Errorf("%d of %d bad, %v", got.Bad, got.Judged, got.Why)
		}
	})
}
