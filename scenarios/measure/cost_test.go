package measure

import (
	"math"
	"testing"

	"holdfast/scenarios/network"
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
	c.Conflicts412, c.Conflicts409 = 300, 100 // of the PUTs
	if got, want := c.Cost(GCSPrices), 0.4*0.005+2*0.0004; math.Abs(got-want) > 1e-12 {
		t.Errorf("where refusals are free it costs $%v, not $%v", got, want)
	}
	if got, want := c.Cost(AzurePrices), 0.8*0.005+2*0.0004; math.Abs(got-want) > 1e-12 {
		t.Errorf("where they are not it costs $%v, not $%v", got, want)
	}
	if got := (Counts{Puts: 5}).CostPer1000(StandardPrices); got != 0 {
		t.Errorf("without a commit it is %v", got)
	}
}

// TestPricesOf: each profile has the prices of its store.
func TestPricesOf(t *testing.T) {
	want := map[string]Prices{
		"s3-standard": StandardPrices, "s3-express": ExpressPrices, "r2": R2Prices, "gcs": GCSPrices, "azure": AzurePrices,
	}
	for _, name := range network.Profiles() {
		if got, known := want[name]; !known || PricesOf(name) != got {
			t.Errorf("%s: %+v", name, PricesOf(name))
		}
	}
	if PricesOf("normal(10ms,2ms)") != StandardPrices || R2Prices == GCSPrices || GCSPrices == AzurePrices {
		t.Error("the prices of S3 Standard are those of no profile")
	}
}
