package archive

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const ms = time.Millisecond

func TestWaitsWithoutJitter(t *testing.T) {
	tests := []struct {
		policy string
		want   []time.Duration
	}{
		{"documented", []time.Duration{100 * ms, 200 * ms, 400 * ms}},
		{"none", []time.Duration{0, 0, 0}},
		{"constant(base=70ms)", []time.Duration{70 * ms, 70 * ms, 70 * ms}},
		{"exponential(base=5ms,cap=35ms)", []time.Duration{10 * ms, 20 * ms, 35 * ms, 35 * ms}},
		{"exponential(base=5ms,cap=5ms)", []time.Duration{5 * ms, 5 * ms}},
	}
	for _, tt := range tests {
		p, err := ParsePolicy(tt.policy)
		if err != nil {
			t.Fatal(err)
		}
		var got []time.Duration
		for n := range tt.want {
			got = append(got, p.Wait(n+1, 0, nil)) // nil: no jitter may be drawn
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s waits %v, want %v", tt.policy, got, tt.want)
		}
	}
}

// TestCeiling: doubling ends at the cap, to the nanosecond, and never overflows.
func TestCeiling(t *testing.T) {
	const most = time.Duration(math.MaxInt64)
	for _, tt := range []struct {
		base, cap time.Duration
		n         int
		want      time.Duration
	}{
		{5, 11, 1, 10}, {5, 10, 1, 10}, {5, 9, 1, 9}, {5, 5, 1, 5},
		{50 * ms, 2 * time.Second, 5, 1600 * ms}, {50 * ms, 2 * time.Second, 6, 2 * time.Second},
		{1, most, 61, 1 << 61}, {1, most, 62, 1 << 62}, {1, most, 63, most}, {1, most, 64, most}, {1, most, math.MaxInt, most},
		{2, most, 61, 1 << 62}, {2, most, 62, most}, {3, most, 61, 3 << 61}, {3, most, 62, most}, {4, most, 61, most},
		{most, most, 1, most},
	} {
		p := Policy{Kind: Exponential, Base: tt.base, Cap: tt.cap}
		if got := p.Wait(tt.n, 0, nil); got != tt.want {
			t.Errorf("min(%d, %d·2^%d) is %d, want %d", tt.cap, tt.base, tt.n, got, tt.want)
		}
	}
}

// After what says nothing of contention, Adaptive waits as full jitter with a base of
// 50 ms does, whatever base it was given.
func TestAdaptiveWaitsAsFullJitter(t *testing.T) {
	like := Policy{Kind: Full, Base: 50 * ms, Cap: 300 * ms}
	for _, base := range []time.Duration{0, ms, time.Hour} {
		rng, same := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
		p := Policy{Kind: Adaptive, Base: base, Cap: 300 * ms}
		for n := 1; n <= 5; n++ {
			if got, want := p.Wait(n, 0, rng), like.Wait(n, 0, same); got != want || got == 0 {
				t.Errorf("base %v: wait %d is %v, want %v", base, n, got, want)
			}
		}
	}
}

// A call waits as its policy says, and gives up after the last attempt without waiting.
func TestCallWaitsAsDocumented(t *testing.T) {
	r := newRig(t, 3)
	for n := 1; n <= 4; n++ {
		r.store.onPut[n] = after(r.store.interlope(fmt.Sprint("x", n), nil), nil)
	}
	_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
	if d := cmp.Diff([]time.Duration{100 * ms, 200 * ms, 400 * ms}, r.clock.Waits); d != "" || OutcomeOf(err) != Exhausted {
		t.Errorf("%v %s", err, d)
	}
}

// TestDecorrelatedWaitsRemember: a call draws each wait from a range that the one before
// it has set.
func TestDecorrelatedWaitsRemember(t *testing.T) {
	p := Policy{Kind: Decorrelated, Base: 10 * ms, Cap: time.Hour, Retries: 30}
	a := &Archive{policy: p, rand: rand.New(rand.NewPCG(1, 2))}
	same := rand.New(rand.NewPCG(1, 2))
	f := fixed{archive: a}
	previous := time.Duration(0)
	for n := 1; n <= p.Retries; n++ {
		want := p.Wait(n, previous, same)
		if got := f.backoff(n, nil); got != want {
			t.Fatalf("wait %d after %v is %v, want %v", n, previous, got, want)
		}
		previous = want
	}
	if previous < 3*p.Base {
		t.Errorf("after %d waits they are no longer than %v", p.Retries, previous)
	}
}

// Any policy and any attempt: the wait is within the bounds of its kind.
func TestWaitsStayInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		n := rapid.OneOf(rapid.IntRange(1, 70), rapid.Just(math.MaxInt)).Draw(t, "n")
		prev := time.Duration(rapid.Int64Range(0, int64(p.Cap)).Draw(t, "prev"))
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		wait := p.Wait(n, prev, rng)

		if p.Kind == Adaptive {
			p.Base = 50 * ms // for failures without contention
		}
		v := p.Cap // min(Cap, Base·2ⁿ), the dumb way
		for i, b := 0, p.Base; b < p.Cap; i++ {
			if i == n {
				v = b
				break
			}
			if b > math.MaxInt64/2 {
				break
			}
			b *= 2
		}
		low, high := time.Duration(0), v
		switch p.Kind {
		case None:
			high = 0
		case Constant:
			low, high = p.Base, p.Base
		case Exponential:
			low = v
		case Equal:
			low = v / 2
		case Decorrelated:
			low, high = p.Base, p.Cap
			if m := max(prev, p.Base); m < p.Cap/3 {
				high = 3 * m
			}
		}
		if wait < low || wait > high {
			t.Errorf("%s waits %v before retry %d after %v, want %v to %v", p, wait, n, prev, low, high)
		}
	})
}

func TestJitterIsUniform(t *testing.T) {
	const draws = 20_000
	tests := []struct {
		policy    string
		prev      time.Duration
		low, high time.Duration
	}{
		{"full(base=50ms,cap=100ms)", 0, 0, 100 * ms},
		{"equal(base=50ms,cap=100ms)", 0, 50 * ms, 100 * ms},
		{"decorrelated(base=50ms,cap=5s)", 0, 50 * ms, 150 * ms},
		{"decorrelated(base=50ms,cap=5s)", 200 * ms, 50 * ms, 600 * ms},
	}
	for _, tt := range tests {
		p, err := ParsePolicy(tt.policy)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		var tenths [10]int
		for range draws {
			x := float64(p.Wait(1, tt.prev, rng)-tt.low) / float64(tt.high-tt.low)
			if x < 0 || x >= 1 {
				t.Fatalf("%s: a wait is outside of %v to %v", tt.policy, tt.low, tt.high)
			}
			tenths[int(x*10)]++
		}
		for i, n := range tenths {
			if n < draws/10*9/10 || n > draws/10*11/10 {
				t.Errorf("%s: %d of %d waits are in tenth %d", tt.policy, n, draws, i)
			}
		}
	}
}

func drawPolicy(t *rapid.T) Policy {
	p := Policy{
		Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
		Retries: rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, math.MaxInt), rapid.Just(Unlimited)).
			Draw(t, "retries"),
	}
	if rapid.Bool().Draw(t, "bounded") {
		p.Deadline = time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "deadline"))
	}
	switch p.Kind {
	case None:
	case Adaptive:
		p.Cap = time.Duration(rapid.Int64Range(1, math.MaxInt64).Draw(t, "cap"))
	default:
		p.Base = time.Duration(rapid.Int64Range(1, math.MaxInt64).Draw(t, "base"))
		p.Cap = time.Duration(rapid.Int64Range(int64(p.Base), math.MaxInt64).Draw(t, "cap"))
	}
	return p
}

func TestPolicyTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		if back, err := ParsePolicy(p.String()); err != nil || back != p {
			t.Errorf("%#v prints as %s and reads as %#v, %v", p, p, back, err)
		}
		var back Policy
		text, _ := json.Marshal(p)
		if err := json.Unmarshal(text, &back); err != nil || back != p {
			t.Errorf("%#v is %s in JSON and reads as %#v, %v", p, text, back, err)
		}
	})
}

func TestParsePolicy(t *testing.T) {
	full := func(base, most time.Duration, retries int, deadline time.Duration) Policy {
		return Policy{Full, base, most, retries, deadline}
	}
	tests := []struct {
		text string
		want Policy
	}{
		{"default", DefaultPolicy()},
		{" documented ", DocumentedPolicy()},
		{"full", full(50*ms, 2*time.Second, 32, 0)},
		{"full()", full(50*ms, 2*time.Second, 32, 0)},
		{"full(base=100ms,cap=5s,retries=8)", full(100*ms, 5*time.Second, 8, 0)},
		{" full ( base = 100ms , deadline = 1m ) ", full(100*ms, 2*time.Second, 32, time.Minute)},
		{"full(base=10s)", full(10*time.Second, 10*time.Second, 32, 0)},
		{"full(cap=10ms)", full(10*ms, 10*ms, 32, 0)},
		{"full(retries=0)", full(50*ms, 2*time.Second, 0, 0)},
		{"full(retries=unlimited)", full(50*ms, 2*time.Second, Unlimited, 0)},
		{"none", Policy{Kind: None, Retries: 32}},
		{"none(base=5ms,retries=3)", Policy{Kind: None, Retries: 3}},
		{"adaptive", AdaptivePolicy()},
		{"adaptive()", Policy{Kind: Adaptive, Cap: 2 * time.Second, Retries: 32}},
		{"adaptive(cap=10ms,retries=unlimited,deadline=25s)", Policy{Adaptive, 0, 10 * ms, Unlimited, 25 * time.Second}},
	}
	for _, tt := range tests {
		if got, err := ParsePolicy(tt.text); err != nil || got != tt.want {
			t.Errorf("%q: %#v, %v; want %#v", tt.text, got, err, tt.want)
		}
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", `policy kind "" is not known (known: none, constant`},
		{"fool(base=1s)", `policy kind "fool" is not known`},
		{"Full", `policy kind "Full" is not known`},
		{"full(base=1s", "the closing parenthesis is missing"},
		{"full(base=1s)x", "the closing parenthesis is missing"},
		{"full(base)", `"base" is no name=value: want a preset`},
		{"full(base=1s,)", `"" is no name=value`},
		{"full(bse=1s)", `"bse" is not known (known: base, cap, retries, deadline)`},
		{"full(base=1s,base=2s)", "base is given twice"},
		{"full(base=5)", `base must be a duration such as 100ms or 5s, not "5"`},
		{"full(base=-5ms)", `base must be a duration such as 100ms or 5s, not "-5ms"`},
		{"full(base=0s)", "base must be positive, not 0s"},
		{"full(cap=0s)", "cap 0s is below base 50ms"},
		{"none(base=-5ms)", `not "-5ms"`},
		{"adaptive(base=5ms)", "base does not apply to adaptive"},
		{"adaptive(cap=0s)", "cap must be positive, not 0s"},
		{"full(base=1s,cap=1ms)", "cap 1ms is below base 1s"},
		{"full(retries=-1)", "retries must be 0 or more, not -1"},
		{"full(retries=1.5)", `retries must be a whole number or unlimited, not "1.5"`},
		{"full(retries=99999999999999999999)", "retries must be a whole number"},
		{"full(deadline=-1s)", `deadline must be a duration`},
		{"full(base=1s\n,x=\n2)", `"x" is not known`},
		{"full(base=9999999h)", "base must be a duration"},
	}
	for _, tt := range tests {
		_, err := ParsePolicy(tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v; want one line with %q", tt.text, err, tt.want)
		}
		p := DefaultPolicy()
		if p.UnmarshalText([]byte(tt.text)) == nil || p != DefaultPolicy() {
			t.Errorf("%q: UnmarshalText accepts it, or changes its target", tt.text)
		}
	}
}

func TestPolicyValidate(t *testing.T) {
	tests := []struct {
		policy Policy
		want   string
	}{
		{Policy{}, `kind "" is not known`},
		{Policy{Kind: Full, Cap: 1}, "base must be positive"},
		{Policy{Kind: Full, Base: -1, Cap: 1}, "base must be positive, not -1ns"},
		{Policy{Kind: Constant, Base: 2, Cap: 1}, "cap 1ns is below base 2ns"},
		{Policy{Kind: None, Retries: -1}, "retries must be 0 or more"},
		{Policy{Kind: None, Deadline: -1}, "deadline must be 0 (none) or more"},
	}
	for _, tt := range tests {
		if err := tt.policy.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%#v: %v; want %q", tt.policy, err, tt.want)
		}
	}
	for _, p := range []Policy{DefaultPolicy(), DocumentedPolicy(), AdaptivePolicy(), {Kind: None}, {Kind: Adaptive, Cap: 1}} {
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}

// TestParametersOfKinds: a kind has the parameters that make a difference to its waits.
func TestParametersOfKinds(t *testing.T) {
	for _, k := range kinds {
		wait := func(base, most time.Duration) time.Duration {
			return Policy{Kind: k, Base: base, Cap: most}.Wait(3, base, rand.New(rand.NewPCG(1, 2)))
		}
		usual := wait(20*ms, time.Hour)
		if got := usual != wait(40*ms, time.Hour); got != k.HasBase() {
			t.Errorf("the waits of %s depend on its base: %v", k, got)
		}
		if got := usual != wait(20*ms, 21*ms); got != k.HasCap() {
			t.Errorf("the waits of %s depend on its cap: %v", k, got)
		}
		if k.Waits() != (usual > 0) {
			t.Errorf("%s waits %v", k, usual)
		}
	}
}

func TestMaxAttempts(t *testing.T) {
	for retries, want := range map[int]int{0: 1, 3: 4, Unlimited - 1: Unlimited, Unlimited: Unlimited} {
		if got := (Policy{Retries: retries}).MaxAttempts(); got != want {
			t.Errorf("%d retries: %d attempts, want %d", retries, got, want)
		}
	}
}
