package doctor

import (
	"slices"

	"holdfast/archive/storerace"
)

// What was counted on servers on the same machine, which answer faster than others, so that
// readers and those who try again ask most: up to 23 requests a race, and 10 a row.
const (
	requestsOfRace = 25
	requestsOfRow  = 10
)

// Requests is about how many are sent at most, through fronts that can be sent anything. As
// many of them are writes as not.
func (c Config) Requests() int {
	e := examination{Config: c.withDefaults()}
	n := 0
	for _, r := range rows {
		if r.quick || !e.Quick {
			n += requestsOfRow
		}
	}
	for _, k := range storerace.Kinds() {
		if !e.Quick || slices.Contains(quickKinds, k.Name) {
			n += e.wanted(k) * requestsOfRace
		}
	}
	return n
}
