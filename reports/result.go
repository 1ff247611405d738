// Package reports turns histories into results: the numbers, the versioned
// result document, and the text that people read.
//
// All numbers come from the history, so a saved one gives the same result again.
package reports

import (
	"encoding/json"
	"io"
	"reflect"
	"time"

	"holdfast/scenarios/check"
)

// Schema names the result document; it changes with every incompatible change.
const Schema = "simulate.result/v1"

// Result is the document that --json prints and result.json holds.
type Result struct {
	Schema      string      `json:"schema"`
	Passed      bool        `json:"passed"`
	Runs        []Run       `json:"runs"`
	Environment Environment `json:"environment"`
	// Took is how long the runs took to play and judge, for people; 0: not known.
	// Virtual time goes by faster, and a document must not depend on the machine.
	Took time.Duration `json:"-"`
}

// NewResult collects runs into a document.
func NewResult(env Environment, runs ...Run) Result {
	r := Result{Schema: Schema, Passed: len(runs) > 0, Runs: runs, Environment: env}
	for i := range runs {
		r.Passed = r.Passed && runs[i].Passed()
	}
	return r
}

// WriteJSON writes the document, indented, without HTML escaping.
func (r Result) WriteJSON(w io.Writer) error { return WriteDocument(w, r) }

// WriteDocument writes a document as all of this program's are written.
func WriteDocument(w io.Writer, document any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(document)
}

// Run is the result of one scenario, pooled over its repetitions.
type Run struct {
	Scenario    string             `json:"scenario"`
	Shows       string             `json:"shows,omitempty"`
	Core        string             `json:"core"`
	World       string             `json:"world"`
	Store       string             `json:"store"`
	Codec       string             `json:"codec"` // of the documents; "json": real ones
	Via         string             `json:"via"`   // "core", or "api": over HTTP and the queue
	Policy      string             `json:"policy"`
	Seed        uint64             `json:"seed"`
	Clients     int                `json:"clients"`
	Repetitions int                `json:"repetitions"`
	Judged      int                `json:"judged_repetitions,omitempty"` // of a history that does not hold all; the numbers are theirs
	Verdict     check.Verdict      `json:"verdict"`
	Reasons     []string           `json:"reasons,omitempty"` // why it is inconclusive
	Interrupted bool               `json:"interrupted,omitempty"`
	Failure     string             `json:"failure,omitempty"` // why the run could not go on
	Violations  []check.Violation  `json:"violations"`        // the first few of each invariant
	Violated    map[string]int     `json:"violated"`          // how often each invariant was violated
	Counts      Counts             `json:"counts"`
	Attempts    Attempts           `json:"attempts"`
	Rates       map[string]float64 `json:"rates"`
	LatencyMS   *Latency           `json:"latency_ms"`  // null: nothing was acknowledged
	MakespanMS  *Makespan          `json:"makespan_ms"` // null: no repetition ended
	Elapsed     float64            `json:"elapsed_ms"`
	Thresholds  []ThresholdResult  `json:"thresholds"`
	Steps       []StepResult       `json:"steps,omitempty"`
	Replay      string             `json:"replay"`
	Directory   string             `json:"directory,omitempty"`
}

// Passed reports whether the run gives no reason to stop a release.
func (r *Run) Passed() bool {
	return r.Verdict == check.OK && !r.Interrupted && len(r.Missed()) == 0
}

// Missed lists the thresholds and steps that were not met.
func (r *Run) Missed() []string {
	var missed []string
	for _, t := range r.Thresholds {
		if !t.Passed {
			value := "it is " + formatNumber(t.Value)
			if t.NoValue {
				value = "there are no samples"
			}
			missed = append(missed, "threshold "+t.Expression+" missed: "+value)
		}
	}
	for _, s := range r.Steps {
		if !s.Passed {
			missed = append(missed, s.Step+": want "+s.Want+", got "+s.Got)
		}
	}
	return missed
}

// Counts are totals over all repetitions. Every operation ends in exactly one
// way, and every write has exactly one answer:
//
//	operations = acknowledged + user_conflicts + exhausted + gone + failed + cancelled + ended_unknown + crashed + unfinished
//	puts       = committed + conflicts_412 + conflicts_409 + throttled + unknown_outcomes + refused_otherwise
type Counts struct {
	Operations    int `json:"operations"`     // creates, appends and saves begun
	Acknowledged  int `json:"acknowledged"`   // clients were told that they committed
	UserConflicts int `json:"user_conflicts"` // a person has to decide
	Exhausted     int `json:"exhausted"`      // gave up after the last retry
	Gone          int `json:"gone"`
	Failed        int `json:"failed"`        // the store's error
	Cancelled     int `json:"cancelled"`     // the run ended first
	EndedUnknown  int `json:"ended_unknown"` // clients were told that they can't know
	Crashed       int `json:"crashed"`       // clients died before they were told anything
	Unfinished    int `json:"unfinished"`

	Puts             int `json:"puts"` // write attempts
	Committed        int `json:"committed"`
	Conflicts412     int `json:"conflicts_412"`
	Conflicts409     int `json:"conflicts_409"`
	Throttled        int `json:"throttled"`
	UnknownOutcomes  int `json:"unknown_outcomes"` // writes without a usable answer
	RefusedOtherwise int `json:"refused_otherwise"`
	Gets             int `json:"gets"`

	Lost        int `json:"lost"`        // acknowledged modifications that are gone
	Duplicated  int `json:"duplicated"`  // modifications that stand twice
	Overwritten int `json:"overwritten"` // acknowledged edits replaced unseen

	Messages     int `json:"messages"`      // sent by the queue's bucket, one for each trigger written
	Redelivered  int `json:"redelivered"`   // queue messages delivered again
	DeadLettered int `json:"dead_lettered"` // queue messages given up
}

// add adds every count, those that will be added to the type included.
func (c *Counts) add(o *Counts) {
	sum, more := reflect.ValueOf(c).Elem(), reflect.ValueOf(o).Elem()
	for i := range sum.NumField() {
		sum.Field(i).SetInt(sum.Field(i).Int() + more.Field(i).Int())
	}
}

// Attempts says how many writes an acknowledged operation needed.
type Attempts struct {
	Histogram []int   `json:"histogram"` // index: attempts needed; 0: it was stored already
	Mean      float64 `json:"mean"`
	P50       float64 `json:"p50"`
	P90       float64 `json:"p90"`
	P99       float64 `json:"p99"`
	Max       int     `json:"max"`
}

// Latency of the acknowledged operations, in milliseconds, from the intended
// start to the answer. Percentiles are by nearest rank: with few samples the
// high ones are the maximum.
type Latency struct {
	Samples int     `json:"samples"`
	P50     float64 `json:"p50"`
	P90     float64 `json:"p90"`
	P99     float64 `json:"p99"`
	P999    float64 `json:"p999"`
	Max     float64 `json:"max"`
}

// Makespan is the time from the start of a repetition to its last answer.
type Makespan struct {
	Samples int     `json:"samples"`
	Mean    float64 `json:"mean"`
	P50     float64 `json:"p50"`
	Max     float64 `json:"max"`
}

// ThresholdResult is a condition and the value that it was compared with.
type ThresholdResult struct {
	Expression string  `json:"expression"`
	Value      float64 `json:"value"`
	Passed     bool    `json:"passed"`
	NoValue    bool    `json:"-"` // nothing was measured; Value is 0 and means nothing
}

// StepResult is a step of a timeline that expected an outcome.
type StepResult struct {
	Step   string `json:"step"`
	Want   string `json:"want"`
	Got    string `json:"got"`
	Passed bool   `json:"passed"`
}
