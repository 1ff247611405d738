package sweep

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"

	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// Schema names the document of a sweep.
const Schema = "simulate.sweep/v1"

// Result is what a sweep has shown: the document that sweep --json prints.
type Result struct {
	Schema      string     `json:"schema"`
	Passed      bool       `json:"passed"`
	Scenario    string     `json:"scenario"`
	Core        string     `json:"core,omitempty"`    // of all points; empty: it varies
	Policy      string     `json:"policy,omitempty"`  // of all points; empty: it varies
	Latency     string     `json:"latency,omitempty"` // of all points; empty: it varies
	Layout      string     `json:"layout,omitempty"`  // of all points; empty: the archive's own, or it varies
	Seed        uint64     `json:"seed"`
	Runs        int        `json:"runs"` // repetitions of each point
	Vary        []Varied   `json:"vary"`
	Planned     int        `json:"planned"` // points
	Interrupted bool       `json:"interrupted,omitempty"`
	Points      []Measured `json:"points"` // in the order of the product, the last parameter varies fastest
	// TookMS is how long it took to play; 0: not known.
	TookMS float64 `json:"took_ms,omitempty"`
	// Unplayed is what is missing of a sweep that many machines were to play; empty: nothing, or
	// one machine has played it.
	Unplayed string `json:"unplayed,omitempty"`
	// Resume is the command that goes on with a sweep of which points are missing.
	Resume string `json:"resume,omitempty"`
	// PolicyChanged is the policy of a point, if parts of it vary; empty: the whole
	// varies, or nothing.
	PolicyChanged string `json:"policy_changed,omitempty"`
	// Directory is where the points are.
	Directory string `json:"-"`
}

// Varied is a parameter and what it was set to.
type Varied struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// Measured is what one combination of parameters has shown. Means are over its
// repetitions; ± ci95 is their 95 % confidence interval by Student's t, null with a
// single repetition.
type Measured struct {
	Params           Params           `json:"params"`
	Runs             int              `json:"runs"`
	Clients          int              `json:"clients"`
	Policy           string           `json:"policy"` // that was played
	Verdict          check.Verdict    `json:"verdict"`
	Reasons          []string         `json:"reasons,omitempty"`  // why it is inconclusive
	Violated         map[string]int   `json:"violated,omitempty"` // how often each invariant was
	Operations       int              `json:"operations"`         // in all repetitions
	PutsMean         float64          `json:"puts_mean"`          // write attempts of a repetition
	PutsCI95         *float64         `json:"puts_ci95"`
	GetsMean         float64          `json:"gets_mean"`
	PutsPerCommit    *float64         `json:"puts_per_commit"`  // null: nothing was committed
	MakespanMean     *float64         `json:"makespan_ms_mean"` // null: nobody was answered
	MakespanCI95     *float64         `json:"makespan_ms_ci95"`
	AcknowledgedRate float64          `json:"acknowledged_rate"`
	ExhaustedRate    float64          `json:"exhausted_rate"`
	ConflictRate     float64          `json:"conflict_rate"` // of the writes
	AttemptsMean     *float64         `json:"attempts_mean"` // of an acknowledged operation; null: there is none
	AttemptsP99      *float64         `json:"attempts_p99"`
	LatencyMS        *measure.Latency `json:"latency_ms"`                // null: nothing was acknowledged
	Jain             *float64         `json:"jain"`                      // see [measure.Fairness]; null: there are no two clients to compare
	CostUSD          *float64         `json:"cost_usd_per_1000_commits"` // see [measure.Cost]
	Replay           string           `json:"replay"`
}

// Row is what a point has shown, as a row of the table has it.
func Row(params Params, m *measure.Measurement) Measured {
	p := Measured{
		Params: params, Runs: m.Played, Clients: m.Clients, Policy: m.Policy, Verdict: m.Verdict, Reasons: m.Reasons, Violated: m.Violated,
		Operations: m.Counts.Operations, GetsMean: float64(m.Counts.Gets) / float64(m.Played),
		AcknowledgedRate: m.Rates["acknowledged.rate"], ExhaustedRate: m.Rates["exhausted.rate"], ConflictRate: m.Rates["conflict.rate"],
		LatencyMS: m.LatencyMS, Replay: m.Replay,
	}
	p.PutsMean, p.PutsCI95 = measure.MeanCI95(m.PutsEach)
	if len(m.MakespansMS) > 0 {
		mean, ci := measure.MeanCI95(m.MakespansMS)
		p.MakespanMean, p.MakespanCI95 = &mean, ci
	}
	if m.Fairness != nil {
		p.Jain = &m.Fairness.Jain
	}
	if m.Counts.Acknowledged > 0 {
		p.AttemptsMean, p.AttemptsP99 = &m.Attempts.Mean, &m.Attempts.P99
	}
	if m.Counts.Committed > 0 {
		puts, cost := float64(m.Counts.Puts)/float64(m.Counts.Committed), m.Rates["cost_usd.per_1000_commits"]
		p.PutsPerCommit, p.CostUSD = &puts, &cost
	}
	return p
}

// Complete is the number of points that were played to their end. Of others there are only
// those that violate an invariant.
func (s *Result) Complete() int {
	n := 0
	for i := range s.Points {
		if s.Points[i].Runs == s.Runs {
			n++
		}
	}
	return n
}

// Conclude says whether a sweep gives no reason to stop a release: nothing is
// violated, something is proved, and nothing is missing.
func (s *Result) Conclude() {
	s.Passed = s.Complete() == s.Planned && !s.Interrupted && s.Count(check.Violated) == 0 && !s.StoreAtFault() && s.Count(check.OK) > 0
}

// Count is the number of points with a verdict.
func (s *Result) Count(v check.Verdict) int {
	n := 0
	for i := range s.Points {
		if s.Points[i].Verdict == v {
			n++
		}
	}
	return n
}

// Violated reports whether a point violates an invariant.
func (s *Result) Violated() bool { return s.Count(check.Violated) > 0 }

// StoreAtFault reports whether the store broke a promise in a point.
func (s *Result) StoreAtFault() bool { return s.Count(check.StoreAtFault) > 0 }

// Inconclusive reports whether no point proves anything.
func (s *Result) Inconclusive() bool {
	return s.Count(check.Inconclusive) == len(s.Points)
}

// Param is a parameter with its value.
type Param struct{ Name, Value string }

// Params are the parameters of a point, in the order in which they were asked for.
// In JSON they are an object; numbers are numbers.
type Params []Param

func (p Params) String() string {
	var b bytes.Buffer
	for i, one := range p {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(one.Name + "=" + one.Value)
	}
	return b.String()
}

// jsonNumber is RFC 8259's, as far as people write it.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?$`)

// MarshalJSON implements json.Marshaler.
func (p Params) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(one.Name) + ":") // of letters, digits, dots, hyphens
		if jsonNumber.MatchString(one.Value) {
			b.WriteString(one.Value)
			continue
		}
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(one.Value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Params) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	*p = nil
	if begin, err := dec.Token(); err != nil {
		return err
	} else if begin != json.Delim('{') {
		return errors.New("params: want an object")
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var value any
		if err := dec.Decode(&value); err != nil {
			return err
		}
		one := Param{Name: name.(string)} // JSON's keys are
		switch v := value.(type) {
		case string:
			one.Value = v
		case json.Number:
			one.Value = v.String()
		}
		*p = append(*p, one)
	}
	return nil
}
