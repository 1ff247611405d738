package reports

import (
	"fmt"
	"strings"

	"holdfast/reports/page"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/units"
)

// advice is what to do about a run, the most important first; store is what requests were sent
// to, nil if none were.
func advice(m *measure.Measurement, store *measure.Settings) []page.Advice {
	var all []page.Advice
	say := func(text, command string) { all = append(all, page.Advice{Text: text, Command: command}) }
	if m.Failure != "" {
		say("Mend what ended the run: "+m.Failure, "")
	}
	switch {
	case m.Verdict == check.Violated:
		say("Do not release this core. Read how the first violation came about, below: who wrote, on which version, and what it lacked.", "")
		say(replaying(m, "Play it again"), m.Replay)
		if m.World == scenarios.RealWorld && m.Replay != "" && !strings.Contains(m.Replay, " --store ") {
			say("If it does not show again, let a virtual world try many schedules; what it finds can be played again to the byte.", m.Replay+" --world virtual --runs 1000")
		}
		return all
	case m.Verdict == check.StoreAtFault:
		say("Do not judge the core by this run: the store broke its word. Find out what else it does, and give its authors what is found.", doctorOf(m, store))
	case m.Verdict == check.Inconclusive:
		for _, reason := range m.Reasons {
			say(toConclude(reason), "")
		}
	case m.Interrupted:
		say("Let it run to its end: what it has shown holds up to where it was interrupted.", "")
	}
	for _, t := range missed(m) {
		say("Not as expected: "+t+".", "")
	}
	if n := m.Counts.GivenUp(); n > 0 {
		say(fmt.Sprintf("%s %s, of %s. Search for a retry policy under which fewer do.", many(n, "operation"), gaveUpWords(&m.Counts), units.Thousands(m.Counts.Operations)), "simulate tune "+asked(m))
	}
	if firing, unknown := alarmsOf(m); firing > 0 {
		say(fmt.Sprintf("%d of the %d alarms that are documented for production would fire%s: see Alarms.", firing, len(m.Alarms), notKnown(unknown)), "")
	}
	if m.Replay != "" {
		say(replaying(m, "Play it again"), m.Replay)
	}
	return all
}

// alarmsOf are how many of the alarms would fire, and of how many nobody knows.
func alarmsOf(m *measure.Measurement) (firing, unknown int) {
	for _, a := range m.Alarms {
		switch {
		case a.Samples == 0:
			unknown++
		case a.Fires:
			firing++
		}
	}
	return firing, unknown
}

func notKnown(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d unknown)", n)
}

// asked is what the scenario of a run was asked for as, its name or its file, as a shell reads
// it.
func asked(m *measure.Measurement) string {
	rest, ok := strings.CutPrefix(m.Replay, "simulate run ")
	if !ok {
		return m.Scenario
	}
	end := " "
	if strings.HasPrefix(rest, "'") {
		end = "' "
	}
	word, _, found := strings.Cut(rest, end)
	if found {
		word += strings.TrimSpace(end)
	}
	return word
}

// replaying says what playing it again shows.
func replaying(m *measure.Measurement, text string) string {
	if m.World == scenarios.RealWorld {
		return text + "; in the real world the schedule varies from run to run."
	}
	return text + ": in a virtual world the same happens again, to the byte."
}

// doctorOf is the command that examines the store of a run; empty: it was a virtual one, or the
// embedded one.
func doctorOf(m *measure.Measurement, store *measure.Settings) string {
	if m.World != scenarios.RealWorld || !strings.Contains(m.Store, "://") {
		return ""
	}
	command := "simulate doctor --store " + m.Store
	if store != nil && store.Endpoint != "" {
		command += " --endpoint " + store.Endpoint
	}
	return command
}

// toConclude says what would take a reason for doubt away.
func toConclude(reason string) string {
	do := "Take that away and play it again."
	for _, known := range []struct{ part, do string }{
		{"too little contention", "Play it with more clients (--clients), for longer (--duration), or more often (--runs)."},
		{"struck nobody", "Let the fault befall a call that is made: a lower nth=, or another call=."},
		{"no operation was run", "Play more operations (--operations, --duration)."},
		{"no operation was acknowledged", "Find out below why none was: the store's errors, or retries that were too few."},
		{"have no end", "Let it run to its end."},
		{"the history has no end", "Let it run to its end."},
		{"is met in the", "Play it again and keep the whole history, or judge the run's own result."},
	} {
		if strings.Contains(reason, known.part) {
			do = known.do
			break
		}
	}
	return "Nothing was proved: " + reason + ". " + do
}
