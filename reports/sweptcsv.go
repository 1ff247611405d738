package reports

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"

	"holdfast/scenarios/measure"
	"holdfast/scenarios/sweep"
)

// csvColumns are those after the parameters.
var csvColumns = []struct {
	name  string
	value func(*sweep.Measured) string
}{
	{"runs", func(p *sweep.Measured) string { return strconv.Itoa(p.Runs) }},
	{"clients", func(p *sweep.Measured) string { return strconv.Itoa(p.Clients) }},
	{"verdict", func(p *sweep.Measured) string { return string(p.Verdict) }},
	{"operations", func(p *sweep.Measured) string { return strconv.Itoa(p.Operations) }},
	{"puts_mean", func(p *sweep.Measured) string { return plain(&p.PutsMean) }},
	{"puts_ci95", func(p *sweep.Measured) string { return plain(p.PutsCI95) }},
	{"gets_mean", func(p *sweep.Measured) string { return plain(&p.GetsMean) }},
	{"puts_per_commit", func(p *sweep.Measured) string { return plain(p.PutsPerCommit) }},
	{"makespan_ms_mean", func(p *sweep.Measured) string { return plain(p.MakespanMean) }},
	{"makespan_ms_ci95", func(p *sweep.Measured) string { return plain(p.MakespanCI95) }},
	{"acknowledged_rate", func(p *sweep.Measured) string { return plain(&p.AcknowledgedRate) }},
	{"exhausted_rate", func(p *sweep.Measured) string { return plain(&p.ExhaustedRate) }},
	{"conflict_rate", func(p *sweep.Measured) string { return plain(&p.ConflictRate) }},
	{"attempts_mean", func(p *sweep.Measured) string { return plain(p.AttemptsMean) }},
	{"attempts_p99", func(p *sweep.Measured) string { return plain(p.AttemptsP99) }},
	{"latency_ms_p50", latencyColumn(func(l *measure.Latency) *float64 { return &l.P50 })},
	{"latency_ms_p90", latencyColumn(func(l *measure.Latency) *float64 { return &l.P90 })},
	{"latency_ms_p99", latencyColumn(func(l *measure.Latency) *float64 { return &l.P99 })},
	{"latency_ms_max", latencyColumn(func(l *measure.Latency) *float64 { return &l.Max })},
	{"jain", func(p *sweep.Measured) string { return plain(p.Jain) }},
	{"cost_usd_per_1000_commits", func(p *sweep.Measured) string { return plain(p.CostUSD) }},
	{"replay", func(p *sweep.Measured) string { return p.Replay }},
}

func latencyColumn(of func(*measure.Latency) *float64) func(*sweep.Measured) string {
	return func(p *sweep.Measured) string {
		if p.LatencyMS == nil {
			return ""
		}
		return plain(of(p.LatencyMS))
	}
}

// plain is a number that reads back as it is; nothing where there is none.
func plain(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

// WriteCSV writes a line for each point, with the names of the columns first. A
// parameter that is a column anyway, such as clients, is not repeated.
func (s Swept) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	var header []string
	for _, v := range s.Vary {
		header = append(header, v.Name)
	}
	varied := slices.Clone(header)
	for _, c := range csvColumns {
		if !slices.Contains(varied, c.name) {
			header = append(header, c.name)
		}
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for i := range s.Points {
		p := &s.Points[i]
		var line []string
		for _, param := range p.Params {
			line = append(line, param.Value)
		}
		for _, c := range csvColumns {
			if !slices.Contains(varied, c.name) {
				line = append(line, c.value(p))
			}
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
