package main

import (
	"slices"
	"strings"
	"testing"
)

// TestSweepVariesThePolicyInForce: that of the flag, of another --vary, of the scenario's
// file or of the core; and each point is what its replay shows.
func TestSweepVariesThePolicyInForce(t *testing.T) {
	for _, c := range []struct {
		args string
		want []string
	}{
		{"burst --vary policy.base=25ms,100ms", []string{"full(base=25ms,cap=2s,retries=32,deadline=25s)", "full(base=100ms,cap=2s,retries=32,deadline=25s)"}},
		{"burst --policy documented --vary policy.retries=3,9", []string{"documented", "exponential(base=50ms,cap=400ms,retries=9)"}},
		{"persistent-conflict --vary policy.cap=50ms,400ms", []string{"exponential(base=50ms,cap=50ms,retries=3)", "documented"}},
		{"single-conflict --core documented --vary policy.kind=equal,full", []string{"equal(base=50ms,cap=400ms,retries=3)", "full(base=50ms,cap=400ms,retries=3)"}},
		{"burst --vary policy.deadline=10s,5s --vary policy=none,full(base=5ms)", []string{
			"none(retries=32,deadline=10s)", "full(base=5ms,cap=2s,retries=32,deadline=10s)",
			"none(retries=32,deadline=5s)", "full(base=5ms,cap=2s,retries=32,deadline=5s)",
		}},
		{"burst --set policy.base=3s --vary policy=full(cap=9s),equal(cap=3s)", []string{"full(base=3s,cap=9s,retries=32)", "equal(base=3s,cap=3s,retries=32)"}},
		{"burst --policy none --set policy.base=40ms --vary policy.kind=equal,full", []string{"equal(base=40ms,cap=2s,retries=32)", "full(base=40ms,cap=2s,retries=32)"}},
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
		"--vary policy.base=25ms,100ms":                                        "policy      full(base=…,cap=2s,retries=32,deadline=25s)\n",
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
