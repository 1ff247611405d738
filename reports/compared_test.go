package reports

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"holdfast/reports/compare"
	"holdfast/reports/page"
	"holdfast/reports/schema"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// repeated is a virtual run of some repetitions, each as usual and then as change makes it.
func repeated(scenario string, repetitions int, change func(r *measure.Repetition)) Contender {
	m := small()
	m.Scenario, m.World, m.Store, m.Via, m.Seed, m.Repetitions = scenario, "virtual", "model", "core", 1, repetitions
	m.Violations, m.Thresholds = []check.Violation{}, []measure.ThresholdResult{}
	m.Violated, m.Replay = map[string]int{}, "simulate run "+scenario+" --world virtual --runs 100 --seed 1"
	m.Counts = measure.Counts{}
	for n := 1; n <= repetitions; n++ {
		random := rand.New(rand.NewPCG(1, uint64(n)))
		retries := random.IntN(5)
		r := measure.Repetition{
			N: n, Acknowledged: 20, Puts: 20 + retries, Gets: 20 + retries, MakespanMS: 1000.125 + 40*float64(retries), LatencyMS: 50.0625, P99MS: 90,
			Digest: history.Sum(random.Uint64()),
		}
		if change != nil {
			change(&r)
		}
		m.Each = append(m.Each, r)
		m.Counts.Acknowledged += r.Acknowledged
		m.Counts.Puts += r.Puts
		for _, invariant := range r.Violated {
			m.Violated[invariant]++
			m.Verdict = check.Violated
		}
	}
	env := Environment{Version: "v1.2", Go: "go1.26.8", OS: "linux", Arch: "amd64", CPUs: 2, Modules: map[string]string{}}
	return Contender{Source: scenario + "/old", Result: NewResult(env, m), Settings: []map[string]string{{"clients": "4"}}}
}

// more attempts are needed in every repetition.
func more(r *measure.Repetition) { r.Puts, r.Digest = r.Puts+2, r.Digest+1 }

// several are some runs in one result.
func several(all ...Contender) Contender {
	c := all[0]
	for _, one := range all[1:] {
		c.Runs, c.Settings = append(c.Runs, one.Runs...), append(c.Settings, one.Settings...)
	}
	return c
}

// comparisons are those that are told each in its way.
func comparisons() map[string]Compared {
	violating := func(r *measure.Repetition) {
		if r.N == 17 {
			r.Violated, r.Digest = []string{"I1"}, 5
		}
	}
	some := func(r *measure.Repetition) {
		if r.N%7 == 0 {
			r.MakespanMS, r.Digest = r.MakespanMS+float64(r.N%2)-0.5, 7
		}
	}
	reality := repeated("storm", 30, more)
	reality.Runs[0].World = "real"
	cut := repeated("storm", 100, nil)
	cut.Runs[0].Interrupted = true
	old := repeated("storm", 100, nil)
	d := compare.Defaults()
	renewed := NewCompared(old, repeated("storm", 100, more), d)
	renewed.Renew()
	return map[string]Compared{
		"compared-alike":    NewCompared(old, old, d),
		"compared-worse":    NewCompared(old, repeated("storm", 100, more), d),
		"compared-better":   NewCompared(repeated("storm", 100, more), old, d),
		"compared-violated": NewCompared(old, repeated("storm", 100, violating), d),
		"compared-moved":    NewCompared(old, repeated("storm", 100, some), d),
		"compared-draw":     NewCompared(repeated("storm", 1, nil), repeated("storm", 1, more), d),
		"compared-real":     NewCompared(reality, reality, d),
		"compared-worlds":   NewCompared(old, reality, d),
		"compared-cut":      NewCompared(old, cut, d),
		"compared-renewed":  renewed,
		"compared-several": NewCompared(several(old, repeated("burst", 100, nil), repeated("two-users", 100, nil)),
			several(repeated("storm", 100, more), repeated("burst", 100, violating), repeated("create-race", 5, nil)), d),
	}
}

func baseline(t testing.TB) Baseline {
	t.Helper()
	b, err := NewBaseline(several(repeated("storm", 30, nil), repeated("burst", 1, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestComparedReports(t *testing.T) {
	for name, c := range comparisons() {
		t.Run(name, func(t *testing.T) {
			golden(t, name, formatted(t, "text", c))
			validate(t, schema.Compare, []byte(formatted(t, "json", c)))
			if err := c.sound(); err != nil {
				t.Error(err)
			}
			if c.Passed != (c.Class() == Passed) {
				t.Errorf("passed is %v, of class %v", c.Passed, c.Class())
			}
		})
	}
}

// TestClassOfComparisons: what NEW comes to by itself counts too, and what is not known is not
// passed.
func TestClassOfComparisons(t *testing.T) {
	all := comparisons()
	for name, want := range map[string]Class{
		"compared-alike": Passed, "compared-worse": Regressed, "compared-better": Passed, "compared-violated": Violated, "compared-moved": Passed,
		"compared-draw": Inconclusive, "compared-real": Passed, "compared-worlds": Inconclusive, "compared-cut": Inconclusive,
		"compared-several": Violated, "compared-renewed": Passed,
	} {
		if got := all[name].Class(); got != want {
			t.Errorf("%s is of class %v, want %v", name, got, want)
		}
	}
	c := all["compared-alike"]
	for outcome, want := range map[Outcome]Class{
		"passed": Passed, "regressed": Regressed, "missed": Missed, "inconclusive": Inconclusive, "interrupted": Inconclusive, "broken": Inconclusive,
		"store_at_fault": StoreAtFault, "violated": Violated, "fine": Inconclusive, "": Inconclusive,
	} {
		if c.New.Outcome = outcome; c.Class() != want {
			t.Errorf("a NEW that is %q is of class %v, want %v", outcome, c.Class(), want)
		}
	}
	c = all["compared-alike"]
	c.Missing = []string{"storm"}
	if c.Class() != Inconclusive {
		t.Error("a run that NEW lacks is no reason to doubt")
	}
	c = all["compared-alike"]
	if c.New.NotReached = []string{"storm"}; c.Class() != Inconclusive {
		t.Error("a scenario that was not reached is no reason to doubt")
	}
}

// TestResultAgainstBaseline: a run is worse than the baseline, or its passing stays.
func TestResultAgainstBaseline(t *testing.T) {
	b := baseline(t)
	old, err := b.Contender("b.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*measure.Repetition)
		want   Class
	}{"alike": {nil, Passed}, "worse": {more, Regressed}} {
		new := repeated("storm", 30, c.change)
		r := new.Result
		r.Against(old, new.Settings, true, compare.Defaults())
		if r.Class() != c.want || r.Passed != (c.want == Passed) || r.Comparison.Class() != c.want {
			t.Errorf("%s: class %v, passed %v", name, r.Class(), r.Passed)
		}
		text := formatted(t, "text", r)
		if !strings.Contains(text, "== compared with b.json\n") || !strings.Contains(formatted(t, "brief", r), "\n"+r.Comparison.word()) {
			t.Error(text)
		}
		validate(t, schema.Result, []byte(formatted(t, "json", r)))
	}
}

// TestBaselineGivesBack what it keeps: all that decides a comparison.
func TestBaselineGivesBack(t *testing.T) {
	b := baseline(t)
	var text bytes.Buffer
	if err := b.Write(&text); err != nil {
		t.Fatal(err)
	}
	validate(t, schema.Baseline, text.Bytes())
	if lines := strings.Count(text.String(), "\n"); lines != 5 {
		t.Errorf("%d lines of two runs", lines)
	}
	d, err := Decode(text.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	back, err := d.(Baseline).Contender("b.json")
	if err != nil {
		t.Fatal(err)
	}
	want := several(repeated("storm", 30, nil), repeated("burst", 1, nil))
	c := NewCompared(want, back, compare.Defaults())
	if c.Class() != Passed || !c.alike() || len(c.Warnings) > 0 {
		t.Errorf("%+v", c)
	}
	for i := range want.Runs {
		for k, r := range back.Runs[i].Each {
			w := want.Runs[i].Each[k]
			w.MakespanMS, w.LatencyMS = r.MakespanMS, r.LatencyMS // rounded
			if diff := gocmp.Diff(w, r); diff != "" {
				t.Error(diff)
			}
		}
	}
	damaged := b
	damaged.Runs = append([]BaselineRun{}, b.Runs...)
	damaged.Runs[0].Digests = "AAAA"
	if _, err := damaged.Contender("b.json"); err == nil {
		t.Error("digests of other repetitions are taken")
	}
}

// TestWhatIsNoBaseline: it is of virtual runs that passed.
func TestWhatIsNoBaseline(t *testing.T) {
	for name, change := range map[string]func(*measure.Measurement){
		"violated": func(m *measure.Measurement) { m.Verdict = check.Violated },
		"real":     func(m *measure.Measurement) { m.World = "real" },
		"in part":  func(m *measure.Measurement) { m.Each = m.Each[1:] },
	} {
		c := repeated("storm", 5, nil)
		change(&c.Runs[0])
		if _, err := NewBaseline(c); err == nil {
			t.Errorf("%s: it is kept", name)
		}
	}
}

// TestComparedPages: what is worse is the verdict of the runs' page too, and a failed case.
func TestComparedPages(t *testing.T) {
	for name, c := range comparisons() {
		p := c.Page()
		if want := page.ToneOf(c.word()); p.Tone != want || (p.Tone == page.Good) != c.Passed {
			t.Errorf("%s: tone %s of %s", name, p.Tone, p.Verdict)
		}
		if markdown := formatted(t, "markdown", c); !strings.Contains(markdown, c.New.line()) {
			t.Errorf("%s: %s", name, markdown)
		}
	}
	old, new := repeated("storm", 30, nil), repeated("storm", 30, more)
	r := new.Result
	r.Against(old, new.Settings, true, compare.Defaults())
	if p := r.Page(); p.Verdict != "WORSE" || p.Tone != page.Bad || !strings.Contains(p.Lead, "1 figure worse") || p.Sections[0].Title != "Compared with storm/old" {
		t.Errorf("the page says %s, %s: %s", p.Verdict, p.Tone, p.Lead)
	}
	if text := formatted(t, "text", r); !strings.HasPrefix(text, "WORSE  compared with storm/old: 1 figure worse\n\nPASS  storm") {
		t.Error(text)
	}
	cases := r.Cases()
	last := cases[len(cases)-1]
	if last.Is != Failed || last.Name != "compare / run 1, storm" || !strings.Contains(last.Message, "puts.per_update: 1.20, was 1.10 (+9.05 %)") ||
		!strings.Contains(last.Detail, "--repetition 1") {
		t.Errorf("%+v", last)
	}
	if c := comparisons()["compared-worlds"].Cases()[0]; c.Is != Unknown {
		t.Errorf("%+v", c)
	}
	if c := comparisons()["compared-alike"].Cases()[0]; c.Is != Succeeded || c.Detail != "" {
		t.Errorf("%+v", c)
	}
}

// TestDoubtsAboutOld: an OLD that did not pass is compared with, and it is said what its figures
// are worth. A NEW that was worse than another baseline is no worse than itself.
func TestDoubtsAboutOld(t *testing.T) {
	for verdict, want := range map[check.Verdict]string{
		check.OK: "", check.Violated: "no sound program can", check.StoreAtFault: "that store's", check.Inconclusive: "can't be compared",
	} {
		old, new := repeated("storm", 30, nil), repeated("storm", 30, nil)
		old.Runs[0].Verdict = verdict
		c := NewCompared(old, new, compare.Defaults())
		if got := strings.Join(c.Warnings, " "); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("OLD is %s: %q", verdict, got)
		}
	}
	regressed := repeated("storm", 30, more)
	regressed.Against(repeated("storm", 30, nil), regressed.Settings, true, compare.Defaults())
	if c := NewCompared(regressed, regressed, compare.Defaults()); regressed.Class() != Regressed || c.Class() != Passed {
		t.Errorf("one that is worse than its baseline, compared with itself, is %v", c.Class())
	}
}

// TestSamplesThatBothHave: means are of the repetitions that were compared, and no others.
func TestSamplesThatBothHave(t *testing.T) {
	for n, want := range map[int]string{
		1:  "by seed     the one repetition that both have went alike",
		10: "by seed     all 10 repetitions that both have went alike",
	} {
		text := formatted(t, "text", NewCompared(repeated("storm", 30, nil), repeated("storm", n, nil), compare.Defaults()))
		if size := fmt.Sprintf("means over %s of OLD and %d of NEW", Plural(n, "repetition"), n); !strings.Contains(text, want) || !strings.Contains(text, size) {
			t.Errorf("of %d:\n%s", n, text)
		}
		fewer := repeated("storm", n, nil)
		fewer.Against(repeated("storm", 30, nil), fewer.Settings, true, compare.Defaults())
		if text := formatted(t, "text", fewer.Result); strings.Contains(text, "--renew-baseline") {
			t.Errorf("of %d, it says that a smaller baseline is to be made:\n%s", n, text)
		}
	}
}

// TestSamplesOfWhatWasCut: of runs that were cut short, figures are of what was played to its end.
func TestSamplesOfWhatWasCut(t *testing.T) {
	old, new := repeated("storm", 30, nil), repeated("storm", 20, more)
	old.Runs[0].Seed, old.Runs[0].Each[29].Cut = 2, true
	c := NewCompared(old, new, compare.Defaults())
	if text := formatted(t, "text", c); !strings.Contains(text, "means over 29 repetitions of OLD and 20 of NEW") {
		t.Error(text)
	}
	if text := formatted(t, "html", c); !strings.Contains(text, "two samples, of 29 and 20 repetitions") {
		t.Error(text)
	}
}

// TestRenewedByLess: a baseline that loses runs says which.
func TestRenewedByLess(t *testing.T) {
	b := baseline(t)
	old, err := b.Contender("b.json")
	if err != nil {
		t.Fatal(err)
	}
	new := repeated("storm", 30, nil)
	new.Against(old, new.Settings, false, compare.Defaults())
	new.Comparison.Renew()
	text := formatted(t, "text", new.Result)
	if new.Class() != Passed || !strings.Contains(text, "NEW lacks 1 run of OLD: burst") || strings.Contains(text, "just what OLD does") {
		t.Errorf("class %v\n%s", new.Class(), text)
	}
}

// TestResultThatContradictsItself is no result, so that nobody is told that it passed.
func TestResultThatContradictsItself(t *testing.T) {
	for name, change := range map[string]func(r *Result){
		"violated": func(r *Result) { r.Runs[0].Violated = map[string]int{"I1": 1} },
		"lost":     func(r *Result) { r.Runs[0].Counts.Lost = 1 },
		"shown":    func(r *Result) { r.Runs[0].Violations = []check.Violation{{Invariant: "I1"}} },
		"verdict":  func(r *Result) { r.Runs[0].Verdict = check.Inconclusive },
	} {
		r := repeated("storm", 5, nil).Result
		if _, err := Decode([]byte(formatted(t, "json", r))); err != nil {
			t.Fatal(err)
		}
		change(&r)
		if _, err := Decode([]byte(formatted(t, "json", r))); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}

// TestChangeInWords: only what was 0 changes from 0.
func TestChangeInWords(t *testing.T) {
	zero, three, five := 0.0, 3.0, 5.0
	for want, r := range map[string]compare.Row{
		"from 0": {Old: &zero, New: &five}, "+66.7 %": {Old: &three, New: &five}, "0 %": {Old: &three, New: &three}, "–": {New: &five},
	} {
		if got := changed(&r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestPlayedWith: figures are told with the settings that they are of, on both sides.
func TestPlayedWith(t *testing.T) {
	old, new := repeated("storm", 30, nil), repeated("storm", 30, more)
	new.Runs[0].Policy = "none"
	want := fmt.Sprintf("core %s, world virtual, store model, policy %s → none, seed 1, clients %d", old.Runs[0].Core, old.Runs[0].Policy, old.Runs[0].Clients)
	c := NewCompared(old, new, compare.Defaults())
	if got := comparedWith(c.Runs); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, format := range []string{"text", "markdown"} {
		if text := formatted(t, format, c); !strings.Contains(strings.Join(strings.Fields(text), " "), "none, seed 1") {
			t.Errorf("%s:\n%s", format, text)
		}
	}
	c.Runs = append(c.Runs, c.Runs[0])
	if c.Runs[1].New.Seed, c.Runs[1].Old.Core = 7, "documented"; !strings.HasSuffix(comparedWith(c.Runs), "; each run its own core, seed") {
		t.Errorf("of several: %q", comparedWith(c.Runs))
	}
}
