package reports

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdfast/reports/compare"
)

// CompareSchema names the document of a comparison.
const CompareSchema = "simulate.compare/v1"

// Compared is what compare --json prints.
type Compared struct {
	Schema string   `json:"schema"`
	Passed bool     `json:"passed"`
	Old    Opponent `json:"old"`
	New    Opponent `json:"new"`
	compare.Comparison
	// Renewed: NEW is the baseline from now on, so that what differs is meant.
	Renewed bool `json:"renewed,omitempty"`
}

// Opponent is one side of a comparison.
type Opponent struct {
	Source string `json:"source"` // as the user named it
	compare.Program
	// Outcome is what it comes to by itself, apart from the other.
	Outcome Outcome `json:"outcome"`
	// NotReached are the scenarios that were asked for and have no run.
	NotReached []string `json:"not_reached,omitempty"`
}

// Outcome is a [Class] as documents have it.
type Outcome string

var outcomes = []Outcome{
	Passed: "passed", Regressed: "regressed", Missed: "missed", Inconclusive: "inconclusive", Cut: "interrupted", Broken: "broken",
	StoreAtFault: "store_at_fault", Violated: "violated",
}

// class is that of an outcome; of one that nobody knows, Inconclusive.
func (o Outcome) class() Class {
	if i := slices.Index(outcomes, o); i >= 0 {
		return Class(i)
	}
	return Inconclusive
}

// NewCompared compares two results.
func NewCompared(old, new Contender, s compare.Settings) Compared {
	c := Compared{
		Schema: CompareSchema, Old: old.opponent(), New: new.opponent(),
		Comparison: compare.Compare(old.side(), new.side(), s),
	}
	if doubt := c.Old.doubt(); doubt != "" {
		c.Warnings = append(c.Warnings, doubt)
	}
	c.Passed = c.Class() == Passed
	return c
}

// doubt says why an OLD is no good measure; empty: it is one.
func (o *Opponent) doubt() string {
	switch o.Outcome.class() {
	case Violated:
		return "OLD violates an invariant: what it saved by that, no sound program can"
	case StoreAtFault:
		return "OLD was played on a store that broke its promise: its figures are that store's"
	case Inconclusive, Cut, Broken:
		return "OLD is " + strings.ReplaceAll(string(o.Outcome), "_", " ") + " by itself: what it did not come to can't be compared"
	case Passed, Regressed, Missed:
	}
	return ""
}

// sound implements [sound]: rows are of a run, and what is worse has not passed.
func (c Compared) sound() error {
	for i := range c.Rows {
		r := &c.Rows[i]
		if r.Run < 0 || r.Run >= len(c.Runs) {
			return fmt.Errorf("row %d is of no run", i+1)
		}
		if !slices.Contains([]compare.Verdict{compare.Same, compare.Better, compare.Worse, compare.Unclear}, r.Verdict) {
			return fmt.Errorf("there is no verdict %q", r.Verdict)
		}
	}
	if c.Passed && c.Class() != Passed {
		return errors.New("it has passed, but not by what it holds")
	}
	return nil
}

// Renew makes NEW the baseline.
func (c *Compared) Renew() {
	c.Renewed = true
	c.Passed = c.Class() == Passed
}

// Class implements [Document]. That NEW is no worse than OLD is no reason to trust it: what it
// comes to by itself counts too. Of a NEW that was cut short too little is known.
func (c Compared) Class() Class {
	worst := c.New.Outcome.class()
	if worst == Cut || worst == Broken {
		worst = Inconclusive
	}
	if c.Renewed {
		return worst
	}
	if c.Undecided() || len(c.New.NotReached) > 0 {
		worst = max(worst, Inconclusive)
	}
	if c.Regressed() {
		worst = max(worst, Regressed)
	}
	return worst
}
