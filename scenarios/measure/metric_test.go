package measure

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"holdfast/scenarios"
	"holdfast/scenarios/history"
)

// full has another value in every number, so that none can be taken for another.
func full() *Measurement {
	r := &Measurement{
		Attempts:   Attempts{Mean: 1.25, P50: 2, P90: 3, P99: 4, Max: 5},
		LatencyMS:  &Latency{Samples: 6, P50: 6.5, P90: 7.5, P99: 8.5, P999: 9.5, Max: 10.5},
		MakespanMS: &Makespan{Samples: 11, Mean: 11.5, P50: 12.5, Max: 13.5},
	}
	counts := reflect.ValueOf(&r.Counts).Elem()
	for i := range counts.NumField() {
		counts.Field(i).SetInt(int64(101 + i*i))
	}
	r.Rates = r.Counts.Rates(4)
	NewCollector().detail(r, history.Header{})
	return r
}

// TestEveryCountIsAMetric, also those that will be added.
func TestEveryCountIsAMetric(t *testing.T) {
	counts := reflect.TypeOf(Counts{})
	for i := range counts.NumField() {
		name := "counts." + counts.Field(i).Tag.Get("json")
		threshold, err := scenarios.ParseThreshold(name + "==0")
		if err != nil {
			t.Error(err)
			continue
		}
		r := &Measurement{}
		r.Judge([]scenarios.Threshold{threshold})
		if !r.Met() {
			t.Errorf("%v of a run without any", r.Thresholds)
		}
		reflect.ValueOf(&r.Counts).Elem().Field(i).SetInt(7)
		r.Judge([]scenarios.Threshold{threshold})
		if want := (ThresholdResult{Expression: name + "==0", Value: 7}); len(r.Thresholds) != 1 || r.Thresholds[0] != want || r.Met() {
			t.Errorf("%v, want %v", r.Thresholds, want)
		}
	}
	for _, name := range scenarios.Metrics {
		if _, ok := full().Metric(name); !ok {
			t.Errorf("%s is no metric of a run", name)
		}
	}
}

// TestEveryMetricIsInTheDocument: what a threshold compares is what result.json
// says at that path, or under rates.
func TestEveryMetricIsInTheDocument(t *testing.T) {
	r := full()
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]map[string]any
	var loose map[string]any
	if err := json.Unmarshal(body, &loose); err != nil {
		t.Fatal(err)
	}
	document = map[string]map[string]any{}
	for key, v := range loose {
		if section, ok := v.(map[string]any); ok {
			document[key] = section
		}
	}
	seen := map[float64]string{}
	for _, name := range scenarios.Metrics {
		got, ok := r.Metric(name)
		if !ok {
			t.Errorf("%s has no value", name)
			continue
		}
		section, field, _ := strings.Cut(name, ".")
		want, found := document["rates"][name]
		if !found {
			want, found = document[section][field]
		}
		if !found || want != got {
			t.Errorf("%s is %v, the document says %v", name, got, want)
		}
		if other := seen[got]; other != "" {
			t.Errorf("%s has the value of %s", name, other)
		}
		seen[got] = name
	}
}

func TestMetricsWithoutSamplesHaveNoValue(t *testing.T) {
	empty := &Measurement{}
	empty.Rates = empty.Counts.Rates(1)
	for _, name := range scenarios.Metrics {
		_, ok := empty.Metric(name)
		distribution := strings.HasPrefix(name, "attempts.") || strings.HasPrefix(name, "latency_ms.") || strings.HasPrefix(name, "makespan_ms.") ||
			name == "puts.per_commit" || name == "puts.per_update" || name == "cost_usd.per_1000_commits"
		if ok == distribution {
			t.Errorf("%s has a value: %v", name, ok)
		}
	}
	for _, name := range []string{"", ".", "counts", "counts.", "speed.p50", "scenario.", "attempts.histogram", "thresholds.passed"} {
		if v, ok := full().Metric(name); ok {
			t.Errorf("%q has the value %v", name, v)
		}
	}
}

func TestJudgeThresholds(t *testing.T) {
	threshold := func(text string) scenarios.Threshold {
		parsed, err := scenarios.ParseThreshold(text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	r := full()
	r.Judge([]scenarios.Threshold{threshold("attempts.p99<5"), threshold("attempts.p99<4"), threshold("latency_ms.max<=10.5")})
	if missedOf(r) != 1 || r.Thresholds[1] != (ThresholdResult{Expression: "attempts.p99<4", Value: 4}) {
		t.Errorf("%v", r.Thresholds)
	}
	empty := &Measurement{}
	empty.Judge([]scenarios.Threshold{threshold("attempts.p99<5"), threshold("latency_ms.max<1000"), threshold("counts.puts==0")})
	if missedOf(empty) != 2 || empty.Thresholds[1] != (ThresholdResult{Expression: "latency_ms.max<1000", NoValue: true}) {
		t.Errorf("%v", empty.Thresholds)
	}
	empty.Judge(nil)
	if empty.Thresholds == nil || !empty.Met() {
		t.Error("no thresholds must be an empty list, and none missed")
	}
}

// TestBalance: each equation is noticed when it does not hold.
func TestBalance(t *testing.T) {
	good := Counts{
		Intended: 15, NeverBegun: 5, Operations: 10, Acknowledged: 1, UserConflicts: 1, Exhausted: 1, Gone: 1, Failed: 1,
		Cancelled: 1, EndedUnknown: 1, Crashed: 1, Unfinished: 2,
		Puts: 6, Committed: 1, Conflicts412: 1, Conflicts409: 1, Throttled: 1, UnknownOutcomes: 1, RefusedOtherwise: 1,
		Messages: 4, DeadLettered: 2, DeadLetteredProcessed: 2,
	}
	if err := good.Balance(); err != nil {
		t.Error(err)
	}
	free := map[string]bool{ // in no equation
		"failed_loads": true, "gets": true, "lost": true, "duplicated": true, "overwritten": true, "messages": true, "queue_requests": true,
		"redelivered": true, "dead_lettered": true, "acknowledged_late": true, "untold": true,
	}
	counts := reflect.TypeOf(good)
	for i := range counts.NumField() {
		off, name := good, counts.Field(i).Tag.Get("json")
		reflect.ValueOf(&off).Elem().Field(i).SetInt(100)
		if err := off.Balance(); (err == nil) != free[name] {
			t.Errorf("%s off by a lot: %v", name, err)
		}
	}
}
