package scenarios

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
)

// named is a scenario file whose policy goes by a name.
const named = `name: named
shows: what its policy does
policy: client-go-retry(retries=9)
actors:
  - name: backend
    kind: backend
    count: 4
    load: {operations: 1}
`

// TestPolicyByName: a policy that is a core of its own is played by it, and is replaced as a
// whole by another that is chosen.
func TestPolicyByName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "named.yaml")
	if err := os.WriteFile(file, []byte(named), 0o600); err != nil {
		t.Fatal(err)
	}
	nine := archive.Policy{Kind: archive.None, Retries: 9}
	for name, c := range map[string]struct {
		choice Choice
		core   string
		policy archive.Policy
		text   string
		fails  string
	}{
		"as it is":                {Choice{}, "client-go-retry", nine, "client-go-retry(retries=9)", ""},
		"another":                 {Choice{Policy: "full(retries=3)"}, cores.Production, must(archive.ParsePolicy("full(retries=3)")), "full(base=50ms,cap=2s,retries=3)", ""},
		"another core's":          {Choice{Policy: "aimd(deadline=3s)"}, "aimd", must(archive.ParsePolicy("none(retries=unlimited,deadline=3s)")), "aimd(retries=unlimited,deadline=3s)", ""},
		"the same":                {Choice{Policy: "client-go-retry(retries=9)", Core: "client-go-retry"}, "client-go-retry", nine, "client-go-retry(retries=9)", ""},
		"a preset":                {Choice{Policy: "delta(retries=9)"}, cores.Production, nine, "none(retries=9)", ""},
		"other bounds":            {Choice{Settings: []Setting{{"policy.retries", "9"}}, Policy: "iceberg(deadline=1s)"}, "iceberg", must(archive.ParsePolicy("none(retries=9,deadline=1s)")), "iceberg(retries=9,deadline=1s)", ""},
		"with another core":       {Choice{Core: "documented"}, "", archive.Policy{}, "", "client-go-retry is a core of its own; leave --core documented out"},
		"chosen for another core": {Choice{Core: "documented", Policy: "iceberg"}, "", archive.Policy{}, "", "--policy iceberg is a core of its own"},
		"with waits of its own":   {Choice{Settings: []Setting{{"policy", "iceberg(base=3ms)"}}}, "", archive.Policy{}, "", "only retries and deadline"},
	} {
		r, err := Prepare(file, c.choice)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: %v, want %q", name, err, c.fails)
			}
			continue
		}
		if err != nil || r.Core.Name != c.core || r.Policy != c.policy || r.Scenario.Policy.String() != c.text {
			t.Errorf("%s: %v; core %s, policy %v, %v in the scenario", name, err, r.Core.Name, r.Policy, r.Scenario.Policy)
			continue
		}
		// What is saved is the same run.
		again, err := Parse("saved", must(r.Scenario.Encode()))
		if err != nil || *again.Policy != *r.Scenario.Policy || again.Core != r.Scenario.Core {
			t.Errorf("%s: saved as core %q, policy %v: %v", name, again.Core, again.Policy, err)
		}
		var back Run
		if err := json.Unmarshal(must(json.Marshal(r)), &back); err != nil || back.Core.Name != c.core || back.Policy != c.policy {
			t.Errorf("%s: elsewhere it is %s with %v, %v", name, back.Core.Name, back.Policy, err)
		}
	}
	s := must(Open(file))
	if _, err := NewRun(s, must(cores.Find(cores.Production))); err == nil || !strings.Contains(err.Error(), "client-go-retry") {
		t.Errorf("production plays the policy of another core: %v", err)
	}
	s.Core = "documented"
	if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "leave core: documented out") {
		t.Errorf("%v", err)
	}
}

// TestPublishedPoliciesKeepEveryInvariant, and repeat to the event.
func TestPublishedPoliciesKeepEveryInvariant(t *testing.T) {
	for _, policy := range cores.PolicyNames() {
		for _, scenario := range []string{"backend-fan-in", "user-vs-backend", "lost-reply", "redelivery"} {
			r, err := Prepare(scenario, Choice{Policy: policy, Seed: 3, Settings: []Setting{{"latency", "s3-express"}}})
			if err != nil {
				t.Fatal(err)
			}
			var histories [2]memory
			for i := range histories {
				if _, err := r.Virtual().Play(t.Context(), 1, &histories[i]); err != nil {
					t.Fatal(err)
				}
			}
			judge := check.New(r.Header(VirtualWorld, "model"))
			for _, e := range histories[0].events {
				judge.Add(e)
			}
			if report := judge.Finish(); report.Verdict == check.Violated {
				t.Errorf("%s in %s: %+v", policy, scenario, report.Violations)
			}
			if once, again := must(json.Marshal(histories[0].events)), must(json.Marshal(histories[1].events)); string(once) != string(again) {
				t.Errorf("%s in %s does something else when it is played again", policy, scenario)
			}
		}
	}
}

// TestPublishedPoliciesInTheRealWorld: their calls run at the same time there.
func TestPublishedPoliciesInTheRealWorld(t *testing.T) {
	for _, spec := range cores.Published() {
		_, report, events := play(t, "burst", spec.Name, func(r *Run) {
			if err := r.Scenario.Scale(6); err != nil {
				t.Fatal(err)
			}
		})
		if report.Verdict == check.Violated || len(events) == 0 {
			t.Errorf("%s: %+v", spec.Name, report.Violations)
		}
	}
}
