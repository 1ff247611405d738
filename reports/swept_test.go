package reports

import (
	"encoding/csv"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sweep"
)

func some(v float64) *float64 { return &v }

func sweptPoint(policy, clients string, puts, exhausted float64) sweep.Measured {
	return sweep.Measured{
		Params: sweep.Params{{Name: "policy", Value: policy}, {Name: "clients", Value: clients}}, Runs: 20, Clients: 10, Verdict: check.OK, Operations: 200,
		PutsMean: puts, PutsCI95: some(puts / 50), GetsMean: puts, PutsPerCommit: some(puts / 10), MakespanMean: some(376.74), MakespanCI95: some(17.2),
		AcknowledgedRate: 1 - exhausted, ExhaustedRate: exhausted, ConflictRate: 0.8, AttemptsMean: some(5.09), AttemptsP99: some(10),
		LatencyMS: &measure.Latency{Samples: 200, P50: 195.5, P90: 362.5, P99: 417, P999: 419.3, Max: 419.3}, Jain: some(0.98), CostUSD: some(0.027486),
		Replay: "simulate run burst --world virtual --policy '" + policy + "' --clients " + clients + " --runs 20 --seed 1",
	}
}

// swept is a sweep of two policies.
func swept() sweep.Result {
	const none, full = "none(retries=unlimited)", "full(base=5ms,cap=2s,retries=unlimited)"
	return sweep.Result{
		Schema: sweep.Schema, Passed: true, Scenario: "burst", Core: "production", Latency: "normal(10ms,2ms)", Seed: 1, Runs: 20, Planned: 4,
		Vary:      []sweep.Varied{{Name: "policy", Values: []string{none, full}}, {Name: "clients", Values: []string{"10", "100"}}},
		Points:    []sweep.Measured{sweptPoint(none, "10", 50.9, 0), sweptPoint(none, "100", 2425, 0), sweptPoint(full, "10", 38, 0.000004), sweptPoint(full, "100", 796, 0.925)},
		Directory: "simulate-out/sweep-burst/20261124T000650Z-b23bc83dca",
	}
}

var commandLine = regexp.MustCompile(`(?m)^(go on +simulate|        simulate run) .*$`)

// allSwept are sweeps of each kind.
func allSwept() map[string]sweep.Result {
	violated := swept()
	violated.Points[1].Verdict, violated.Points[1].Violated = check.Violated, map[string]int{"I1": 3, "I10": 1}
	violated.Points[0].Verdict, violated.Points[0].Reasons = check.Inconclusive, []string{"too little contention to prove anything: 0 conflicts, the scenario wants at least 1"}
	stopped := swept()
	stopped.Points, stopped.Interrupted, stopped.Core = stopped.Points[:1], true, ""
	stopped.Policy, stopped.Resume = "documented", "simulate sweep burst --vary clients=10,100 --resume simulate-out/sweep-burst/x"
	nothing := swept()
	for i := range nothing.Points {
		p := &nothing.Points[i]
		p.Verdict, p.Reasons = check.Inconclusive, []string{"no operation was acknowledged, so none could be lost"}
		p.MakespanMean, p.MakespanCI95, p.PutsCI95, p.AttemptsMean, p.LatencyMS, p.CostUSD, p.PutsPerCommit = nil, nil, nil, nil, nil, nil, nil
	}
	// Four parameters leave no room for all columns; of two the last parts are the same.
	narrow := swept()
	narrow.PolicyChanged, narrow.Latency = "documented", ""
	narrow.Vary = []sweep.Varied{
		{Name: "policy.base", Values: []string{"25ms", "50ms"}}, {Name: "actors.user.count", Values: []string{"1"}}, {Name: "actors.backend.count", Values: []string{"200"}},
		{Name: "latency", Values: []string{"s3-standard", "lognormal(10ms,50ms)"}},
	}
	for i := range narrow.Points {
		p := &narrow.Points[i]
		p.Params = sweep.Params{{Name: "policy.base", Value: narrow.Vary[0].Values[i/2]}, {Name: "actors.user.count", Value: "1"}, {Name: "actors.backend.count", Value: "200"}, {Name: "latency", Value: narrow.Vary[3].Values[i%2]}}
		*p.MakespanMean *= 100
	}
	presets := swept()
	presets.Vary[0].Values = []string{"documented", "oracle(retries=9)"}
	for i := range presets.Points {
		presets.Points[i].Params[0].Value = presets.Vary[0].Values[i/2]
	}
	return map[string]sweep.Result{"swept-narrow": narrow, "swept-presets": presets, "swept": swept(), "swept-violated": violated, "swept-stopped": stopped, "swept-nothing": nothing}
}

func TestSweptReports(t *testing.T) {
	for name, s := range allSwept() {
		var b strings.Builder
		Swept{&s}.Text(Text{W: &b})
		// Commands are never wrapped: they are there to be copied.
		golden(t, name, commandLine.ReplaceAllString(b.String(), "$1…"))
	}
}

func TestSweptConcludes(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*sweep.Result)
		want   bool
	}{
		"all ok":           {func(*sweep.Result) {}, true},
		"one inconclusive": {func(s *sweep.Result) { s.Points[0].Verdict = check.Inconclusive }, true},
		"one violated":     {func(s *sweep.Result) { s.Points[3].Verdict = check.Violated }, false},
		"one missing":      {func(s *sweep.Result) { s.Points = s.Points[1:] }, false},
		"all inconclusive": {func(s *sweep.Result) {
			for i := range s.Points {
				s.Points[i].Verdict = check.Inconclusive
			}
		}, false},
	} {
		s := swept()
		c.change(&s)
		s.Conclude()
		if s.Passed != c.want {
			t.Errorf("%s: passed is %v", name, s.Passed)
		}
	}
}

func TestLabelsAreShortAndDiffer(t *testing.T) {
	for _, c := range []struct{ values, want []string }{
		{[]string{"none(retries=unlimited)", "full(base=5ms,cap=2s)", "documented"}, []string{"none", "full", "documented"}},
		{[]string{"full(base=5ms,cap=2s)", "full(base=9ms,cap=2s)", "documented"}, []string{"full(base=5ms)", "full(base=9ms)", "documented"}},
		{[]string{"full(base=5ms)", "full(base=5ms,cap=2s)"}, []string{"full", "full(cap=2s)"}},
		{[]string{"normal(10ms,2ms)", "normal(2ms,10ms)"}, []string{"normal(10ms,2ms)", "normal(2ms,10ms)"}},
		{[]string{"10", "20"}, []string{"10", "20"}},
		{[]string{"full(base=5ms,cap=2s)"}, []string{"full"}},
	} {
		if got := labelsOf(sweep.Varied{Values: c.values}); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.values, got, c.want)
		}
	}
}

func TestCSVQuotesAndDoesNotRepeat(t *testing.T) {
	s := swept()
	s.Points[0].MakespanMean, s.Points[0].LatencyMS = nil, nil
	var b strings.Builder
	if err := (Swept{&s}).WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(lines) != 5 {
		t.Fatalf("%v\n%s", err, b.String())
	}
	column := func(name string) int { return slices.Index(lines[0], name) }
	if lines[3][0] != "full(base=5ms,cap=2s,retries=unlimited)" || slices.Index(lines[0][column("clients")+1:], "clients") >= 0 {
		t.Errorf("%q", lines)
	}
	if lines[1][column("makespan_ms_mean")] != "" || lines[1][column("latency_ms_p99")] != "" || lines[3][column("exhausted_rate")] != "0.000004" {
		t.Errorf("%q", lines[1])
	}
}

func TestPoliciesAreSpelledOut(t *testing.T) {
	adaptive, err := archive.ParsePolicy("adaptive")
	if err != nil {
		t.Fatal(err)
	}
	for policy, want := range map[string]string{
		"documented":                      "documented = exponential(base=50ms,cap=400ms,retries=3)",
		"default":                         "default = full(base=50ms,cap=2s,retries=32,deadline=25s)",
		"oracle":                          "oracle = oracle(retries=32)",
		"oracle(retries=unlimited)":       "oracle(retries=unlimited)",
		"aimd":                            "aimd = aimd(retries=unlimited)",
		"client-go-retry":                 "client-go-retry = client-go-retry(retries=4)",
		"delta":                           "delta = none(retries=10000000)",
		"full(base=5ms,cap=2s,retries=3)": "full(base=5ms,cap=2s,retries=3)",
		"adaptive":                        "adaptive = " + adaptive.String(),
		"equal(cap=1s)":                   "equal(cap=1s) = equal(base=50ms,cap=1s,retries=32)",
	} {
		if got := policyInWords(Swept{&sweep.Result{}}, policy); got != want {
			t.Errorf("%s: %s, want %s", policy, got, want)
		}
	}
	p, err := archive.ParsePolicy(spelledOut("documented"))
	if err != nil || p != archive.DocumentedPolicy() {
		t.Errorf("documented is spelled %v, %v", p, err)
	}
	two, one := []string{"1", "2"}, []string{"1"}
	s := sweep.Result{Vary: []sweep.Varied{{Name: "policy.kind", Values: two}, {Name: "policy.cap", Values: two}, {Name: "policy.retries", Values: one}}}
	if got := policyInWords((Swept{&s}), "default"); got != "default = …(base=50ms,cap=…,retries=32,deadline=25s)" {
		t.Error(got)
	}
}

func TestShortNamesDiffer(t *testing.T) {
	for _, c := range []struct{ names, want string }{
		{"clients policy.base objects.count", "clients base count"},
		{"actors.user.count actors.backend.count", "user.count backend.count"},
		{"actors.user.count clients actors.user.load.rate", "count clients rate"},
		{"queue.work a.queue.work", "queue.work a.queue.work"},
		{"duration policy.duration", "duration policy.duration"},
		{"policy policy.kind", "policy kind"},
	} {
		var s sweep.Result
		for _, name := range strings.Fields(c.names) {
			s.Vary = append(s.Vary, sweep.Varied{Name: name})
		}
		if got := strings.Join((Swept{&s}).shortNames(), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.names, got, c.want)
		}
	}
}

func TestSharesArePercent(t *testing.T) {
	for part, want := range map[float64]string{
		0: "0", 4e-5: "0.004 %", 1e-9: "0.0000001 %", 9.99e-5: "0.01 %", 0.0003: "0.03 %", 0.0218: "2.2 %", 1: "100.0 %",
	} {
		if got := share(part); got != want {
			t.Errorf("%v is %s, want %s", part, got, want)
		}
	}
}

// TestTimesOfATableShareAUnit that shows the shortest and the longest.
func TestTimesOfATableShareAUnit(t *testing.T) {
	for _, c := range []struct {
		makespanMS, p99MS float64
		want              string
	}{
		{376.74, 417, "377ms 417ms"}, {1084, 417, "1.08s 0.42s"}, {37655, 36100, "37.66s 36.10s"}, {1500, 3.2, "1.500s 0.003s"},
		{40.2, 8.04, "40.20ms 8.04ms"}, {0, 0, "0.00s 0.00s"},
	} {
		s := sweep.Result{Points: []sweep.Measured{{MakespanMean: &c.makespanMS, LatencyMS: &measure.Latency{P99: c.p99MS}}}}
		times := (Swept{&s}).scale()
		got := rounded(&c.makespanMS, times.ofMS, times.digits, times.unit) + " " + rounded(&c.p99MS, times.ofMS, times.digits, times.unit)
		if got != c.want {
			t.Errorf("%v and %v: %s, want %s", c.makespanMS, c.p99MS, got, c.want)
		}
	}
}
