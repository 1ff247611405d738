package main

import (
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios"
)

func TestPartsOfAPolicyChange(t *testing.T) {
	for _, c := range []struct{ policy, sets, want string }{
		{"documented", "policy.base=25ms", "exponential(base=25ms,cap=400ms,retries=3)"},
		{"documented", "policy.kind=full policy.retries=unlimited", "full(base=50ms,cap=400ms,retries=unlimited)"},
		{"full(base=5ms,cap=1s,deadline=9s)", "policy.deadline=0s policy.cap=5ms", "full(base=5ms,cap=5ms,retries=16)"},
		{"full(base=5ms,cap=1s)", "policy.kind=none", "none(retries=16)"},
		{"none(retries=2)", "policy.base=7ms policy.kind=equal", "equal(base=7ms,cap=2s,retries=2)"},
		{"adaptive(cap=20ms,retries=5)", "policy.kind=full policy.deadline=0s", "full(base=20ms,cap=20ms,retries=5)"},
		{"adaptive(retries=5)", "policy.cap=1s policy.deadline=9s", "adaptive(cap=1s,retries=5,deadline=9s)"},
		{"default", "policy.base=1s policy.base=2s", "full(base=2s,cap=2s,retries=16,deadline=25s)"},
		{"default", "policy.cap=9s policy.base=5s", "full(base=5s,cap=9s,retries=16,deadline=25s)"},
	} {
		p, err := archive.ParsePolicy(c.policy)
		if err != nil {
			t.Fatal(err)
		}
		_, parts, err := splitSettings(strings.Fields(c.sets))
		if err != nil {
			t.Fatal(err)
		}
		got, err := changePolicy(p, parts)
		if err != nil || got.String() != c.want {
			t.Errorf("%s with %s: %s, %v; want %s", c.policy, c.sets, got, err, c.want)
		}
	}
}

// TestSweepVariesThePolicyInForce: that of the flag, of another --vary, of the scenario's
// file or of the core; and each point is what its replay shows.
func TestSweepVariesThePolicyInForce(t *testing.T) {
	for _, c := range []struct {
		args string
		want []string
	}{
		{"burst --vary policy.base=25ms,100ms", []string{"full(base=25ms,cap=2s,retries=16,deadline=25s)", "full(base=100ms,cap=2s,retries=16,deadline=25s)"}},
		{"burst --policy documented --vary policy.retries=3,9", []string{"documented", "exponential(base=50ms,cap=400ms,retries=9)"}},
		{"persistent-conflict --vary policy.cap=50ms,400ms", []string{"exponential(base=50ms,cap=50ms,retries=3)", "documented"}},
		{"single-conflict --core documented --vary policy.kind=equal,full", []string{"equal(base=50ms,cap=400ms,retries=3)", "full(base=50ms,cap=400ms,retries=3)"}},
		{"burst --vary policy.deadline=10s,5s --vary policy=none,full(base=5ms)", []string{
			"none(retries=16,deadline=10s)", "full(base=5ms,cap=2s,retries=16,deadline=10s)",
			"none(retries=16,deadline=5s)", "full(base=5ms,cap=2s,retries=16,deadline=5s)",
		}},
		{"burst --set policy.base=3s --vary policy=full(cap=9s),equal(cap=3s)", []string{"full(base=3s,cap=9s,retries=16)", "equal(base=3s,cap=3s,retries=16)"}},
		{"burst --policy none --set policy.base=40ms --vary policy.kind=equal,full", []string{"equal(base=40ms,cap=2s,retries=16)", "full(base=40ms,cap=2s,retries=16)"}},
		{"burst --policy oracle --set policy.deadline=9s --vary policy.retries=2,4", []string{"none(retries=2,deadline=9s)", "none(retries=4,deadline=9s)"}},
	} {
		code := exitPassed
		if strings.Contains(c.args, "--core documented") {
			code = exitViolated // which is why it is no longer in use
		}
		s, _ := swept(t, code, append(strings.Fields(c.args), "--runs", "2", "--out", t.TempDir())...)
		var got []string
		for _, p := range s.Points {
			r := result(t, code, words(p.Replay)[1:]...).Runs[0]
			got = append(got, r.Policy)
			if puts := float64(r.Counts.Puts) / 2; puts != p.PutsMean || r.MakespanMS.Mean != *p.MakespanMean {
				t.Errorf("%s: %v puts in %v ms; its replay %v in %v", p.Params, p.PutsMean, *p.MakespanMean, puts, r.MakespanMS.Mean)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.args, got, c.want)
		}
	}
}

// TestSweepSaysWhichPolicyItVaries, without what varies.
func TestSweepSaysWhichPolicyItVaries(t *testing.T) {
	for args, want := range map[string]string{
		"--vary policy.base=25ms,100ms":                                        "policy      full(base=…,cap=2s,retries=16,deadline=25s)\n",
		"--set policy.retries=9 --vary policy.kind=none,full":                  "policy      …(base=50ms,cap=2s,retries=9,deadline=25s)\n",
		"--policy documented --vary policy.retries=3,4 --vary core=production": "policy      exponential(base=50ms,cap=400ms,retries=…)\n",
		"--vary policy=default,none --vary policy.retries=4,5":                 "policy      default = full(base=50ms,cap=2s,retries=…,deadline=25s)\n            none = none(retries=…)\n",
		"--policy documented --vary clients=2,3":                               "policy      documented = exponential(base=50ms,cap=400ms,retries=3)\n",
	} {
		code, stdout, stderr := simulate(t, append(strings.Fields("sweep burst --runs 1 "+args), "--out", t.TempDir())...)
		if code != exitPassed || !strings.Contains(stdout, want) {
			t.Errorf("%s: exit %d, want %s\n%s%s", args, code, want, stdout, stderr)
		}
	}
}

// TestRunSavesTheChangedPolicy in its scenario, so that this is what was played.
func TestRunSavesTheChangedPolicy(t *testing.T) {
	o := runOptions{world: virtual, runs: 1, core: "production", sets: []string{"policy.base=40ms"}, out: "-"}
	o.store, o.output.progress = "fake", "none"
	p, err := o.prepare("burst", func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.point.Run.Scenario.Encode()
	if err != nil || !strings.Contains(string(text), "policy: full(base=40ms,") {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestParametersThatAreSuggestedExist, but for the names of actors.
func TestParametersThatAreSuggestedExist(t *testing.T) {
	for _, key := range slices.Concat(policyParts, scenarios.SettingKeys) {
		keys, parts, err := splitSettings([]string{strings.Replace(key, "NAME", "writer", 1) + "=1"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = openScenario("burst", keys)
		if _, other := changePolicy(archive.DefaultPolicy(), parts); err == nil {
			err = other
		}
		if err != nil && (strings.Contains(err.Error(), "unknown key") || strings.Contains(err.Error(), "a policy has no")) {
			t.Errorf("%s: %v", key, err)
		}
	}
}
