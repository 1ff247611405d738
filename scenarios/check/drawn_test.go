package check

import (
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// waits judges operations that wait three times each, for as long as draw says, unless
// the policy's deadline ends them before.
func waits(policy archive.Policy, operations int, draw func(n int, previous time.Duration) time.Duration) Report {
	j := New(history.Header{World: "virtual", Policy: policy.String()})
	for n := range operations {
		op, at, previous := n+1, int64(n)*int64(time.Hour), time.Duration(0)
		j.Add(&history.Event{Kind: history.Invoke, Actor: "a", Op: op, Key: "k", At: at, Do: "append"})
		began := at
		call := func() {
			j.Add(&history.Event{Kind: history.Get, Actor: "a", Op: op, Key: "k", Start: at, At: at, Answer: history.Throttled})
		}
		call()
		for k := 1; k <= 3; k++ {
			previous = draw(k, previous)
			if policy.Deadline > 0 && at+int64(previous)-began > int64(policy.Deadline) {
				break
			}
			j.Add(&history.Event{Kind: history.Wait, Actor: "a", Op: op, Key: "k", At: at, Wait: int64(previous), Attempt: k + 1})
			at += int64(previous)
			call()
		}
		j.Add(&history.Event{Kind: history.Return, Actor: "a", Op: op, Key: "k", At: at, Outcome: history.Exhausted})
	}
	return j.Finish()
}

func policyOf(t *testing.T, policy string) archive.Policy {
	t.Helper()
	p, err := archive.ParsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func firstOf(r Report) string {
	if len(r.Violations) == 0 {
		return "nothing"
	}
	return r.Violations[0].Anomaly + ": " + r.Violations[0].Summary
}

// TestWaitsAreDrawnAsThePolicySays: no single wait of these is one that the policy does
// not allow.
func TestWaitsAreDrawnAsThePolicySays(t *testing.T) {
	const bounds = "(base=10ms,cap=10s,retries=3)"
	rng := rand.New(rand.NewPCG(1, 2))
	follow := func(text string) func(int, time.Duration) time.Duration {
		policy := policyOf(t, text)
		return func(n int, previous time.Duration) time.Duration { return policy.Wait(n, previous, rng) }
	}
	full := follow("full" + bounds)
	for _, c := range []struct {
		name, policy string
		operations   int
		draw         func(int, time.Duration) time.Duration
		uneven       bool
	}{
		{"full", "full" + bounds, 20_000, full, false},
		{"equal", "equal" + bounds, 20_000, follow("equal" + bounds), false},
		{"decorrelated", "decorrelated" + bounds, 20_000, follow("decorrelated" + bounds), false},
		{"decorrelated with a low cap", "decorrelated(base=10ms,cap=70ms,retries=3)", 20_000, follow("decorrelated(base=10ms,cap=70ms,retries=3)"), false},
		{"a deadline cuts the long ones off", "full(base=10ms,cap=10s,retries=3,deadline=60ms)", 20_000, full, false},
		{"half of full", "full" + bounds, 20_000, func(n int, previous time.Duration) time.Duration { return full(n, previous) / 2 }, true},
		{"half of full, and few of them", "full" + bounds, 34, func(n int, previous time.Duration) time.Duration { return full(n, previous) / 2 }, true},
		{"too few to tell", "full" + bounds, 33, func(n int, previous time.Duration) time.Duration { return full(n, previous) / 2 }, false},
		{"always the mean", "full" + bounds, 100, func(n int, _ time.Duration) time.Duration { return 10 * time.Millisecond << n / 2 }, true},
		{"equal taken for full", "equal" + bounds, 1000, func(n int, _ time.Duration) time.Duration { return 10 * time.Millisecond << n }, true},
		{"the previous wait is forgotten", "decorrelated" + bounds, 1000,
			func(n int, _ time.Duration) time.Duration { return follow("decorrelated"+bounds)(n, 0) }, true},
		{"without jitter there is nothing to draw", "constant(base=10ms,retries=3)", 1000,
			func(int, time.Duration) time.Duration { return 10 * time.Millisecond }, false},
	} {
		r := waits(policyOf(t, c.policy), c.operations, c.draw)
		if (r.Found[HonestAnswers] > 0) != c.uneven || len(r.Found) > r.Found[HonestAnswers] || c.uneven && r.Violations[0].Anomaly != unevenWaits {
			t.Errorf("%s: %v %s", c.name, r.Found, firstOf(r))
		}
	}
}

// TestPooledWaits: what one repetition is too short to show, many do, and once.
func TestPooledWaits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	policy := policyOf(t, "full(base=10ms,cap=10s,retries=3)")
	half := func(n int, previous time.Duration) time.Duration { return policy.Wait(n, previous, rng) / 2 }
	for _, operations := range []int{10, 100} { // a repetition of which shows nothing, or all
		var reports []Report
		for range 10 {
			reports = append(reports, waits(policy, operations, half))
		}
		if all := Pool(history.Header{Policy: policy.String()}, reports); all.Found[HonestAnswers] != 1 || len(all.Violations) != 1 || all.Verdict != Violated {
			t.Errorf("%d operations each: %v %s", operations, all.Found, firstOf(all))
		}
	}
}
