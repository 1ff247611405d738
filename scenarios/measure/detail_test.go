package measure

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
)

// collected is what a collector makes of events.
func collected(events ...history.Event) *Measurement {
	c := NewCollector()
	for i := range events {
		c.Add(&events[i])
	}
	m := &Measurement{Repetitions: 1}
	c.Fill(m, check.Counts{})
	c.detail(m, history.Header{})
	return m
}

const ms = int64(time.Millisecond)

// TestWhereTheTimeWent: an operation that was due at 1 ms begins at 3, reads for 2 ms, writes
// for 4, waits for 10, is held back for 1 before its second write of 2, and answers 1 ms later.
func TestWhereTheTimeWent(t *testing.T) {
	m := collected(
		history.Event{Kind: history.Begin, Repetition: 1},
		history.Event{Kind: history.Invoke, Actor: "a", Op: 1, Do: "append", Due: 1 * ms, At: 3 * ms},
		history.Event{Kind: history.Get, Actor: "a", Op: 1, Start: 3 * ms, At: 5 * ms, Answer: history.OK},
		history.Event{Kind: history.Put, Actor: "a", Op: 1, Start: 5 * ms, At: 9 * ms, Answer: history.PreconditionFailed},
		history.Event{Kind: history.Wait, Actor: "a", Op: 1, At: 9 * ms, Wait: 10 * ms, Attempt: 2},
		history.Event{Kind: history.Put, Actor: "a", Op: 1, Asked: 19 * ms, Start: 20 * ms, At: 22 * ms, Answer: history.OK},
		history.Event{Kind: history.Return, Actor: "a", Op: 1, At: 23 * ms, Outcome: history.Committed},
	)
	if want := (Spent{Samples: 1, QueuedMS: 2, CallsMS: 9, WaitingMS: 10, OwnMS: 1}); m.Spent == nil || *m.Spent != want {
		t.Errorf("%+v, want %+v", m.Spent, want)
	}
	line := m.Timeline
	if line.WidthMS != 0.25 || len(line.Commits) != 93 || line.Commits[88] != 1 || line.Retries[88] != 1 || line.Conflicts[36] != 1 {
		t.Errorf("%+v", line)
	}
}

// TestTimeSpentIsTheLatency: what the four parts come to is the mean latency; in a virtual world
// without an API nothing takes time but calls and waits.
func TestTimeSpentIsTheLatency(t *testing.T) {
	for _, name := range []string{"sustained-contention", "backend-fan-in", "lost-reply", "service-faults", "storm", "hostile-answers"} {
		run := simulated(t, name, "production", 3, 5, 1).run
		all, err := Play(t.Context(), Plan{[]Point{{Run: run}}}, Config{})
		if err != nil {
			t.Fatal(err)
		}
		m := all[0]
		total := 0.0
		for _, micros := range m.Numbers.latencies {
			total += float64(micros) / 1e3
		}
		s := m.Spent
		mean, sum := total/float64(len(m.Numbers.latencies)), s.QueuedMS+s.CallsMS+s.WaitingMS+s.OwnMS
		if s.Samples != m.Counts.Acknowledged || math.Abs(mean-sum) > 0.01 || s.OwnMS < 0 || m.Via == "core" && s.OwnMS > 1e-3 {
			t.Errorf("%s: mean latency %v ms, %+v", name, mean, s)
		}
	}
}

// TestBatchesHaveNoTimeOfTheirOwn, nor has what has no times at all.
func TestBatchesHaveNoTimeOfTheirOwn(t *testing.T) {
	all, err := Play(t.Context(), Plan{[]Point{{Run: simulated(t, "fifo-batches", "production", 3, 2, 1).run}}}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if m := all[0]; m.Spent != nil || m.Timeline == nil || m.Fairness == nil {
		t.Errorf("%+v", m.Spent)
	}
	m := &Measurement{}
	all[0].Numbers.detail(m, history.Header{Untimed: true})
	if m.Timeline != nil || m.Spent != nil {
		t.Errorf("a schedule has times: %+v, %+v", m.Timeline, m.Spent)
	}
}

// waited is an actor's operation that takes so long.
func waited(actor string, op int, d int64, outcome string) []history.Event {
	return []history.Event{
		{Kind: history.Invoke, Actor: actor, Op: op, Do: "append"},
		{Kind: history.Return, Actor: actor, Op: op, At: d, Outcome: outcome},
	}
}

func TestFairness(t *testing.T) {
	var events []history.Event
	op := 0
	add := func(actor string, d int64, outcome string) {
		op++
		events = append(events, waited(actor, op, d, outcome)...)
	}
	for _, actor := range []string{"a", "b", "c"} {
		add(actor, 10*ms, history.Committed)
		add(actor, 20*ms, history.Committed)
	}
	add("b", 1000*ms, history.Exhausted)
	add("last", 1000*ms, history.Committed)
	add("starved", 5*ms, history.Exhausted)
	f := collected(events...).Fairness
	if f.Actors != 4 || f.Starved != 1 || f.Worst != "last" || f.WorstP99MS != 1000 || f.MedianP99MS != 20 || f.Each[1] != (ActorLatency{"b", 2, 1, 10, 20}) {
		t.Errorf("%+v", f)
	}
	if want := 1045. * 1045 / (4 * (3*15*15 + 1000*1000)); math.Abs(f.Jain-want) > 1e-9 {
		t.Errorf("Jain's index %v, want %v", f.Jain, want)
	}
	if f := collected(waited("a", 1, ms, history.Committed)...).Fairness; f != nil {
		t.Errorf("one actor is fair to whom? %+v", f)
	}
}

// TestManyActors are shown at even distances, from the best to the worst.
func TestManyActors(t *testing.T) {
	var events []history.Event
	for i := range 2000 {
		events = append(events, waited(fmt.Sprint("actor-", i), i+1, int64((i*7919)%2000+1)*ms, history.Committed)...)
	}
	f := collected(events...).Fairness
	byP99 := func(a, b ActorLatency) int { return int(a.P99MS - b.P99MS) }
	if f.Actors != 2000 || len(f.Each) != mostActors || f.Each[0].P99MS != 1 || f.Each[99].P99MS != 2000 || f.MedianP99MS != 1000 || !slices.IsSortedFunc(f.Each, byP99) {
		t.Errorf("%d of %d actors, from %v to %v, median %v", len(f.Each), f.Actors, f.Each[0], f.Each[len(f.Each)-1], f.MedianP99MS)
	}
	if f := collected(append(waited("a", 1, ms, history.Committed), waited("b", 2, ms, history.Committed)...)...).Fairness; f.Jain != 1 {
		t.Errorf("equal ones: %v", f.Jain)
	}
}

// TestOpenOperations holds them against a map, whatever their numbers.
func TestOpenOperations(t *testing.T) {
	var o openOperations
	known := map[int]*openOperation{}
	for round := range 3 {
		for i := range 5000 {
			number := i + 1
			if i%97 == 0 {
				number = i * 1_000_003 // as nobody counts
			}
			known[number] = o.begin(number)
			if done := (i * 31) % (i + 1); known[done] != nil {
				if o.end(done) != known[done] || o.get(done) != nil || o.end(done) != nil {
					t.Fatalf("round %d: %d can't be ended once", round, done)
				}
				delete(known, done)
			}
		}
		n := 0
		for range o.all() {
			n++
		}
		if n != len(known) {
			t.Fatalf("round %d: %d are open, want %d", round, n, len(known))
		}
		for number, op := range known {
			if o.get(number) != op {
				t.Fatalf("round %d: %d is lost", round, number)
			}
		}
		o.reset()
		clear(known)
		if o.get(1) != nil {
			t.Fatal("open after a reset")
		}
	}
}

func TestCostOfARun(t *testing.T) {
	events := func(header history.Header) *Measurement {
		c := NewCollector()
		for i := range 4 {
			c.Add(&history.Event{Kind: history.Get, Op: 1, Answer: history.OK})
			c.Add(&history.Event{Kind: history.Put, Op: 1, Answer: []string{history.OK, history.PreconditionFailed}[i%2]})
		}
		m := &Measurement{Repetitions: 1}
		c.Fill(m, check.Counts{})
		c.detail(m, header)
		return m
	}
	m := events(history.Header{Prices: "Google Cloud Storage"})
	if want := 1e6 * (2*0.005 + 4*0.0004) / 1000 / 2; math.Abs(m.Cost.PerMillionCommits-want) > 1e-9 || m.Cost.Assumed || !m.Cost.RefusalsFree || m.Cost.PerMillionUpdates != 0 {
		t.Errorf("refusals are free there: $%v, want $%v; %+v", m.Cost.PerMillionCommits, want, m.Cost)
	}
	m = events(history.Header{})
	if want := 1e6 * (4*0.005 + 4*0.0004) / 1000 / 2; math.Abs(m.Cost.PerMillionCommits-want) > 1e-9 || !m.Cost.Assumed || m.Cost.Prices != "S3 Standard (us-east-1, November 2026)" {
		t.Errorf("of a store that nobody knows: %+v, want $%v", m.Cost, want)
	}
	if got, _ := m.Metric(costPer1000); math.Abs(1000*got-m.Cost.PerMillionCommits) > 1e-9 {
		t.Errorf("the threshold compares with $%v for 1,000", got)
	}
	if m := collected(); m.Cost != nil {
		t.Errorf("nothing costs %+v", m.Cost)
	}
}

// TestPricesOfAPoint are those of its profile, in its history too.
func TestPricesOfAPoint(t *testing.T) {
	point := Point{Run: simulated(t, "burst", "production", 1, 1, 1).run}
	for latency, want := range map[string]string{"normal(10ms,2ms)": "", "s3-standard": "S3 Standard", "r2": "Cloudflare R2"} {
		l, err := network.ParseLatency(latency)
		if err != nil {
			t.Fatal(err)
		}
		point.Run.Scenario.Latency = (*scenarios.Latency)(&l)
		if got := point.Header().Prices; got != want {
			t.Errorf("%s has the prices of %q, want %q", latency, got, want)
		}
	}
	l, _ := network.ParseLatency("r2")
	point.Run.Scenario.Latency = (*scenarios.Latency)(&l)
	all, err := Play(t.Context(), Plan{[]Point{point}}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	m := all[0]
	if point.Header().Prices != "Cloudflare R2" || m.Cost.Prices != R2Prices.String() || m.Rates[costPer1000] != m.Counts.CostPer1000(R2Prices) {
		t.Errorf("%q, %+v", point.Header().Prices, m.Cost)
	}
}
