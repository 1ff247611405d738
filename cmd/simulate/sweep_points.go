package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/reports"
	"holdfast/reports/chart"
	"holdfast/scenarios"
	"holdfast/scenarios/sweep"
)

// sweeping is a sweep with all its points, which have been found good.
type sweeping struct {
	swept   sweep.Result // without points
	points  []sweep.Point
	base    *scenarios.Scenario // with the flags, without what varies
	content [sha256.Size]byte   // of all points
	program string
}

func (c *sweeping) plan() sweep.Plan {
	return sweep.Plan{
		Scenario: c.swept.Scenario, Content: hex.EncodeToString(c.content[:]), Vary: c.swept.Vary,
		Seed: c.swept.Seed, Runs: c.swept.Runs, Program: c.program,
	}
}

// prepare finds all mistakes before anything runs.
func (o *sweepOptions) prepare(name string, changed func(string) bool) (*sweeping, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	var vary []sweep.Varied
	for _, text := range o.vary {
		v, err := parseVary(text, changed)
		if err != nil {
			return nil, err
		}
		vary = append(vary, v)
	}
	run := o.run
	if slices.ContainsFunc(vary, changesPolicy) { // parts may suit only what varies
		run.sets = slices.DeleteFunc(slices.Clone(run.sets), func(s string) bool { return strings.HasPrefix(s, scenarios.PolicyPrefix) })
	}
	base, err := run.prepare(name, changed)
	if err != nil {
		return nil, err
	}
	if len(base.schedule) > 0 {
		return nil, usage("scenario %s replays a schedule, which has no times to compare", name)
	}
	c := &sweeping{base: base.point.Run.Scenario}
	if c.program, err = reports.Program(); err != nil {
		return nil, couldNotRun("sweep: %w", err)
	}
	c.swept = sweep.Result{Schema: sweep.Schema, Scenario: base.point.Run.Scenario.Name, Vary: vary, Seed: o.run.seed, Runs: o.run.runs}
	product, err := sweep.Product(c.swept.Vary)
	if err != nil {
		return nil, usage("%w", err)
	}
	c.swept.Planned = len(product)
	if err := o.checkChart(c.swept.Vary, len(product)); err != nil {
		return nil, err
	}
	return c, o.preparePoints(c, name, changed, product)
}

// changesPolicy reports whether a parameter decides which policy is played.
func changesPolicy(v sweep.Varied) bool {
	return v.Name == "policy" || v.Name == "core" || strings.HasPrefix(v.Name, scenarios.PolicyPrefix)
}

// checkChart finds out whether the points can be drawn.
func (o *sweepOptions) checkChart(vary []sweep.Varied, points int) error {
	if o.chart == "" {
		return nil
	}
	axis := slices.IndexFunc(vary, sweep.Varied.Numeric)
	if axis < 0 {
		var names []string
		for _, v := range vary {
			names = append(names, v.Name)
		}
		return usage("--chart draws along a parameter of numbers or durations, and %s is none: vary another too, such as clients, or use --csv", strings.Join(names, " × "))
	}
	if lines := points / len(vary[axis].Values); lines > chart.MostSeries {
		return usage("--chart: %d lines over %s can't be told apart; vary less, at most %d fit", lines, vary[axis].Name, chart.MostSeries)
	}
	return nil
}

func (o *sweepOptions) validate() error {
	csv, chart := output{"csv", o.csv}, output{"chart", o.chart}
	return cmp.Or(csv.check(), chart.checkSVG(), different(csv, chart))
}

// notVaried are flags of run that make no sense to vary.
var notVaried = map[string]string{
	"seed": "all points play the same seed, so that they can be compared",
	"runs": "all points have the same number of repetitions", "schedule": "a schedule has no times to compare",
	"name": "it is the scenario's", "expect.thresholds": "a sweep compares, it has no thresholds",
}

func parseVary(text string, changed func(string) bool) (sweep.Varied, error) {
	v, err := sweep.ParseVary(text)
	if err != nil {
		return v, usage("--vary %s: %w", strings.TrimSpace(v.Name), err)
	}
	if why, not := notVaried[v.Name]; not {
		return v, usage("--vary %s: %s", v.Name, why)
	}
	known := slices.Concat(variedFlags, scenarios.PolicyParts, scenarios.SettingKeys())
	if !strings.Contains(v.Name, ".") && !slices.Contains(known, v.Name) {
		if best := scenarios.Closest(v.Name, known); best != "" {
			return v, usage("--vary %s: there is no such parameter; did you mean %s?", v.Name, best)
		}
		return v, usage("--vary %s: there is no such parameter; see simulate sweep --help", v.Name)
	}
	if slices.Contains(variedFlags, v.Name) && changed(v.Name) {
		return v, usage("--%s and --vary %s: give one of the two", v.Name, v.Name)
	}
	return v, nil
}

// preparePoints makes the run of each point.
func (o *sweepOptions) preparePoints(c *sweeping, name string, changed func(string) bool, product []sweep.Params) error {
	all, first := sha256.New(), map[[sha256.Size]byte]sweep.Params{}
	same := func(of func(*sweep.Point) string) string {
		text := of(&c.points[0])
		if slices.ContainsFunc(c.points, func(p sweep.Point) bool { return of(&p) != text }) {
			return ""
		}
		return text
	}
	for _, params := range product {
		p, err := o.point(name, changed, params)
		if err != nil {
			return blame(err, params)
		}
		point := sweep.Point{Params: params, Point: p.point}
		content, err := contentOf(&p.point.Run)
		if err != nil {
			return couldNotRun("sweep: %w", err)
		}
		if twin, ok := first[content]; ok {
			return usage("--vary: the points %q and %q are the same: each value must make a difference", twin, params)
		}
		first[content] = params
		all.Write(content[:])
		c.points = append(c.points, point)
	}
	all.Sum(c.content[:0])
	c.swept.Core = same(func(p *sweep.Point) string { return p.Run.Core.Name })
	c.swept.Policy = same(func(p *sweep.Point) string { return p.Run.Policy.String() })
	c.swept.Latency = same(func(p *sweep.Point) string { return p.Run.Latency().Label() })
	c.swept.Layout = same(func(p *sweep.Point) string { return p.Run.Layout.String() })
	whole := slices.ContainsFunc(c.swept.Vary, func(v sweep.Varied) bool {
		return v.Name == "policy" || v.Name == "core" && o.run.policy == "" // each core has its own
	})
	if c.swept.Policy == "" && !whole {
		// The longest: some kinds lack parts that others have.
		c.swept.PolicyChanged = slices.MaxFunc(c.points, func(a, b sweep.Point) int {
			return cmp.Compare(len(a.Run.Policy.String()), len(b.Run.Policy.String()))
		}).Run.Policy.String()
	}
	return nil
}

// contentOf is what decides what a run does, but for the seed and the repetitions.
func contentOf(r *scenarios.Run) (sum [sha256.Size]byte, err error) {
	text, err := r.Identity()
	return sha256.Sum256(text), err
}

// variedFlags are the flags of run that can vary; every other name is a key of the
// scenario's file.
var variedFlags = []string{"clients", "operations", "duration", "policy", "latency", "fault", "core", "codec", "via", "document", "layout"}

// point applies the parameters and prepares the run.
func (o *sweepOptions) point(name string, changed func(string) bool, params sweep.Params) (*play, error) {
	run := o.run
	run.sets, run.faults = slices.Clone(run.sets), slices.Clone(run.faults)
	for _, p := range params {
		if err := run.vary(p); err != nil {
			return nil, err
		}
	}
	return run.prepare(name, func(flag string) bool {
		varied := slices.Contains(variedFlags, flag) && slices.ContainsFunc(params, func(p sweep.Param) bool { return p.Name == flag })
		return varied || flag == "world" || flag == "runs" || changed(flag)
	})
}

// vary sets a parameter.
func (o *runOptions) vary(p sweep.Param) (err error) {
	switch p.Name {
	case "clients":
		o.clients, err = wholeNumber(p.Value)
	case "operations":
		o.operations, err = wholeNumber(p.Value)
	case "duration":
		if o.duration, err = time.ParseDuration(p.Value); err != nil {
			err = fmt.Errorf("want a duration such as 250ms or 10s, not %q", p.Value)
		}
	case "policy":
		o.policy = p.Value
	case "latency":
		o.latency = p.Value
	case "fault":
		o.faults = []string{p.Value}
	case "core":
		o.core = p.Value
	case "codec":
		o.codec = p.Value
	case "via":
		o.via = p.Value
	case "document":
		o.document = p.Value
	case "layout":
		o.layout = p.Value
	default:
		o.sets = append(o.sets, p.Name+"="+p.Value)
	}
	if err != nil {
		return usage("--%s: %w", p.Name, err)
	}
	return nil
}

func wholeNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("want a whole number, not %q", text)
	}
	return n, nil
}

// blame says which --vary a point's mistake comes from.
func blame(err error, params sweep.Params) error {
	text := err.Error()
	var bad *scenarios.SettingError
	if errors.As(err, &bad) {
		var culprits []string
		for _, p := range params {
			if strings.Contains(" "+bad.Setting+" ", " "+p.Name+"="+p.Value+" ") {
				culprits = append(culprits, "--vary "+p.Name+"="+p.Value)
			}
		}
		if len(culprits) > 0 {
			return usage("%s: %s", strings.Join(culprits, " "), bad.Reason)
		}
		return err // a --set
	}
	for _, p := range params {
		for _, prefix := range []string{"--" + p.Name + ": ", p.Name + ": "} {
			if reason, ok := strings.CutPrefix(text, prefix); ok {
				return usage("--vary %s=%s: %s", p.Name, p.Value, reason)
			}
		}
	}
	return usage("--vary %s: %s", params, text)
}

// save writes the sweep's files.
func (o *sweepOptions) save(dir string, c *sweeping) error {
	s := reports.Swept{Result: &c.swept}
	scenario, err := c.base.Encode()
	if err != nil {
		return err
	}
	err = errors.Join(
		reports.Save(dir, s),
		reports.WriteFile(filepath.Join(dir, reports.TableFile), s.WriteCSV),
		reports.WriteBytes(filepath.Join(dir, reports.ScenarioFile), append([]byte("# The scenario of a sweep before its parameters were varied, with what was chosen over its file.\n"), scenario...)),
	)
	if o.resume == "" {
		err = errors.Join(err, reports.PointLatest(o.run.out, dir))
	}
	if o.csv != "" {
		err = errors.Join(err, reports.WriteFile(o.csv, s.WriteCSV))
	}
	if o.chart != "" && len(s.Points) > 0 {
		err = errors.Join(err, reports.WriteFile(o.chart, s.Chart))
	}
	return reports.First(err)
}
