package check

import (
	"slices"
	"testing"
	"time"

	"holdfast/scenarios/history"
)

// pace is an operation of ann's, written with times in milliseconds.
type pace struct {
	*book
	client *client
	giveUp time.Duration
}

const ms = int64(time.Millisecond)

// paced starts an append at 0 on an object that holds version v0.
func paced(giveUp time.Duration) *pace {
	p := &pace{book: newBook(), giveUp: giveUp}
	p.setup(start)
	p.now = 0
	p.client = p.begin("ann", "append", "m1")
	p.last().At, p.last().GiveUp = 0, giveUp.Nanoseconds()
	return p
}

func (p *pace) last() *history.Event { return p.events[len(p.events)-1] }

// at sets the times of the last event.
func (p *pace) at(from, to int64) *pace {
	p.last().Start, p.last().At = from*ms, to*ms
	p.now = to * ms
	return p
}

func (p *pace) get(from, to int64) *pace { p.client.get("v0"); return p.at(from, to) }

func (p *pace) head(from, to int64) *pace { p.client.head("v0"); return p.at(from, to) }

func (p *pace) put(from, to int64, answer string) *pace {
	p.client.put("v0", answer, "", start.plus("m1"))
	return p.at(from, to)
}

// hinted says when the store wanted to be asked again after the last answer.
func (p *pace) hinted(after int64) *pace {
	p.last().RetryAfter = after * ms
	return p
}

func (p *pace) wait(at, wait int64, attempt int) *pace {
	p.add(history.Event{Kind: history.Wait, Actor: "ann", Op: p.ops, Key: p.key, Wait: wait * ms, Attempt: attempt})
	p.last().At, p.now = at*ms, at*ms
	return p
}

func (p *pace) end(at int64, outcome string) *pace {
	p.client.end(outcome, "")
	p.last().At, p.now = at*ms, at*ms
	return p
}

// refusedTwice is a round after the other, with a wait in between that nobody tells of.
func refusedTwice(pause int64) *pace {
	return paced(0).get(0, 5).put(5, 10, "412").get(10+pause, 15+pause).put(15+pause, 20+pause, "412")
}

// TestPolicy: each anomaly in a history that shows only it, and in one that almost does.
func TestPolicy(t *testing.T) {
	const constant = "constant(base=100ms,retries=1)"
	for _, c := range []struct {
		name, policy string
		broken       *pace
		anomaly      string
		sound        *pace
	}{
		{
			"more writes than attempts", constant,
			refusedTwice(100).get(130, 131).put(230, 231, "412").get(231, 232).end(232, history.Exhausted), "attempts beyond the policy",
			refusedTwice(100).get(120, 125).end(125, history.Exhausted),
		},
		{
			"an attempt more that is waited for", "full(base=100ms,retries=1)",
			refusedTwice(0).wait(20, 1, 3).end(21, history.Unknown), "attempts beyond the policy",
			paced(0).get(0, 5).put(5, 10, "412").wait(10, 1, 2).get(11, 12).put(12, 13, "412").get(13, 14).end(14, history.Exhausted),
		},
		{
			"a wait told of that is too long", "full(base=100ms,cap=2s,retries=3)",
			paced(0).get(0, 5).put(5, 10, "412").wait(10, 201, 2).get(211, 212).end(212, history.Unknown), "wait beyond the policy",
			paced(0).get(0, 5).put(5, 10, "412").wait(10, 200, 2).get(210, 211).end(211, history.Unknown),
		},
		{
			"a wait nobody told of that is too long", "equal(base=100ms,cap=150ms,retries=3)",
			refusedTwice(151).end(200, history.Unknown), "wait beyond the policy",
			refusedTwice(150).end(200, history.Unknown),
		},
		{
			"a write before the store wanted one", "constant(base=10ms,retries=9)",
			paced(0).get(0, 5).put(5, 10, "503").hinted(300).wait(10, 10, 2).get(20, 21).put(21, 22, "412").end(22, history.Unknown), "came too soon",
			paced(0).get(0, 5).put(5, 10, "503").hinted(300).wait(10, 300, 2).get(310, 311).put(311, 312, "412").end(312, history.Unknown),
		},
		{
			"a wait that is longer than the store wants", "constant(base=10ms,retries=9)",
			paced(0).get(0, 5).put(5, 10, "503").hinted(300).wait(10, 301, 2).get(311, 312).end(312, history.Unknown), "wait beyond the policy",
			paced(0).get(0, 5).put(5, 10, "503").hinted(300).get(310, 312).end(312, history.Unknown),
		},
		{
			"no wait although the store's end in time", "constant(base=10ms,retries=9,deadline=310ms)",
			paced(0).get(0, 5).put(5, 10, "503").hinted(298).get(10, 11).end(11, history.Exhausted), "gave up early",
			paced(0).get(0, 5).put(5, 10, "503").hinted(301).get(10, 11).end(11, history.Exhausted),
		},
		{
			"an attempt number that allows for a longer wait", "exponential(base=10ms,retries=9)",
			paced(0).get(0, 5).put(5, 10, "412").wait(10, 160, 5).get(170, 171).end(171, history.Unknown), "wait beyond the policy",
			paced(0).get(0, 5).put(5, 10, "412").wait(10, 20, 2).get(30, 31).end(31, history.Unknown),
		},
		{
			"a wait before the first call", constant,
			paced(0).get(1, 5).end(5, history.Unknown), "wait beyond the policy",
			paced(0).get(0, 5).end(5, history.Unknown),
		},
		{
			"longer than it said", "full(base=1s,retries=3)",
			paced(0).get(0, 5).put(5, 10, "412").wait(10, 20, 2).get(31, 32).end(32, history.Unknown), "wait beyond the policy",
			paced(0).get(0, 5).put(5, 10, "412").wait(10, 20, 2).get(30, 31).end(31, history.Unknown),
		},
		{
			"shorter than it said", "full(base=1s,retries=3)",
			paced(0).get(0, 5).put(5, 10, "412").wait(10, 20, 2).get(29, 32).end(32, history.Unknown), "wait below the policy",
			paced(0).get(0, 5).put(5, 10, "503").wait(10, 20, 2).get(30, 31).end(31, history.Unknown),
		},
		{
			"no wait where there is one", "decorrelated(base=50ms,retries=3)",
			refusedTwice(0).end(20, history.Unknown), "wait below the policy",
			refusedTwice(50).end(70, history.Unknown),
		},
		{
			"a wait where there is none", "none(retries=3)",
			refusedTwice(1).end(30, history.Unknown), "wait beyond the policy",
			refusedTwice(0).end(30, history.Unknown),
		},
		{
			"an adaptive wait beyond the cap", "adaptive(cap=1s)",
			refusedTwice(1001).end(2000, history.Unknown), "wait beyond the policy",
			refusedTwice(1000).end(2000, history.Unknown),
		},
		{
			"gives up early", "none(retries=2)",
			refusedTwice(0).get(20, 25).end(25, history.Exhausted), "gave up early",
			refusedTwice(0).get(20, 25).put(25, 30, "412").get(30, 35).end(35, history.Exhausted),
		},
		{
			"gives up although it never had to", "none(retries=unlimited)",
			refusedTwice(0).end(20, history.Exhausted), "gave up early",
			refusedTwice(0).end(20, history.Unknown),
		},
		{
			"gives up long before its deadline", "constant(base=100ms,retries=5,deadline=1s)",
			refusedTwice(100).end(500, history.Exhausted), "gave up early",
			refusedTwice(100).end(901, history.Exhausted),
		},
		{
			"looks before it writes and counts that", "none(retries=2)",
			paced(0).get(0, 1).head(1, 2).get(2, 3).put(3, 4, "412").end(4, history.Exhausted), "gave up early",
			paced(0).get(0, 1).head(1, 2).get(2, 3).head(3, 4).get(4, 5).head(5, 6).end(6, history.Exhausted),
		},
		{
			"waits beyond its deadline", "constant(base=100ms,retries=5,deadline=120ms)",
			paced(0).get(0, 5).put(5, 21, "412").get(121, 122).end(122, history.Unknown), "went on after its deadline",
			paced(0).get(0, 5).put(5, 20, "412").get(120, 300).put(300, 400, "412").get(400, 500).end(500, history.Exhausted),
		},
		{
			"writes again after its deadline", "none(retries=5,deadline=100ms)",
			paced(0).get(0, 50).put(50, 101, "412").get(101, 102).put(102, 103, "412").end(103, history.Unknown), "went on after its deadline",
			paced(0).get(0, 50).put(50, 100, "412").get(100, 102).put(102, 103, "412").end(103, history.Exhausted),
		},
		{
			"calls the store for nobody", constant,
			paced(50*time.Millisecond).get(0, 5).put(5, 10, "412").get(110, 115).end(115, history.Cancelled), "went on after cancellation",
			paced(110*time.Millisecond).get(0, 5).put(5, 10, "412").get(110, 111).end(111, history.Cancelled),
		},
		{
			"waits on for nobody", constant,
			paced(50*time.Millisecond).get(0, 5).put(5, 10, "412").wait(10, 100, 2).end(110, history.Cancelled), "went on after cancellation",
			paced(50*time.Millisecond).get(0, 5).put(5, 10, "412").wait(10, 100, 2).end(50, history.Cancelled),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := history.Header{World: "virtual", Policy: c.policy}
			expectBreaches(t, h, c.broken, c.anomaly)
			expectBreaches(t, h, c.sound)
		})
	}
}

// expectBreaches compares what a history is accused of with what is wanted.
func expectBreaches(t *testing.T, h history.Header, p *pace, want ...string) {
	t.Helper()
	r := judged(h, p.events)
	var found []string
	for _, v := range r.Violations {
		if !slices.Contains([]string{
			"attempts beyond the policy", "wait beyond the policy", "wait below the policy", "gave up early",
			"went on after its deadline", "went on after cancellation", "came too soon",
		}, v.Anomaly) {
			continue
		}
		found = append(found, v.Anomaly)
		if v.Invariant != HonestAnswers || len(v.Witness) < 2 {
			t.Errorf("it breaks %s, with %d events to show it", v.Invariant, len(v.Witness))
		}
	}
	if !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
		for _, v := range r.Violations {
			t.Logf("%s %s: %s", v.Invariant, v.Anomaly, v.Summary)
		}
	}
}

// TestPolicyOfBusyMachines: in the real world a pause can be as long as it likes, and
// in a schedule as short.
func TestPolicyOfBusyMachines(t *testing.T) {
	const policy = "constant(base=100ms,retries=1)"
	slow := paced(50*time.Millisecond).get(7, 9).put(1000, 1001, "412").wait(2000, 100, 2).get(5000, 5001).put(6000, 6001, "412").end(9000, history.Exhausted)
	expectBreaches(t, history.Header{World: "real", Policy: policy}, slow)
	expectBreaches(t, history.Header{World: "virtual", Policy: policy}, slow, "wait beyond the policy")

	quick := paced(0).get(0, 1).put(1, 2, "412").wait(2, 100, 2).get(3, 4).put(4, 5, "412").get(5, 6).end(6, history.Exhausted)
	expectBreaches(t, history.Header{World: "virtual", Policy: policy, Untimed: true}, quick)
	for _, w := range []string{"virtual", "real"} {
		expectBreaches(t, history.Header{World: w, Policy: policy}, quick, "wait below the policy")
	}

	// Two waits that began long after the caller had left, and a store that was called
	// after them: no clock is that late.
	gone := paced(50*time.Millisecond).get(0, 1).put(1, 2, "412").wait(1200, 100, 2).get(1300, 1301).put(1301, 1302, "412").
		wait(1400, 100, 3).get(1500, 1501).end(1501, history.Unknown)
	expectBreaches(t, history.Header{World: "real", Policy: "constant(base=100ms,retries=9)"}, gone, "went on after cancellation")
}

// TestHeldBackIsNoWait: what the harness holds back, the core has not waited for.
func TestHeldBackIsNoWait(t *testing.T) {
	h := history.Header{World: "virtual", Policy: "none(retries=3)"}
	held := paced(0).get(0, 5).put(900, 910, "412").end(910, history.Unknown)
	expectBreaches(t, h, held, "wait beyond the policy")
	held.events[len(held.events)-2].Asked = 5 * ms
	expectBreaches(t, h, held)
}

// TestPolicyThatIsNotKnown: a history whose policy is none of ours is judged without.
func TestPolicyThatIsNotKnown(t *testing.T) {
	p := refusedTwice(5000).get(7000, 7001).put(7001, 7002, "412").end(7002, history.Exhausted)
	for _, policy := range []string{"", "theirs(7)"} {
		expectBreaches(t, history.Header{World: "virtual", Policy: policy}, p)
	}
	expectBreaches(t, history.Header{World: "virtual", Policy: "none(retries=9)", OwnWaits: true}, refusedTwice(5000).end(6000, history.Unknown))
}
