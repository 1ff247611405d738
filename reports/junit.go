package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

// Case is one thing that a document says of something, as a CI server lists it.
type Case struct {
	Suite string // what it is about: a scenario, a sweep
	// Setting is in what it was played. Of cases of one name, in one setting, a server shows
	// one, also if they are in several files.
	Setting string
	Name    string
	Is      Ending
	// Message says in a line why it did not pass, and Detail the rest: the story, and the
	// command that plays it again.
	Message, Detail string
	Seconds         float64 // that it took; 0: not known, or it is a part of something
}

// Ending is how a case ends.
type Ending string

// The endings.
const (
	Succeeded Ending = "passed"
	Failed    Ending = "failure"
	Unknown   Ending = "error" // nothing was proved: servers take what is skipped for passed, and an error for red
	// NotPlayed is what the document does not count on, and proves nothing.
	NotPlayed Ending = "skipped"
)

// endingOf is what a document of a class comes to.
func endingOf(c Class) Ending {
	switch c {
	case Passed:
		return Succeeded
	case Violated, StoreAtFault, Missed, Regressed:
		return Failed
	}
	return Unknown
}

// cased is a document that says more than its verdict.
type cased interface{ Cases() []Case }

// writeJUnit writes a document as CI servers read test results: Jenkins, GitLab, and actions
// on GitHub. It is red if the document has not passed.
func writeJUnit(w io.Writer, d Document, _ bool) error {
	cases, err := casesOf(d)
	if err != nil {
		return err
	}
	all := suites(cases)
	all.Skipped = 0 // which the schema of Jenkins has for suites only
	if _, err := io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"); err != nil {
		return err
	}
	return all.WriteXML(w)
}

// casesOf are all that a document says, its verdict among them unless they say it.
func casesOf(d Document) ([]Case, error) {
	var cases []Case
	if c, ok := d.(cased); ok {
		if err := guarded(func() error { cases = c.Cases(); return nil }); err != nil {
			return nil, err
		}
	}
	red := false
	for _, c := range cases {
		red = red || c.Is == Failed || c.Is == Unknown
	}
	if len(cases) == 0 || !red && d.Class() != Passed {
		cases = append(cases, verdictCase(d, cases))
	}
	return cases, nil
}

// verdictCase is the verdict of a document as a case.
func verdictCase(d Document, beside []Case) Case {
	suite := strings.TrimPrefix(kindOf(d), "a ")
	if len(beside) > 0 {
		suite = beside[0].Suite
	}
	var verdict strings.Builder
	d.Brief(Text{W: &verdict})
	said := strings.Join(strings.Fields(verdict.String()), " ")
	return Case{Suite: suite, Name: suite + " / verdict", Is: endingOf(d.Class()), Message: said, Detail: said}
}

// suites groups cases by what they are about, in the order in which that comes first. Of two
// cases with one name a server shows one, so that the second gets another.
func suites(cases []Case) junit.Testsuites {
	var order []string
	of := map[string]*junit.Testsuite{}
	names, took := map[string]int{}, map[string]float64{}
	for _, c := range cases {
		suite := valid(c.Suite)
		s := of[suite]
		if s == nil {
			s = &junit.Testsuite{Name: suite, ID: len(order)}
			of[suite], order = s, append(order, suite)
		}
		s.AddTestcase(testcase(c, suite, names))
		took[suite] += c.Seconds
		s.Time = seconds(took[suite])
	}
	var all junit.Testsuites
	for _, name := range order {
		all.AddSuite(*of[name])
	}
	return all
}

func testcase(c Case, suite string, names map[string]int) junit.Testcase {
	t := junit.Testcase{Classname: suite, Name: valid(c.Name), Time: seconds(c.Seconds)}
	if c.Setting != "" {
		t.Classname = valid(suite + ": " + c.Setting)
	}
	id := t.Classname + "\x00" + t.Name
	if names[id]++; names[id] > 1 {
		t.Name = fmt.Sprintf("%s (%d)", t.Name, names[id])
	}
	r := &junit.Result{Message: valid(c.Message), Type: string(c.Is), Data: valid(c.Detail)}
	switch c.Is {
	case Failed:
		t.Failure = r
	case Unknown:
		t.Error = r
	case NotPlayed:
		t.Skipped = r
	}
	return t
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// valid is a text without what XML can't hold, not even escaped. Of what it can hold the
// encoder takes care.
func valid(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0xD7FF, r >= 0xE000 && r <= 0xFFFD, r >= 0x10000:
			return r
		}
		return '\uFFFD'
	}, text)
}
