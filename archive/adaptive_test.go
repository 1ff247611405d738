package archive

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/archive/internal/testclock"
)

// entries is a document of which only the length matters.
type entries struct {
	*Change
	n int
}

func (e entries) HistoryLen() int { return e.n }

func version(n int) Snapshot { return Snapshot{entries{n: n}, fmt.Sprint("v", n)} }

// pace drives the adaptive policy without a call: its clock, round trips and versions
// are what the test says.
type pace struct {
	*adaptive
	time *testclock.Clock
}

func newPace(most time.Duration, seed uint64) *pace {
	clock := testclock.At(time.Unix(1_700_000_000, 0))
	return &pace{newAdaptive(Policy{Kind: Adaptive, Cap: most}, clock, rand.New(rand.NewPCG(seed, 0))), clock}
}

func (p *pace) passes(d time.Duration) { p.time.Pass(d) }

// reads is a read that took so long and found this version.
func (p *pace) reads(took time.Duration, v int) (time.Duration, bool) {
	p.passes(took)
	p.trips.reads.add(took)
	return p.postpone(version(v))
}

// trip is a usual round trip.
const trip = 20 * ms

// fails is a write that was refused.
func (p *pace) fails() time.Duration {
	p.passes(trip)
	p.trips.writes.add(trip)
	return p.backoff(1, ErrPreconditionFailed)
}

// TestAdaptiveEstimates: where little passes the estimate falls, where versions pass
// as fast as they can it grows.
func TestAdaptiveEstimates(t *testing.T) {
	idle, rushed := newPace(time.Hour, 1), newPace(time.Hour, 1)
	for _, p := range []*pace{idle, rushed} {
		if _, postponed := p.reads(trip, 1); postponed {
			t.Fatal("the first write is postponed")
		}
		p.passes(p.fails())
		p.reads(trip, 2)
	}
	idle.rivals, rushed.rivals = 50, 3
	v := 2
	for n := range 8 {
		idle.passes(idle.fails())
		idle.reads(trip, 3+n)
		wait := rushed.fails()
		rushed.passes(wait)
		v += int((wait + 2*trip) / trip)
		rushed.reads(trip, v)
	}
	if idle.rivals > 4 {
		t.Errorf("a version passes in a window, and it takes the others for %.1f", idle.rivals)
	}
	if rushed.overtaken != v-1 {
		t.Errorf("%d versions have passed, and it says %d", v-1, rushed.overtaken)
	}
	if rushed.rivals < 50 {
		t.Errorf("a version passes with every round trip, and it takes the others for %.1f", rushed.rivals)
	}
}

// TestAdaptiveWaitsForAWriteUnderWay: as long as the version stands that its write
// was refused for, it does not write, but not for ever.
func TestAdaptiveWaitsForAWriteUnderWay(t *testing.T) {
	p := newPace(time.Second, 1)
	p.reads(trip, 1)
	p.fails()
	was, looks := p.turn(), 0
	for {
		wait, postponed := p.reads(trip, 1)
		if !postponed {
			break
		}
		p.passes(wait)
		looks++
	}
	if looks != mostLooks || p.turn() <= underWay*was {
		t.Errorf("%d looks; the write takes %v at least, first it was believed to take %v", looks, p.turn(), was)
	}
}

// TestAdaptiveTakesRefusalsForSlowWrites: a 409 says that another write is under way, which
// takes longer than to be refused. How soon versions follow bounds what is assumed of it.
func TestAdaptiveTakesRefusalsForSlowWrites(t *testing.T) {
	p := newPace(time.Hour, 1)
	p.reads(trip, 1)
	p.passes(trip)
	p.trips.writes.add(trip)
	p.passes(p.backoff(1, ErrConflict))
	if p.turn() != underWay*trip {
		t.Errorf("a write is taken to need %v after a refusal that took %v", p.turn(), trip)
	}
	v := 1
	for range 4 {
		p.passes(p.backoff(1, ErrConflict))
		v += 2
		p.seenAt = p.time.Now().Add(-2*70*ms + trip) // two versions, 70 ms apart
		p.slept = 0
		p.reads(trip, v)
	}
	if p.turn() != underWay*trip {
		t.Errorf("versions are 70ms apart, and it takes a write to need %v", p.turn())
	}
	p.passes(p.backoff(1, ErrConflict))
	p.seenAt, p.slept = p.time.Now().Add(-2*45*ms+trip), 0
	if p.reads(trip, v+2); p.turn() != 45*ms {
		t.Errorf("versions are 45ms apart, and it takes a write to need %v", p.turn())
	}
}

// TestAdaptiveFarAway: others are nearer to the store. Its window is for their turns, and its
// own requests count as waiting.
func TestAdaptiveFarAway(t *testing.T) {
	p := newPace(time.Hour, 1)
	far := 4 * trip
	p.reads(far, 1)
	fails := func() time.Duration {
		p.passes(far)
		p.trips.writes.add(far)
		return p.backoff(1, ErrPreconditionFailed)
	}
	wait := fails()
	p.passes(wait)
	p.reads(far, 1+int((wait+2*far)/trip))
	if turn := p.turn(); turn < trip || turn > 3*trip/2 {
		t.Fatalf("a version passed every 20ms, and a turn is taken to be %v", turn)
	}
	p.rivals = 30
	most := time.Duration(0)
	for range 100 {
		most = max(most, fails())
	}
	if want := longestWait*p.turn() - 2*(far-p.turn()); most != want {
		t.Errorf("waits %v at most, want %v", most, want)
	}
}

// TestAdaptiveWindow: it is as wide as the estimate says, up to the cap, or up to ten of its
// own exposures; half as wide for calls that many have overtaken.
func TestAdaptiveWindow(t *testing.T) {
	for _, tt := range []struct {
		cap       time.Duration
		rivals    float64
		overtaken int
		want      float64 // turns
	}{
		{time.Hour, 1, 0, share}, {time.Hour, 11, 0, 10 * share}, {time.Hour, 1001, 0, 1000 * share},
		{time.Second, 1001, 0, float64(time.Second / trip)}, {time.Millisecond, 1001, 0, widest},
		{time.Hour, 11, patience, 10 * share}, {time.Hour, 11, patience * 3 / 2, 20 * share / 3}, {time.Hour, 11, 1000, 5 * share},
	} {
		p := newPace(tt.cap, 1)
		p.reads(trip, 1)
		p.fails()
		p.rivals, p.overtaken = tt.rivals, tt.overtaken
		if got := p.wanted(); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("cap %v, %v rivals, overtaken by %d: a window of %v turns, want %v", tt.cap, tt.rivals, tt.overtaken, got, tt.want)
		}
	}
}

// TestAdaptiveForgetsAHugeFirstRead: a cold connection or a stall at the start.
func TestAdaptiveForgetsAHugeFirstRead(t *testing.T) {
	stalled := newPace(time.Hour, 1) // at its first write
	stalled.reads(trip, 1)
	stalled.passes(5 * time.Second)
	stalled.trips.writes.add(5 * time.Second)
	stalled.backoff(1, ErrPreconditionFailed)
	stalled.reads(trip, 2)
	if turn := stalled.turn(); turn > 3*trip {
		t.Errorf("a turn of %v where all but one round trip take 20ms", turn)
	}
	p := newPace(time.Hour, 1)
	p.reads(10*time.Second, 1)
	for v := 2; v < 6; v++ {
		wait := p.fails()
		if wait > time.Second {
			t.Errorf("waits %v where a round trip takes 20ms", wait)
		}
		p.passes(wait)
		p.reads(trip, v)
	}
}

// TestAdaptiveAfterUnrelatedFailures waits as full jitter does, and writes.
func TestAdaptiveAfterUnrelatedFailures(t *testing.T) {
	p := newPace(time.Hour, 1)
	p.reads(trip, 1)
	for n := 1; n <= 5; n++ {
		if wait, most := p.backoff(n, ErrThrottled), 50*ms<<n; wait >= most || p.window != 0 {
			t.Errorf("waits %v after failure %d, at most %v", wait, n, most)
		}
		if _, postponed := p.reads(trip, 1+n); postponed {
			t.Error("no write was refused, and one is postponed")
		}
	}
}

// Whatever a call meets, with any clock: waits are from 0 to the cap, writes are
// postponed a bounded number of times in a row, the estimate stays a number, and the
// same random stream gives the same waits.
func TestAdaptiveStaysInBounds(t *testing.T) {
	duration := rapid.OneOf(
		rapid.Map(rapid.Int64Range(0, int64(100*ms)), func(n int64) time.Duration { return time.Duration(n) }),
		rapid.Map(rapid.Int64(), func(n int64) time.Duration { return time.Duration(n) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		most := time.Duration(rapid.OneOf(rapid.Int64Range(1, int64(2*time.Second)), rapid.Int64Range(1, math.MaxInt64)).Draw(t, "cap"))
		p, again := newPace(most, 7), newPace(most, 7)
		version, looks := 1, 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			took, jump := duration.Draw(t, "took"), duration.Draw(t, "jump")
			version += rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, math.MaxInt32)).Draw(t, "versions")
			cause := rapid.SampledFrom([]error{ErrPreconditionFailed, ErrConflict, ErrThrottled, ErrOutcomeUnknown}).Draw(t, "cause")
			step := func(p *pace) (wait time.Duration) {
				wait, postponed := p.reads(took, version)
				if !postponed {
					p.passes(took)
					p.trips.writes.add(took)
					wait = p.backoff(1, cause)
					looks = 0
				} else if looks++; looks > 2*mostLooks { // of two
					t.Fatal("the write is postponed for ever")
				}
				p.passes(wait)
				p.passes(jump)
				return wait
			}
			wait := step(p)
			if wait < 0 || wait > most {
				t.Fatalf("waits %v, the cap is %v", wait, most)
			}
			if other := step(again); other != wait {
				t.Fatalf("waits %v, and again %v", wait, other)
			}
			if !(p.rivals >= 1 && p.rivals < 1e12) || p.turn() <= 0 {
				t.Fatalf("%v rivals, exposure %v", p.rivals, p.turn())
			}
		}
	})
}

// busyRig is a call under way whose object moves on before each of its reads and
// whose first write is refused, and which therefore postpones its second.
func busyRig(t *testing.T, p Policy) *rig {
	r := newRig(t, 0)
	r.policy = p
	r.rand = rand.New(rand.NewPCG(1, 1))
	n := 0
	r.store.onPut[1] = after(r.store.interlope("x", nil), nil)
	for get := 2; get < 100; get++ {
		r.store.onGet[get] = func(do func() (string, error)) (string, error) {
			for range 20 {
				n++
				r.store.interlope(fmt.Sprint("x", n), nil)()
			}
			return do()
		}
	}
	return r
}

// TestPostponedWrites: the call reads and waits on; each wait is told, under the
// number of the attempt that it delays and with the cause of the first.
func TestPostponedWrites(t *testing.T) {
	r := busyRig(t, Policy{Kind: Adaptive, Cap: time.Second, Retries: 1})
	var waits []WaitInfo
	r.observer.Wait = func(_ context.Context, i WaitInfo) { waits = append(waits, i) }
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
		t.Fatal(err)
	}
	if r.store.puts != 2 || r.store.gets < 3 || len(waits) != r.store.gets-1 {
		t.Errorf("%d writes, %d reads, %d waits", r.store.puts, r.store.gets, len(waits))
	}
	for _, w := range waits {
		if w.Attempt != 2 || !errors.Is(w.Cause, ErrPreconditionFailed) {
			t.Errorf("%+v", w)
		}
	}
}

// TestPostponedWritesEnd: what a look finds may be the answer, and neither deadline
// nor context waits for the write.
func TestPostponedWritesEnd(t *testing.T) {
	policy := Policy{Kind: Adaptive, Cap: time.Second, Retries: 1}
	edit := Edit{Modifications: []Modification{mod("m1")}}
	t.Run("its own write", func(t *testing.T) { // whose answer came from a repetition
		r := busyRig(t, policy)
		r.store.onPut[1] = resent
		if _, err := r.Append(t.Context(), testID, edit); err != nil || r.store.puts != 1 {
			t.Errorf("%v after %d writes", err, r.store.puts)
		}
	})
	t.Run("a conflict of users", func(t *testing.T) {
		r := busyRig(t, policy)
		r.store.onGet[3] = after(r.store.interlope("y", fields("title", `"theirs"`)), nil)
		_, err := r.Save(t.Context(), testID, r.base, Edit{Fields: fields("title", `"mine"`), Modifications: edit.Modifications})
		if OutcomeOf(err) != Conflict || r.store.puts != 1 || r.store.gets != 3 {
			t.Errorf("%v after %d writes and %d reads", err, r.store.puts, r.store.gets)
		}
	})
	t.Run("the deadline", func(t *testing.T) {
		p := policy
		p.Deadline = 1
		r := busyRig(t, p)
		r.clock.OnSleep = func(int) { t.Error("waits") }
		_, err := r.Append(t.Context(), testID, edit)
		if OutcomeOf(err) != Exhausted {
			t.Error(err)
		}
	})
	t.Run("the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := busyRig(t, policy)
		r.clock.OnSleep = func(n int) {
			if n == 2 {
				cancel()
			}
		}
		_, err := r.Append(ctx, testID, edit)
		if !errors.Is(err, context.Canceled) || r.store.puts != 1 || len(r.clock.Waits) != 2 {
			t.Errorf("%v after %d writes and %d waits", err, r.store.puts, len(r.clock.Waits))
		}
	})
}

func TestDistances(t *testing.T) {
	var d distances
	for _, step := range []struct {
		versions     int
		passed, want time.Duration
	}{
		{0, 10, 0}, {1, 90, 0}, {1, 20, 60}, // 120 for two
		{4, 400, 60}, {4, 100, 25}, {1, math.MaxInt64, 25}, {1, math.MaxInt64, 25},
	} {
		if d.add(step.versions, step.passed); d.least != step.want {
			t.Errorf("after %d versions in %d: %d, want %d", step.versions, step.passed, d.least, step.want)
		}
	}
}

func TestTypicalTrips(t *testing.T) {
	var l lastTrips
	for _, step := range []struct{ add, want time.Duration }{
		{0, 0}, {-5, 0}, {90, 90}, {20, 20}, {30, 30}, {10, 20}, {math.MaxInt64, 30},
	} {
		l.add(step.add)
		if got := l.typical(); got != step.want {
			t.Errorf("after %d: %d, want %d", step.add, got, step.want)
		}
	}
	for range 9 {
		l.add(7)
	}
	if got := l.typical(); got != 7 || slices.Max(l.last[:]) != 7 {
		t.Errorf("after nine more: %d", got)
	}
}

// TestAdaptiveUsesItsDeadline: the room that is kept for another attempt is that of its last
// pass, without the waits of writes that were postponed.
func TestAdaptiveUsesItsDeadline(t *testing.T) {
	early, runs := 0, 0
	worst := time.Hour
	for seed := range uint64(50) {
		r := newRig(t, 0)
		r.policy = Policy{Kind: Adaptive, Cap: 2 * time.Second, Retries: Unlimited, Deadline: 25 * time.Second}
		r.rand = rand.New(rand.NewPCG(seed, 1))
		n := 0
		slow := func(rivals bool) fault {
			return func(do func() (string, error)) (string, error) {
				r.clock.Pass(60 * time.Millisecond)
				if rivals {
					n++
					r.store.interlope(fmt.Sprint("x", n), nil)()
				}
				return do()
			}
		}
		last := r.clock.Now()
		for get := 1; get < 3000; get++ {
			r.store.onGet[get] = func(do func() (string, error)) (string, error) {
				for last.Add(66 * time.Millisecond).Before(r.clock.Now()) { // 15 commits a second by others
					last = last.Add(66 * time.Millisecond)
					if n++; n < 2000 {
						r.store.interlope(fmt.Sprint("x", n), nil)()
					}
				}
				return slow(false)(do)
			}
			r.store.onPut[get] = slow(true)
		}
		var waits time.Duration
		r.observer.Wait = func(_ context.Context, i WaitInfo) { waits += i.Wait }
		start := r.clock.Now()
		_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
		took := r.clock.Now().Sub(start)
		if OutcomeOf(err) != Exhausted {
			t.Fatal(err)
		}
		runs++
		worst = min(worst, took)
		if took < 20*time.Second {
			early++
		}
	}
	if early > 0 {
		t.Errorf("%d of %d calls gave up before 20 s of 25 s, one after %v, with requests of 60 ms", early, runs, worst)
	}
}
