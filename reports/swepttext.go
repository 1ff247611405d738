package reports

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sweep"
)

// mostTold is the number of points that a report tells of one by one.
const mostTold = 5

// Swept is the document of a sweep.
type Swept struct{ *sweep.Result }

// In says where it is kept.
func (s Swept) In(dir string) Document {
	r := *s.Result
	r.Directory = dir
	return Swept{&r}
}

// Reproducible leaves out what alone differs when the same seed is swept again.
func (s Swept) Reproducible() Document {
	r := *s.Result
	r.TookMS = 0
	return Swept{&r}
}

// sound implements [sound]: each point is one of the product.
func (s Swept) sound() error {
	for i := range s.Points {
		if err := known(s.Points[i].Verdict); err != nil {
			return err
		}
		params := s.Points[i].Params
		if !slices.EqualFunc(params, s.Vary, func(p sweep.Param, v sweep.Varied) bool {
			return p.Name == v.Name && slices.Contains(v.Values, p.Value)
		}) {
			return fmt.Errorf("point %s is not of the product", params)
		}
	}
	return nil
}

// Class implements [Document].
func (s Swept) Class() Class {
	switch {
	case s.Violated():
		return Violated
	case s.StoreAtFault():
		return StoreAtFault
	case s.Interrupted:
		return Cut
	case s.Inconclusive(), s.Unplayed != "":
		return Inconclusive
	}
	return Passed
}

func (s Swept) word() string {
	verdict := check.OK
	switch {
	case s.Violated():
		verdict = check.Violated
	case s.StoreAtFault():
		verdict = check.StoreAtFault
	case s.Inconclusive(), s.Unplayed != "":
		verdict = check.Inconclusive
	}
	return verdictWord(verdict, s.Interrupted, true)
}

// Brief implements [Document].
func (s Swept) Brief(t Text) { t.head(s.word(), s.line()) }

// line says in a line what was swept and found.
func (s Swept) line() string {
	what := s.Scenario + ": "
	repetitions := Plural(s.Runs, "run")
	if s.Complete() == s.Planned {
		what += fmt.Sprintf("%s of %s", Plural(s.Planned, "point"), repetitions)
	} else {
		what += fmt.Sprintf("%d of %d points, of %s each", s.Complete(), s.Planned, repetitions)
	}
	switch violated, doubtful := s.Count(check.Violated), s.Count(check.Inconclusive); {
	case violated > 0:
		what += fmt.Sprintf("; %d violate an invariant", violated)
	case s.StoreAtFault():
		what += fmt.Sprintf("; in %d the store broke its word", s.Count(check.StoreAtFault))
	case s.Inconclusive():
		what += "; nothing was proved"
	case s.Unplayed != "":
		what += "; every invariant held in these"
	case doubtful > 0:
		what += fmt.Sprintf("; every invariant held, but %d prove nothing", doubtful)
	default:
		what += "; every invariant held"
	}
	if s.TookMS > 0 {
		what += fmt.Sprintf(" (%.1fs)", s.TookMS/1000)
	}
	return what
}

// Text implements [Document].
func (s Swept) Text(t Text) {
	t.head(s.word(), s.line())
	t.sweptViolations(s)
	t.sweptDoubts(s)
	fmt.Fprintln(t.W)
	shown, left := t.sweptTable(s)
	if len(s.Points) > 0 {
		fmt.Fprintln(t.W)
	}
	t.sweptValues(s)
	var setting []string
	if s.Core != "" {
		setting = append(setting, s.Core+" core")
	}
	setting = append(setting, "virtual world")
	if s.Latency != "" {
		setting = append(setting, "latency "+s.Latency)
	}
	t.wrapped("setting", strings.Join(append(setting, fmt.Sprintf("seed %d", s.Seed)), ", "))
	if policy := commonPolicy(s); policy != "" {
		t.row("policy", policy)
	}
	t.wrapped("columns", s.columns(shown, left))
	if s.Directory != "" {
		t.kept(s.Directory)
	}
	if s.Unplayed != "" {
		t.wrapped("missing", s.Unplayed)
	}
	if s.Resume != "" {
		t.row("go on", s.Resume)
	}
}

// sweptValues spells out what the table shortens.
func (t Text) sweptValues(s Swept) {
	for _, v := range s.Vary {
		lines := slices.Clone(v.Values)
		if v.Name == "policy" {
			for i, value := range lines {
				lines[i] = policyInWords(s, value)
			}
		}
		if slices.Equal(lines, labelsOf(v)) {
			continue
		}
		name := v.Name
		for _, line := range lines {
			t.row(name, line)
			name = ""
		}
	}
}

// columns says what stands in the table.
func (s Swept) columns(shown, left []string) string {
	about := "means of a run"
	if slices.Contains(shown, "±") {
		about += " ± 95 % confidence"
	}
	if slices.Contains(shown, "$/1000") {
		about += "; $/1000 buys 1,000 commits on S3"
	}
	if slices.ContainsFunc(s.Points, func(p sweep.Measured) bool { return p.ExhaustedRate > 0 }) {
		about += "; puts/commit and makespan include those that gave up"
		if slices.Contains(shown, "p99") {
			about += ", p99 is of what was committed only"
		}
	}
	if len(left) > 0 {
		about += "; no room for " + strings.Join(left, ", ") + ": --csv has all"
	}
	return about
}

// sweptViolations tells of the points that violate something, and how to see it.
func (t Text) sweptViolations(s Swept) {
	told := 0
	for i := range s.Points {
		p := &s.Points[i]
		if p.Verdict != check.Violated {
			continue
		}
		if told++; told > mostTold {
			continue
		}
		t.note(p.Params.String() + " violates " + strings.Join(violated(&measure.Measurement{Violated: p.Violated}), ", "))
		fmt.Fprintf(t.W, "        %s\n", p.Replay) // never wrapped: it is there to be copied
	}
	if told > mostTold {
		t.note(fmt.Sprintf("and %d more", told-mostTold))
	}
}

// sweptDoubts tells why points prove nothing: they mostly do for the same reason.
func (t Text) sweptDoubts(s Swept) {
	for i := range s.Points {
		if p := &s.Points[i]; p.Verdict == check.Inconclusive {
			more := ""
			if n := s.Count(check.Inconclusive) - 1; n > 0 {
				more = fmt.Sprintf(" (and %d more)", n)
			}
			t.note(p.Params.String() + more + ": " + strings.Join(p.Reasons, "; "))
			return
		}
	}
}

func (t Text) note(text string) {
	for i, line := range Wrap(text, Width-10) {
		fmt.Fprintf(t.W, "      %s %s\n", []string{"–", " "}[min(i, 1)], line)
	}
}
