package measure

import (
	"slices"
	"testing"
)

// TestDistribution holds the points against the samples themselves.
func TestDistribution(t *testing.T) {
	for _, n := range []int{1, 9, 10, 11, 1000, 123_456} {
		micros := make([]int64, n)
		for i := range micros {
			micros[i] = int64(i+1) * int64(i+1) % 900_000
		}
		_, d := latency(slices.Clone(micros))
		if n < fewestForDistribution {
			if d != nil {
				t.Errorf("%d samples have a distribution", n)
			}
			continue
		}
		slices.Sort(micros)
		if len(d) < 11 || len(d) > mostQuantiles || d[0].Percent != 0 || d[10].Percent != 90 || d[len(d)-1].Percent != 100 {
			t.Fatalf("of %d samples: %v", n, d)
		}
		for i, q := range d {
			if i > 0 && (q.Percent <= d[i-1].Percent || q.MS < d[i-1].MS) {
				t.Errorf("of %d samples: %v after %v", n, q, d[i-1])
			}
			rank := max(int(q.Percent*float64(n)/100+0.999999), 1)
			want := float64(micros[min(rank, n)-1]) / 1e3
			if q.MS < want*0.998-0.001 || q.MS > want*1.002+0.001 {
				t.Errorf("of %d samples %v%% are at most %v ms, want %v", n, q.Percent, q.MS, want)
			}
		}
	}
}
