package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"holdfast/reports/chart"
	"holdfast/reports/page"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/tuning"
	"holdfast/scenarios/units"
)

// Page tells it to who was not there.
func (r Tuned) Page() page.Page {
	p := page.Page{Title: fmt.Sprintf("tune %s", r.Scenario), Verdict: r.word(), Tone: toneOf(r.Class()), Lead: r.line() + "."}
	if len(r.Reasons) > 0 {
		p.Lead += " " + capital(strings.Join(r.Reasons, "; ")) + "."
	}
	if rec := r.Recommendation; rec != nil && !r.Verdict.Final() {
		p.Advice = append(p.Advice, page.Advice{Text: r.whatToDoWithIt(), Command: rec.Go})
	}
	p.Advice = append(p.Advice, again("Search again:", r.Replay)...)
	if r.Verdict == check.Violated {
		p.Sections = append(p.Sections, page.Section{
			ID: "violations", Title: "What went wrong", Blocks: violationSections(r.Violations, nil, story{scenario: r.Scenario}),
		})
	}
	if len(r.StoreFindings) > 0 {
		p.Sections = append(p.Sections, page.Section{
			ID: "store-findings", Title: "What the store did", Blocks: findingBlocks(&measure.Measurement{StoreFindings: r.StoreFindings}, ""),
		})
	}
	for _, s := range []page.Section{
		r.policiesSection(), r.robustnessSection(), r.architecturesSection(), r.capacitySection(), r.confirmationSection(), r.adviceSection(), r.settingsSection(),
	} {
		if len(s.Blocks) > 0 {
			p.Sections = append(p.Sections, s)
		}
	}
	p.Facts = page.Facts{
		{Name: "scenario", Value: fmt.Sprintf("%s, %s", r.Scenario, Plural(r.Clients, "client"))}, {Name: "core", Value: r.Core + layoutNamed(r.Layout)},
		{Name: "objective", Value: r.Objective}, {Name: "store", Value: latencyName(r.Latency)}, {Name: "documents", Value: r.Codec}, {Name: "seed", Value: fmt.Sprint(r.Seed)},
		{Name: "search", Value: planWords(r.Plan)},
	}
	if over := r.Plan.Overrun; over != nil {
		p.Facts = append(p.Facts, page.Fact{Name: "budget", Value: overrunWords(over)})
	}
	if s := r.Profile; s != nil {
		p.Facts = append(p.Facts, page.Fact{Name: "store measured", Value: fmt.Sprintf("%s: %s; %s", s.Store, s.File, fitWords(s.Fit))})
	}
	return p
}

// whatToDoWithIt says how far a recommendation may be followed.
func (r Tuned) whatToDoWithIt() string {
	switch {
	case r.Recommendation.Validated == nil:
		return "The best that was found before it was interrupted; nothing has validated it:"
	case r.Passed:
		return "Use the recommended policy:"
	}
	return "The closest policy that was found, which is not shown to meet the objective:"
}

// policiesSection has the recommendation beside what it stands against.
func (r Tuned) policiesSection() page.Section {
	s := page.Section{ID: "policies", Title: "Policies"}
	rec := r.Recommendation
	if rec == nil || r.Verdict.Final() {
		return s
	}
	table := page.Table{
		Caption: "What each policy does, 95 % intervals. The recommended one and the incumbents on seeds that the search never saw, the others on those of its finals. Give-ups: * extrapolated, ° rule of three. p99 is of what committed.",
		Columns: withVerdicts(columns("policy", "settings", "objective", "#gave up", "#p99 (ms)", "#± (ms)", "#puts/commit", "#$/1000 commits", "#repetitions", "#operations", "note"), 2),
	}
	add := func(name string, p *tuning.Policy) {
		met := "met"
		if !p.Meets {
			met = "not shown"
		}
		table.Rows = append(table.Rows, []string{
			name, p.Policy.String(), met, cell(p.Exhaustion), units.Number(p.P99.Value), units.Number((p.P99.High - p.P99.Low) / 2),
			units.Number(p.PutsPerCommit.Value), fmt.Sprintf("%.3f", p.Cost.Value), units.Thousands(p.Repetitions), units.Thousands(p.Operations), p.Unfit,
		})
	}
	if rec.Validated != nil {
		add("recommended", rec.Validated)
	}
	add("as the search saw it", &rec.Promised)
	for i := range r.Incumbents {
		add(r.Incumbents[i].Name, &r.Incumbents[i])
	}
	for i := range r.Front {
		add("of the front", &r.Front[i])
	}
	s.Blocks = append(s.Blocks, table)
	if c := rec.RunnerUp; c != nil {
		s.Blocks = append(s.Blocks, page.Prose(fmt.Sprintf("The runner-up, %s: %s %s (95 %% CI %s to %s, paired over %d batches of equal seeds, p=%.2g); %s.",
			c.Policy, c.Metric, signed(c.Metric, c.Difference.Value), signed(c.Metric, c.Difference.Low), signed(c.Metric, c.Difference.High), c.Batches, c.Difference.P, c.Why)))
	}
	s.Blocks = append(s.Blocks, drawn(page.Figure{
		Title: "The Pareto front", Drawing: r.frontChart(),
		Caption: "Each point is a policy: further down, updates take less long; further left, they cost less. Of the front no other that was played is better in both. The numbers are in the table above.",
	}, nil), page.Prose(fmt.Sprintf("How the bounds were chosen. Retries: %s Deadline: %s", sentence(rec.Retries), sentence(rec.Deadline))))
	if rec.YAML != "" {
		s.Blocks = append(s.Blocks, page.Code{Title: "In a scenario", Text: rec.YAML})
	}
	return s
}

func sentence(s string) string { return strings.TrimSuffix(capital(s), ".") + "." }

// frontChart draws p99 over the price of commits, a point for each policy.
func (r Tuned) frontChart() *chart.Chart {
	panel := chart.Panel{Y: "p99 of what committed (ms)"}
	add := func(name string, p *tuning.Policy) {
		panel.Series = append(panel.Series, chart.Series{Name: name, Points: []chart.Point{{X: p.Cost.Value, Y: p.P99.Value, Half: (p.P99.High - p.P99.Low) / 2}}})
	}
	front := chart.Series{Name: "the front"}
	for i := range r.Front {
		p := &r.Front[i]
		front.Points = append(front.Points, chart.Point{X: p.Cost.Value, Y: p.P99.Value, Half: (p.P99.High - p.P99.Low) / 2})
	}
	slices.SortFunc(front.Points, func(a, b chart.Point) int { return cmp.Compare(a.X, b.X) })
	if len(front.Points) > 0 { // below the others, one of which may be on it
		panel.Series = append(panel.Series, front)
	}
	if v := r.Recommendation.Validated; v != nil {
		add("recommended", v)
	} else {
		add("as promised", &r.Recommendation.Promised)
	}
	for i := range r.Incumbents {
		add(r.Incumbents[i].Name, &r.Incumbents[i])
	}
	return &chart.Chart{Title: "The Pareto front", X: "dollars for 1,000 commits", Panels: []chart.Panel{panel}}
}

func (r Tuned) robustnessSection() page.Section {
	s := page.Section{ID: "robustness", Title: "Where things are not as they were played"}
	if len(r.Robustness) == 0 {
		return s
	}
	table := page.Table{
		Caption: "What the recommended policy does in other settings",
		Columns: withVerdicts(columns("setting", "objective", "#gave up", "#p99 (ms)", "#puts/commit", "#operations", "misses"), 1),
	}
	for i := range r.Robustness {
		at := &r.Robustness[i]
		met, misses := "met", strings.Join(at.Missed, ", ")
		gaveUp, p99, puts := cell(at.Exhaustion), units.Number(at.P99.Value), units.Number(at.Puts.Value)
		switch {
		case at.Unstable: // numbers grow for as long as it lasts
			met, misses = "missed", "more is offered than any policy carries"
			gaveUp, p99, puts = "–", "–", "–"
		case !at.Meets:
			met = "missed"
		}
		table.Rows = append(table.Rows, []string{at.Setting, met, gaveUp, p99, puts, units.Thousands(at.Operations), misses})
	}
	s.Blocks = append(s.Blocks, table)
	if st := r.Stability; st != nil {
		s.Blocks = append(s.Blocks, page.Prose(capital(stabilityInWords(st))+"."))
	}
	return s
}

func (r Tuned) capacitySection() page.Section {
	s := page.Section{ID: "capacity", Title: "How many clients each policy bears"}
	if r.Capacity == nil {
		return s
	}
	table := page.Table{
		Caption: fmt.Sprintf("Within %s; the scenario has %s", r.Capacity.Objective, Plural(r.Capacity.Clients, "client")),
		Columns: columns("policy", "settings", "#clients", "#too many are", "which miss", "monotone"),
	}
	for i := range r.Capacity.Curves {
		c := &r.Capacity.Curves[i]
		broken, missed, monotone := "–", "", "yes"
		if c.Broken > 0 {
			broken = units.Thousands(c.Broken)
		}
		if i := slices.IndexFunc(c.Points, func(p tuning.Point) bool { return p.Clients == c.Broken }); i >= 0 {
			missed = c.Points[i].Missed
		}
		if !c.Monotone {
			monotone = "no: some smaller number is beyond the objective"
		}
		table.Rows = append(table.Rows, []string{c.Name, c.Policy.String(), bears(c), broken, missed, monotone})
	}
	capacity, err := r.capacityChart()
	s.Blocks = append(s.Blocks, table, drawn(page.Figure{
		Title: "What each policy bears", Drawing: capacity, Caption: "Where a line crosses the dashed one, so many clients are beyond the objective. Each limit is judged at the end of its 95 % interval.",
	}, err))
	if more := bearMore(r.Capacity, r.Incumbents); more != "" {
		s.Blocks = append(s.Blocks, page.Prose(fmt.Sprintf("The %s policy bears more clients than the recommended one, which is the best for the %d that were played.", more, r.Capacity.Clients)))
	}
	return s
}

func (r Tuned) confirmationSection() page.Section {
	s := page.Section{ID: "confirmation", Title: "The model beside " + realWorldOf(r.Confirmation)}
	c := r.Confirmation
	if c == nil {
		return s
	}
	table := page.Table{
		Caption: fmt.Sprintf("%d repetitions of each policy over HTTP. Intervals hold %g %% of the model's own sets of %d, and %g %% more.", c.Repetitions, 100*c.Level, c.Repetitions, 100*c.Tolerance),
		Columns: withVerdicts(columns("policy", "measure", "#predicted", "#from", "#to", "#measured", "verdict"), 6),
	}
	for _, p := range c.Policies {
		for _, m := range p.Measures {
			verdict := "same"
			if !m.Agrees {
				verdict = "missed"
			}
			table.Rows = append(table.Rows, []string{
				p.Name, m.Name, units.Metric(m.Name, m.Predicted.Value), units.Metric(m.Name, m.Predicted.Low), units.Metric(m.Name, m.Predicted.High), units.Metric(m.Name, m.Measured), verdict,
			})
		}
	}
	s.Blocks = append(s.Blocks, table)
	return s
}

// realWorldOf is what a model was held against; nothing was: the real world.
func realWorldOf(c *tuning.Confirmation) string {
	if c == nil {
		return "the real world"
	}
	return realWorld(c)
}

func (r Tuned) adviceSection() page.Section {
	s := page.Section{ID: "advice", Title: "Advice, and what it rests on"}
	if len(r.Advice) == 0 {
		return s
	}
	table := page.Table{Caption: "What is recommended in words, what was measured or computed for it, and how sure that is", Columns: columns("about", "advice", "evidence", "confidence")}
	for _, a := range r.Advice {
		table.Rows = append(table.Rows, []string{cmp.Or(a.Subject, "all policies"), a.Text, a.Evidence, a.Confidence})
	}
	s.Blocks = append(s.Blocks, table)
	return s
}

// settingsSection has what was measured of a store for the search.
func (r Tuned) settingsSection() page.Section {
	s := page.Section{ID: "store", Title: "The store that was measured"}
	if r.Profile != nil && len(r.Profile.Fit) > 0 {
		s.Blocks = append(s.Blocks, fitTable(r.Profile.Fit))
	}
	return s
}
