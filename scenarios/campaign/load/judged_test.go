package load

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// skewed is a clock that is wrong: by so much, and too fast or too slow.
type skewed struct {
	archive.WallClock
	by    time.Duration
	rate  float64
	began time.Time
}

func (c skewed) Now() time.Time {
	now := c.WallClock.Now()
	return now.Add(c.by + time.Duration(float64(now.Sub(c.began))*c.rate))
}

// Sleep is by the clock, too: who waits does so by what it shows.
func (c skewed) Sleep(ctx context.Context, d time.Duration) error {
	return c.WallClock.Sleep(ctx, time.Duration(float64(d)/(1+c.rate)))
}

// judged is what a load of three shards has shown, whose clocks are seconds apart.
// Of a positive time they are told to end after that.
func judged(t *testing.T, core string, c scenarios.Choice, within time.Duration) *measure.Measured {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began := func() {}
	if within > 0 {
		began = func() { time.AfterFunc(within, cancel) }
	}
	c.Core = core
	l, _, _ := planned(t, 3, "sustained-contention", c)
	var all sync.WaitGroup
	for k := range 3 {
		all.Go(func() {
			clock := skewed{by: time.Duration(k-1) * 3 * time.Second, rate: float64(k-1) * 100e-6, began: time.Now()}
			if err := l.work(ctx, t, k, Worker{Clock: clock, Began: began}); err != nil && (within == 0 || !errors.Is(err, context.Canceled)) {
				t.Errorf("shard %d: %v", k, err)
			}
		})
	}
	all.Wait()
	collected, err := l.Collect(t.Context(), t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	m, err := measure.FromFiles(collected.Files()...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestVerdictOfALoad: what all shards have recorded is judged as one run, by clocks that are
// seconds apart.
func TestVerdictOfALoad(t *testing.T) {
	operations := 20
	for core, want := range map[string]string{"production": "", "unlocked": "I1", "cached-load": "I7"} {
		within := time.Duration(0)
		if core == "cached-load" { // whose users are told of a conflict for ever
			within = 500 * time.Millisecond
		}
		m := judged(t, core, scenarios.Choice{Operations: &operations}, within)
		if want == "" && m.Verdict != check.OK || want != "" && m.Violated[want] == 0 {
			t.Errorf("%s: %s %v, because %v; noted %v", core, m.Verdict, m.Violated, m.Reasons, m.Notes)
			for _, v := range m.Violations {
				t.Log(v.Invariant, v.Anomaly, v.Summary)
			}
		}
		// 12 back ends append 20 times, 4 users save 20 times, and load for that.
		if n := m.Counts.Acknowledged; core != "cached-load" && n != 16*operations {
			t.Errorf("%s: %d operations were acknowledged", core, n)
		}
	}
}
