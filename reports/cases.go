package reports

import (
	"fmt"
	"strings"

	"holdfast/archive/storefault"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// judgement is what is known of the invariants of a run or a search.
type judgement struct {
	suite      string
	violations []check.Violation
	violated   map[string]int // how often each was, if that is known
	unknown    string         // why nothing is known of those that were not seen violated; empty: they held
	counts     Ending         // what that comes to
	told       Text
	after      []string // lines that follow the story of each violation
}

// invariantCases are one for each.
func invariantCases(j judgement) []Case {
	var cases []Case
	for _, i := range check.Invariants() {
		c := Case{Suite: j.suite, Name: fmt.Sprintf("%s / %s %s", j.suite, i, i.Title()), Is: Succeeded}
		if j.unknown != "" {
			c.Is, c.Message, c.Detail = j.counts, "not known: "+j.unknown, strings.Join(append([]string{j.unknown}, j.after...), "\n")
		}
		var first *check.Violation
		for n := range j.violations {
			if v := &j.violations[n]; v.Invariant == i {
				first = v
				break
			}
		}
		switch {
		case first != nil:
			c.Is, c.Message = Failed, first.Anomaly+": "+j.told.shortened(*first)
			c.Detail = j.story(first)
		case j.violated[string(i)] > 0:
			c.Is, c.Message, c.Detail = Failed, fmt.Sprintf("violated %d×", j.violated[string(i)]), strings.Join(j.after, "\n")
		}
		cases = append(cases, c)
	}
	return cases
}

// story tells a violation in full.
func (j *judgement) story(v *check.Violation) string {
	var b strings.Builder
	t := j.told
	t.W = &b
	t.everyStory([]check.Violation{*v})
	for _, line := range j.after {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// Cases implements [cased]: the invariants, thresholds and steps of each run, and the promises
// of the store where it broke some.
func (r Result) Cases() []Case {
	var cases []Case
	for i := range r.Runs {
		cases = append(cases, runCases(&r.Runs[i])...)
	}
	for _, name := range r.NotReached {
		cases = append(cases, Case{Suite: name, Name: name + " / run", Is: Unknown, Message: "it was not run", Detail: "What came before it could not be played to its end, or was interrupted."})
	}
	if r.Comparison != nil {
		cases = append(cases, r.Comparison.Cases()...)
	}
	return cases
}

func runCases(m *measure.Measurement) []Case {
	suite := m.Scenario
	if m.Core != "production" && m.Core != "" {
		suite += ", " + m.Core + " core"
	}
	after := []string{"seed: " + fmt.Sprint(m.Seed), "replay: " + m.Replay}
	cases := invariantCases(judgement{suite: suite, violations: m.Violations, violated: m.Violated, unknown: unknownOf(m), counts: Unknown, after: after})
	name := func(what string) string { return suite + " / " + what }
	ran := Case{Suite: suite, Name: name("run"), Is: Succeeded, Seconds: m.Elapsed / 1000}
	if class := classOf(m); class == Broken || class == Cut {
		ran.Is, ran.Message, ran.Detail = Unknown, unknownOf(m), strings.Join(after, "\n")
	}
	cases = append(cases, ran)
	for _, f := range m.StoreFindings {
		t := Text{conditions: true}
		v := check.Violation{Summary: f.Summary, Witness: f.Witness}
		var b strings.Builder
		t.W = &b
		t.findings([]check.StoreFinding{f})
		cases = append(cases, Case{Suite: suite, Name: name("store: " + string(f.Kind)), Is: Failed, Message: storefault.Of(f.Kind).What + ": " + t.shortened(v), Detail: b.String() + strings.Join(after, "\n")})
	}
	for _, t := range m.Thresholds {
		c := Case{Suite: suite, Name: name("threshold " + t.Expression), Is: Failed, Message: "it is " + formatNumber(t.Value), Detail: strings.Join(after, "\n")}
		switch {
		case t.NoValue:
			c.Is, c.Message = Unknown, "there are no samples"
		case m.Interrupted, m.Failure != "": // of a part of the run
			c.Is, c.Message = Unknown, c.Message+" so far: "+unknownOf(m)
		case t.Passed:
			c.Is = Succeeded
		}
		cases = append(cases, c)
	}
	for _, s := range m.Steps {
		c := Case{Suite: suite, Name: name("step " + s.Step), Is: Succeeded, Detail: strings.Join(after, "\n")}
		if !s.Passed {
			c.Is, c.Message = Failed, "want "+s.Want+", got "+s.Got
		}
		cases = append(cases, c)
	}
	for i := range cases {
		cases[i].Setting = settingOf(m)
	}
	return cases
}

// settingOf is in what a run was played, as far as it may differ in one place.
func settingOf(m *measure.Measurement) string {
	return fmt.Sprintf("%s world%s%s, %s, %s, seed %d", m.World, via(m), layoutNamed(m.Layout), Plural(m.Clients, "client"), m.Policy, m.Seed)
}

// unknownOf is why nothing is known of what a run has not shown to be wrong; empty: it held.
func unknownOf(m *measure.Measurement) string {
	switch {
	case m.Failure != "":
		return "the run could not go on: " + m.Failure
	case m.Interrupted:
		return "the run was interrupted"
	case m.Verdict == check.StoreAtFault:
		return "the store broke its promise: " + kinds(m.StoreFindings)
	case m.Verdict == check.Inconclusive:
		return strings.Join(m.Reasons, "; ")
	}
	return ""
}

// Cases implements [cased]: each invariant, under all schedules that were played.
func (e Explored) Cases() []Case {
	j := judgement{suite: fmt.Sprintf("explore %s, %s core", e.Scenario, e.Core), violations: e.Violations, told: Text{untimed: true}}
	switch e.Verdict {
	case check.Inconclusive:
		j.unknown, j.counts = e.doubt(), Unknown
	case check.Violated:
		j.unknown, j.counts = "the search ended with the first violation", NotPlayed
	}
	if e.Schedule != "" {
		j.after = append(j.after, "schedule: "+e.Schedule)
	}
	if words := e.inevitability(); words != "" {
		j.after = append(j.after, "inevitable "+words)
	}
	j.after = append(j.after, "replay: "+e.Replay)
	return invariantCases(j)
}

// Cases implements [cased]: each point.
func (s Swept) Cases() []Case {
	suite := "sweep " + s.Scenario
	var cases []Case
	for i := range s.Points {
		p := &s.Points[i]
		c := Case{Suite: suite, Name: suite + " / " + p.Params.String(), Is: Succeeded, Detail: "replay: " + p.Replay}
		switch p.Verdict {
		case check.Violated:
			c.Is, c.Message = Failed, "violates "+strings.Join(violated(&measure.Measurement{Violated: p.Violated}), ", ")
		case check.StoreAtFault:
			c.Is, c.Message = Failed, "the store broke its promise; nothing is shown against the core"
		case check.Inconclusive:
			// The sweep says itself, in its verdict, whether enough is left that proves something.
			c.Is, c.Message = NotPlayed, "it proves nothing: "+strings.Join(p.Reasons, "; ")
		}
		cases = append(cases, c)
	}
	if missing := s.Planned - len(s.Points); missing > 0 {
		cases = append(cases, Case{Suite: suite, Name: suite + " / all points", Is: Unknown, Message: fmt.Sprintf("%d of %d points were not played", missing, s.Planned), Detail: s.Resume})
	}
	return cases
}

// Cases implements [cased]: the verdict on the recommendation, and each policy that was held
// against the real world.
func (r Tuned) Cases() []Case {
	suite := "tune " + r.Scenario
	objective := Case{Suite: suite, Name: suite + " / " + r.Objective, Is: endingOf(r.Class())}
	if objective.Is != Succeeded {
		objective.Message = strings.Join(append([]string{r.line()}, r.Reasons...), "; ")
		objective.Detail = "replay: " + r.Replay
		for _, v := range r.Violations {
			objective.Detail = fmt.Sprintf("%s %s: %s\n", v.Invariant, v.Anomaly, v.Summary) + objective.Detail
		}
	}
	cases := []Case{objective}
	if c := r.Confirmation; c != nil {
		for _, p := range c.Policies {
			agrees := Case{Suite: suite, Name: fmt.Sprintf("%s / the model agrees with %s: %s", suite, realWorld(c), p.Name), Is: Succeeded}
			if !p.Agrees {
				agrees.Is, agrees.Message, agrees.Detail = Failed, "it differs", "replay: "+r.Replay
			}
			cases = append(cases, agrees)
		}
	}
	return cases
}

// Cases implements [cased]: each planted bug and store, and each core of which nothing may be
// said.
func (s SelfTested) Cases() []Case {
	var cases []Case
	add := func(name string, wrong bool, message, detail string) {
		c := Case{Suite: "selftest", Name: "selftest / " + name, Is: Succeeded}
		if wrong {
			c.Is, c.Message, c.Detail = Failed, message, detail
		}
		cases = append(cases, c)
	}
	for _, b := range s.Bugs {
		add(fmt.Sprintf("bug %s is caught by %s", b.Name, b.Invariant), !b.Caught, "it got away: "+b.Fault, b.CaughtBy)
		if b.Accused != "" {
			add("store accused of bug "+b.Name, true, b.Accused, b.CaughtBy)
		}
	}
	for _, p := range s.Stores {
		add(fmt.Sprintf("store %s is found as %s", p.Name, p.Kind), !p.Found, "it was not found: "+p.Fault, p.Scenario)
		if p.Blamed != "" {
			add("core blamed for store "+p.Name, true, p.Blamed, p.Scenario)
		}
	}
	for _, c := range s.Sound {
		message := "wrongly accused: " + c.Accused
		if c.Accused == "" {
			message = "nothing was played"
		}
		add(fmt.Sprintf("%s core is accused of nothing in %s", c.Core, c.Where), c.Accused != "" || c.Schedules == 0, message, "")
	}
	return cases
}

// Cases implements [cased]: each promise, alone and in races. What the core loses nothing by
// passes, with a message.
func (d Diagnosed) Cases() []Case {
	suite := "doctor"
	of := func(name, verdict, message, detail string) Case {
		c := Case{Suite: suite, Name: suite + " / " + name, Is: Succeeded, Message: message, Detail: detail}
		switch verdict {
		case "unsafe":
			c.Is = Failed
		case "not known":
			c.Is = Unknown
			if d.Class() == Passed { // of what nothing depends on
				c.Is = NotPlayed
			}
		}
		return c
	}
	var cases []Case
	for i := range d.Rows {
		r := &d.Rows[i]
		cases = append(cases, of(r.Name, rowVerdict(r), fmt.Sprintf("here %s, S3 %s", r.Here, r.AWS), strings.Trim(r.Means+"\n"+r.Reproduction, "\n")))
	}
	for i := range d.Races {
		r := &d.Races[i]
		message := fmt.Sprintf("%s bad, %s a race", badOf(r), boundOf(r))
		cases = append(cases, of("race "+r.Name, raceVerdict(r), strings.TrimSpace(message+" "+r.Inconclusive), strings.Trim(r.Means+"\n"+r.Reproduction, "\n")))
	}
	return cases
}
