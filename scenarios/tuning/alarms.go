package tuning

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/archive/telemetry"
	"holdfast/scenarios/units"
)

// The limits of the documented alarms.
const (
	alarmUserMismatch     = 0.05 // of user saves
	alarmUserRecovered    = 0.80 // of those that met a mismatch, at least
	alarmBackendMismatch  = 0.10
	alarmBackendRecovered = 0.90
	alarmDuration         = time.Second // of the back end's updates, p99
	alarmErrorsAnHour     = 10
)

// alarms that the documented monitoring would raise while the scenario plays.
func alarms(_ *facts, s *subject) *Advice {
	seen := s.numbers.Watch()
	firing := slices.Concat(users(seen, s.pooled().Repetitions), backEnds(seen))
	if len(firing) == 0 {
		return nil
	}
	return &Advice{
		Text:       fmt.Sprintf("With the %s policy, alarms would fire each time this happens: %s.", s.name, strings.Join(firing, "; ")),
		Evidence:   evidence(seen),
		Confidence: "counted in the model, as the metrics of production are; limits as documented",
	}
}

// evidence says how many updates met a mismatch, and how many of those got through.
func evidence(w *telemetry.Watch) string {
	var parts []string
	for _, s := range []telemetry.Service{telemetry.Frontend, telemetry.Backend} {
		if n := w.Seen(s); n.Ended > 0 {
			parts = append(parts, fmt.Sprintf("%s updates of the %s, %s met a mismatch, %s of those got through",
				units.Thousands(n.Ended), map[telemetry.Service]string{telemetry.Frontend: "users", telemetry.Backend: "back ends"}[s],
				units.Percent(mismatched(n)), units.Percent(gotThrough(n))))
		}
	}
	return strings.Join(parts, "; ")
}

func mismatched(n telemetry.Seen) float64 { return share(n.Mismatches, n.Ended, 0) }
func gotThrough(n telemetry.Seen) float64 { return share(n.Recovered, n.Mismatches, 1) }

func share(part, of int, none float64) float64 {
	if of == 0 {
		return none
	}
	return float64(part) / float64(of)
}

// users lists the front end's alarms, for so many repetitions.
func users(w *telemetry.Watch, repetitions int) []string {
	n := w.Seen(telemetry.Frontend)
	var all firing
	all.add(mismatched(n) > alarmUserMismatch, "FrontendETagMismatchCount %s (above %s)", units.Percent(mismatched(n)), units.Percent(alarmUserMismatch))
	all.add(gotThrough(n) < alarmUserRecovered, "FrontendRetrySuccessCount %s (below %s)", units.Percent(gotThrough(n)), units.Percent(alarmUserRecovered))
	each := float64(n.Errors) / float64(max(repetitions, 1))
	all.add(each > alarmErrorsAnHour, "ConcurrentModificationErrorCount %s (above %d an hour)", units.Number(each), alarmErrorsAnHour)
	return all
}

// backEnds lists the back end's alarms.
func backEnds(w *telemetry.Watch) []string {
	n := w.Seen(telemetry.Backend)
	var all firing
	all.add(mismatched(n) > alarmBackendMismatch, "ETagMismatchCount %s (above %s)", units.Percent(mismatched(n)), units.Percent(alarmBackendMismatch))
	all.add(gotThrough(n) < alarmBackendRecovered, "RetrySuccessCount %s (below %s)", units.Percent(gotThrough(n)), units.Percent(alarmBackendRecovered))
	if p99, ended := w.P99(); ended {
		all.add(p99 > alarmDuration, "ArchiveUpdateDuration p99 %s (above %s)", units.Seconds(ms(p99)), units.Seconds(ms(alarmDuration)))
	}
	return all
}

// firing are the alarms that fire.
type firing []string

func (f *firing) add(fires bool, format string, args ...any) {
	if fires {
		*f = append(*f, fmt.Sprintf(format, args...))
	}
}
