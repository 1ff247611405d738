package reports

import (
	"fmt"
	"slices"
	"time"

	"holdfast/reports/compare"
	"holdfast/scenarios/changepoint"
	"holdfast/scenarios/check"
)

// TrendSchema names the document of a trend.
const TrendSchema = "simulate.trend/v1"

// Trended says how the figures of many runs went on, and where they changed.
type Trended struct {
	Schema string `json:"schema"`
	Passed bool   `json:"passed"`
	TrendRules
	Series []TrendSeries `json:"series"`
	// LeftOut are runs that say nothing of their figures, such as interrupted ones.
	LeftOut []LeftOut `json:"left_out,omitempty"`
}

// TrendRules are what decides of changes.
type TrendRules struct {
	// Significance is the share of series in which nothing has changed and a change is found
	// all the same; all metrics of a series are tested together. LeastRuns is how many runs
	// that takes.
	Significance float64 `json:"significance"`
	LeastRuns    int     `json:"least_runs"`
	// MinEffect is the share by which a figure must change to be called better or worse.
	MinEffect float64 `json:"min_effect"`
	// FailOnChange: that a figure has become worse lately is a regression, of real runs only
	// with WallClock.
	FailOnChange bool `json:"fail_on_change"`
	WallClock    bool `json:"wall_clock"`
}

// NewTrendRules returns those that hold if nobody says otherwise.
func NewTrendRules() TrendRules {
	return TrendRules{Significance: changepoint.Significance, LeastRuns: changepoint.Least, MinEffect: 0.02}
}

// LeftOut is a run that is in no series, and why.
type LeftOut struct {
	Run string `json:"run"`
	Why string `json:"why"`
}

// TrendSeries are runs of a scenario that can be compared, in their order.
type TrendSeries struct {
	Scenario string `json:"scenario"`
	World    string `json:"world"`
	// Settings are what all of its runs have, and other series of the scenario may not.
	Settings []Setting `json:"settings"`
	// Exact: all have been played in virtual time with one seed, so that nothing but the
	// program and its settings can make a difference.
	Exact bool `json:"exact"`
	// Earlier runs, of which there are too many, have been left out.
	Earlier int        `json:"earlier_runs,omitempty"`
	Runs    []TrendRun `json:"runs"`
	// Blind are the runs at the end in which a change could not be told from chance yet.
	Blind   int           `json:"blind_runs"`
	Metrics []TrendMetric `json:"metrics"`
}

// Setting is a name and a value.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// TrendRun is one of a series.
type TrendRun struct {
	Run     string        `json:"run"`            // its directory or file
	Time    *time.Time    `json:"time,omitempty"` // when it began; nil: nobody says
	Version string        `json:"version"`        // of the program
	Seed    uint64        `json:"seed"`
	Verdict check.Verdict `json:"verdict"`
}

// TrendMetric is how a figure went on.
type TrendMetric struct {
	Metric string     `json:"metric"` // as thresholds name it
	Unit   string     `json:"unit,omitempty"`
	Values []*float64 `json:"values"` // of each run; null: it has none
	State  TrendState `json:"state"`
	Why    string     `json:"why,omitempty"` // it is unclear
	// Noise is the standard deviation of the values around the means between the changes, as
	// a share of the last of these; null: there is none, or it is exact.
	Noise   *float64      `json:"noise"`
	Changes []TrendChange `json:"changes"`
	// Lately are all recent changes in one, if that is worse though the latest of them is not:
	// many slight ones add up, and what has become worse is seldom wholly made good. At is the
	// first of them.
	Lately *TrendChange `json:"lately,omitempty"`
}

// TrendState is what a series of values shows.
type TrendState string

// The states. Steady says that no change is shown, not that there is none.
const (
	Changed TrendState = "changed"
	Steady  TrendState = "steady"
	Unclear TrendState = "unclear" // there are too few runs
)

// TrendChange is a place where a figure changed.
type TrendChange struct {
	At     int     `json:"at"`     // the first run with the new figure, from 0
	Before float64 `json:"before"` // means of the runs on both sides, up to the next changes
	After  float64 `json:"after"`
	// Delta is the change as a share of what was before; null: that was 0.
	Delta   *float64     `json:"delta"`
	P       *float64     `json:"p"` // of the permutation test; null: it is exact
	Verdict ChangeWord   `json:"verdict"`
	Recent  bool         `json:"recent"` // it is one of the last few runs' figures
	Differs []Difference `json:"differs"`
}

// ChangeWord says of a change whether it is for the better.
type ChangeWord string

// The words. A slight change is smaller than the least effect.
const (
	Better ChangeWord = "better"
	Worse  ChangeWord = "worse"
	Slight ChangeWord = "slight"
	// Unshown: the figure is another one for certain, and the repetitions do not show that it is
	// better or worse for it.
	Unshown ChangeWord = "unclear"
)

// Difference is what differs between a run and the one before it.
type Difference struct {
	Run  int    `json:"run"` // from 0
	What string `json:"what"`
	Was  string `json:"was"` // empty: it had none
	Now  string `json:"now"`
}

// recentRuns is for how many runs a change is told as one that has just come: so many
// occasions to see it.
const recentRuns = changepoint.Least

// trendMetrics are the figures that are followed. Of all of them less is better.
var trendMetrics = []struct{ name, unit string }{
	{"attempts.mean", ""}, {"puts.per_update", ""}, {"conflict.rate", ""}, {"exhausted.rate", ""}, {"latency_ms.p50", "ms"},
	{"latency_ms.p99", "ms"}, {"makespan_ms.mean", "ms"}, {"cost_usd.per_1000_commits", "USD"},
}

// NewTrended returns the trend of runs, in their order; others are left out already.
func NewTrended(kept []KeptRun, left []LeftOut, rules TrendRules) Trended {
	t := Trended{Schema: TrendSchema, TrendRules: rules, Series: []TrendSeries{}, LeftOut: left}
	var runs []KeptRun
	for i := range kept {
		if why := kept[i].unusable(); why != "" {
			t.LeftOut = append(t.LeftOut, LeftOut{kept[i].Name, why})
			continue
		}
		runs = append(runs, kept[i])
	}
	for _, group := range comparableRuns(runs) {
		t.Series = append(t.Series, newTrendSeries(group, rules))
	}
	t.Passed = t.Class() == Passed
	return t
}

// newTrendSeries looks for changes in runs that can be compared.
func newTrendSeries(g trendGroup, rules TrendRules) TrendSeries {
	s := TrendSeries{Scenario: g.points[0].Run.Scenario, World: g.points[0].Run.World, Exact: g.exact}
	s.Earlier = max(len(g.points)-changepoint.Most, 0)
	points := g.points[s.Earlier:]
	s.Settings = inCommon(points, g.settings)
	for i := range points {
		s.Runs = append(s.Runs, points[i].told())
	}
	for _, metric := range trendMetrics {
		m := TrendMetric{Metric: metric.name, Unit: metric.unit, Changes: []TrendChange{}}
		for i := range points {
			m.Values = append(m.Values, nil)
			if v, ok := points[i].Run.Metric(metric.name); ok {
				m.Values[i] = &v
			}
		}
		s.Metrics = append(s.Metrics, m)
	}
	if !g.exact {
		s.Blind = changepoint.Blind(len(points))
	}
	j := judge{points, rules, map[[2]int]*compare.Comparison{}}
	for _, t := range s.together() {
		t.find(&s, &j)
	}
	return s
}

// Class implements [Document]. The latest run of a series is what its users have: if that
// violates an invariant, so does the trend, and if it proves nothing, neither does the trend.
func (t Trended) Class() Class {
	worst, judged := Passed, false
	for i := range t.Series {
		s := &t.Series[i]
		switch s.Runs[len(s.Runs)-1].Verdict {
		case check.Violated:
			worst = max(worst, Violated)
		case check.StoreAtFault:
			worst = max(worst, StoreAtFault)
		case check.Inconclusive:
			worst = max(worst, Inconclusive)
		case check.OK:
		}
		for m := range s.Metrics {
			judged = judged || s.Metrics[m].State != Unclear
			if t.FailOnChange && t.counts(s) && s.Metrics[m].worse() {
				worst = max(worst, Regressed)
			}
		}
	}
	if !judged {
		worst = max(worst, Inconclusive)
	}
	return worst
}

// counts reports whether a change of a series can be a regression: what a machine had to do
// besides decides of real runs.
func (t *Trended) counts(s *TrendSeries) bool { return s.World == virtualWorld || t.WallClock }

// sound reports why the document is none: what it refers to is not there.
func (t Trended) sound() error {
	for i := range t.Series {
		s := &t.Series[i]
		runs := len(s.Runs)
		if runs == 0 {
			return fmt.Errorf("series %d has no runs", i+1)
		}
		for m := range s.Metrics {
			metric := &s.Metrics[m]
			if len(metric.Values) != runs {
				return fmt.Errorf("series %d has %d runs, but %d values of %s", i+1, runs, len(metric.Values), metric.Metric)
			}
			last := 0
			for _, c := range metric.Changes {
				far := slices.ContainsFunc(c.Differs, func(d Difference) bool { return d.Run < 0 || d.Run >= runs })
				if c.At <= last || c.At >= runs || far {
					return fmt.Errorf("series %d has a change of %s where it has no run", i+1, metric.Metric)
				}
				last = c.At
			}
			if l := metric.Lately; l != nil && (l.At < 1 || l.At >= runs) {
				return fmt.Errorf("series %d has a change of %s where it has no run", i+1, metric.Metric)
			}
		}
	}
	return nil
}
