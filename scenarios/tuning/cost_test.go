package tuning

import (
	"testing"

	"holdfast/scenarios/measure"
)

// TestCostIsByThePricesOfTheStore, and missing without a commit.
func TestCostIsByThePricesOfTheStore(t *testing.T) {
	m := &measured{prices: measure.ExpressPrices}
	r := &measure.Measurement{Counts: measure.Counts{Puts: 300, Gets: 500, Committed: 100}}
	if got, want := m.of(r, costPer1000), r.Counts.CostPer1000(measure.ExpressPrices); got != want || got == 0 {
		t.Errorf("1,000 commits cost $%v, want $%v", got, want)
	}
	if got := m.of(&measure.Measurement{Counts: measure.Counts{Puts: 300}}, costPer1000); got != missing {
		t.Errorf("without a commit they cost $%v", got)
	}
}
