package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Threshold is a condition on a metric of the result, such as "attempts.p99<6".
type Threshold struct {
	Metric string
	Op     string // < <= > >= ==
	Limit  float64
}

// Metrics are the names that a threshold can use. Those with a dot are paths in
// the result document, and every key of its counts is one; the rates are shares of
// operations or attempts.
var Metrics = []string{
	"attempts.mean", "attempts.p50", "attempts.p90", "attempts.p99", "attempts.max",
	"latency_ms.p50", "latency_ms.p90", "latency_ms.p99", "latency_ms.p999", "latency_ms.max",
	"makespan_ms.mean", "makespan_ms.p50", "makespan_ms.max",
	"acknowledged.rate", "acknowledged.per_repetition", "conflict.rate", "exhausted.rate", "failed.rate", "unknown.rate", "user_conflict.rate",
	"puts.per_commit", "puts.per_update", "cost_usd.per_1000_commits", // at the prices of the store that the run is like
	"counts.intended", "counts.never_begun", "counts.operations", "counts.acknowledged", "counts.user_conflicts", "counts.exhausted",
	"counts.unavailable", "counts.gone", "counts.failed", "counts.cancelled", "counts.ended_unknown", "counts.crashed", "counts.unfinished", "counts.failed_loads",
	"counts.puts", "counts.committed", "counts.conflicts_412", "counts.conflicts_409", "counts.throttled",
	"counts.unknown_outcomes", "counts.refused_otherwise", "counts.gets",
	"counts.lost", "counts.duplicated", "counts.overwritten",
	"counts.queue_requests", "counts.messages", "counts.redelivered", "counts.dead_lettered", "counts.dead_lettered_processed",
	"counts.acknowledged_late", "counts.untold",
}

var thresholdSyntax = regexp.MustCompile(`^\s*([a-z0-9_.]+)\s*(<=|>=|==|<|>)\s*([0-9.eE+-]+)\s*$`)

// ParseThreshold reads "metric<limit".
func ParseThreshold(text string) (Threshold, error) {
	m := thresholdSyntax.FindStringSubmatch(text)
	if m == nil {
		return Threshold{}, fmt.Errorf("threshold %q: want METRIC, one of < <= > >= ==, and a number, such as attempts.p99<6", text)
	}
	if err := CheckMetric(m[1]); err != nil {
		return Threshold{}, fmt.Errorf("threshold %q: %w", text, err)
	}
	limit, err := strconv.ParseFloat(m[3], 64)
	if err != nil {
		return Threshold{}, fmt.Errorf("threshold %q: %q is no number", text, m[3])
	}
	return Threshold{m[1], m[2], limit}, nil
}

// CheckMetric says that there is no such metric, and which was meant.
func CheckMetric(name string) error {
	if !slices.Contains(Metrics, name) {
		return fmt.Errorf("there is no metric %q%s", name, didYouMean(name, Metrics))
	}
	return nil
}

func (t Threshold) String() string {
	limit := strconv.FormatFloat(t.Limit, 'g', -1, 64)
	return t.Metric + t.Op + strings.Replace(limit, "e-0", "e-", 1) // as people write 1e-6
}

// Holds reports whether a value meets the threshold.
func (t Threshold) Holds(value float64) bool {
	switch t.Op {
	case "<":
		return value < t.Limit
	case "<=":
		return value <= t.Limit
	case ">":
		return value > t.Limit
	case ">=":
		return value >= t.Limit
	}
	return value == t.Limit
}

// didYouMean suggests the closest name, or lists all if none is close.
func didYouMean(name string, known []string) string {
	if best := Closest(name, known); best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return "; known: " + strings.Join(known, ", ")
}

// Closest is the known name that a misspelt one comes closest to, the first of several;
// empty: none is close. Of a dotted name the last part may have been meant alone.
func Closest(name string, known []string) string {
	best, _ := closest(name, known)
	return best
}

// closest is [Closest], and how far away it is.
func closest(name string, known []string) (best string, distance int) {
	distance = len(name)/2 + 1
	for _, k := range known {
		last := k[strings.LastIndexByte(k, '.')+1:]
		if d := min(editDistance(name, k), editDistance(name, last)); d < distance {
			best, distance = k, d
		}
	}
	return best, distance
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// Upper reports whether the limit is one from above.
func (t Threshold) Upper() bool { return t.Op == "<" || t.Op == "<=" }
