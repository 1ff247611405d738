package reports

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/check"
)

func some(v float64) *float64 { return &v }

func sweptPoint(policy, clients string, puts, exhausted float64) SweptPoint {
	return SweptPoint{
		Params: Params{{"policy", policy}, {"clients", clients}}, Runs: 20, Clients: 10, Verdict: check.OK, Operations: 200,
		PutsMean: puts, PutsCI95: some(puts / 50), GetsMean: puts, PutsPerCommit: some(puts / 10), MakespanMean: some(376.74), MakespanCI95: some(17.2),
		AcknowledgedRate: 1 - exhausted, ExhaustedRate: exhausted, ConflictRate: 0.8, AttemptsMean: some(5.09), AttemptsP99: some(10),
		LatencyMS: &Latency{200, 195.5, 362.5, 417, 419.3, 419.3}, Jain: some(0.98), CostUSD: some(0.027486),
		Replay: "simulate run burst --world virtual --policy '" + policy + "' --clients " + clients + " --runs 20 --seed 1",
	}
}

// swept is a sweep of two policies.
func swept() Swept {
	const none, full = "none(retries=unlimited)", "full(base=5ms,cap=2s,retries=unlimited)"
	return Swept{
		Schema: SweepSchema, Passed: true, Scenario: "burst", Core: "production", Latency: "normal(10ms,2ms)", Seed: 1, Runs: 20, Planned: 4,
		Vary:      []Varied{{"policy", []string{none, full}}, {"clients", []string{"10", "100"}}},
		Points:    []SweptPoint{sweptPoint(none, "10", 50.9, 0), sweptPoint(none, "100", 2425, 0), sweptPoint(full, "10", 38, 0.000004), sweptPoint(full, "100", 796, 0.925)},
		Directory: "simulate-out/sweep-burst/20261124T000650Z-b23bc83dca",
	}
}

var commandLine = regexp.MustCompile(`(?m)^(go on +simulate|        simulate run) .*$`)

func TestSweptReports(t *testing.T) {
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
	narrow.Vary = []Varied{
		{"policy.base", []string{"25ms", "50ms"}}, {"actors.user.count", []string{"1"}}, {"actors.backend.count", []string{"200"}},
		{"latency", []string{"s3-standard", "lognormal(10ms,50ms)"}},
	}
	for i := range narrow.Points {
		p := &narrow.Points[i]
		p.Params = Params{{"policy.base", narrow.Vary[0].Values[i/2]}, {"actors.user.count", "1"}, {"actors.backend.count", "200"}, {"latency", narrow.Vary[3].Values[i%2]}}
		*p.MakespanMean *= 100
	}
	presets := swept()
	presets.Vary[0].Values = []string{"documented", "oracle(retries=9)"}
	for i := range presets.Points {
		presets.Points[i].Params[0].Value = presets.Vary[0].Values[i/2]
	}
	for name, s := range map[string]Swept{"swept-narrow": narrow, "swept-presets": presets, "swept": swept(), "swept-violated": violated, "swept-stopped": stopped, "swept-nothing": nothing} {
		var b strings.Builder
		Text{W: &b}.Swept(&s)
		// Commands are never wrapped: they are there to be copied.
		golden(t, name, commandLine.ReplaceAllString(b.String(), "$1…"))
	}
}

func TestSweptConcludes(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Swept)
		want   bool
	}{
		"all ok":           {func(*Swept) {}, true},
		"one inconclusive": {func(s *Swept) { s.Points[0].Verdict = check.Inconclusive }, true},
		"one violated":     {func(s *Swept) { s.Points[3].Verdict = check.Violated }, false},
		"one missing":      {func(s *Swept) { s.Points = s.Points[1:] }, false},
		"all inconclusive": {func(s *Swept) {
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

// TestIntervalIsStudents against a table: t(0.975, 4) is 2.7764.
func TestIntervalIsStudents(t *testing.T) {
	mean, half := MeanCI95([]float64{1, 2, 3, 4, 5})
	if want := 2.7764 * math.Sqrt(2.5/5); mean != 3 || math.Abs(*half-want) > 1e-4 {
		t.Errorf("%v ± %v, want ± %v", mean, *half, want)
	}
	if mean, half := MeanCI95([]float64{7}); mean != 7 || half != nil {
		t.Errorf("of one value: %v ± %v", mean, half)
	}
}

func TestJainsIndex(t *testing.T) {
	even := map[string]*delay{"a": {20, 2}, "b": {10, 1}, "c": {50, 5}}
	if got := *jain(even); got != 1 {
		t.Errorf("equal means: %v", got)
	}
	if got := *jain(map[string]*delay{"a": {1_000_000_000, 1}, "b": {1, 1}, "c": {1, 1}, "d": {1, 1}}); math.Abs(got-0.25) > 1e-6 {
		t.Errorf("one of four waits: %v", got)
	}
	if jain(map[string]*delay{"a": {1, 1}}) != nil {
		t.Error("one client is fair to whom?")
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
		if got := (Varied{Values: c.values}).Labels(); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.values, got, c.want)
		}
	}
}

func TestNumbersOfAParameter(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   []float64
		unit   string
	}{
		{[]string{"1", "2.5"}, []float64{1, 2.5}, ""}, {[]string{"100ms", "2s"}, []float64{0.1, 2}, "s"},
		{[]string{"5ms", "250ms"}, []float64{5, 250}, "ms"}, {[]string{"1", "2s"}, nil, ""}, {[]string{"none", "1"}, nil, ""},
		{[]string{"NaN"}, nil, ""},
	} {
		got, unit, ok := (Varied{Values: c.values}).Numbers()
		if !slices.Equal(got, c.want) || unit != c.unit || ok != (c.want != nil) {
			t.Errorf("%q: %v %q %v", c.values, got, unit, ok)
		}
	}
}

func TestParamsKeepTheirOrderInJSON(t *testing.T) {
	p := Params{{"z", "10"}, {"a", "0.50"}, {"policy", `full(base=5ms) <"x">`}, {"n", "007"}, {"d", "1s"}}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Params
	if err := json.Unmarshal(text, &back); err != nil || !slices.Equal(back, p) {
		t.Errorf("%s is %v, %v", text, back, err)
	}
	if !strings.HasPrefix(string(text), `{"z":10,"a":0.50,"policy":"full(`) || !strings.Contains(string(text), `"n":"007"`) {
		t.Errorf("%s", text)
	}
}

func TestCSVQuotesAndDoesNotRepeat(t *testing.T) {
	s := swept()
	s.Points[0].MakespanMean, s.Points[0].LatencyMS = nil, nil
	var b strings.Builder
	if err := s.WriteCSV(&b); err != nil {
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
		"default":                         "default = full(base=50ms,cap=2s,retries=16,deadline=25s)",
		"oracle":                          "oracle = oracle(retries=16)",
		"oracle(retries=unlimited)":       "oracle(retries=unlimited)",
		"full(base=5ms,cap=2s,retries=3)": "full(base=5ms,cap=2s,retries=3)",
		"adaptive":                        "adaptive = " + adaptive.String(),
		"equal(cap=1s)":                   "equal(cap=1s) = equal(base=50ms,cap=1s,retries=16)",
	} {
		if got := (&Swept{}).policyInWords(policy); got != want {
			t.Errorf("%s: %s, want %s", policy, got, want)
		}
	}
	p, err := archive.ParsePolicy(spelledOut("documented"))
	if err != nil || p != archive.DocumentedPolicy() {
		t.Errorf("documented is spelled %v, %v", p, err)
	}
	two, one := []string{"1", "2"}, []string{"1"}
	s := Swept{Vary: []Varied{{"policy.kind", two}, {"policy.cap", two}, {"policy.retries", one}}}
	if got := s.policyInWords("default"); got != "default = …(base=50ms,cap=…,retries=16,deadline=25s)" {
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
		var s Swept
		for _, name := range strings.Fields(c.names) {
			s.Vary = append(s.Vary, Varied{Name: name})
		}
		if got := strings.Join(s.shortNames(), " "); got != c.want {
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
		s := Swept{Points: []SweptPoint{{MakespanMean: &c.makespanMS, LatencyMS: &Latency{P99: c.p99MS}}}}
		times := s.scale()
		got := rounded(&c.makespanMS, times.ofMS, times.digits, times.unit) + " " + rounded(&c.p99MS, times.ofMS, times.digits, times.unit)
		if got != c.want {
			t.Errorf("%v and %v: %s, want %s", c.makespanMS, c.p99MS, got, c.want)
		}
	}
}
