package check

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive/storefault"
	"holdfast/scenarios/history"

	"pgregory.net/rapid"
)

// skew is how a clock is wrong.
type skew struct {
	by    int64   // nanoseconds that it is ahead
	drift float64 // by how much it is fast
}

func (s skew) of(t int64) int64 { return t + s.by + int64(math.Floor(float64(t)*s.drift)) }

// skewed is the history as recorders tell it whose clocks are wrong: each event goes to the
// recorder of its actor.
func skewed(h history.Header, events []*history.Event, clock func(actor string) int, skews []skew) (history.Header, []*history.Event) {
	h.Recorders, h.Shards = len(skews), nil
	for n := range skews {
		h.Shards = append(h.Shards, history.Shard{Number: n, Attempt: 1})
	}
	var all []*history.Event
	for _, e := range events {
		e = e.Clone()
		e.Clock = clock(e.Actor)
		s := skews[e.Clock]
		e.Start, e.At = s.of(e.Start), s.of(e.At)
		if e.Due != 0 {
			e.Due = s.of(e.Due)
		}
		if e.Asked != 0 {
			e.Asked = s.of(e.Asked)
		}
		all = append(all, e)
	}
	return h, all
}

// dealt gives each actor to a clock at random, and the harness to the first.
func dealt(rng *rand.Rand, clocks int) func(string) int {
	of := map[string]int{}
	return func(actor string) int {
		if actor == "" || strings.HasPrefix(actor, "harness/") {
			return 0
		}
		if _, known := of[actor]; !known {
			of[actor] = rng.IntN(clocks)
		}
		return of[actor]
	}
}

// slowed makes the nanoseconds of a simulation milliseconds.
func slowed(events []*history.Event) []*history.Event {
	var all []*history.Event
	for _, e := range events {
		e = e.Clone()
		e.Start, e.At = e.Start*1e6, e.At*1e6
		all = append(all, e)
	}
	return all
}

func dump(t interface{ Log(...any) }, events []*history.Event, r Report) {
	for _, e := range events {
		t.Log(e.Clock, line(e))
	}
	for _, v := range r.Violations {
		t.Log(v.Invariant, v.Anomaly, v.Summary)
	}
	for _, f := range r.StoreFindings {
		t.Log(f.Kind, f.Summary)
	}
}

// many is how often what is drawn at random is tried.
func many(quick, full int) int {
	if os.Getenv("HOLDFAST_EXPERIMENT") == "full" {
		return full
	}
	return quick
}

// TestAlignmentAgreesWithPorcupine: of two clocks, a history is held against somebody if, and
// only if, there is no alignment of the two in which it is linearizable.
func TestAlignmentAgreesWithPorcupine(t *testing.T) {
	for _, f := range []fault{sound, servesOld, forgets} {
		t.Run(string(f), func(t *testing.T) {
			seen := map[string]int{}
			sims := rapid.Custom(func(t *rapid.T) *sim {
				s := storeSim(t, f)
				s.run()
				return s
			})
			for seed := range many(400, 20_000) {
				rng := rand.New(rand.NewPCG(uint64(seed), 0))
				clocks := []skew{{}, {by: rng.Int64N(1e10) - 5e9}}
				h, events := skewed(history.Header{}, slowed(sims.Example(seed).events), dealt(rng, 2), clocks)
				r := judged(h, events)
				accused := accused(r) || len(r.StoreFindings) > 0
				good := alignable(events)
				if good && accused {
					dump(t, events, r)
					t.Fatalf("seed %d: linearizable in an alignment, and the judge: %v %v, open %v", seed, r.Found, r.StoreFindings, r.Undetermined)
				}
				if !good && !accused {
					seen["missed"]++
					if len(r.Undetermined) == 0 {
						dump(t, events, r)
						t.Fatalf("seed %d: linearizable in no alignment, and nothing is even left open", seed)
					}
				}
				seen[map[bool]string{true: "good", false: "bad"}[good]]++
				if len(r.Undetermined) > 0 {
					seen["open"]++
				}
			}
			t.Log(seen)
		})
	}
}

// alignable reports whether there is an alignment of two clocks in which a history is
// linearizable.
func alignable(events []*history.Event) bool {
	// Two calls that meet have no order; so where two of them meet there are the fewest orders,
	// and it is enough to try these.
	apart := []int64{0}
	call := func(e *history.Event) bool { return e.Kind == history.Get || e.Kind == history.Put }
	for _, e := range events {
		for _, f := range events {
			if e.Clock == 0 && f.Clock == 1 && call(e) && call(f) {
				apart = append(apart, e.At-f.Start, e.Start-f.At)
			}
		}
	}
	slices.Sort(apart)
	apart = slices.Compact(apart)
	return slices.ContainsFunc(apart, func(by int64) bool {
		var moved []*history.Event
		for _, e := range events {
			if e.Clock == 1 {
				e = e.Clone()
				e.Start, e.At = e.Start+by, e.At+by
			}
			moved = append(moved, e)
		}
		return linearizable(moved)
	})
}

// buffered are two who each write one object and then see the other without what the other
// wrote: by one clock each is fine, and both together by none. asLoad: they see it in loads that
// asked the store nothing.
func buffered(asLoad bool) (history.Header, []*history.Event) {
	const ms = int64(time.Millisecond)
	h := history.Header{Recorders: 2, Shards: []history.Shard{{Number: 0, Attempt: 1}, {Number: 1, Attempt: 1}}}
	var events []*history.Event
	add := func(clock int, start, at int64, e history.Event) {
		e.Clock, e.Start, e.At = clock, start*ms, at*ms
		events = append(events, &e)
	}
	keys := []string{"archive/A.json", "archive/B.json"}
	for _, key := range keys {
		add(0, 1, 2, history.Event{Kind: history.Put, Actor: history.SetupActor, Key: key, If: history.IfAbsent, Answer: history.OK, ETag: "v0" + key, Doc: start.written(doc{}, "")})
	}
	for clock, actor := range []string{"0/1/ann", "1/1/bob"} {
		key, other, op := keys[clock], keys[1-clock], 10*clock+1
		id := fmt.Sprintf("m%d", clock)
		after := start.plus(id)
		add(clock, 0, 90, history.Event{Kind: history.Invoke, Actor: actor, Op: op, Key: key, Do: "append", IDs: []string{id}})
		add(clock, 91, 95, history.Event{Kind: history.Get, Actor: actor, Op: op, Key: key, Answer: history.OK, ETag: "v0" + key, Doc: start.read()})
		add(clock, 100, 110, history.Event{Kind: history.Put, Actor: actor, Op: op, Key: key, If: history.IfMatch, IfETag: "v0" + key, Answer: history.OK, ETag: "v1" + key, Doc: after.written(start, "v0"+key)})
		add(clock, 0, 111, history.Event{Kind: history.Return, Actor: actor, Op: op, Key: key, Outcome: history.Committed, ETag: "v1" + key})
		add(clock, 0, 120, history.Event{Kind: history.Invoke, Actor: actor, Op: op + 1, Key: other, Do: "load"})
		if !asLoad {
			add(clock, 120, 125, history.Event{Kind: history.Get, Actor: actor, Op: op + 1, Key: other, Answer: history.OK, ETag: "v0" + other, Doc: start.read()})
		}
		add(clock, 0, 126, history.Event{Kind: history.Return, Actor: actor, Op: op + 1, Key: other, Outcome: history.Committed, ETag: "v0" + other, Doc: start.read()})
	}
	for clock, key := range keys {
		add(0, 300, 305, history.Event{Kind: history.Get, Actor: history.FinalActor, Key: key, Answer: history.OK, ETag: "v1" + key, Doc: start.plus(fmt.Sprintf("m%d", clock)).read()})
	}
	add(0, 0, 306, history.Event{Kind: history.End})
	return h, events
}

// TestWhatNoAlignmentExplains: what each clock alone leaves open is wrong if both can't be so.
func TestWhatNoAlignmentExplains(t *testing.T) {
	h, events := buffered(true)
	r := judged(h, events)
	expect(t, r, RealTime)
	if len(r.Violations) != 1 || len(r.Violations[0].Witness) < 6 || !strings.Contains(r.Violations[0].Summary, "however far their clocks are apart") {
		t.Errorf("it is not told by whom: %+v", r.Violations)
	}
	h, events = buffered(false)
	expect(t, judged(h, events), byStore(storefault.StaleRead))
	// One of the two alone may be.
	for clock := range 2 {
		h, events := buffered(true)
		events = slices.DeleteFunc(events, func(e *history.Event) bool { return e.Clock == clock && e.Op%10 == 2 })
		r := judged(h, events)
		expect(t, r)
		if len(r.Undetermined) != 1 || r.Undetermined[0].Because != Unaligned || r.Undetermined[0].WithinMS < 100 || r.Undetermined[0].WithinMS > 300 {
			t.Errorf("left open: %+v", r.Undetermined)
		}
	}
}

// TestClocksThatFitNoRate: nobody can have read a version before its write was sent, so clocks
// that say so don't keep to the rate; nothing is held against anybody by their times.
func TestClocksThatFitNoRate(t *testing.T) {
	h, events := buffered(false)
	for _, e := range events { // it goes back by a second, and nobody can tell when
		if e.Clock == 1 && e.At > int64(115*time.Millisecond) {
			e.At, e.Start = e.At-int64(time.Second), e.Start-int64(time.Second)
		}
	}
	h.Shards[0].Ready, h.Shards[0].Go = -int64(time.Millisecond), 1
	h.Shards[1].Ready, h.Shards[1].Go = -int64(time.Millisecond), 1
	r := judged(h, events)
	if r.Verdict != Inconclusive || len(r.Found) > 0 || len(r.StoreFindings) > 0 || !strings.Contains(r.Tally.Contradiction, "fits no clocks") {
		t.Errorf("%s %v %v: %s", r.Verdict, r.Found, r.StoreFindings, r.Tally.Contradiction)
	}
}

// TestStrayClock: one that has nothing to do with the others is near them, however far away it
// is, and so does not make the windows of the bounds wide.
func TestStrayClock(t *testing.T) {
	h, events := buffered(true)
	const year = 365 * 24 * int64(time.Hour)
	h.Recorders, h.Shards = 3, append(h.Shards, history.Shard{Number: 2, Attempt: 1})
	events = slices.Insert(events, len(events)-1, &history.Event{
		Kind: history.Get, Actor: "2/1/eve", Clock: 2, Key: "archive/C.json", Start: year, At: year + 1, Answer: history.NotFound,
	})
	r := judged(h, events)
	expect(t, r, RealTime)
	if by := r.Alignment.Shift[2] + year; by < 0 || by > int64(time.Second) {
		t.Errorf("it is %v away", time.Duration(by))
	}
}
