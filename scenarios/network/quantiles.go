package network

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// levels are the probabilities of the quantiles in a table.
var levels = [...]float64{0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1}

// table holds the quantile of each level, in their order.
type table [len(levels)]time.Duration

// parseTable reads one quantile for each level.
func parseTable(texts []string) (*table, error) {
	var t table
	for i, text := range texts {
		v, err := parseLatency(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		if t[i] = v; i > 0 && v < t[i-1] {
			return nil, fmt.Errorf("the quantiles must not fall: %v follows %v", v, t[i-1])
		}
	}
	return &t, nil
}

// at is the quantile of a probability from 0 to 1.
func (t *table) at(p float64) time.Duration {
	i := 1
	for i < len(levels)-1 && p > levels[i] {
		i++
	}
	share := (p - levels[i-1]) / (levels[i] - levels[i-1])
	// As in Distribution.sample, the conversion keeps machines from differing.
	return t[i-1] + time.Duration(float64(share*float64(t[i]-t[i-1])))
}

func (t *table) mean() time.Duration {
	sum := 0.0
	for i := 1; i < len(t); i++ {
		sum += float64((levels[i] - levels[i-1]) * float64(t[i-1]+t[i]) / 2)
	}
	return time.Duration(math.Round(sum))
}

func (t *table) String() string {
	texts := make([]string, len(t))
	for i, v := range t {
		texts[i] = v.String()
	}
	return strings.Join(texts, ",")
}

// precision is what a clock can tell of a call over a network.
const precision = time.Microsecond

// Quantiles returns the distribution that samples had, to a microsecond; at least one is
// needed. Those that are out of the range of a text's durations count as its ends. The last
// quantile is not the largest sample, which is chance, but such that the mean is theirs.
func Quantiles(samples []time.Duration) Distribution {
	sorted := slices.Sorted(slices.Values(samples))
	var t table
	for i, p := range levels {
		at := p * float64(len(sorted)-1)
		low := int(math.Floor(at))
		high := min(low+1, len(sorted)-1)
		v := sorted[low] + time.Duration((at-float64(low))*float64(sorted[high]-sorted[low]))
		t[i] = inText(v)
	}
	sum := 0.0
	for _, v := range sorted {
		sum += float64(inText(v))
	}
	last := len(t) - 1
	short := sum/float64(len(sorted)) - float64(t.mean())
	moves := (levels[last] - levels[last-1]) / 2 // the mean, with each step of the last one
	t[last] = max(inText(t[last]+time.Duration(short/moves)), t[last-1])
	return Distribution{shape: quantiles, table: &t}
}

// Constant returns the distribution that is always the same, from 0 to 1 h, to a microsecond.
func Constant(d time.Duration) Distribution {
	return Distribution{shape: constant, a: inText(d)}
}

func inText(d time.Duration) time.Duration { return min(max(d.Round(precision), 0), longest) }

// Half returns quantiles that are half as long, which its text says, unlike that of
// [Distribution.Times]; what is no table is returned as it is.
func (d Distribution) Half() Distribution {
	if d.shape != quantiles {
		return d
	}
	t := *d.table
	for i := range t {
		t[i] = inText(t[i] / 2)
	}
	return Distribution{shape: quantiles, table: &t}
}
