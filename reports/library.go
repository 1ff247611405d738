package reports

import (
	"fmt"
	"time"

	"holdfast/scenarios"
)

// ListSchema names the document of the built-in scenarios.
const ListSchema = "simulate.list/v1"

// Library is the scenarios that are built in, in the order in which they are listed: from
// the simplest to the heaviest.
type Library struct {
	Schema    string   `json:"schema"`
	Scenarios []Listed `json:"scenarios"`
}

// Listed is a scenario as its file says.
type Listed struct {
	Name    string `json:"name"`
	Shows   string `json:"shows"`
	Why     string `json:"why"`
	Clients int    `json:"clients"`
	// Operations are those that one repetition begins, without those that follow a
	// conflict; 0: it ends by the clock, after DurationMS.
	Operations int     `json:"operations"`
	DurationMS float64 `json:"duration_ms"`
	Via        string  `json:"via"` // how clients reach the archive
}

// NewLibrary describes scenarios.
func NewLibrary(all []*scenarios.Scenario) Library {
	l := Library{Schema: ListSchema, Scenarios: []Listed{}}
	for _, s := range all {
		via := s.Via
		if via == "" {
			via = scenarios.ViaCore
		}
		l.Scenarios = append(l.Scenarios, Listed{
			Name: s.Name, Shows: s.Shows, Why: s.Why, Clients: s.Clients(), Operations: s.Operations(),
			DurationMS: float64(time.Duration(s.Duration)) / float64(time.Millisecond), Via: string(via),
		})
	}
	return l
}

// Class says that nothing speaks against it.
func (l Library) Class() Class { return Passed }

// Brief writes the names.
func (l Library) Brief(t Text) {
	for _, s := range l.Scenarios {
		fmt.Fprintln(t.W, s.Name)
	}
}

// Text lists the scenarios with what each shows.
func (l Library) Text(t Text) {
	for _, s := range l.Scenarios {
		clients := Plural(s.Clients, "client")
		if s.DurationMS > 0 {
			clients += ", for " + time.Duration(s.DurationMS*float64(time.Millisecond)).String()
		}
		fmt.Fprintf(t.W, "%s (%s)\n", s.Name, clients)
		for _, line := range Wrap(s.Shows, Width-4) {
			fmt.Fprintf(t.W, "    %s\n", line)
		}
	}
}
