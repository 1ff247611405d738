package reports

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/scenarios/check"
	"holdfast/scenarios/explore"
)

// SelfTestSchema names the document of a self-test.
const SelfTestSchema = "simulate.selftest/v1"

// SelfTested is the result of a self-test: what selftest --json prints.
type SelfTested struct {
	Schema  string       `json:"schema"`
	Passed  bool         `json:"passed"`
	Bugs    []PlantedBug `json:"bugs"`
	Sound   []SoundCore  `json:"sound"`
	Elapsed float64      `json:"elapsed_ms"`
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
	Calls     int    `json:"calls"`     // of the shortest schedule found that shows it; 0 in virtual time
}

// SoundCore is a core that nothing may be found against.
type SoundCore struct {
	Core      string `json:"core"`
	Where     string `json:"where"`
	Schedules int    `json:"schedules"`
	Complete  bool   `json:"complete"`
	Accused   string `json:"accused,omitempty"`
}

// NewSelfTested makes the document.
func NewSelfTested(t explore.Tested, elapsedMS float64) SelfTested {
	s := SelfTested{Schema: SelfTestSchema, Passed: len(t.Bugs) > 0 && len(t.Cleared) > 0, Elapsed: elapsedMS}
	for _, c := range t.Bugs {
		args := strings.TrimSpace(c.Bug.Scenario + " " + c.Bounds)
		b := PlantedBug{
			Name: c.Bug.Name, Fault: c.Bug.Fault, Invariant: c.Bug.Invariant, Scenario: c.Bug.Scenario, Caught: c.Caught, Schedules: c.Schedules,
			CaughtBy: fmt.Sprintf("simulate explore %s --core %s --faults %d", args, c.Bug.Name, c.Faults),
		}
		if c.Bug.InTime {
			b.CaughtBy = fmt.Sprintf("simulate run %s --world virtual --core %s --runs %d", args, c.Bug.Name, c.Schedules)
		}
		if w := c.Witness; w != nil {
			b.Calls = w.Calls
			b.CaughtBy = fmt.Sprintf("simulate run %s --core %s --schedule '%s'", args, c.Bug.Name, w.Schedule)
		}
		s.Passed = s.Passed && c.Caught
		s.Bugs = append(s.Bugs, b)
	}
	for _, c := range t.Cleared {
		s.Passed = s.Passed && c.Accused == "" && c.Schedules > 0
		s.Sound = append(s.Sound, SoundCore(c))
	}
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
	wrongly := "none wrongly accused"
	if accused > 0 {
		wrongly = fmt.Sprintf("%d WRONGLY ACCUSED", accused)
	}
	return fmt.Sprintf("selftest: %d of %d planted bugs caught; sound cores: %d schedules and %d seeds, %s",
		caught, len(s.Bugs), schedules, seeds, wrongly)
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
	for _, c := range s.Sound {
		if c.Accused != "" {
			fmt.Fprintln(t.W)
			fmt.Fprintf(t.W, "WRONGLY ACCUSED  %s core in %s\n", c.Core, c.Where)
			for _, line := range Wrap(c.Accused, Width-6) {
				fmt.Fprintf(t.W, "      %s\n", line)
			}
		}
	}
}
