package measure

import (
	"cmp"
	"iter"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// judgeGCPercent keeps the judge of a million acknowledged modifications below
// 500 MB; see BenchmarkJudge.
const judgeGCPercent = 25

// FromHistory reads a history to its end, judges it and makes its numbers.
func FromHistory(rd *history.Reader) (*Measured, error) {
	return fromHistory(rd, rd.Header, nil)
}

// fromHistory is FromHistory, also of one that could not be written to its end; why is failed,
// nil: it was. One that was not has numbers only: writes that it lacks may have been applied, so
// that nothing is proved by it.
func fromHistory(rd reading, h history.Header, failed error) (*Measured, error) {
	// A history of a million operations fills hundreds of megabytes that live to
	// the end; with Go's default, garbage would be as much again.
	defer CollectAt(judgeGCPercent)()
	wanted, err := thresholds(h)
	if err != nil {
		return nil, rd.HeaderError(err)
	}
	judge, counted := newJudges(h), joined{}
	var taken steps
	var told ending
	cut := false
	for e, err := range rd.Events() {
		switch {
		case err != nil && failed == nil:
			return nil, err
		case err != nil:
			told.interrupted, told.failure, cut = true, failed.Error(), true
			continue // it is the last
		}
		judge.Add(e)
		counted.Add(e)
		taken.Add(e)
		told.Add(e)
	}
	numbers := counted.collector()
	verdict := judge.finish(numbers.each, told.interrupted)
	if cut {
		verdict = check.Report{Verdict: check.Inconclusive, Reasons: []string{"its history lacks what came last, so it was not judged"}}
		for i := range numbers.each {
			numbers.each[i].Violated = nil
		}
	}
	r := newMeasurement(h, verdict)
	r.Steps, r.Interrupted, r.Failure = taken, told.interrupted, told.failure
	r.Judged, r.Played = told.judged(h), told.begun
	numbers.Fill(&r, verdict.Counts)
	numbers.detail(&r, h)
	r.Overlap = counted.overlap(verdict.Alignment)
	if told.omitted != nil {
		r.measured(told.omitted.Thresholds)
	} else {
		r.Judge(wanted)
	}
	return &Measured{r, numbers}, nil
}

// reading is a history that is read, or several as one.
type reading interface {
	Events() iter.Seq2[*history.Event, error]
	HeaderError(error) *history.LineError
}

// ending is what a history says of itself as a whole.
type ending struct {
	begun       int // repetitions
	last        int // the number of the last that has
	interrupted bool
	failure     string
	omitted     *history.Omitted
}

// Add implements [history.Sink].
func (t *ending) Add(e *history.Event) {
	switch e.Kind {
	case history.Begin:
		if e.Repetition != t.last { // which each of several recorders says
			t.begun++
		}
		t.last = e.Repetition
	case history.Omit:
		t.omitted = e.Omitted
	case history.End:
		t.interrupted, t.failure = e.Interrupted, e.Text
	}
}

// judged is the number of repetitions in the history of a run that came to its end; 0 if
// it holds all. Older ones do not say what they leave out.
func (t *ending) judged(h history.Header) int {
	if t.omitted != nil || !t.interrupted && t.begun < h.Repetitions {
		return t.begun
	}
	return 0
}

// thresholds are those of a header.
func thresholds(h history.Header) ([]scenarios.Threshold, error) {
	var all []scenarios.Threshold
	for _, text := range h.Thresholds {
		t, err := scenarios.ParseThreshold(text)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// newMeasurement is one with its verdict and without its numbers.
func newMeasurement(h history.Header, verdict check.Report) Measurement {
	r := Measurement{
		Scenario: h.Scenario, Core: h.Core, World: h.World, Store: h.Store, Codec: h.Codec, Policy: h.Policy, Via: cmp.Or(h.Via, string(scenarios.ViaCore)),
		Seed: h.Seed, Clients: h.Clients, Repetitions: h.Repetitions, Replay: h.Replay,
		Verdict: verdict.Verdict, Reasons: verdict.Reasons, Notes: verdict.Notes, Violations: verdict.Violations,
		StoreFindings: verdict.StoreFindings, Undetermined: verdict.Undetermined, Violated: map[string]int{}, Thresholds: []ThresholdResult{},
	}
	if h.Layout != nil {
		r.Layout = h.Layout.Name
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

// FromFile is [FromHistory] of a saved file, or of the one in the directory of a run, with the
// windows of what was found.
func FromFile(path string) (*Measured, error) { return fromFile(path, nil) }

func fromFile(path string, failed error) (*Measured, error) {
	rd, err := history.Open(path)
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	m, err := fromHistory(rd, rd.Header, failed)
	if err != nil {
		return m, err
	}
	again, err := history.Open(path)
	if err != nil {
		return m, err
	}
	defer again.Close()
	m.Windows, err = windowsIn(again, again.Header, &m.Measurement)
	return m, err
}

// FromFiles is [FromFile] of the histories that several recorders have of one run: see
// [history.Together]. One file may also be of a run that one recorder has seen; if it is of one
// of several, or of some, it may end in the middle.
func FromFiles(paths ...string) (*Measured, error) {
	if len(paths) == 1 {
		if of, err := history.Recorded(paths[0]); err != nil || of == 0 {
			return FromFile(paths[0])
		}
	}
	all, err := history.OpenTogether(paths...)
	if err != nil {
		return nil, err
	}
	m, err := fromHistory(all, all.Header, nil)
	if err == nil {
		m.Windows, err = windowsIn(all, all.Header, &m.Measurement)
	}
	return m, err
}

// windowsIn reads a history once more, if there is anything to be shown: until it is judged,
// one can't tell what will be.
func windowsIn(rd reading, h history.Header, m *Measurement) ([]Window, error) {
	w := newWindows(h.Layout, m.Violations, m.StoreFindings)
	if len(w.all) == 0 {
		return nil, nil
	}
	for e, err := range rd.Events() {
		if err != nil {
			return nil, err
		}
		w.Add(e)
	}
	return w.list(), nil
}
