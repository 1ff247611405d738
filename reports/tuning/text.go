package tuning

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/archive"
	"holdfast/reports"
	"holdfast/scenarios/check"
)

// WriteText writes the report: the recommendation first, then what it rests on.
func (r *Result) WriteText(t reports.Text) {
	t.Head(r.Word(), r.Line())
	if r.Verdict == check.Violated {
		r.writeViolations(t)
		return
	}
	for _, reason := range r.Reasons {
		fmt.Fprintf(t.W, "      – %s\n", reason)
	}
	fmt.Fprintln(t.W)
	t.Wrapped("objective", r.Objective)
	if rec := r.Recommendation; rec != nil {
		t.Row("policy", rec.Promised.Policy.String())
		t.Wrapped("Go", rec.Go)
		t.Row("scenario", rec.YAML)
		fmt.Fprintln(t.W)
		r.writeTable(t)
		r.writeRunnerUp(t)
	}
	r.writeAdvice(t)
	r.writeCapacity(t)
	r.writeConfirmation(t)
	fmt.Fprintln(t.W)
	p := r.Plan
	t.Wrapped("search", fmt.Sprintf("%s; %s core, %s, %s documents", p.words(), r.Core, latencyName(r.Latency), r.Codec))
	t.Row("replay", r.Replay)
}

func (p Plan) words() string {
	return fmt.Sprintf("%s repetitions; of %d candidates %d were told apart as worse, %d cut by rank",
		thousands(p.Played), p.Candidates, p.ToldApart, p.Cut)
}

func latencyName(name string) string {
	if name == "" {
		return "a store without latency"
	}
	return name
}

// Line says in a sentence what was found.
func (r *Result) Line() string {
	rec := r.Recommendation
	switch {
	case r.Verdict == check.Violated:
		return fmt.Sprintf("%s: the %s core violates an invariant; no settings are recommended", r.Scenario, r.Core)
	case rec == nil && r.Interrupted:
		return fmt.Sprintf("%s: interrupted before there was anything to recommend", r.Scenario)
	case rec == nil:
		return fmt.Sprintf("%s: nothing can be recommended", r.Scenario)
	case rec.Validated == nil:
		return fmt.Sprintf("%s: interrupted; the best so far, not validated, is %s", r.Scenario, rec.Promised.Policy)
	case r.Confirmation != nil && !r.Confirmation.Agrees:
		return fmt.Sprintf("%s: the model DIFFERS from the real world (%s), so %s is not shown to meet the objective",
			r.Scenario, r.Confirmation.differing(), rec.Promised.Policy)
	case r.Passed:
		return fmt.Sprintf("%s: %s meets the objective on seeds that the search never saw", r.Scenario, rec.Promised.Policy)
	}
	also := ""
	if i := slices.IndexFunc(r.Incumbents, func(p Policy) bool { return p.Meets && !p.TooSoon }); i >= 0 {
		also = fmt.Sprintf("; %s meets it there", r.Incumbents[i].Name)
	}
	if len(r.Missed) == 0 {
		return fmt.Sprintf("%s: %s is not shown to meet the objective%s", r.Scenario, rec.Promised.Policy, also)
	}
	return fmt.Sprintf("%s: the closest is %s, which misses %s%s", r.Scenario, rec.Promised.Policy, strings.Join(r.Missed, ", "), also)
}

func (r *Result) writeViolations(t reports.Text) {
	for _, v := range r.Violations[:min(len(r.Violations), 3)] {
		t.Wrapped("", fmt.Sprintf("%s %s: %s", v.Invariant, v.Anomaly, v.Summary))
	}
	for _, a := range r.Advice {
		fmt.Fprintln(t.W)
		t.Wrapped("", a.Text)
		fmt.Fprintln(t.W, a.Evidence)
	}
}

// writeTable shows the recommendation as validated and promised, beside the incumbents
// and the rest of the front.
func (r *Result) writeTable(t reports.Text) {
	w := reports.NewTable(table.Row{"", "give-ups", "p99", "±", "puts/commit", "$/1000"}, 2, 3, 4, 5, 6)
	starred, missed, committed, hasty := false, false, false, false
	add := func(name string, p *Policy) {
		if p == nil {
			return
		}
		if !p.Meets {
			missed, name = true, name+" †"
		}
		if p.TooSoon {
			hasty, name = true, name+" ‡"
		}
		starred = starred || p.GiveUps.Method == extrapolated
		committed = committed || p.GiveUps.Method == counted
		w.AppendRow(table.Row{
			name, cell(p.GiveUps), seconds(p.P99.Value), seconds((p.P99.High - p.P99.Low) / 2),
			number(p.PutsPerCommit.Value), fmt.Sprintf("%.3f", p.Cost.Value),
		})
	}
	rec := r.Recommendation
	add("recommended", rec.Validated)
	add("… as promised", &rec.Promised)
	for i := range r.Incumbents {
		add(r.Incumbents[i].Name, &r.Incumbents[i])
	}
	for i := range r.Front {
		// Who gives up is fast.
		if f := &r.Front[i]; !sameShape(f.Policy, rec.Promised.Policy) && f.GiveUps.Observed == 0 {
			add("or "+shape(f.Policy), f)
		}
	}
	t.Table(w)
	r.writeNotes(t, starred, missed, committed, hasty)
}

// writeNotes explains the marks of the table.
func (r *Result) writeNotes(t reports.Text, starred, missed, committed, hasty bool) {
	var notes []string
	if missed {
		notes = append(notes, "† misses the objective, or is not shown to keep it")
	}
	if hasty {
		notes = append(notes, "‡ comes back at once to a store that throttles: never recommended")
	}
	if committed {
		notes = append(notes, "p99 is that of operations that committed")
	}
	if starred {
		notes = append(notes, "* extrapolated"+r.counting())
	}
	if len(notes) > 0 {
		t.Wrapped("", strings.Join(notes, "; "))
	}
}

// counting says what was counted, where the recommendation was extrapolated.
func (r *Result) counting() string {
	v := r.Recommendation.Validated
	if v == nil || v.GiveUps.Method != extrapolated || r.Recommendation.NeedOperations == 0 {
		return ""
	}
	return fmt.Sprintf(": none of %s gave up, which alone shows less than %s (95 %%); %s would show %s",
		thousands(v.GiveUps.Operations), rate(v.GiveUps.Counted), thousands(r.Recommendation.NeedOperations), r.target())
}

// shape is a policy without its bounds, as kind(base,cap).
func shape(p archive.Policy) string {
	switch p.Kind {
	case archive.None:
		return string(p.Kind)
	case archive.Constant:
		return fmt.Sprintf("%s(%v)", p.Kind, p.Base)
	case archive.Adaptive:
		return fmt.Sprintf("%s(cap=%v)", p.Kind, p.Cap)
	}
	return fmt.Sprintf("%s(%v,%v)", p.Kind, p.Base, p.Cap)
}

// target is the limit of give-ups, as it is written.
func (r *Result) target() string {
	if o, err := ParseObjective(r.Objective); err == nil {
		return rate(o.target())
	}
	return ""
}

func cell(g GiveUps) string {
	switch g.Method {
	case counted:
		return fmt.Sprintf("%s (%s–%s)", percent(g.Value), strings.TrimSuffix(percent(g.Low), " %"), percent(g.High))
	case extrapolated:
		return "< " + rate(max(g.High, leastRate)) + " *"
	case never:
		return "none"
	}
	return "< " + rate(g.High)
}

func (r *Result) writeRunnerUp(t reports.Text) {
	c := r.Recommendation.RunnerUp
	if c == nil {
		return
	}
	t.Wrapped("runner-up", fmt.Sprintf("%s: %s %s (95 %% CI %s to %s, paired over %d batches, p=%.2g); %s",
		shape(c.Policy), c.Metric, signed(c.Metric, c.Difference.Value), signed(c.Metric, c.Difference.Low),
		signed(c.Metric, c.Difference.High), c.Batches, c.Difference.P, c.Why))
}

func signed(metric string, v float64) string {
	if v < 0 {
		return "−" + metricText(metric, -v)
	}
	return "+" + metricText(metric, v)
}

// adviceLines is how much advice the text shows; the document has all.
const adviceLines = 10

func (r *Result) writeAdvice(t reports.Text) {
	shown, lines := 0, 0
	for _, a := range r.mostImportant() {
		n := len(reports.Wrap(a.Text, reports.Width-labelWidth))
		if shown > 0 && lines+n > adviceLines {
			continue
		}
		if shown == 0 {
			fmt.Fprintln(t.W)
		}
		t.Wrapped(fmt.Sprintf("advice %d", shown+1), a.Text)
		shown, lines = shown+1, lines+n
	}
	if left := len(r.Advice) - shown; left > 0 {
		t.Wrapped("", fmt.Sprintf("(%s more with --json, and the evidence of each)", reports.Plural(left, "statement")))
	}
}

// labelWidth is that of the names on the left.
const labelWidth = 12

// mostImportant sorts what no policy can change, and what is wrong with the
// recommendation, before the settings in use, those before alarms, which fire for every
// policy under such a load.
func (r *Result) mostImportant() []Advice {
	weight := func(a Advice) int {
		switch {
		case a.Rule == "alarms":
			return 2
		case a.Rule == "hot-object", a.Rule == "immediate-retries", a.Subject == recommended:
			return 0
		}
		return 1
	}
	all := slices.DeleteFunc(slices.Clone(r.Advice), func(a Advice) bool { return a.Confidence == notApplicable || a.Rule == "thin-evidence" })
	slices.SortStableFunc(all, func(a, b Advice) int { return weight(a) - weight(b) })
	// Alarms, which are last, are much the same for all: one statement is enough, the
	// recommendation's if it has one, which is the last.
	if i := slices.IndexFunc(all, func(a Advice) bool { return a.Rule == "alarms" }); i >= 0 {
		all = append(all[:i], all[len(all)-1])
	}
	return all
}

func (r *Result) writeCapacity(t reports.Text) {
	if r.Capacity == nil {
		return
	}
	fmt.Fprintln(t.W)
	for i, c := range r.Capacity.Curves {
		name := "capacity"
		if i > 0 {
			name = ""
		}
		note := ""
		if i := slices.IndexFunc(c.Points, func(p Point) bool { return p.Clients == c.Broken }); i >= 0 && c.Points[i].Missed != "" {
			note = fmt.Sprintf(" (%d miss %s)", c.Broken, c.Points[i].Missed)
		}
		if !c.Monotone {
			note += "; not monotone: some smaller number is beyond the objective"
		}
		t.Wrapped(name, fmt.Sprintf("%s: %s%s", c.Name, c.bears(), note))
	}
	if more := r.Capacity.bearMore(r.Incumbents); more != "" {
		t.Wrapped("", fmt.Sprintf("the %s policy bears more clients than the recommended one, which is the best for the %d that were played", more, r.Capacity.Clients))
	}
}

func (r *Result) writeConfirmation(t reports.Text) {
	c := r.Confirmation
	if c == nil {
		return
	}
	fmt.Fprintln(t.W)
	word := "agrees with"
	if !c.Agrees {
		word = "DIFFERS from"
	}
	t.Wrapped("confirmed", fmt.Sprintf("the model %s the real world: %d repetitions over HTTP, legs %s; intervals hold %g %% of the model's own sets of %d",
		word, c.Repetitions, c.Latency, 100*c.Level, c.Repetitions))
	w := reports.NewTable(table.Row{"", "predicted", "interval", "measured", ""}, 2, 3, 4)
	for _, p := range c.Policies {
		for _, m := range p.Measures {
			verdict := "agrees"
			if !m.Agrees {
				verdict = "DIFFERS"
			}
			w.AppendRow(table.Row{
				p.Name + " " + m.Name, metricText(m.Name, m.Predicted.Value),
				metricText(m.Name, m.Predicted.Low) + "–" + metricText(m.Name, m.Predicted.High), metricText(m.Name, m.Measured), verdict,
			})
		}
	}
	t.Table(w)
}
