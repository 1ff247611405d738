package measure

import (
	"math"
	"testing"
)

// TestCost: 1,000 PUTs and 2,000 GETs; a write that was answered 503 is not billed.
func TestCost(t *testing.T) {
	c := Counts{Puts: 1000, Throttled: 200, Gets: 2000, Committed: 100}
	if got, want := c.Cost(StandardPrices), 0.8*0.005+2*0.0004; math.Abs(got-want) > 1e-12 {
		t.Errorf("it costs $%v, not $%v", got, want)
	}
	if got, want := c.CostPer1000(ExpressPrices), 10*(0.8*0.00113+2*0.00003); math.Abs(got-want) > 1e-12 {
		t.Errorf("1,000 commits cost $%v, not $%v", got, want)
	}
	if got := (Counts{Puts: 5}).CostPer1000(StandardPrices); got != 0 {
		t.Errorf("without a commit it is %v", got)
	}
}
