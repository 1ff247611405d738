package reports

import (
	"cmp"
	"os"
	"runtime/debug"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// judgeGCPercent keeps the judge of a million acknowledged modifications below
// 500 MB; see BenchmarkJudge.
const judgeGCPercent = 25

// FromHistory reads a history to its end, judges it and makes its numbers.
func FromHistory(rd *history.Reader) (Run, error) {
	// A history of a million operations fills hundreds of megabytes that live to
	// the end; with Go's default, garbage would be as much again.
	defer debug.SetGCPercent(debug.SetGCPercent(judgeGCPercent))
	judge, numbers := check.New(rd.Header), NewCollector()
	interrupted := false
	for e, err := range rd.Events() {
		if err != nil {
			return Run{}, err
		}
		judge.Add(e)
		numbers.Add(e)
		interrupted = interrupted || e.Interrupted
	}
	verdict := judge.Finish()
	r := newRun(rd.Header, verdict)
	r.Interrupted = interrupted
	numbers.Fill(&r, verdict.Counts)
	return r, nil
}

// newRun is a run with its verdict and without its numbers.
func newRun(h history.Header, verdict check.Report) Run {
	r := Run{
		Scenario: h.Scenario, Core: h.Core, World: h.World, Store: h.Store, Codec: h.Codec, Policy: h.Policy, Via: cmp.Or(h.Via, string(scenarios.ViaCore)),
		Seed: h.Seed, Clients: h.Clients, Repetitions: h.Repetitions, Replay: h.Replay,
		Verdict: verdict.Verdict, Reasons: verdict.Reasons, Notes: verdict.Notes, Violations: verdict.Violations,
		Violated: map[string]int{}, Thresholds: []ThresholdResult{},
	}
	if r.Violations == nil {
		r.Violations = []check.Violation{}
	}
	if n := len(h.Faults); n > 0 {
		r.Faults = &Faults{Planned: n, Struck: n - len(verdict.Tally.Missed(h.Faults))}
	}
	for invariant, n := range verdict.Found {
		r.Violated[string(invariant)] = n
	}
	return r
}

// FromFile is [FromHistory] of a saved file.
func FromFile(path string) (Run, error) {
	f, err := os.Open(path)
	if err != nil {
		return Run{}, err
	}
	defer f.Close()
	rd, err := history.NewReader(f, path)
	if err != nil {
		return Run{}, err
	}
	return FromHistory(rd)
}
