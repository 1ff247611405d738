package measure

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
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

// TestDistributionIsThatOfTheLatencies, in milliseconds, in the columns that plotters read.
func TestDistributionIsThatOfTheLatencies(t *testing.T) {
	m := Measurement{Scenario: "burst", Seed: 7}
	for i := range 1000 {
		m.Latencies = append(m.Latencies, int64(1000*(1000-i))) // 1 to 1000 ms
	}
	var b bytes.Buffer
	if err := m.WriteDistribution(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if head := strings.Fields(lines[0]); strings.Join(head, " ") != "Value Percentile TotalCount 1/(1-Percentile)" || lines[1] != "" {
		t.Errorf("it begins with %q", lines[:2])
	}
	rows := 0
	for _, line := range lines[2:] {
		if line[0] == '#' {
			continue
		}
		rows++
		columns := strings.Fields(line)
		if len(columns) != 4 {
			t.Fatalf("%q", line)
		}
		value, share := must(strconv.ParseFloat(columns[0], 64)), must(strconv.ParseFloat(columns[1], 64))
		count := must(strconv.Atoi(columns[2]))
		if at := float64(count); math.Abs(value-max(at, 1)) > 1 || share > at/1000+1e-6 || columns[3] != "inf" && math.Abs(must(strconv.ParseFloat(columns[3], 64))*(1-share)-1) > 0.01 {
			t.Errorf("%q", line)
		}
	}
	if last := lines[len(lines)-1]; rows < 20 || !strings.HasPrefix(last, "#[Latency in milliseconds of 1000 acknowledged operations") {
		t.Errorf("%d rows, and at last %q", rows, last)
	}
	b.Reset()
	if err := new(Measurement).WriteDistribution(&b); err != nil || b.Len() > 0 {
		t.Errorf("of nothing: %q, %v", b.String(), err)
	}
}
