package tuning

import (
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/network"
)

func TestFirstWait(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"none(retries=9)": 0, "constant(base=20ms,retries=5)": 20 * time.Millisecond, "exponential(base=20ms,cap=1s,retries=5)": 40 * time.Millisecond,
		"equal(base=20ms,cap=1s,retries=5)": 40 * time.Millisecond, "full(base=20ms,cap=1s,retries=3)": 40 * time.Millisecond,
		"full(base=20ms,cap=30ms,retries=3)": 30 * time.Millisecond, "decorrelated(base=10ms,cap=50ms,retries=3)": 30 * time.Millisecond,
		"adaptive(cap=20ms,retries=3)": 20 * time.Millisecond, "adaptive": 100 * time.Millisecond,
	} {
		if got := firstWait(policy(t, text)); got != want {
			t.Errorf("%s waits for up to %v after its first 503, want %v", text, got, want)
		}
	}
}

// TestNothingHastyIsRecommendedWhereAStoreThrottles, neither of the candidates nor what is
// in use; where it does not, waiting is nobody's duty.
func TestNothingHastyIsRecommendedWhereAStoreThrottles(t *testing.T) {
	numbers(t)
	hasty := policy(t, "none(retries=150)")
	for _, fault := range []string{"503(rate=0.3)", "throttle(writes=1000,burst=10)", ""} {
		r := run(t, "burst", 8, legs)
		if fault != "" {
			f, err := network.ParseFault(fault)
			if err != nil {
				t.Fatal(err)
			}
			r.Scenario.Faults = []scenarios.Fault{scenarios.Fault(f)}
		}
		result := tuned(t, Config{
			Run: r, Objective: objective(t, "exhausted.rate<1e-6, min latency_ms.p99"), // who writes most is the fastest
			Incumbents: []Incumbent{{"incumbent", hasty}}, Workers: 2,
		})
		best := result.Recommendation
		if fault == "" {
			soon, calm := policy(t, "full(base=10ms,cap=1s,retries=60,deadline=25s)"), scale{crowd: crowd{attempt: r.Latency().Attempt()}, patience: defaultVisibility}
			busy := calm
			busy.throttles = "503(rate=0.3)"
			if result.Incumbents[0].TooSoon || calm.unfit(soon) != "" || busy.unfit(soon) != comesBackAtOnce {
				t.Errorf("without throttling: %+v; %q, with: %q", result.Incumbents[0], calm.unfit(soon), busy.unfit(soon))
			}
			continue
		}
		shown := append([]Policy{best.Promised, *best.Validated}, result.Front...)
		for _, p := range shown {
			if p.TooSoon || firstWait(p.Policy) < r.Latency().Attempt() {
				t.Errorf("%s: %v is recommended or in the front", fault, p.Policy)
			}
		}
		if i := result.Incumbents[0]; !i.TooSoon || !i.Meets {
			t.Errorf("%s: what is in use is hasty and meets the objective: %+v", fault, i)
		}
		if up := best.RunnerUp; up.Policy.Kind == archive.None && !strings.Contains(up.Why, "throttles") {
			t.Errorf("%s: %+v", fault, up)
		}
		if a := result.Advice[0]; a.Rule != "immediate-retries" || a.Subject != "incumbent" || !strings.Contains(a.Text, fault) {
			t.Errorf("%s: %+v", fault, result.Advice)
		}
	}
}

// TestThrottlingIsNamed by what is reached first.
func TestThrottlingIsNamed(t *testing.T) {
	for latency, want := range map[string]string{
		"s3-standard":      "s3-standard: 503 beyond 3,500 writes or 5,500 reads a second under a prefix",
		"gcs":              "gcs: 429 beyond 1 writes a second of a key",
		"r2":               "r2: 429 beyond 1 writes a second of a key",
		"normal(10ms,2ms)": "",
	} {
		r := run(t, "backend-fan-in", 6, latency)
		if got := throttling(&r); got != want {
			t.Errorf("%s: %q, want %q", latency, got, want)
		}
	}
}

// TestCommitTime: that of serving a write, of two legs, or of a key's next write.
func TestCommitTime(t *testing.T) {
	for latency, want := range map[string]time.Duration{
		"azure": 102 * time.Millisecond, "gcs": time.Second, "constant(10ms)": 20 * time.Millisecond,
	} {
		r := run(t, "backend-fan-in", 6, latency)
		if got := commitTime(&r); got.Round(time.Millisecond) != want {
			t.Errorf("%s: %v, want %v", latency, got, want)
		}
	}
}
