package reports

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/archive/storefault"
	"holdfast/scenarios/check"
	"holdfast/scenarios/explore"
)

// SelfTestSchema names the document of a self-test.
const SelfTestSchema = "simulate.selftest/v1"

// SelfTested is the result of a self-test: what selftest --json prints.
type SelfTested struct {
	Schema  string         `json:"schema"`
	Passed  bool           `json:"passed"`
	Bugs    []PlantedBug   `json:"bugs"`
	Sound   []SoundCore    `json:"sound"`
	Stores  []PlantedStore `json:"stores"`
	Elapsed float64        `json:"elapsed_ms"`
	// Directory is where it is kept; empty: nowhere.
	Directory string `json:"-"`
}

// PlantedBug is a bug and how it was caught.
type PlantedBug struct {
	Name      string `json:"name"`
	Fault     string `json:"fault"` // what is wrong with it
	Invariant string `json:"invariant"`
	Scenario  string `json:"scenario"`
	Caught    bool   `json:"caught"`
	CaughtBy  string `json:"caught_by"` // the command that plays the schedule; of a bug that got away, the search
	Schedules int    `json:"schedules"` // played until it was caught, or repetitions in virtual time
	// Accused is what the store, which keeps its word, was wrongly accused of.
	Accused string `json:"accused,omitempty"`
	Calls   int    `json:"calls"` // of the shortest schedule found that shows it; 0 in virtual time
}

// SoundCore is a core that nothing may be found against.
type SoundCore struct {
	Core      string `json:"core"`
	Where     string `json:"where"`
	Schedules int    `json:"schedules"`
	Complete  bool   `json:"complete"`
	Accused   string `json:"accused,omitempty"`
}

// PlantedStore is a store that breaks a promise, and whether that was found, and was not taken
// for the core's fault.
type PlantedStore struct {
	Name     string          `json:"name"`
	Fault    string          `json:"fault"` // what it does
	Kind     storefault.Kind `json:"kind"`
	Scenario string          `json:"scenario"`
	Found    bool            `json:"found"`
	Seeds    int             `json:"seeds"`  // played until it was found, or in vain
	Played   int             `json:"played"` // in all of which the core was not to be accused
	Blamed   string          `json:"blamed,omitempty"`
}

// NewSelfTested makes the document.
func NewSelfTested(t explore.Tested, elapsedMS float64) SelfTested {
	s := SelfTested{Schema: SelfTestSchema, Passed: len(t.Bugs) > 0 && len(t.Cleared) > 0 && len(t.Stores) > 0, Elapsed: elapsedMS}
	for _, c := range t.Bugs {
		args := strings.TrimSpace(c.Bug.Scenario + " " + c.Bounds)
		b := PlantedBug{
			Name: c.Bug.Name, Fault: c.Bug.Fault, Invariant: c.Bug.Invariant, Scenario: c.Bug.Scenario, Caught: c.Caught, Schedules: c.Schedules, Accused: c.Accused,
			CaughtBy: fmt.Sprintf("simulate explore %s --core %s --faults %d", args, c.Bug.Name, c.Faults),
		}
		if c.Bug.InTime {
			b.CaughtBy = fmt.Sprintf("simulate run %s --world virtual --core %s --runs %d", args, c.Bug.Name, c.Schedules)
		}
		if w := c.Witness; w != nil {
			b.Calls = w.Calls
			b.CaughtBy = fmt.Sprintf("simulate run %s --core %s --schedule '%s'", args, c.Bug.Name, w.Schedule)
		}
		s.Passed = s.Passed && c.Caught && c.Accused == ""
		s.Bugs = append(s.Bugs, b)
	}
	for _, c := range t.Cleared {
		s.Passed = s.Passed && c.Accused == "" && c.Schedules > 0
		s.Sound = append(s.Sound, SoundCore(c))
	}
	for _, d := range t.Stores {
		p := PlantedStore{
			Name: d.Store.Name, Fault: d.Store.Fault, Kind: d.Store.Kind, Scenario: d.Store.Scenario,
			Found: d.Found > 0, Seeds: cmp.Or(d.Found, d.Played), Played: d.Played, Blamed: d.Blamed,
		}
		s.Passed = s.Passed && p.Found && p.Blamed == ""
		s.Stores = append(s.Stores, p)
	}
	return s
}

// In says where it is kept.
func (s SelfTested) In(dir string) Document {
	s.Directory = dir
	return s
}

// Class implements [Document].
func (s SelfTested) Class() Class {
	if s.Passed {
		return Passed
	}
	return Violated
}

func (s *SelfTested) word() string { return verdictWord(check.OK, false, s.Passed) }

// Brief implements [Document].
func (s SelfTested) Brief(t Text) { t.brief(s.word(), s.line()) }

// line says in a line what was shown.
func (s *SelfTested) line() string {
	caught := 0
	for _, b := range s.Bugs {
		if b.Caught {
			caught++
		}
	}
	schedules, seeds, accused := 0, 0, 0
	for _, c := range s.Sound {
		if strings.HasPrefix(c.Where, "explore ") {
			schedules += c.Schedules
		} else {
			seeds += c.Schedules
		}
		if c.Accused != "" {
			accused++
		}
	}
	for _, b := range s.Bugs {
		if b.Accused != "" {
			accused++
		}
	}
	found := 0
	for _, p := range s.Stores {
		if p.Found {
			found++
		}
		if p.Blamed != "" {
			accused++
		}
	}
	wrongly := "none wrongly accused"
	if accused > 0 {
		wrongly = fmt.Sprintf("%d WRONGLY ACCUSED", accused)
	}
	return fmt.Sprintf("selftest: %d of %d planted bugs caught, %d of %d planted stores found; sound cores: %d schedules and %d seeds, %s",
		caught, len(s.Bugs), found, len(s.Stores), schedules, seeds, wrongly)
}

// Text implements [Document].
func (s SelfTested) Text(t Text) {
	t.head(s.word(), s.line())
	fmt.Fprintln(t.W)
	w := NewTable(table.Row{"planted bug", "caught by", "schedules", "calls", "scenario"}, 3, 4)
	for _, b := range s.Bugs {
		by, calls := b.Invariant, fmt.Sprint(b.Calls)
		if b.Calls == 0 {
			calls = "–"
		}
		if !b.Caught {
			by = "NOT by " + b.Invariant
		}
		w.AppendRow(table.Row{b.Name, by, b.Schedules, calls, b.Scenario})
	}
	t.Table(w)
	fmt.Fprintln(t.W)
	t.plantedStores(s.Stores)
	for _, c := range s.Sound {
		t.accused(c.Core+" core in "+c.Where, c.Accused)
	}
	for _, b := range s.Bugs {
		t.accused("the store, with "+b.Name+" in "+b.Scenario, b.Accused)
	}
	for _, p := range s.Stores {
		t.accused("production core on the store "+p.Name+" in "+p.Scenario, p.Blamed)
	}
	if s.Directory != "" {
		fmt.Fprintln(t.W)
		t.kept(s.Directory)
	}
}

func (t Text) plantedStores(all []PlantedStore) {
	w := NewTable(table.Row{"planted store", "found as", "seeds", "scenario"}, 3)
	for _, p := range all {
		as := string(p.Kind)
		if !p.Found {
			as = "NOT as " + as
		}
		w.AppendRow(table.Row{p.Name, as, p.Seeds, p.Scenario})
	}
	t.Table(w)
}

// accused tells of a wrong accusation, if it is one.
func (t Text) accused(who, what string) {
	if what == "" {
		return
	}
	fmt.Fprintln(t.W)
	fmt.Fprintf(t.W, "WRONGLY ACCUSED  %s\n", who)
	for _, line := range Wrap(what, Width-6) {
		fmt.Fprintf(t.W, "      %s\n", line)
	}
}
