package compare

import (
	"fmt"
	"slices"

	"holdfast/scenarios/measure"
)

// Settings are what a difference must be to count.
type Settings struct {
	// Alpha is the probability, at most, that anything is called worse or better although no
	// figure differs: of all figures together.
	Alpha float64 `json:"alpha"`
	// MinEffect is the smallest part of OLD's mean that is a difference: 0.02 is 2 %.
	MinEffect float64 `json:"min_effect"`
	// WallClock has numbers that depend on the machine count too.
	WallClock bool `json:"wall_clock"`
}

// Defaults are the settings of who states none.
func Defaults() Settings { return Settings{Alpha: 0.01, MinEffect: 0.02} }

// Validate reports what can't be.
func (s Settings) Validate() error {
	switch {
	case !(s.Alpha > 0 && s.Alpha < 0.5):
		return fmt.Errorf("alpha is a probability above 0 and below 0.5, such as 0.01, not %v", s.Alpha)
	case !(s.MinEffect >= 0 && s.MinEffect < 1):
		return fmt.Errorf("the smallest effect is a part of 0 or more and below 100 %%, such as 2%%, not %v", s.MinEffect)
	}
	return nil
}

// Side is one of two results.
type Side struct {
	Program Program
	Runs    []Run
	// Partial: runs of the other side that it lacks were not asked for.
	Partial bool
}

// Run is a run with all its repetitions, if they are known.
type Run struct {
	measure.Measurement
	// Settings are those of [scenarios.Run.Settings]; nil: they are not known.
	Settings map[string]string
}

// Program is what a side's numbers were made with.
type Program struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	CPUs    int    `json:"cpus"` // 0: not known
}

// Verdict is what a row or a pair of runs comes to.
type Verdict string

// The verdicts. What is not known is Unclear, and never Same.
const (
	Same    Verdict = "same"    // equal, or shown to differ by less than the smallest effect
	Better  Verdict = "better"  // significantly, and by the smallest effect or more
	Worse   Verdict = "worse"   // so, or a violation that OLD does not have
	Unclear Verdict = "unclear" // no difference is shown, nor that there is none
)

// Kind says what a row is about, in the order of what can be relied on.
type Kind string

// The kinds.
const (
	Invariant    Kind = "invariant"    // repetitions that violate it, or violations
	Store        Kind = "store"        // findings about the store
	Expectation  Kind = "expectation"  // a threshold, or a step of a timeline
	Count        Kind = "count"        // totals, where the seed fixes them
	Distribution Kind = "distribution" // a value for each repetition of a virtual world
	WallClock    Kind = "wall_clock"   // one of the real world
)

// Row is one figure of a pair of runs.
type Row struct {
	Run    int    `json:"run"` // its place in Runs, from 0
	Kind   Kind   `json:"kind"`
	Metric string `json:"metric"`
	// Old and New are totals or means over the repetitions; null: there is no number.
	Old *float64 `json:"old"`
	New *float64 `json:"new"`
	// Delta is by which part of Old New differs, 0.05 is 5 % more, between DeltaLow and
	// DeltaHigh with a confidence of 1 − alpha. Null: Old is 0, or nothing is known.
	Delta     *float64 `json:"delta"`
	DeltaLow  *float64 `json:"delta_low"`
	DeltaHigh *float64 `json:"delta_high"`
	// P is the p-value, adjusted by Holm over all rows of its family: those that count, or
	// those that are advisory. Unadjusted it is that of ranks or of means, whichever shows more,
	// divided by its share of alpha. Null: nothing was tested.
	P           *float64 `json:"p"`
	PUnadjusted *float64 `json:"p_unadjusted"`
	// Effect is the probability that New's value of a repetition is above Old's, ties counted
	// half (Vargha and Delaney's A); of pairs, the share of those.
	Effect *float64 `json:"effect"`
	// Repetitions that have a value.
	OldSamples int  `json:"old_samples"`
	NewSamples int  `json:"new_samples"`
	Gain       bool `json:"gain"` // more is better
	// Advisory rows decide nothing.
	Advisory bool    `json:"advisory"`
	Verdict  Verdict `json:"verdict"`
	Note     string  `json:"note,omitempty"`

	least   float64 // the smallest p that so many values can have
	byMeans bool    // it is the means that p is of, and not the ranks
}

// Comparison is what OLD and NEW come to.
type Comparison struct {
	Settings
	Runs     []Pair   `json:"runs"`
	Rows     []Row    `json:"rows"`
	Missing  []string `json:"missing"` // runs of OLD that NEW lacks
	Added    []string `json:"added"`   // runs of NEW that OLD lacks
	Warnings []string `json:"warnings"`

	unchecked []string // what OLD was held against and NEW was not
}

// Compare compares two results.
func Compare(old, new Side, s Settings) Comparison {
	c := Comparison{Settings: s, Runs: []Pair{}, Rows: []Row{}, Missing: []string{}, Added: []string{}, Warnings: []string{}}
	matched := match(old.Runs, new.Runs)
	for _, i := range matched.missing {
		if !new.Partial {
			c.Missing = append(c.Missing, label(&old.Runs[i]))
		}
	}
	for _, i := range matched.added {
		c.Added = append(c.Added, label(&new.Runs[i]))
	}
	for _, m := range matched.pairs {
		c.add(&old.Runs[m.old], &new.Runs[m.new])
	}
	c.decide()
	c.warn(old, new)
	return c
}

// add compares two runs.
func (c *Comparison) add(old, new *Run) {
	p := newPair(old, new)
	rows := c.violations(old, new)
	rows = append(rows, findings(old, new)...)
	rows = append(rows, expectations(old, new)...)
	c.unchecked = append(c.unchecked, unchecked(old, new)...)
	rows = append(rows, c.figures(&p, old, new)...)
	for i := range rows {
		rows[i].Run = len(c.Runs)
	}
	c.Runs, c.Rows = append(c.Runs, p), append(c.Rows, rows...)
}

// decide gives the rows that were tested their verdicts, and the pairs theirs.
func (c *Comparison) decide() {
	bound := c.Alpha
	for _, advisory := range []bool{true, false} {
		var family []*Row
		family, bound = c.testable(advisory)
		ps := make([]float64, len(family))
		for i, r := range family {
			ps[i] = *r.PUnadjusted
		}
		for i, p := range holm(ps) {
			family[i].P = &p
			family[i].Verdict = c.verdict(family[i])
		}
	}
	for i := range c.Rows {
		r := &c.Rows[i]
		if r.PUnadjusted != nil && r.P == nil {
			r.PUnadjusted, r.Verdict, r.Note = nil, c.within(r), "so few repetitions differ in it that none of so many figures could be shown to be worse"
		}
		c.Runs[r.Run].take(r)
	}
	for i := range c.Runs {
		if p := &c.Runs[i]; p.least > bound {
			p.Decided = false
		}
	}
}

// testable are the rows of a family in which a difference can be shown at all: their smallest
// possible p is significant, though multiplied by how many of them there are (Tarone 1990).
// The bound is what such a p may be.
func (c *Comparison) testable(advisory bool) (family []*Row, bound float64) {
	for k := 1; ; k++ {
		family, bound = nil, c.Alpha/float64(k)
		for i := range c.Rows {
			if r := &c.Rows[i]; r.PUnadjusted != nil && r.Advisory == advisory && r.least <= bound {
				family = append(family, r)
			}
		}
		if len(family) <= k {
			return family, bound
		}
	}
}

// verdict is that of a row that was tested.
func (c *Comparison) verdict(r *Row) Verdict {
	more := *r.New > *r.Old
	large := r.Delta == nil || max(*r.Delta, -*r.Delta) >= c.MinEffect
	agree := r.byMeans || more == (*r.Effect > 0.5) && *r.Effect != 0.5
	switch {
	case *r.P <= c.Alpha && large && agree && more == r.Gain:
		return Better
	case *r.P <= c.Alpha && large && agree:
		return Worse
	}
	return c.within(r)
}

// within is Same if all that the difference may be is smaller than the smallest effect.
func (c *Comparison) within(r *Row) Verdict {
	if r.DeltaLow != nil && -c.MinEffect < *r.DeltaLow && *r.DeltaHigh < c.MinEffect {
		return Same
	}
	return Unclear
}

// Regressed reports whether anything that counts is worse.
func (c *Comparison) Regressed() bool { return c.any(Worse) }

// Improved reports whether anything that counts is better.
func (c *Comparison) Improved() bool { return c.any(Better) }

func (c *Comparison) any(v Verdict) bool {
	return slices.ContainsFunc(c.Rows, func(r Row) bool { return !r.Advisory && r.Verdict == v })
}

// Undecided reports whether anything that was to be compared could not be: nothing was, a run
// is missing, or too little is known of one.
func (c *Comparison) Undecided() bool {
	return len(c.Runs) == 0 || len(c.Missing) > 0 || slices.ContainsFunc(c.Runs, func(p Pair) bool { return !p.Decided })
}
