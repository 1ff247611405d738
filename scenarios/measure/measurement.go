package measure

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"

	"holdfast/scenarios/check"
)

// Measurement is what the repetitions of a point have shown, pooled. Its keys in JSON are
// those of the result document, and what thresholds name. An attempt is a write that was
// sent; the histogram counts acknowledged operations by the attempts that they needed. Latency
// counts from the intended start.
type Measurement struct {
	Scenario    string            `json:"scenario"`
	Shows       string            `json:"shows,omitempty"`
	Core        string            `json:"core"`
	World       string            `json:"world"`
	Store       string            `json:"store"`
	Codec       string            `json:"codec"`            // of the documents; "json": real ones
	Via         string            `json:"via"`              // "core", or "api": over HTTP and the queue
	Layout      string            `json:"layout,omitempty"` // of the documents; empty: the archive's own
	Policy      string            `json:"policy"`
	Seed        uint64            `json:"seed"`
	Clients     int               `json:"clients"`
	Repetitions int               `json:"repetitions"`
	Judged      int               `json:"judged_repetitions,omitempty"` // of a history that does not hold all; the numbers are theirs
	Verdict     check.Verdict     `json:"verdict"`
	Reasons     []string          `json:"reasons,omitempty"` // why it is inconclusive
	Notes       []string          `json:"notes,omitempty"`   // what the verdict is not about
	Interrupted bool              `json:"interrupted,omitempty"`
	Failure     string            `json:"failure,omitempty"` // why the run could not go on
	Violations  []check.Violation `json:"violations"`        // the first few of each invariant
	Violated    map[string]int    `json:"violated"`          // how often each invariant was violated
	// StoreFindings are the promises that the store broke, each kind once; nil: none is proved.
	StoreFindings []check.StoreFinding `json:"store_findings,omitempty"`
	// Undetermined is what the history leaves open; nil: nothing.
	Undetermined []check.Undetermined `json:"undetermined,omitempty"`
	Faults       *Faults              `json:"faults,omitempty"` // nil: none was planned
	Counts       Counts               `json:"counts"`
	Attempts     Attempts             `json:"attempts"`
	Rates        map[string]float64   `json:"rates"`
	LatencyMS    *Latency             `json:"latency_ms"`  // null: nothing was acknowledged
	MakespanMS   *Makespan            `json:"makespan_ms"` // null: no repetition ended
	Elapsed      float64              `json:"elapsed_ms"`
	Thresholds   []ThresholdResult    `json:"thresholds"`
	NeverBegun   []Reason             `json:"never_begun_because,omitempty"` // the commonest first
	StoreErrors  []StoreError         `json:"store_errors,omitempty"`        // the commonest few, of all calls
	Steps        []StepResult         `json:"steps,omitempty"`
	Timeline     *Timeline            `json:"timeline,omitempty"` // nil: nothing was written, or there are no times
	Spent        *Spent               `json:"spent,omitempty"`    // nil: nothing was acknowledged but by batches, or there are no times
	Fairness     *Fairness            `json:"fairness,omitempty"` // nil: it takes two actors that were acknowledged
	Cost         *Cost                `json:"cost,omitempty"`     // nil: nothing was committed
	Alarms       []Alarm              `json:"alarms,omitempty"`
	// Overlap is how much the shards of a load were at work together; nil: there was one.
	Overlap *Overlap `json:"overlap,omitempty"`
	// Distribution is that of the latency, ascending, of at most 60 points; nil: of fewer than
	// ten samples, or in a document of an earlier version.
	Distribution []Quantile `json:"latency_distribution,omitempty"`

	Replay    string `json:"replay"`
	Directory string `json:"directory,omitempty"`

	// Windows are what happened around the violations and store findings that have a witness.
	Windows []Window `json:"windows,omitempty"`

	// Played are the repetitions that were begun.
	Played int `json:"-"`
	// PutsEach are the writes of each repetition, in their order; MakespansMS the makespans,
	// in ascending order, of those in which somebody was answered.
	PutsEach    []float64 `json:"-"`
	MakespansMS []float64 `json:"-"`
	// Each are the repetitions that were played, in their order; of a history that leaves some
	// out, those that it holds.
	Each []Repetition `json:"-"`
	// Latencies are those of LatencyMS, one for each acknowledged operation, in microseconds
	// and in no certain order.
	Latencies []int64 `json:"-"`
	// GivenUpIn is the number of repetitions in which an operation was given up, as
	// [Counts.GivenUp] counts them.
	GivenUpIn int `json:"-"`
	// CallTime is how long a read or write of the store took on average; 0: there was none.
	CallTime time.Duration `json:"-"`
	// Settings decide how requests were sent; nil: none were.
	Settings *Settings `json:"-"`
}

// Lacks says that something is missing of what was to be measured: that may have shown that
// something is wrong, and not that all is well.
func (m *Measurement) Lacks(why string) {
	if m.Verdict.Final() {
		m.Notes = append(m.Notes, why)
		return
	}
	m.Verdict, m.Reasons = check.Inconclusive, append([]string{why}, m.Reasons...)
}

// Passed reports whether the measurement gives no reason to stop a release.
func (m *Measurement) Passed() bool {
	return m.Verdict == check.OK && !m.Interrupted && m.Met()
}

// Met reports whether every threshold and every step came out as it was to.
func (m *Measurement) Met() bool {
	return !slices.ContainsFunc(m.Thresholds, func(t ThresholdResult) bool { return !t.Passed }) && !steps(m.Steps).missed()
}

// Counts are totals over all repetitions. Every operation that was intended was begun
// or not, every one that was begun ends in exactly one way, and every write has exactly
// one answer; see [Counts.Balance]:
//
//	intended   = operations + never_begun
//	operations = acknowledged + user_conflicts + exhausted + gone + failed + cancelled + ended_unknown + crashed + unfinished
//	puts       = committed + conflicts_412 + conflicts_409 + throttled + unknown_outcomes + refused_otherwise
//
// Every key is a metric that a threshold can name.
type Counts struct {
	// Intended are the operations of which there ought to be an outcome. A load with a
	// rate intends those that are due before its time is up, one with a number of
	// operations that many; any other load, only what it begins.
	Intended      int `json:"intended"`
	NeverBegun    int `json:"never_begun"`    // intended, and never begun
	Operations    int `json:"operations"`     // creates, appends and saves begun
	Acknowledged  int `json:"acknowledged"`   // clients were told that they committed
	UserConflicts int `json:"user_conflicts"` // a person has to decide
	Exhausted     int `json:"exhausted"`      // gave up after the last retry
	Unavailable   int `json:"unavailable"`    // of those, because the store did not serve
	Gone          int `json:"gone"`
	Failed        int `json:"failed"`        // the store's error
	Cancelled     int `json:"cancelled"`     // the run ended first, or the caller gave up
	EndedUnknown  int `json:"ended_unknown"` // clients were told that they can't know
	Crashed       int `json:"crashed"`       // clients died before they were told anything
	Unfinished    int `json:"unfinished"`
	FailedLoads   int `json:"failed_loads"` // no operations: nothing could be saved on them

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

	// QueueRequests were made to the queue with via: core: sends, of one message each,
	// receives and deletions, of ten at most. One that waits for 20 s in vain is one too.
	QueueRequests int `json:"queue_requests"`

	Messages     int `json:"messages"`      // sent by the queue's bucket, one for each trigger written
	Redelivered  int `json:"redelivered"`   // queue messages delivered again
	DeadLettered int `json:"dead_lettered"` // queue messages given up
	// DeadLetteredProcessed are those of them that were processed anyway.
	DeadLetteredProcessed int `json:"dead_lettered_processed"`
	// AcknowledgedLate are deliveries that their workers acknowledged after the queue had
	// given the message to others, or up: the work takes longer than the visibility timeout.
	AcknowledgedLate int `json:"acknowledged_late"`
	// Untold are customers whose upload the archive holds, and of whom no trigger was
	// written that would tell them of it; where there is a reconciler, who has not read it
	// at work on another one either.
	Untold int `json:"untold"`
}

// Balance reports the first of the equations that does not hold.
func (c *Counts) Balance() error {
	ended := c.Acknowledged + c.UserConflicts + c.Exhausted + c.Gone + c.Failed + c.Cancelled + c.EndedUnknown + c.Crashed + c.Unfinished
	answered := c.Committed + c.Conflicts412 + c.Conflicts409 + c.Throttled + c.UnknownOutcomes + c.RefusedOtherwise
	switch {
	case c.Intended != c.Operations+c.NeverBegun:
		return fmt.Errorf("%d operations were intended, but %d begun and %d never begun", c.Intended, c.Operations, c.NeverBegun)
	case c.Operations != ended:
		return fmt.Errorf("%d operations were begun, but %d have an end or are unfinished", c.Operations, ended)
	case c.Puts != answered:
		return fmt.Errorf("%d writes were sent, but %d have an answer", c.Puts, answered)
	case c.Exhausted < c.Unavailable:
		return fmt.Errorf("%d operations gave up, of them %d because the store did not serve", c.Exhausted, c.Unavailable)
	case c.DeadLettered < c.DeadLetteredProcessed:
		return fmt.Errorf("of %d dead letters %d were processed", c.DeadLettered, c.DeadLetteredProcessed)
	}
	return nil
}

// GivenUp are the operations whose policy ended them without success: those that were
// exhausted, and those that ended before it could be learned what became of their write.
func (c *Counts) GivenUp() int { return c.Exhausted + c.EndedUnknown }

// add adds every count, those that will be added to the type included.
func (c *Counts) add(o *Counts) {
	sum, more := reflect.ValueOf(c).Elem(), reflect.ValueOf(o).Elem()
	for i := range sum.NumField() {
		sum.Field(i).SetInt(sum.Field(i).Int() + more.Field(i).Int())
	}
}

// All are the counts by their names in JSON, in the order of the type.
func (c *Counts) All() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		v := reflect.ValueOf(c).Elem()
		for i := range v.NumField() {
			tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if !yield(tag, int(v.Field(i).Int())) {
				return
			}
		}
	}
}

// Reason says why operations were never begun, and of how many that is so.
type Reason struct {
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// StoreError is an answer of the store that is neither a result nor a conflict.
type StoreError struct {
	Call  string `json:"call"`  // get, head, put, delete
	Error string `json:"error"` // without what differs from call to call, and without content
	Count int    `json:"count"`
}

// Faults are those that were planned, each to strike a certain call, and of them those
// that did.
type Faults struct {
	Planned int `json:"planned"`
	Struck  int `json:"struck"`
}

// Attempts says how many writes an acknowledged operation needed: of one that a batch has
// stored, how many that batch needed.
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
	NoValue    bool    `json:"no_value,omitempty"` // nothing was measured; Value is 0 and means nothing
}

// StepResult is a step of a timeline that expected an outcome.
type StepResult struct {
	Step   string `json:"step"`
	Want   string `json:"want"`
	Got    string `json:"got"`
	Passed bool   `json:"passed"`
}
