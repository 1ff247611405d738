package reports

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// element is one of a report for CI servers.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (e *element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// allowed is what junit-10.xsd, which the xUnit plugin of Jenkins publishes, allows in an
// element: attributes, with a star those that must be there, and elements.
var allowed = map[string]struct{ attributes, elements string }{
	"testsuites": {"name time tests failures errors", "testsuite"},
	"testsuite":  {"name* tests* failures* errors* group time skipped timestamp hostname id package file log url", "testsuite properties testcase system-out system-err"},
	"testcase":   {"name* time classname group", "skipped error failure system-out system-err"},
	"skipped":    {"type message", ""},
	"error":      {"type message", ""},
	"failure":    {"type message", ""},
}

var surefireTime = regexp.MustCompile(`^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$`)

// asJenkins holds an element, and all in it, against that schema.
func asJenkins(t rapid.TB, e *element) {
	t.Helper()
	rule, known := allowed[e.XMLName.Local]
	if !known {
		t.Fatalf("there is no element %s", e.XMLName.Local)
	}
	for _, a := range e.Attrs {
		if !slices.Contains(strings.Fields(strings.ReplaceAll(rule.attributes, "*", "")), a.Name.Local) {
			t.Errorf("%s has no attribute %s", e.XMLName.Local, a.Name.Local)
		}
		if a.Name.Local == "time" && !surefireTime.MatchString(a.Value) {
			t.Errorf("%s is no time", a.Value)
		}
	}
	for name := range strings.FieldsSeq(rule.attributes) {
		if must, required := strings.CutSuffix(name, "*"); required && !slices.ContainsFunc(e.Attrs, func(a xml.Attr) bool { return a.Name.Local == must }) {
			t.Errorf("%s lacks %s", e.XMLName.Local, must)
		}
	}
	for i := range e.Children {
		c := &e.Children[i]
		if !slices.Contains(strings.Fields(rule.elements), c.XMLName.Local) {
			t.Errorf("%s in %s", c.XMLName.Local, e.XMLName.Local)
		}
		asJenkins(t, c)
	}
}

// junitOf is a document as CI servers read it, held against their schema, with the counts
// that it says.
func junitOf(t rapid.TB, d Document) (root element, text string) {
	t.Helper()
	var b bytes.Buffer
	if err := Formats["junit"](&b, d, false); err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(b.Bytes()) {
		t.Error("it is not UTF-8")
	}
	dec := xml.NewDecoder(bytes.NewReader(b.Bytes()))
	if err := dec.Decode(&root); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if _, err := dec.Token(); err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("behind the end: %v", err)
	}
	asJenkins(t, &root)
	names := map[string]bool{}
	for i := range root.Children {
		counts := map[string]int{}
		s := &root.Children[i]
		for k := range s.Children {
			c := &s.Children[k]
			counts["tests"]++
			id := c.attr("classname") + "\x00" + c.attr("name")
			if names[id] {
				t.Errorf("two cases are called %q", id)
			}
			names[id] = true
			for _, what := range c.Children {
				counts[what.XMLName.Local+"s"]++
			}
		}
		for _, what := range []string{"tests", "failures", "errors"} {
			if n, err := strconv.Atoi(s.attr(what)); err != nil || n != counts[what] {
				t.Errorf("suite %s says %s %s, and has %d", s.attr("name"), s.attr(what), what, counts[what])
			}
		}
	}
	return root, b.String()
}

// cases of it by their outcome.
func endings(root element) map[string][]string {
	all := map[string][]string{}
	for _, s := range root.Children {
		for _, c := range s.Children {
			is := "passed"
			if len(c.Children) > 0 {
				is = c.Children[0].XMLName.Local
			}
			all[is] = append(all[is], c.attr("name"))
		}
	}
	return all
}

// TestJUnitIsGreenIfAllPassed: of every kind of document, and never else. What is not known
// is red, for servers take what is skipped for passed.
func TestJUnitIsGreenIfAllPassed(t *testing.T) {
	all := everyDocument(t)
	for name, e := range examples(t) {
		all["page "+name] = e.Document
	}
	for name, d := range all {
		root, text := junitOf(t, d)
		is := endings(root)
		passed := d.Class() == Passed
		if r, ok := d.(Result); ok {
			passed = passed && len(r.NotReached) == 0
		}
		if green := len(is["failure"])+len(is["error"]) == 0; green != passed {
			t.Errorf("%s: green is %v, passed is %v\n%s", name, green, passed, text)
		}
		if c := d.Class(); (c == Inconclusive || c == Cut || c == Broken) && len(is["error"]) == 0 {
			t.Errorf("%s: nothing says that it is not known\n%s", name, text)
		}
		if len(is["passed"])+len(is["failure"])+len(is["error"]) == 0 {
			t.Errorf("%s: no case\n%s", name, text)
		}
	}
}

// TestJUnitOfRuns: a case for each invariant of each run, thresholds and steps beside them; a
// failure has its story and how to play it again.
func TestJUnitOfRuns(t *testing.T) {
	root, text := junitOf(t, NewResult(Environment{}, passed(), brokenRun(), withMissed()))
	if n := len(root.Children); n == 0 {
		t.Fatal(text)
	}
	is := endings(root)
	invariants := 0
	for _, names := range is {
		for _, name := range names {
			if regexp.MustCompile(` / I\d+ `).MatchString(name) {
				invariants++
			}
		}
	}
	if invariants != 3*12 {
		t.Errorf("%d cases of invariants, want 12 for each of three runs\n%s", invariants, text)
	}
	broken := brokenRun()
	for _, want := range []string{broken.Replay, " / I1 nothing lost", "modification vanished", " / threshold "} {
		if !strings.Contains(text, strings.ReplaceAll(want, "'", "&#39;")) && !strings.Contains(text, want) {
			t.Errorf("it does not say %q\n%s", want, text)
		}
	}
	other := passed()
	other.Policy = "none(retries=3)"
	_, first := junitOf(t, NewResult(Environment{}, passed()))
	if _, second := junitOf(t, NewResult(Environment{}, other)); classname(t, first) == classname(t, second) {
		t.Error("two files with different settings have the same cases, of which a server would show one")
	}
	lacks := NewResult(Environment{}, passed())
	lacks.Lacks([]string{"storm"})
	if root, text := junitOf(t, lacks); !slices.Contains(endings(root)["error"], "storm / run") {
		t.Errorf("what was not run is not red:\n%s", text)
	}
	empty := measure.Measurement{Scenario: "two-users", Verdict: check.OK, Thresholds: []measure.ThresholdResult{{Expression: "attempts.p99<6", Passed: false, NoValue: true}}}
	if root, text := junitOf(t, NewResult(Environment{}, empty)); !slices.Contains(endings(root)["error"], "two-users / threshold attempts.p99<6") {
		t.Errorf("a threshold without samples:\n%s", text)
	}
	cut := passed()
	cut.Interrupted = true
	cut.Thresholds = []measure.ThresholdResult{{Expression: "counts.failed==0", Passed: true}, {Expression: "attempts.p99<6", Value: 7}}
	root, text = junitOf(t, NewResult(Environment{}, cut))
	for _, expression := range []string{"counts.failed==0", "attempts.p99<6"} {
		if name := cut.Scenario + " / threshold " + expression; !slices.Contains(endings(root)["error"], name) {
			t.Errorf("%s is not unknown of a part of a run:\n%s", name, text)
		}
	}
}

// classname is that of the first case.
func classname(t *testing.T, text string) string {
	t.Helper()
	m := regexp.MustCompile(`classname="([^"]*)"`).FindStringSubmatch(text)
	if m == nil {
		t.Fatal(text)
	}
	return m[1]
}

// TestJUnitOfASearchThatEnded: of what was not violated up to there nothing is known, which is
// not green.
func TestJUnitOfASearchThatEnded(t *testing.T) {
	root, text := junitOf(t, inevitably())
	if is := endings(root); len(is["failure"]) != 1 || len(is["skipped"]) != 11 || len(is["passed"]) != 0 {
		t.Errorf("%v", is)
	}
	for _, want := range []string{"schedule: bob alice!reply-lost", "inevitable after move 2 of 2", "replay: simulate run two-users"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q\n%s", want, text)
		}
	}
}

// TestJUnitHoldsAnyText: whatever a name, a summary or an answer of a server is, it is XML that
// CI servers read, and each case has a name of its own.
func TestJUnitHoldsAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"]]>", "<![CDATA[", "\x00\x07\x1b[31m", "\xff\xfe", "\ufffe\uffff", "a&b<c>\"'", "\u202e", "\r\n\t", ""}))
		m := measure.Measurement{
			Scenario: text.Draw(t, "scenario"), Verdict: check.Violated, Violated: map[string]int{"I1": 1}, Replay: text.Draw(t, "replay"),
			Violations: []check.Violation{{Invariant: check.NothingLost, Anomaly: text.Draw(t, "anomaly"), Summary: text.Draw(t, "summary"), Witness: everyAnswer()}},
			Thresholds: []measure.ThresholdResult{{Expression: text.Draw(t, "threshold")}, {Expression: text.Draw(t, "another")}},
			Steps:      []measure.StepResult{{Step: text.Draw(t, "step"), Want: text.Draw(t, "want"), Got: text.Draw(t, "got")}},
		}
		root, written := junitOf(t, NewResult(Environment{}, m, m))
		if is := endings(root); len(is["failure"]) < 2 {
			t.Errorf("%v\n%s", is, written)
		}
	})
}
