package reports

import (
	"fmt"
	"time"

	"holdfast/scenarios"
)

// Library lists scenarios with what each shows.
func (t Text) Library(all []*scenarios.Scenario) {
	for _, s := range all {
		clients := Plural(s.Clients(), "client")
		if s.Duration > 0 {
			clients += ", for " + time.Duration(s.Duration).String()
		}
		fmt.Fprintf(t.W, "%s (%s)\n", s.Name, clients)
		for _, line := range Wrap(s.Shows, Width-4) {
			fmt.Fprintf(t.W, "    %s\n", line)
		}
	}
}
