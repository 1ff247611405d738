package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/tuning"
	"holdfast/scenarios/units"
)

// Tuned is the document of a search for a policy.
type Tuned struct{ *tuning.Result }

// In says where it is kept.
func (r Tuned) In(dir string) Document {
	kept := *r.Result
	kept.Directory = dir
	return Tuned{&kept}
}

// sound implements [sound].
func (r Tuned) sound() error { return known(r.Verdict) }

// Class implements [Document].
func (r Tuned) Class() Class {
	switch {
	case r.Verdict == check.Violated:
		return Violated
	case r.Verdict == check.StoreAtFault:
		return StoreAtFault
	case r.Interrupted:
		return Cut
	case r.Verdict == check.Inconclusive:
		return Inconclusive
	case !r.Passed:
		return Missed
	}
	return Passed
}

func (r Tuned) word() string { return verdictWord(r.Verdict, r.Interrupted, r.Passed) }

// Brief implements [Document].
func (r Tuned) Brief(t Text) { t.brief(r.word(), r.line()) }

// Text implements [Document]: the recommendation first, then what it rests on.
func (r Tuned) Text(t Text) {
	if r.Verdict.Final() {
		t.head(r.word(), r.line())
		t.findings(r.StoreFindings)
		r.writeViolations(t)
		return
	}
	most := t.most()
	if a := r.Architectures; a != nil && a.Complete { // whoever asks for all of them wants to compare
		most = 0
	}
	t.tellIn(r.parts(t), most)
}

func (r Tuned) parts(t Text) []part {
	p := r.Plan
	searched := planWords(p)
	if p.Candidates == 0 {
		searched = "nothing was searched"
	}
	all := []part{
		t.part(0, func(t Text) {
			t.head(r.word(), r.line())
			for _, reason := range r.Reasons {
				fmt.Fprintf(t.W, "      – %s\n", reason)
			}
		}), gap,
		t.part(0, func(t Text) { t.wrapped("objective", r.Objective) }),
	}
	if rec := r.Recommendation; rec != nil {
		all = append(all, t.part(0, func(t Text) { t.wrapped("Go", rec.Go) }), gap,
			t.part(0, r.writeTable), t.part(50, r.writeRunnerUp), t.part(40, r.writeRobustness))
	}
	return append(all,
		t.part(10, r.writeStability), t.part(8, r.writeArchitectures), t.part(30, r.writeAdvice), t.part(20, r.writeCapacity),
		t.part(6, r.writeConfirmation), gap,
		t.part(60, func(t Text) {
			t.wrapped("search", fmt.Sprintf("%s; %s core, %s, %s documents", searched, r.Core, latencyName(r.Latency), r.Codec))
		}),
		t.part(12, func(t Text) {
			if over := p.Overrun; over != nil {
				t.wrapped("budget", overrunWords(over))
			}
		}),
		t.part(35, r.writeProfile),
		t.part(4, func(t Text) {
			if r.Directory != "" {
				t.kept(r.Directory)
			}
		}),
		t.part(0, func(t Text) { t.row("replay", r.Replay) }))
}

func overrunWords(o *tuning.Overrun) string {
	text := fmt.Sprintf("%s were overrun: it took %s", units.Seconds(o.BudgetMS), units.Seconds(o.TookMS))
	if o.Smallest {
		return text + ", with the smallest plan that there is for this scenario"
	}
	return text + ", as playing became slower than it was at first"
}

func planWords(p tuning.Plan) string {
	return fmt.Sprintf("%s repetitions; of %d candidates %d were told apart as worse, %d cut by rank",
		units.Thousands(p.Played), p.Candidates, p.ToldApart, p.Cut)
}

func latencyName(name string) string {
	if name == "" {
		return "a store without latency"
	}
	return name
}

// line says in a sentence what was found.
func (r Tuned) line() string {
	rec, st := r.Recommendation, r.Stability
	switch {
	case r.Verdict == check.StoreAtFault:
		return fmt.Sprintf("%s: the store broke its promise; no settings are recommended", r.Scenario)
	case r.Verdict == check.Violated:
		return fmt.Sprintf("%s: the %s core violates an invariant; no settings are recommended", r.Scenario, r.Core)
	case st != nil && st.Unstable:
		return fmt.Sprintf("%s: no policy can carry the load: %s updates a second are offered, and the best of them carries %s, so that waits grow for as long as it lasts",
			r.Scenario, units.Number(st.Offered), units.Number(st.Carried.Value))
	case rec == nil && r.Interrupted:
		return fmt.Sprintf("%s: interrupted before there was anything to recommend", r.Scenario)
	case rec == nil:
		return fmt.Sprintf("%s: nothing can be recommended", r.Scenario)
	case rec.Validated == nil:
		return fmt.Sprintf("%s: interrupted; the best so far, not validated, is %s", r.Scenario, rec.Promised.Policy)
	case r.Confirmation != nil && !r.Confirmation.Agrees:
		return fmt.Sprintf("%s: the model DIFFERS from %s (%s), so %s is not shown to meet the objective",
			r.Scenario, realWorld(r.Confirmation), strings.Join(r.Confirmation.Differing(), ", "), rec.Promised.Policy)
	case r.Passed:
		return fmt.Sprintf("%s: %s meets the objective on seeds that the search never saw", r.Scenario, rec.Promised.Policy)
	}
	also := ""
	if i := slices.IndexFunc(r.Incumbents, func(p tuning.Policy) bool { return p.Meets && p.Unfit == "" }); i >= 0 {
		also = fmt.Sprintf("; %s meets it there", r.Incumbents[i].Name)
	}
	if len(r.Missed) == 0 {
		return fmt.Sprintf("%s: %s is not shown to meet the objective%s", r.Scenario, rec.Promised.Policy, also)
	}
	return fmt.Sprintf("%s: the closest is %s, which misses %s%s", r.Scenario, rec.Promised.Policy, strings.Join(r.Missed, ", "), also)
}

func (r Tuned) writeViolations(t Text) {
	for _, v := range r.Violations[:min(len(r.Violations), 3)] {
		t.wrapped("", fmt.Sprintf("%s %s: %s", v.Invariant, v.Anomaly, v.Summary))
	}
	for _, a := range r.Advice {
		fmt.Fprintln(t.W)
		t.wrapped("", a.Text)
		fmt.Fprintln(t.W, a.Evidence)
	}
}

// writeTable shows the recommendation as validated and promised, beside the incumbents
// and the rest of the front.
func (r Tuned) writeTable(t Text) {
	w := NewTable(table.Row{"", "give-ups", "p99", "±", "puts/commit", "$/1000"}, 2, 3, 4, 5, 6)
	starred, bounded, committed, unfit := false, false, false, []string(nil)
	missed := slices.ContainsFunc(r.Robustness, func(at tuning.Robust) bool { return !at.Meets })
	add := func(name string, p *tuning.Policy) {
		if p == nil {
			return
		}
		if !p.Meets {
			missed, name = true, name+" †"
		}
		if p.Unfit != "" {
			name += " ‡"
			if !slices.Contains(unfit, p.Unfit) {
				unfit = append(unfit, p.Unfit)
			}
		}
		starred = starred || p.Exhaustion.Method == tuning.Extrapolated
		bounded = bounded || p.Exhaustion.Method == tuning.Bounded
		committed = committed || p.Exhaustion.Method == tuning.Counted
		w.AppendRow(table.Row{
			name, cell(p.Exhaustion), units.Seconds(p.P99.Value), units.Seconds((p.P99.High - p.P99.Low) / 2),
			units.Number(p.PutsPerCommit.Value), fmt.Sprintf("%.3f", p.Cost.Value),
		})
	}
	rec := r.Recommendation
	if rec.Validated != nil {
		add("recommended", rec.Validated)
	} else {
		add("as promised", &rec.Promised)
	}
	for i := range r.Incumbents {
		add(r.Incumbents[i].Name, &r.Incumbents[i])
	}
	for _, f := range r.alternatives() {
		add("or "+shape(f.Policy), f)
	}
	t.Table(w)
	r.writeNotes(t, starred, bounded, missed, committed, unfit)
}

// mostAlternatives is how many of the front the text shows; the document has all.
const mostAlternatives = 3

// alternatives are those of the front that nobody gave up with, since who gives up is fast:
// those that meet the objective before others.
func (r Tuned) alternatives() []*tuning.Policy {
	var all []*tuning.Policy
	for _, meets := range []bool{true, false} {
		for i := range r.Front {
			f := &r.Front[i]
			if f.Meets == meets && !tuning.SameShape(f.Policy, r.Recommendation.Promised.Policy) && f.Exhaustion.Observed == 0 && len(all) < mostAlternatives {
				all = append(all, f)
			}
		}
	}
	return all
}

// writeNotes explains the marks of the table.
func (r Tuned) writeNotes(t Text, starred, bounded, missed, committed bool, unfit []string) {
	var notes []string
	if missed {
		notes = append(notes, "† not shown to keep the objective")
	}
	if len(unfit) > 0 {
		notes = append(notes, "‡ never recommended: "+strings.Join(unfit, "; or "))
	}
	if committed {
		notes = append(notes, "p99 of what committed")
	}
	if starred {
		notes = append(notes, "* extrapolated"+r.counting())
	}
	if bounded {
		notes = append(notes, "° rule of three")
	}
	if worst := r.worstPlaced(); worst != "" {
		notes = append(notes, worst)
	}
	if len(notes) > 0 {
		t.wrapped("", strings.Join(notes, "; "))
	}
}

// counting says what was counted, where the recommendation was extrapolated.
func (r Tuned) counting() string {
	v := r.Recommendation.Validated
	if v == nil || v.Exhaustion.Method != tuning.Extrapolated || r.Recommendation.NeedOperations == 0 {
		return ""
	}
	return fmt.Sprintf(": none of %s gave up, which alone shows less than %s (95 %%); %s would show %s",
		units.Thousands(v.Exhaustion.Operations), units.Rate(v.Exhaustion.Counted), units.Thousands(r.Recommendation.NeedOperations), r.target())
}

// worstPlaced says whose give-ups of the recommendation are known to be rare the least, if
// actors are told apart.
func (r Tuned) worstPlaced() string {
	v := r.Recommendation.Validated
	if v == nil || len(v.Exhaustion.ByActor) == 0 {
		return ""
	}
	worst := slices.MaxFunc(v.Exhaustion.ByActor, func(a, b tuning.ActorGiveUps) int { return cmp.Compare(a.High, b.High) })
	return fmt.Sprintf("with the recommended one, of %s's %s fewer than %s give up", worst.Actor,
		units.Thousands(worst.Operations), units.Rate(max(worst.High, tuning.LeastRate)))
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
func (r Tuned) target() string {
	if o, err := tuning.ParseObjective(r.Objective); err == nil {
		return units.Rate(o.Target())
	}
	return ""
}

func cell(g tuning.Exhaustion) string {
	switch g.Method {
	case tuning.Counted:
		return fmt.Sprintf("%s (%s–%s)", units.Percent(g.Value), strings.TrimSuffix(units.Percent(g.Low), " %"), units.Percent(g.High))
	case tuning.Extrapolated:
		return "< " + units.Rate(max(g.High, tuning.LeastRate)) + " *"
	case tuning.Never:
		return "none"
	}
	return "< " + units.Rate(g.High) + " °"
}

func (r Tuned) writeRunnerUp(t Text) {
	c := r.Recommendation.RunnerUp
	if c == nil {
		return
	}
	t.wrapped("runner-up", fmt.Sprintf("%s: %s %s (95 %% CI %s to %s, paired, p=%.2g); %s",
		shape(c.Policy), c.Metric, signed(c.Metric, c.Difference.Value), signed(c.Metric, c.Difference.Low),
		signed(c.Metric, c.Difference.High), c.Difference.P, c.Why))
}

func signed(metric string, v float64) string {
	if v < 0 {
		return "−" + units.Metric(metric, -v)
	}
	return "+" + units.Metric(metric, v)
}

// adviceLines is how much advice the text shows; the document has all.
const adviceLines = 8

func (r Tuned) writeAdvice(t Text) {
	shown, lines := 0, 0
	for _, a := range r.mostImportant() {
		n := len(Wrap(a.Text, Width-labelWidth))
		if shown > 0 && lines+n > adviceLines {
			continue
		}
		if shown == 0 {
			fmt.Fprintln(t.W)
		}
		t.wrapped(fmt.Sprintf("advice %d", shown+1), a.Text)
		shown, lines = shown+1, lines+n
	}
	if left := len(r.Advice) - shown; left > 0 {
		t.wrapped("", fmt.Sprintf("(%s more with --json, and the evidence of each)", Plural(left, "statement")))
	}
}

// labelWidth is that of the names on the left.
const labelWidth = 12

// mostImportant sorts what no policy can change, and what is wrong with the
// recommendation, before the settings in use, those before alarms, which fire for every
// policy under such a load.
func (r Tuned) mostImportant() []tuning.Advice {
	weight := func(a tuning.Advice) int {
		switch {
		case a.Rule == "alarms":
			return 2
		case a.Rule == "overload", a.Rule == "hot-object", a.Rule == "immediate-retries", a.Subject == tuning.Recommended:
			return 0
		}
		return 1
	}
	all := slices.DeleteFunc(slices.Clone(r.Advice), func(a tuning.Advice) bool { return a.Confidence == tuning.NotApplicable || a.Rule == "thin-evidence" })
	slices.SortStableFunc(all, func(a, b tuning.Advice) int { return weight(a) - weight(b) })
	// Alarms, which are last, are much the same for all: one statement is enough, the
	// recommendation's if it has one, which is the last.
	if i := slices.IndexFunc(all, func(a tuning.Advice) bool { return a.Rule == "alarms" }); i >= 0 {
		all = append(all[:i], all[len(all)-1])
	}
	return all
}

func (r Tuned) writeCapacity(t Text) {
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
		if i := slices.IndexFunc(c.Points, func(p tuning.Point) bool { return p.Clients == c.Broken }); i >= 0 && c.Points[i].Missed != "" {
			note = fmt.Sprintf(" (%d miss %s)", c.Broken, c.Points[i].Missed)
		}
		if !c.Monotone {
			note += "; not monotone: some smaller number is beyond the objective"
		}
		t.wrapped(name, fmt.Sprintf("%s: %s%s", c.Name, bears(&c), note))
	}
	if more := bearMore(r.Capacity, r.Incumbents); more != "" {
		t.wrapped("", fmt.Sprintf("the %s policy bears more clients than the recommended one, which is the best for the %d that were played", more, r.Capacity.Clients))
	}
}

// realWorld is what a model was held against.
func realWorld(c *tuning.Confirmation) string {
	if c.Store != "" {
		return c.Store
	}
	return "the real world"
}

// writeProfile says what the search rests on where a store was measured for it.
func (r Tuned) writeProfile(t Text) {
	if p := r.Profile; p != nil {
		t.wrapped("store", fmt.Sprintf("%s was measured: %s; %s", p.Store, p.File, fitWords(p.Fit)))
	}
}

func (r Tuned) writeConfirmation(t Text) {
	c := r.Confirmation
	if c == nil {
		return
	}
	fmt.Fprintln(t.W)
	word := "agrees with"
	if !c.Agrees {
		word = "DIFFERS from"
	}
	how := "legs " + c.Latency
	if c.Store != "" {
		how = "the model is its profile"
	}
	t.wrapped("confirmed", fmt.Sprintf("the model %s %s: %d repetitions over HTTP, %s; intervals hold %g %% of the model's own sets of %d, and %g %% more",
		word, realWorld(c), c.Repetitions, how, 100*c.Level, c.Repetitions, 100*c.Tolerance))
	w := NewTable(table.Row{"", "predicted", "interval", "measured", ""}, 2, 3, 4)
	for _, p := range c.Policies {
		w.AppendRow(table.Row{p.Name})
		for _, m := range p.Measures {
			verdict := "agrees"
			if !m.Agrees {
				verdict = "DIFFERS"
			}
			w.AppendRow(table.Row{
				"  " + m.Name, units.Metric(m.Name, m.Predicted.Value),
				units.Metric(m.Name, m.Predicted.Low) + "–" + units.Metric(m.Name, m.Predicted.High), units.Metric(m.Name, m.Measured), verdict,
			})
		}
	}
	t.Table(w)
}
