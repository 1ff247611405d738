package compare

import (
	"holdfast/scenarios"
	"holdfast/scenarios/measure"
)

// Method is how the numbers of two runs are compared.
type Method string

// The methods.
const (
	Paired   Method = "paired"   // virtual, same seed: repetition by repetition
	Unpaired Method = "unpaired" // two samples of repetitions
	Totals   Method = "totals"   // of one, or both, there is no value for each repetition
	Nothing  Method = "nothing"  // their numbers have nothing to do with each other
)

// Pair is a run of OLD and the one of NEW that is held against it.
type Pair struct {
	Scenario string `json:"scenario"`
	Via      string `json:"via"`
	Layout   string `json:"layout,omitempty"`
	Old      Played `json:"old"`
	New      Played `json:"new"`
	Method   Method `json:"method"`
	// Compared repetitions, and of those, if the seed fixes them, how many went otherwise, and
	// which is the first.
	Compared  int `json:"compared"`
	Differing int `json:"differing"`
	First     int `json:"first,omitempty"`
	// ReplayOld and ReplayNew play the first that differs; empty: none does.
	ReplayOld string `json:"replay_old,omitempty"`
	ReplayNew string `json:"replay_new,omitempty"`
	// Decided: what counts could be compared, exactly or with enough repetitions to show a
	// difference.
	Decided bool    `json:"decided"`
	Verdict Verdict `json:"verdict"`
	// Changed are the settings that differ, but for those that are compared: core and policy.
	Changed []string `json:"changed,omitempty"`

	least float64 // the smallest p that its figures can have; 0: they need none
}

// Played says what a run was.
type Played struct {
	Core        string `json:"core"`
	World       string `json:"world"`
	Store       string `json:"store"`
	Policy      string `json:"policy"`
	Seed        uint64 `json:"seed"`
	Clients     int    `json:"clients"`
	Repetitions int    `json:"repetitions"`
	Verdict     string `json:"verdict"`
}

func played(m *Run) Played {
	return Played{m.Core, m.World, m.Store, m.Policy, m.Seed, m.Clients, m.Repetitions, string(m.Verdict)}
}

// Name is that of the pair's runs.
func (p *Pair) Name() string {
	return label(&Run{Measurement: measure.Measurement{Scenario: p.Scenario, Via: p.Via, Layout: p.Layout}})
}

// Exact reports whether the seed fixes all that is compared.
func (p *Pair) Exact() bool {
	return p.Old.World == scenarios.VirtualWorld && p.New.World == scenarios.VirtualWorld && p.Old.Seed == p.New.Seed
}

func newPair(old, new *Run) Pair {
	p := Pair{
		Scenario: new.Scenario, Via: way(new), Layout: new.Layout, Old: played(old), New: played(new),
		Method: Unpaired, Decided: true, Verdict: Same,
	}
	p.Changed = p.changed(old.Settings, new.Settings)
	switch {
	case old.World != new.World: // one has a clock of its own
		p.Method = Nothing
	case len(old.Each) == 0 || len(new.Each) == 0:
		p.Method = Totals
	case p.Exact():
		p.Method = Paired
	}
	return p
}

// take adds a row to the pair's verdict: the worst of those that count.
func (p *Pair) take(r *Row) {
	if r.Advisory || r.Kind == Count {
		return
	}
	order := map[Verdict]int{Same: 0, Better: 1, Unclear: 2, Worse: 3}
	if order[r.Verdict] > order[p.Verdict] {
		p.Verdict = r.Verdict
	}
}
