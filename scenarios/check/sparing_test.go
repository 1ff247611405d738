package check

import (
	"testing"

	"holdfast/scenarios/history"
)

// TestSparingAStoreIsNotGivingUpEarly: after an attempt that the store did not serve (500,
// a lost reply) the core waits 50 to 100 ms whatever the policy, and gives up if that does
// not fit in time. The policy alone does not say so.
func TestSparingAStoreIsNotGivingUpEarly(t *testing.T) {
	h := history.Header{World: "virtual", Policy: "constant(base=10ms,retries=9,deadline=100ms)"}
	expectBreaches(t, h, paced(0).get(0, 5).put(5, 10, "unknown").get(10, 11).end(11, history.Exhausted))
}
