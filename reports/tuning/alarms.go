package tuning

import (
	"fmt"
	"strings"

	"holdfast/scenarios"
)

// The limits of the documented alarms.
const (
	alarmUserMismatch     = 0.05 // of user saves
	alarmUserRecovered    = 0.80 // of those that met a mismatch, at least
	alarmBackendMismatch  = 0.10
	alarmBackendRecovered = 0.90
	alarmDurationMS       = 1000 // of the back end's updates, p99
	alarmErrorsAnHour     = 10
)

// alarms that the documented monitoring would raise while the scenario plays.
func alarms(f *facts, s *subject) *Advice {
	r := s.pooled()
	c := r.Counts
	updates := c.Acknowledged + c.Exhausted
	if updates == 0 {
		return nil
	}
	atOnce := 0 // stored already, or by the first write
	for _, n := range r.Attempts.Histogram[:min(2, len(r.Attempts.Histogram))] {
		atOnce += n
	}
	met := updates - atOnce
	mismatch := float64(met) / float64(updates)
	recovered := 1.0
	if met > 0 {
		recovered = float64(c.Acknowledged-atOnce) / float64(met)
	}
	firing := f.firing(s, mismatch, recovered)
	if len(firing) == 0 {
		return nil
	}
	return &Advice{
		Text: fmt.Sprintf("With the %s policy, alarms would fire each time this happens: %s.", s.name, strings.Join(firing, "; ")),
		Evidence: fmt.Sprintf("%s updates, %s met a mismatch, %s of those got through; limits as documented",
			thousands(updates), percent(mismatch), percent(recovered)),
		Confidence: "counted in the model; updates of users and back ends are not told apart",
	}
}

func (f *facts) firing(s *subject, mismatch, recovered float64) []string {
	var all []string
	add := func(fires bool, format string, args ...any) {
		if fires {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	if hasKind(f.scenario, scenarios.User) {
		add(mismatch > alarmUserMismatch, "FrontendETagMismatchCount %s (above %s)", percent(mismatch), percent(alarmUserMismatch))
		add(recovered < alarmUserRecovered, "FrontendRetrySuccessCount %s (below %s)", percent(recovered), percent(alarmUserRecovered))
	}
	if hasKind(f.scenario, scenarios.Backend) {
		add(mismatch > alarmBackendMismatch, "ETagMismatchCount %s (above %s)", percent(mismatch), percent(alarmBackendMismatch))
		add(recovered < alarmBackendRecovered, "RetrySuccessCount %s (below %s)", percent(recovered), percent(alarmBackendRecovered))
		if l := s.pooled().LatencyMS; l != nil {
			add(l.P99 > alarmDurationMS, "ArchiveUpdateDuration p99 %s (above %s)", seconds(l.P99), seconds(alarmDurationMS))
		}
	}
	each := float64(s.pooled().Counts.Exhausted) / float64(max(s.pooled().Repetitions, 1))
	add(each > alarmErrorsAnHour, "ConcurrentModificationErrorCount %s (above %d an hour)", number(each), alarmErrorsAnHour)
	return all
}
