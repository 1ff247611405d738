package telemetry

import (
	"encoding/binary"
	"errors"
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
// safe for concurrent use.
type Watch struct {
	front, back watched
	durations   []uint32 // of the back end's updates, in microseconds
}

// watched are sums over the updates of a service.
type watched struct{ ended, mismatches, successes, errors int64 }

func (w *watched) add(o watched) {
	w.ended += o.ended
	w.mismatches += o.mismatches
	w.successes += o.successes
	w.errors += o.errors
}

// Add takes an update that has ended, as it counts in the metrics.
func (w *Watch) Add(u Update) {
	counts := watched{one(u), metMismatch(u), retrySuccess(u), concurrentModification(u)}
	switch u.Service {
	case Frontend:
		w.front.add(counts)
	case Backend:
		w.back.add(counts)
		const most = math.MaxUint32 // more than an hour
		w.durations = append(w.durations, uint32(min(u.Elapsed.Microseconds(), most)))
	}
}

// Merge adds what another has seen.
func (w *Watch) Merge(o *Watch) {
	w.front.add(o.front)
	w.back.add(o.back)
	w.durations = append(w.durations, o.durations...)
}

// Seen are the updates of a service that have ended: all of them, those that met another version
// than they were built on, those of these that were committed, and those that were left to their
// caller to do again.
type Seen struct{ Ended, Mismatches, Recovered, Errors int }

// Seen is what was seen of a service.
func (w *Watch) Seen(s Service) Seen {
	of := watched{}
	switch s {
	case Frontend:
		of = w.front
	case Backend:
		of = w.back
	}
	return Seen{int(of.ended), int(of.mismatches), int(of.successes), int(of.errors)}
}

// P99 of what the back end's updates took, by nearest rank; false: there were none.
func (w *Watch) P99() (took time.Duration, seen bool) {
	n := len(w.durations)
	if n == 0 {
		return 0, false
	}
	sorted := slices.Clone(w.durations)
	slices.Sort(sorted)
	return time.Duration(sorted[(99*n+99)/100-1]) * time.Microsecond, true
}

// AppendBinary implements encoding.BinaryAppender.
func (w *Watch) AppendBinary(b []byte) ([]byte, error) {
	for _, of := range []*watched{&w.front, &w.back} {
		for _, n := range []int64{of.ended, of.mismatches, of.successes, of.errors} {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(w.durations)))
	for _, micros := range w.durations {
		b = binary.AppendUvarint(b, uint64(micros))
	}
	return b, nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (w *Watch) UnmarshalBinary(b []byte) error {
	*w = Watch{}
	bad := false
	next := func() uint64 {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			bad, size = true, 0
		}
		b = b[size:]
		return n
	}
	for _, of := range []*watched{&w.front, &w.back} {
		for _, n := range []*int64{&of.ended, &of.mismatches, &of.successes, &of.errors} {
			*n = int64(next())
		}
	}
	for n := next(); n > 0 && !bad; n-- {
		micros := next()
		bad = bad || micros > math.MaxUint32
		w.durations = append(w.durations, uint32(micros))
	}
	if bad || len(b) > 0 {
		return errors.New("these are not the sums of a watch")
	}
	return nil
}

// Reset forgets what was seen.
func (w *Watch) Reset() { *w = Watch{durations: w.durations[:0]} }

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
			mostMismatches, w.front.mismatches, w.front.ended, "nobody saved"),
		below("FrontendRetrySuccessCount / FrontendETagMismatchCount", "of those the saves that ended well without their user's help",
			leastRecovered, w.front.successes, w.front.mismatches, "no save met another version"),
		w.errorsPerHour(in),
		above("ETagMismatchCount / ArchiveUpdateCount", "back ends' updates that met another version than they were built on",
			mostBackMismatches, w.back.mismatches, w.back.ended, "no back end updated anything"),
		below("RetrySuccessCount / ETagMismatchCount", "of those the updates that were stored in the end",
			leastBackRecovered, w.back.successes, w.back.mismatches, "no update of a back end met another version"),
		w.slow(),
	}
}

// above fires if a share is larger than most percent.
func above(metric, means string, most float64, part, of int64, without string) Alarm {
	a := share(metric, means, part, of, without)
	a.Threshold, a.Fires = fmt.Sprintf("> %v", most), a.Samples > 0 && a.Value > most
	return a
}

// below fires if a share is smaller than least percent.
func below(metric, means string, least float64, part, of int64, without string) Alarm {
	a := share(metric, means, part, of, without)
	a.Threshold, a.Fires = fmt.Sprintf("< %v", least), a.Samples > 0 && a.Value < least
	return a
}

func share(metric, means string, part, of int64, without string) Alarm {
	a := Alarm{Metric: metric, Means: means, Unit: "%", Samples: int(of), Note: without}
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
	n := float64(w.front.errors)
	switch {
	case w.front.ended == 0:
		a.Note = "nobody saved"
	case in >= time.Hour:
		a.Value, a.Samples = n/in.Hours(), int(w.front.ended)
	case n > mostErrors:
		a.Value, a.Samples = n, int(w.front.ended)
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
		Threshold: fmt.Sprintf("> %v", mostDuration), Unit: "ms", Samples: len(w.durations), Note: "no back end updated anything",
	}
	if p99, seen := w.P99(); seen {
		a.Value, a.Note = milliseconds(p99), ""
		a.Fires = a.Value > mostDuration
	}
	return a
}
