package telemetry

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Alarm is one that is documented for production, held against what was seen.
type Alarm struct {
	Metric    string `json:"metric"`    // in CloudWatch, or a quotient of two
	Means     string `json:"means"`     // what it watches, in a few words
	Threshold string `json:"threshold"` // in the unit of Value
	// Value is what it came to, of so many Samples: what it is a share or a quantile of, or
	// what was counted. Without any it has no value: Value is 0 and means nothing, and that it
	// does not fire does not mean that all is well. Note then says what is missing.
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Samples int     `json:"samples"`
	Fires   bool    `json:"fires"`
	Note    string  `json:"note,omitempty"`
}

// Watch adds up what the documented alarms look at. Its zero value has seen nothing. It is not
// safe for concurrent use. It is a plain value, so that what was seen elsewhere can be merged.
type Watch struct {
	Front, Back Seen
	Durations   []uint32 // of the back end's updates, in microseconds and in no certain order
}

// Seen are the updates of a service that have ended: all of them, those that met another version
// than they were built on, those of these that were committed, and those that were left to their
// caller to do again.
type Seen struct{ Ended, Mismatches, Recovered, Errors int }

func (s *Seen) add(o Seen) {
	s.Ended += o.Ended
	s.Mismatches += o.Mismatches
	s.Recovered += o.Recovered
	s.Errors += o.Errors
}

// Add takes an update that has ended, as it counts in the metrics.
func (w *Watch) Add(u Update) {
	counts := Seen{int(one(u)), int(metMismatch(u)), int(retrySuccess(u)), int(concurrentModification(u))}
	switch u.Service {
	case Frontend:
		w.Front.add(counts)
	case Backend:
		w.Back.add(counts)
		const most = math.MaxUint32 // more than an hour
		w.Durations = append(w.Durations, uint32(min(u.Elapsed.Microseconds(), most)))
	}
}

// Merge adds what another has seen.
func (w *Watch) Merge(o *Watch) {
	w.Front.add(o.Front)
	w.Back.add(o.Back)
	w.Durations = append(w.Durations, o.Durations...)
}

// Seen is what was seen of a service.
func (w *Watch) Seen(s Service) Seen {
	switch s {
	case Frontend:
		return w.Front
	case Backend:
		return w.Back
	}
	return Seen{}
}

// P99 of what the back end's updates took, by nearest rank; false: there were none.
func (w *Watch) P99() (took time.Duration, seen bool) {
	n := len(w.Durations)
	if n == 0 {
		return 0, false
	}
	sorted := slices.Clone(w.Durations)
	slices.Sort(sorted)
	return time.Duration(sorted[(99*n+99)/100-1]) * time.Microsecond, true
}

// Reset forgets what was seen.
func (w *Watch) Reset() { *w = Watch{Durations: w.Durations[:0]} }

// The thresholds of the alarms.
const (
	mostMismatches     = 5.0  // % of saves
	leastRecovered     = 80.0 // % of mismatches of saves
	mostErrors         = 10   // in an hour
	mostBackMismatches = 10.0 // % of updates
	leastBackRecovered = 90.0 // % of mismatches of updates
	mostDuration       = 1000 // ms
)

// Alarms holds what was seen in the course of some time against the alarms that are documented
// for production, in the order in which they are documented. A quantile is by nearest rank.
func (w *Watch) Alarms(in time.Duration) []Alarm {
	return []Alarm{
		above("FrontendETagMismatchCount / FrontendSaveCount", "saves that met another version than they were built on",
			mostMismatches, w.Front.Mismatches, w.Front.Ended, "nobody saved"),
		below("FrontendRetrySuccessCount / FrontendETagMismatchCount", "of those the saves that ended well without their user's help",
			leastRecovered, w.Front.Recovered, w.Front.Mismatches, "no save met another version"),
		w.errorsPerHour(in),
		above("ETagMismatchCount / ArchiveUpdateCount", "back ends' updates that met another version than they were built on",
			mostBackMismatches, w.Back.Mismatches, w.Back.Ended, "no back end updated anything"),
		below("RetrySuccessCount / ETagMismatchCount", "of those the updates that were stored in the end",
			leastBackRecovered, w.Back.Recovered, w.Back.Mismatches, "no update of a back end met another version"),
		w.slow(),
	}
}

// above fires if a share is larger than most percent.
func above(metric, means string, most float64, part, of int, without string) Alarm {
	a := share(metric, means, part, of, without)
	a.Threshold, a.Fires = fmt.Sprintf("> %v", most), a.Samples > 0 && a.Value > most
	return a
}

// below fires if a share is smaller than least percent.
func below(metric, means string, least float64, part, of int, without string) Alarm {
	a := share(metric, means, part, of, without)
	a.Threshold, a.Fires = fmt.Sprintf("< %v", least), a.Samples > 0 && a.Value < least
	return a
}

func share(metric, means string, part, of int, without string) Alarm {
	a := Alarm{Metric: metric, Means: means, Unit: "%", Samples: of, Note: without}
	if of > 0 {
		a.Value, a.Note = 100*float64(part)/float64(of), ""
	}
	return a
}

// errorsPerHour counts what users were answered. Fewer than the threshold in less than an hour
// prove nothing: the rest of the hour was not seen.
func (w *Watch) errorsPerHour(in time.Duration) Alarm {
	a := Alarm{
		Metric: "ConcurrentModificationErrorCount", Means: "saves that were left to their user to do again",
		Threshold: fmt.Sprintf("> %v", mostErrors), Unit: "per hour",
	}
	n := float64(w.Front.Errors)
	switch {
	case w.Front.Ended == 0:
		a.Note = "nobody saved"
	case in >= time.Hour:
		a.Value, a.Samples = n/in.Hours(), w.Front.Ended
	case n > mostErrors:
		a.Value, a.Samples = n, w.Front.Ended
		a.Note = "counted in less than an hour"
	default:
		a.Note = fmt.Sprintf("%v in less than an hour: it takes one to tell", n)
	}
	a.Fires = a.Samples > 0 && a.Value > mostErrors
	return a
}

func (w *Watch) slow() Alarm {
	a := Alarm{
		Metric: durationName, Means: "p99 of what a back end's update takes, waits included",
		Threshold: fmt.Sprintf("> %v", mostDuration), Unit: "ms", Samples: len(w.Durations), Note: "no back end updated anything",
	}
	if p99, seen := w.P99(); seen {
		a.Value, a.Note = milliseconds(p99), ""
		a.Fires = a.Value > mostDuration
	}
	return a
}
