package tuning

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gonum.org/v1/gonum/stat"

	"holdfast/archive"
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

// tally counts what the documented alarms are about, as production's metrics do. It is
// written in any order and read as sums and quantiles.
type tally struct {
	mu        sync.Mutex
	services  map[telemetry.Service]*tallied
	durations []float64 // of the back end's updates, ms
}

// tallied are the updates of a service.
type tallied struct{ updates, mismatches, recovered, errors int }

func newTally() *tally { return &tally{services: map[telemetry.Service]*tallied{}} }

// Record implements [telemetry.Sink].
func (t *tally) Record(_ context.Context, u telemetry.Update) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.of(u.Service)
	s.updates++
	if u.MetMismatch() {
		s.mismatches++
		if u.Outcome == archive.Committed {
			s.recovered++
		}
	}
	if u.Outcome == archive.Conflict || u.Outcome == archive.Exhausted {
		s.errors++
	}
	if u.Service == telemetry.Backend {
		t.durations = append(t.durations, ms(u.Elapsed))
	}
}

func (t *tally) of(s telemetry.Service) *tallied {
	if t.services[s] == nil {
		t.services[s] = &tallied{}
	}
	return t.services[s]
}

// alarms that the documented monitoring would raise while the scenario plays.
func alarms(_ *facts, s *subject) *Advice {
	if s.tally == nil {
		return nil
	}
	firing := slices.Concat(s.tally.users(s.pooled().Repetitions), s.tally.backEnds())
	if len(firing) == 0 {
		return nil
	}
	return &Advice{
		Text:       fmt.Sprintf("With the %s policy, alarms would fire each time this happens: %s.", s.name, strings.Join(firing, "; ")),
		Evidence:   s.tally.evidence(),
		Confidence: "counted in the model, as the metrics of production are; limits as documented",
	}
}

func (t *tally) evidence() string {
	var parts []string
	for _, s := range []telemetry.Service{telemetry.Frontend, telemetry.Backend} {
		if n := t.of(s); n.updates > 0 {
			parts = append(parts, fmt.Sprintf("%s updates of the %s, %s met a mismatch, %s of those got through",
				units.Thousands(n.updates), map[telemetry.Service]string{telemetry.Frontend: "users", telemetry.Backend: "back ends"}[s],
				units.Percent(n.mismatched()), units.Percent(n.gotThrough())))
		}
	}
	return strings.Join(parts, "; ")
}

func (n *tallied) mismatched() float64 { return share(n.mismatches, n.updates, 0) }
func (n *tallied) gotThrough() float64 { return share(n.recovered, n.mismatches, 1) }

func share(part, of int, none float64) float64 {
	if of == 0 {
		return none
	}
	return float64(part) / float64(of)
}

// users lists the front end's alarms, for so many repetitions.
func (t *tally) users(repetitions int) []string {
	n := t.of(telemetry.Frontend)
	var all firing
	all.add(n.mismatched() > alarmUserMismatch, "FrontendETagMismatchCount %s (above %s)", units.Percent(n.mismatched()), units.Percent(alarmUserMismatch))
	all.add(n.gotThrough() < alarmUserRecovered, "FrontendRetrySuccessCount %s (below %s)", units.Percent(n.gotThrough()), units.Percent(alarmUserRecovered))
	each := float64(n.errors) / float64(max(repetitions, 1))
	all.add(each > alarmErrorsAnHour, "ConcurrentModificationErrorCount %s (above %d an hour)", units.Number(each), alarmErrorsAnHour)
	return all
}

// backEnds lists the back end's alarms.
func (t *tally) backEnds() []string {
	n := t.of(telemetry.Backend)
	var all firing
	all.add(n.mismatched() > alarmBackendMismatch, "ETagMismatchCount %s (above %s)", units.Percent(n.mismatched()), units.Percent(alarmBackendMismatch))
	all.add(n.gotThrough() < alarmBackendRecovered, "RetrySuccessCount %s (below %s)", units.Percent(n.gotThrough()), units.Percent(alarmBackendRecovered))
	if len(t.durations) > 0 {
		slices.Sort(t.durations)
		const tail = 0.99
		p99 := stat.Quantile(tail, stat.Empirical, t.durations, nil)
		all.add(p99 > ms(alarmDuration), "ArchiveUpdateDuration p99 %s (above %s)", units.Seconds(p99), units.Seconds(ms(alarmDuration)))
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
