package measure

import (
	"time"

	"holdfast/archive"
	"holdfast/archive/telemetry"
	"holdfast/scenarios/history"
)

// Alarm is one that is documented for production, held against the run: as if the run's time
// had been production's.
type Alarm = telemetry.Alarm

// serviceOf is in whose metrics an operation would be in production. One that a batch stores is
// in nobody's, as its batch is.
func serviceOf(e *history.Event) telemetry.Service {
	switch {
	case e.Do == history.DoBatch:
		return telemetry.Backend
	case e.Through != "":
		return ""
	}
	return telemetry.ServiceOf(e.Do)
}

// watched shows the alarms an operation that has ended. Who has died reports nothing, and what
// is refused for its input, before the store is called, never begins for an observer.
func (c *Collector) watched(op *openOperation, e *history.Event) {
	refused := e.Outcome == history.Failed && !op.called
	if op.service == "" || refused || e.Outcome == history.Crashed {
		return
	}
	c.watch.Add(telemetry.Update{
		Service: op.service, Outcome: archive.Outcome(e.Outcome), WriteConflicts: op.refused, Elapsed: time.Duration(e.At - op.begun),
	})
}

// Watch is what was seen of the updates that have ended, as production's metrics count them. It is
// the collector's own, and not to be changed.
func (c *Collector) Watch() *telemetry.Watch { return &c.watch }
