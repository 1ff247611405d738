package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Undetermined is what the history leaves open: it would be a violation if what is not known
// of the run were one way, and none if it were another. It is never a violation, and does not
// change the verdict by itself.
type Undetermined struct {
	// Invariant and Anomaly are what it would have been.
	Invariant Invariant `json:"invariant"`
	Anomaly   string    `json:"anomaly"`
	Because   Cause     `json:"because"`
	Count     int       `json:"count"`
	// WithinMS is, of clocks, the widest range in milliseconds within which the order of two
	// events is not known; 0: it is no question of clocks, or nothing bounds how far those of
	// one of them are apart.
	WithinMS float64 `json:"within_ms,omitempty"`
	Summary  string  `json:"summary"` // of the first
}

// Cause is why something can't be decided.
type Cause string

// The causes.
const (
	// Unrecorded: what was done by a recorder that is missing, or that died, may explain it.
	Unrecorded Cause = "unrecorded"
	// Unaligned: it depends on how far the clocks of two recorders are apart.
	Unaligned Cause = "unaligned"
)

// causes say it in words.
var causes = map[Cause]string{
	Unrecorded: "what a missing recorder has seen may explain it",
	Unaligned:  "it depends on how far the clocks of the recorders are apart",
}

// leaveOpen records what would be a violation if what is not known were one way. within is
// how exactly the order of two events is known; 0: it is no question of clocks.
func (j *Judge) leaveOpen(why Cause, i Invariant, anomaly string, within time.Duration, summary string) {
	j.open = plusOpen(j.open, Undetermined{i, anomaly, why, 1, float64(within) / 1e6, summary})
}

// plusOpen adds what is left open for one reason to the rest, in the order of the invariants.
func plusOpen(all []Undetermined, u Undetermined) []Undetermined {
	at, found := slices.BinarySearchFunc(all, u, func(a, b Undetermined) int {
		return cmp.Or(cmp.Compare(slices.Index(Invariants(), a.Invariant), slices.Index(Invariants(), b.Invariant)),
			cmp.Compare(a.Anomaly, b.Anomaly), cmp.Compare(a.Because, b.Because))
	})
	if !found {
		return slices.Insert(all, at, u)
	}
	all[at].Count += u.Count
	all[at].WithinMS = widest(all[at].WithinMS, u.WithinMS)
	return all
}

// widest is the wider of two ranges, of which 0 has no bound.
func widest(a, b float64) float64 {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

// openNote tells in one line what could not be decided for a cause; "" if nothing was.
func openNote(all []Undetermined, why Cause) string {
	var what []string
	within := 0.0
	for _, u := range all {
		if u.Because != why {
			continue
		}
		if within = widest(within, u.WithinMS); len(what) == 0 {
			within = u.WithinMS
		}
		what = append(what, fmt.Sprintf("%d %s (%s)", u.Count, u.Anomaly, u.Invariant))
	}
	if len(what) == 0 {
		return ""
	}
	note := fmt.Sprintf("undetermined: %s: %s", strings.Join(what, ", "), causes[why])
	if within > 0 {
		note += fmt.Sprintf(", which is known to within ±%.3g ms", within/2)
	}
	return note
}
