package tuning

import (
	"strings"
	"testing"
)

func TestObjectivesAreReadAndWritten(t *testing.T) {
	for _, text := range []string{
		DefaultObjective,
		"exhausted.rate<1e-6, min latency_ms.p99",
		"min puts.per_commit",
		"acknowledged.rate>=0.99, latency_ms.p999<5000, min cost_usd.per_1000_commits",
	} {
		o, err := ParseObjective(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		again, err := ParseObjective(o.String())
		if err != nil || again.String() != o.String() {
			t.Errorf("%s is written as %s, which reads as %s, %v", text, o, again, err)
		}
	}
}

func TestMistakesInObjectivesAreSaidInALine(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "empty",
		"exhausted.rate<1e-6": "lacks",
		"min a.b":             "no metric",
		"min latency_ms.p98":  "did you mean latency_ms.p9",
		"min latency_ms.p99,": "empty",
		"min puts.per_commit, min latency_ms.p99":                  "twice",
		"exhausted.rate<0, min latency_ms.p99":                     "no run shows",
		"exhausted.rate>0.5, min latency_ms.p99":                   "no run shows",
		"exhausted.rate<x, min latency_ms.p99":                     "want METRIC",
		"exhausted.rate<e, min latency_ms.p99":                     "no number",
		"attempts.p99==3, min latency_ms.p99":                      "equal",
		"counts.puts<100, min latency_ms.p99":                      "number of repetitions",
		"min latency_ms.max":                                       "number of repetitions",
		"attempts.p99<3, attempts.p99<4, min latency_ms.p99":       "two limits",
		"latency_ms.p99":                                           "want METRIC",
		"puts.per_commit<5, puts.per_commit>6, min latency_ms.p99": "no value keeps both",
		"min acknowledged.per_repetition":                          "more of it is better",
	} {
		_, err := ParseObjective(text)
		switch {
		case err == nil:
			t.Errorf("%q is accepted", text)
		case !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n"):
			t.Errorf("%q: %v; want %q, on one line", text, err, want)
		}
	}
}

func TestGiveUpsAreAlwaysLimited(t *testing.T) {
	if got := objective(t, "min latency_ms.p99").String(); got != "exhausted.rate<1e-6, min latency_ms.p99" {
		t.Error(got)
	}
}

func TestTheGuardDrawsLimitsInButThatOfGiveUps(t *testing.T) {
	o := objective(t, "exhausted.rate<1e-6, puts.per_commit<6, acknowledged.rate>0.5, min latency_ms.p99")
	g := o.guarded()
	if g.Constraints[0].Limit != 1e-6 || g.Constraints[1].Limit >= 6 || g.Constraints[2].Limit <= 0.5 {
		t.Errorf("%v", g.Constraints)
	}
	if o.Constraints[1].Limit != 6 {
		t.Error("the objective itself has changed")
	}
}
