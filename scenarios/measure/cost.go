package measure

// Prices are what a store charges, in US dollars for 1,000 requests.
type Prices struct {
	Put, Get float64
}

// The published prices of us-east-1 (aws.amazon.com/s3/pricing).
var (
	StandardPrices = Prices{Put: 0.005, Get: 0.0004}
	ExpressPrices  = Prices{Put: 0.00113, Get: 0.00003}
)

// Cost is what the requests of a run cost, in US dollars. A refused write is charged
// like any other (AWS bills 4xx), one that was answered 503 is not; a write without
// an answer counts as charged.
func (c Counts) Cost(p Prices) float64 {
	return (float64(c.Puts-c.Throttled)*p.Put + float64(c.Gets)*p.Get) / 1000
}

// CostPer1000 is the cost of 1,000 commits, in US dollars; 0: there were none.
func (c Counts) CostPer1000(p Prices) float64 {
	if c.Committed == 0 {
		return 0
	}
	return 1000 * c.Cost(p) / float64(c.Committed)
}

// PricesOf are those of the store that a latency profile is of.
func PricesOf(latency string) Prices {
	if latency == "s3-express" {
		return ExpressPrices
	}
	return StandardPrices
}
