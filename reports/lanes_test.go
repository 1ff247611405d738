package reports

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"holdfast/reports/page"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/stores"
)

// sketched is a story as a picture in letters.
func sketched(l *page.Lanes) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n", l.Title, l.Means, l.Where)
	name := func(i int) string { return l.Across[i].Name }
	for i := range l.Across {
		fmt.Fprintf(&b, "%s%s", map[bool]string{true: "", false: " | "}[i == 0], map[bool]string{true: "[" + name(i) + "]", false: name(i)}[l.Across[i].Object])
	}
	b.WriteString("\n\n")
	version := func(v page.LaneVersion) string {
		s := fmt.Sprintf(" (%s of %s", v.Name, name(v.Lane))
		return s + map[bool]string{true: " on " + v.On}[v.On != ""] + map[bool]string{true: ", seen"}[v.Seen] + map[bool]string{true: ", gone"}[v.Gone] + ")"
	}
	for _, v := range l.Before {
		fmt.Fprintf(&b, "at first%s\n", version(v))
	}
	for i, s := range l.Steps {
		fmt.Fprintf(&b, "%d %-8s %s [%s]\n   ", i, cmp.Or(string(s.Weight), "evidence"), s.Text, s.When)
		if s.Move > 0 {
			fmt.Fprintf(&b, " move %d", s.Move)
		}
		if s.Fault != "" {
			fmt.Fprintf(&b, " struck by %s", s.Fault)
		}
		if box := s.Box; box != nil {
			fmt.Fprintf(&b, " %s %s: %s", name(box.Lane), box.Shape, strings.Join(box.Lines, " / "))
		}
		if a := s.Arrow; a != nil {
			fmt.Fprintf(&b, " %s ──> %s, %s: %s / %s", name(a.From), name(a.To), a.End, a.Above, a.Below)
			if a.Sent != i {
				fmt.Fprintf(&b, ", sent before %d", a.Sent)
			}
		}
		if s.Version != nil {
			b.WriteString(version(*s.Version))
		}
		b.WriteString("\n")
	}
	for _, o := range l.Bars {
		fmt.Fprintf(&b, "operation of %s from %d to %d%s\n", name(o.Lane), o.From, o.To, map[bool]string{true: ", open"}[o.Open])
	}
	for _, o := range l.Bands {
		fmt.Fprintf(&b, "%s %s from %d to %d: %s\n", o.Label, o.State, o.From, o.To, o.End)
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// found plays a planted bug until it is found, and returns the first violation of its
// invariant.
func found(t *testing.T, bug string) story {
	t.Helper()
	bugs := cores.Bugs()
	b := bugs[slices.IndexFunc(bugs, func(b cores.Bug) bool { return b.Name == bug })]
	first := func(all []check.Violation) check.Violation {
		i := slices.IndexFunc(all, func(v check.Violation) bool { return string(v.Invariant) == b.Invariant })
		if i < 0 {
			t.Fatalf("%s did not violate %s", bug, b.Invariant)
		}
		return all[i]
	}
	if b.InTime {
		s := must(scenarios.Open(b.Scenario))
		run := must(scenarios.NewRun(s, b.Spec))
		run.Repetitions = 50
		m := must(measure.Play(t.Context(), measure.Plan{Points: []measure.Point{{Run: *run}}}, measure.Config{Workers: 1}))
		return story{Violation: first(m[0].Violations), scenario: b.Scenario}
	}
	run, _, err := explore.Small(b.Scenario, b.Spec)
	if err != nil {
		t.Fatal(err)
	}
	c := explore.Config{Run: run, Strategy: explore.Exhaustive, Faults: b.Faults, Schedules: 20_000, Workers: 1, Invariant: check.Invariant(b.Invariant)}
	result := must(explore.Explore(t.Context(), c))
	s := story{Violation: first(result.Witness.Report.Violations), scenario: b.Scenario, untimed: true}
	for _, m := range result.Witness.Schedule {
		s.moves = append(s.moves, page.LaneMove{Name: m.String()})
	}
	return s
}

// broken plays on a planted store, and returns the first finding of its kind.
func broken(t *testing.T, store string) story {
	t.Helper()
	planted := stores.All()
	p := planted[slices.IndexFunc(planted, func(p stores.Planted) bool { return p.Name == store })]
	run := must(scenarios.NewRun(must(scenarios.Open(p.Scenario)), must(cores.Find("production"))))
	run.Repetitions, run.Between = 30, p.Around
	m := must(measure.Play(t.Context(), measure.Plan{Points: []measure.Point{{Run: *run}}}, measure.Config{Workers: 1}))
	for _, f := range m[0].StoreFindings {
		if f.Kind == p.Kind {
			return story{Violation: check.Violation{Summary: f.Summary, Witness: f.Witness}, scenario: p.Scenario, conditions: true}
		}
	}
	t.Fatalf("%s was not found", store)
	return story{}
}

// TestStoriesAsTheyAreDrawn: of a planted bug for each invariant, and of stores at fault.
func TestStoriesAsTheyAreDrawn(t *testing.T) {
	for file, s := range map[string]func(*testing.T) story{
		"I1":    func(t *testing.T) story { return found(t, "unlocked") },
		"I2":    func(t *testing.T) story { return found(t, "append-again") },
		"I3":    func(t *testing.T) story { return found(t, "new-id-on-retry") },
		"I4":    func(t *testing.T) story { return found(t, "recreate") },
		"I5":    func(t *testing.T) story { return found(t, "form-as-loaded") },
		"I6":    func(t *testing.T) story { return found(t, "last-writer-wins") },
		"I7":    func(t *testing.T) story { return found(t, "cached-load") },
		"I8":    func(t *testing.T) story { return found(t, "create-upserts") },
		"I9":    func(t *testing.T) story { return found(t, "check-then-work") },
		"I9-m":  func(t *testing.T) story { return found(t, "acknowledged-first") },
		"I9-r":  func(t *testing.T) story { return found(t, "grace-ignored") },
		"I10":   func(t *testing.T) story { return found(t, "blind-retry") },
		"I11":   func(t *testing.T) story { return found(t, "field-unasked") },
		"I12":   func(t *testing.T) story { return found(t, "edit-dropped-on-retry") },
		"late":  func(t *testing.T) story { return found(t, "settled-too-soon") },
		"batch": func(t *testing.T) story { return found(t, "batch-doubles-one") },
		"stale": func(t *testing.T) story { return broken(t, "stale-read") },
		"match": func(t *testing.T) story { return broken(t, "if-match-ignored") },
	} {
		t.Run(file, func(t *testing.T) {
			drawnAs(t, file, s(t))
		})
	}
}

// drawnAs compares the drawing of a story with the file of its name.
func drawnAs(t *testing.T, name string, s story) {
	t.Helper()
	l, file := s.lanes(), filepath.Join("testdata", "lanes", name+".txt")
	got := sketched(&l)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run go test ./reports -run Stories -update", err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("if it is meant, run go test ./reports -run Stories -update: %s", diff)
	}
}

// TestWindowsAreDrawnAroundTheEvidence: what happened beside it is pale, what the judge found
// out about a write is known, and what is left out is counted.
func TestWindowsAreDrawnAroundTheEvidence(t *testing.T) {
	const key = "archive/A.json"
	at := func(n int64, e history.Event) history.Event {
		e.At, e.Start, e.Key = n, n, key
		return e
	}
	begins := func(actor string, op int) history.Event {
		return at(1, history.Event{Kind: history.Invoke, Actor: actor, Op: op, Do: "append", IDs: []string{fmt.Sprintf("m-%d", op)}})
	}
	window := []history.Event{begins("ann", 1), begins("bob", 2)}
	for n := range int64(20) {
		window = append(window, at(n+2, history.Event{Kind: history.Get, Actor: "bob", Answer: history.OK, ETag: "e1", Op: 2, Doc: &history.Doc{N: 1}}))
	}
	written := at(22, history.Event{Kind: history.Put, Actor: "ann", Op: 1, Answer: history.UnknownAnswer, If: history.IfMatch, IfETag: "e1", Fault: "reply-lost(nth=1)", Doc: &history.Doc{N: 2, Of: "e1", Keep: 1, Add: []string{"m-1"}}})
	told := at(24, history.Event{Kind: history.Return, Actor: "ann", Op: 1, Outcome: history.Failed})
	window = append(window, at(21, history.Event{Kind: history.Get, Actor: "ann", Answer: history.OK, ETag: "e1", Op: 1, Doc: &history.Doc{N: 1}}),
		written, at(23, history.Event{Kind: history.Wait, Actor: "ann", Op: 1, Wait: 5e7, Attempt: 2}), told, at(25, history.Event{Kind: history.Step, Do: "T1"}),
		at(26, history.Event{Kind: history.Get, Actor: "ann", Answer: history.OK, ETag: "e2", Op: 7, Doc: &history.Doc{N: 2}})) // of what, nobody knows
	for n := range int64(6) {
		window = append(window, at(27+n, history.Event{Kind: history.Wait, Actor: "bob", Op: 2, Wait: 5e7, Attempt: 2}))
	}
	known := written
	known.ETag, known.Fault = "e2", ""
	s := story{
		Violation: check.Violation{Invariant: check.HonestAnswers, Summary: "ann was told of a failure", Witness: []history.Event{known, told}},
		window:    measure.Window{Events: window, Before: 100, After: 7, Skipped: []measure.Skipped{{Before: 19, Events: 30}}}, scenario: "s",
	}
	l := s.lanes()
	drawnAs(t, "window", s)
	evidence := 0
	for _, step := range l.Steps {
		if step.Weight == page.Evidence || step.Weight == page.Wrong {
			evidence++
		}
	}
	if evidence != 2 {
		t.Errorf("%d steps are evidence, of 2", evidence)
	}
}

// TestCrowdsHaveFewLanes: those who have a part in it keep one of their own.
func TestCrowdsHaveFewLanes(t *testing.T) {
	var s story
	for n := range 30 {
		e := history.Event{Kind: history.Return, Actor: fmt.Sprintf("a-%02d", n), Op: n + 1, Key: "k", At: int64(n), Outcome: history.Crashed}
		if n == 25 || n == 29 {
			e.Outcome, e.ETag = history.Committed, "e"
		}
		s.Witness = append(s.Witness, e)
	}
	s.Invariant = check.OneCreator
	l := s.lanes()
	var names []string
	for _, lane := range l.Across {
		names = append(names, lane.Name)
	}
	want := []string{"a-00", "a-01", "a-02", "a-03", "k", "a-04", "a-25", "a-29", "23 others"}
	if diff := gocmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if l.Title != "a-25 and a-29 were all told that they had created k" {
		t.Error(l.Title)
	}
}

// TestLongStoriesAreCut to what a page has room for, and say what is missing.
func TestLongStoriesAreCut(t *testing.T) {
	var s story
	for n := range 200 {
		s.Witness = append(s.Witness, history.Event{Kind: history.Get, Actor: "a", Op: 1, Key: "k", At: int64(n), Start: int64(n), Answer: history.OK, ETag: "e"})
	}
	l := s.lanes()
	gaps := 0
	for _, step := range l.Steps {
		if step.Weight == page.Gap {
			gaps++
			if step.Text != "160 events in between" {
				t.Error(step.Text)
			}
		}
	}
	if gaps != 1 || len(l.Steps) != mostSteps+1 || l.Steps[0].When != "0.00 ms" {
		t.Errorf("%d steps, %d gaps", len(l.Steps), gaps)
	}
}
