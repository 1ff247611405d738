package reports

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/reports/compare"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// BaselineSchema names the document that a project keeps to be compared with.
const BaselineSchema = "simulate.baseline/v1"

// Baseline is what is needed of virtual runs that passed to compare others with them,
// repetition by repetition, small enough to be committed.
type Baseline struct {
	Schema string `json:"schema"`
	compare.Program
	Runs []BaselineRun `json:"runs"`
}

// BaselineRun is one of them.
type BaselineRun struct {
	Scenario    string            `json:"scenario"`
	Core        string            `json:"core"`
	World       string            `json:"world"`
	Store       string            `json:"store"`
	Codec       string            `json:"codec"`
	Via         string            `json:"via"`
	Layout      string            `json:"layout,omitempty"`
	Policy      string            `json:"policy"`
	Seed        uint64            `json:"seed"`
	Clients     int               `json:"clients"`
	Repetitions int               `json:"repetitions"`
	Replay      string            `json:"replay"`
	Settings    map[string]string `json:"settings"`
	Counts      map[string]int    `json:"counts"` // those that are not 0
	// Digests are those of the repetitions, eight bytes each, as base64.
	Digests string `json:"digests"`
	// What follows has a value for each repetition, or one if all have the same; those in
	// milliseconds with four digits.
	Acknowledged column `json:"acknowledged"`
	GaveUp       column `json:"gave_up"`
	Puts         column `json:"puts"`
	Gets         column `json:"gets"`
	MakespanMS   column `json:"makespan_ms"`
	LatencyMS    column `json:"latency_ms"`
	P99MS        column `json:"p99_ms"`
}

// column is a value for each repetition.
type column []float64

// baselineDigits are those of a column's numbers: a difference that they hide is far below
// any that counts.
const baselineDigits = 4

// MarshalJSON implements json.Marshaler.
func (c column) MarshalJSON() ([]byte, error) {
	if len(c) > 1 && slices.Max(c) == slices.Min(c) {
		c = c[:1]
	}
	text := []byte{'['}
	for i, v := range c {
		if i > 0 {
			text = append(text, ',')
		}
		digits := baselineDigits
		if v == math.Trunc(v) {
			digits = -1 // all of a whole number
		}
		text = strconv.AppendFloat(text, v, 'g', digits, 64)
	}
	return append(text, ']'), nil
}

// at is the value of a repetition, from 0.
func (c column) at(i int) float64 {
	if len(c) == 1 {
		return c[0]
	}
	return c[i]
}

// NewBaseline keeps the runs of a result. One that did not pass, or is not of a virtual world,
// is nothing to be compared with.
func NewBaseline(c Contender) (Baseline, error) {
	b := Baseline{Schema: BaselineSchema, Program: c.program()}
	b.CPUs = 0 // no virtual run depends on it
	for i, run := range c.side().Runs {
		switch {
		case !c.Runs[i].Passed():
			return b, fmt.Errorf("%s did not pass", run.Scenario)
		case run.World != "virtual":
			return b, fmt.Errorf("%s was played in the %s world, which no seed decides", run.Scenario, run.World)
		case len(run.Each) != run.Repetitions:
			return b, fmt.Errorf("%s has %d repetitions, and what became of %d is known", run.Scenario, run.Repetitions, len(run.Each))
		}
		b.Runs = append(b.Runs, newBaselineRun(&run))
	}
	if len(b.Runs) == 0 {
		return b, errors.New("there is no run")
	}
	return b, nil
}

func newBaselineRun(m *compare.Run) BaselineRun {
	r := BaselineRun{
		Scenario: m.Scenario, Core: m.Core, World: m.World, Store: m.Store, Codec: m.Codec, Via: m.Via, Layout: m.Layout, Policy: m.Policy,
		Seed: m.Seed, Clients: m.Clients, Repetitions: m.Repetitions, Replay: m.Replay, Settings: m.Settings, Counts: map[string]int{},
	}
	for name, n := range m.Counts.All() {
		if n != 0 {
			r.Counts[name] = n
		}
	}
	var digests []byte
	for i := range m.Each {
		e := &m.Each[i]
		digests = binary.BigEndian.AppendUint64(digests, uint64(e.Digest))
		r.Acknowledged = append(r.Acknowledged, float64(e.Acknowledged))
		r.GaveUp = append(r.GaveUp, float64(e.GaveUp))
		r.Puts = append(r.Puts, float64(e.Puts))
		r.Gets = append(r.Gets, float64(e.Gets))
		r.MakespanMS = append(r.MakespanMS, e.MakespanMS)
		r.LatencyMS = append(r.LatencyMS, e.LatencyMS)
		r.P99MS = append(r.P99MS, e.P99MS)
	}
	r.Digests = base64.StdEncoding.EncodeToString(digests)
	return r
}

// Write writes the baseline, a run in a line, so that a diff says which of them have changed.
func (b Baseline) Write(w io.Writer) error {
	head, err := json.Marshal(struct {
		Schema string `json:"schema"`
		compare.Program
	}{b.Schema, b.Program})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s,\n\"runs\": [", head[:len(head)-1])
	for i := range b.Runs {
		line, err := json.Marshal(&b.Runs[i])
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n%s", []string{"", ","}[min(i, 1)], line)
	}
	fmt.Fprint(out, "\n]}\n")
	return out.Flush()
}

// Contender is the baseline as one side of a comparison.
func (b Baseline) Contender(source string) (Contender, error) {
	c := Contender{Source: source, Result: Result{
		Schema: Schema, Passed: true, Environment: Environment{Version: b.Version, Go: b.Go, OS: b.OS, Arch: b.Arch},
	}}
	for i := range b.Runs {
		m, err := b.Runs[i].measurement()
		if err != nil {
			return c, fmt.Errorf("run %d, of %s: %w", i+1, b.Runs[i].Scenario, err)
		}
		c.Runs, c.Settings = append(c.Runs, m), append(c.Settings, b.Runs[i].Settings)
	}
	return c, nil
}

func (r *BaselineRun) measurement() (measure.Measurement, error) {
	m := measure.Measurement{
		Scenario: r.Scenario, Core: r.Core, World: r.World, Store: r.Store, Codec: r.Codec, Via: r.Via, Layout: r.Layout, Policy: r.Policy,
		Seed: r.Seed, Clients: r.Clients, Repetitions: r.Repetitions, Replay: r.Replay, Verdict: check.OK,
	}
	counts, err := json.Marshal(r.Counts)
	if err == nil {
		err = json.Unmarshal(counts, &m.Counts)
	}
	if err != nil {
		return m, err
	}
	digests, err := base64.StdEncoding.DecodeString(r.Digests)
	if err != nil || len(digests) != 8*r.Repetitions {
		return m, fmt.Errorf("its digests are not those of %d repetitions", r.Repetitions)
	}
	for _, c := range []column{r.Acknowledged, r.GaveUp, r.Puts, r.Gets, r.MakespanMS, r.LatencyMS, r.P99MS} {
		if len(c) != 1 && len(c) != r.Repetitions {
			return m, fmt.Errorf("there are %d values of %d repetitions", len(c), r.Repetitions)
		}
	}
	for i := range r.Repetitions {
		m.Each = append(m.Each, measure.Repetition{
			N: i + 1, Digest: history.Sum(binary.BigEndian.Uint64(digests[8*i:])),
			Acknowledged: int(r.Acknowledged.at(i)), GaveUp: int(r.GaveUp.at(i)), Puts: int(r.Puts.at(i)), Gets: int(r.Gets.at(i)),
			MakespanMS: r.MakespanMS.at(i), LatencyMS: r.LatencyMS.at(i), P99MS: r.P99MS.at(i),
		})
	}
	return m, nil
}

// sound implements [sound].
func (b Baseline) sound() error {
	_, err := b.Contender("")
	return err
}

// Class implements [Document]: only what has passed is kept.
func (b Baseline) Class() Class { return Passed }

// Text implements [Document].
func (b Baseline) Text(t Text) {
	b.Brief(t)
	fmt.Fprintln(t.W)
	w := NewTable(table.Row{"scenario", "via", "core", "seed", "clients", "repetitions"}, 4, 5, 6)
	for i := range b.Runs {
		r := &b.Runs[i]
		w.AppendRow(table.Row{r.Scenario, r.Via, r.Core, r.Seed, r.Clients, r.Repetitions})
	}
	t.Table(w)
}

// Brief implements [Document].
func (b Baseline) Brief(t Text) {
	repetitions := 0
	for i := range b.Runs {
		repetitions += b.Runs[i].Repetitions
	}
	t.brief("BASELINE", fmt.Sprintf("%s, %s, by simulate %s, %s, %s/%s", Plural(len(b.Runs), "run"), Plural(repetitions, "repetition"), b.Version, b.Go, b.OS, b.Arch))
}
