// Package reports tells what was measured: each document as text, JSON, CSV and SVG. It
// plays and judges nothing.
package reports

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"holdfast/reports/compare"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// Schema names the result document; it changes with every incompatible change.
const Schema = "simulate.result/v1"

// Result is the document that --json prints and result.json holds.
type Result struct {
	Schema string                `json:"schema"`
	Passed bool                  `json:"passed"`
	Runs   []measure.Measurement `json:"runs"`
	// NotReached are the scenarios that were asked for too, and of which there is no run:
	// one before could not be played, or the user has interrupted.
	NotReached  []string    `json:"not_reached,omitempty"`
	Environment Environment `json:"environment"`
	// OtherEnvironments are those of later runs, where results of several programs or machines
	// are told together.
	OtherEnvironments []Origin `json:"other_environments,omitempty"`
	// Directory is where the runs are kept together; each says where it is kept itself.
	Directory string `json:"-"`
	// TookMS is how long the runs took to play and judge; 0: not known. Virtual time goes
	// by faster.
	TookMS float64 `json:"took_ms,omitempty"`
	// Comparison is that with the baseline; nil: none was asked for.
	Comparison *Compared `json:"comparison,omitempty"`
}

// NewResult collects runs into a document.
func NewResult(env Environment, runs ...measure.Measurement) Result {
	r := Result{Schema: Schema, Passed: len(runs) > 0, Runs: runs, Environment: env}
	for i := range runs {
		r.Passed = r.Passed && runs[i].Passed()
	}
	return r
}

// Lacks says which scenarios have no run. What was not run has not passed.
func (r *Result) Lacks(scenarios []string) {
	r.NotReached = scenarios
	r.Passed = r.Passed && len(scenarios) == 0
}

// In says where it is kept.
func (r Result) In(dir string) Document {
	r.Directory = dir
	return r
}

// RunDirectory is where a run is kept of which the result is kept in a directory; empty: it is
// not known. That beside the result counts, since all of them may have been moved.
func (r Result) RunDirectory(i int) string {
	recorded := r.Runs[i].Directory
	if recorded == "" || r.Directory == "" {
		return recorded
	}
	whole, err := filepath.EvalSymlinks(r.Directory)
	if err != nil {
		return recorded
	}
	beside := filepath.Join(whole, "..", "..", filepath.Base(filepath.Dir(recorded)), filepath.Base(recorded))
	if info, err := os.Stat(beside); err != nil || !info.IsDir() {
		return recorded
	}
	return beside
}

// Against compares the runs with a baseline: what is worse has not passed. Settings are those of
// each run, as [scenarios.Run.Settings] lists them. That a partial result lacks runs of the
// baseline is no matter.
func (r *Result) Against(baseline Contender, settings []map[string]string, partial bool, s compare.Settings) {
	c := NewCompared(baseline, Contender{Source: ThisRun, Result: *r, Settings: settings, Partial: partial}, s)
	r.Comparison, r.Passed = &c, r.Passed && c.Passed
}

// ThisRun is the source of what is compared as soon as it was played.
const ThisRun = "this run"

// Reproducible leaves out what alone differs when the same seed is run again: where virtual
// runs are saved, how long it took to play them, and how busy the machine was.
func (r Result) Reproducible() Document {
	r.Runs = slices.Clone(r.Runs)
	for i := range r.Runs {
		if r.Runs[i].World == scenarios.VirtualWorld {
			r.Runs[i].Directory, r.TookMS, r.Environment.Load = "", 0, nil
		}
	}
	return r
}

// sound implements [sound]: what was not run has not passed.
func (r Result) sound() error {
	if len(r.Runs) == 0 {
		return errors.New("it has no run")
	}
	for i := range r.Runs {
		m := &r.Runs[i]
		if err := known(m.Verdict); err != nil {
			return err
		}
		violated := len(m.Violations) > 0 || m.Counts.Lost > 0
		for _, n := range m.Violated {
			violated = violated || n > 0
		}
		if violated && m.Verdict == check.OK {
			return fmt.Errorf("run %d, of %s, violates an invariant, and its verdict is ok", i+1, m.Scenario)
		}
	}
	if r.Comparison != nil {
		if err := r.Comparison.sound(); err != nil {
			return err
		}
	}
	if r.Passed && r.Class() != Passed {
		return errors.New("it has passed, but not by what it holds")
	}
	return nil
}

// Class implements [Document]. A run that was cut short says so by itself, and says which
// failure was the reason, if one was. Scenarios without a run prove nothing.
func (r Result) Class() Class {
	worst := r.own()
	if r.Comparison != nil {
		worst = max(worst, r.Comparison.Class())
	}
	return worst
}

// own is the class of the runs by themselves.
func (r *Result) own() Class {
	worst := Passed
	if len(r.NotReached) > 0 { // what was not run proves nothing
		worst = Inconclusive
	}
	for i := range r.Runs {
		worst = max(worst, classOf(&r.Runs[i]))
	}
	return worst
}

func classOf(m *measure.Measurement) Class {
	switch {
	case m.Verdict == check.Violated:
		return Violated
	case m.Interrupted && m.Failure == "":
		return Cut
	case m.Verdict == check.StoreAtFault:
		return StoreAtFault
	case m.Failure != "":
		return Broken
	case m.Verdict == check.Inconclusive:
		return Inconclusive
	case !m.Met():
		return Missed
	}
	return Passed
}

// Failure is why the first run that could not go on could not; empty: all could.
func (r Result) Failure() string {
	for i := range r.Runs {
		if why := r.Runs[i].Failure; why != "" {
			return why
		}
	}
	return ""
}

// Brief implements [Document].
func (r Result) Brief(t Text) {
	for i := range r.Runs {
		t.brief(word(&r.Runs[i]), r.Runs[i].Scenario)
	}
	for _, name := range r.NotReached {
		t.brief(NotRun, name)
	}
	if r.Comparison != nil {
		r.Comparison.Brief(t)
	}
}
