package measure

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestTimelinesMerge: however what happened is spread over timelines and in whatever order they
// are added, the result is that of one that has seen all.
func TestTimelinesMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, parts := &timeline{}, make([]*timeline, rapid.IntRange(1, 5).Draw(t, "parts"))
		for i := range parts {
			parts[i] = &timeline{}
		}
		commits := 0
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			ns := rapid.Int64Range(0, int64(rapid.SampledFrom([]time.Duration{
				time.Microsecond, 5 * time.Millisecond, time.Second, time.Hour, 100 * time.Hour,
			}).Draw(t, "scale"))).Draw(t, "at")
			into := parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")]
			for _, line := range []*timeline{whole, into} {
				m := line.at(ns)
				m.commits++
				m.unknown++
			}
			commits++
		}
		merged := &timeline{}
		for _, i := range rapid.Permutation([]int{0, 1, 2, 3, 4}).Draw(t, "order") {
			if i < len(parts) {
				merged.merge(parts[i])
			}
		}
		want, got := whole.shown(7), merged.shown(7)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		if want == nil {
			if commits > 0 {
				t.Fatal("there is none")
			}
			return
		}
		sum := 0
		for _, n := range got.Commits {
			sum += n
		}
		if sum != commits || !slices.Equal(got.Commits, got.Unknown) || got.Throttled != nil || len(got.Commits) > mostShown {
			t.Fatalf("of %d commits: %+v", commits, got)
		}
	})
}

// TestTimelinesHaveRoundWidths, and some forty parts or more once there is so much time.
func TestTimelinesHaveRoundWidths(t *testing.T) {
	for _, c := range []struct {
		last  time.Duration
		width float64 // ms
		parts int
	}{
		{0, 0.01, 1}, {900 * time.Microsecond, 0.01, 91}, {time.Millisecond, 0.02, 51}, {6 * time.Millisecond, 0.1, 61},
		{560 * time.Millisecond, 10, 57}, {8200 * time.Millisecond, 100, 83}, {time.Hour, 50_000, 73}, {24 * time.Hour, 1e6, 87},
	} {
		line := &timeline{}
		line.at(int64(c.last)).commits++
		if got := line.shown(1); got.WidthMS != c.width || len(got.Commits) != c.parts || got.Commits[c.parts-1] != 1 {
			t.Errorf("%v: %d parts of %v ms", c.last, len(got.Commits), got.WidthMS)
		}
	}
}
