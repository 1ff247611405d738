package measure

import (
	"net/url"
	"strings"
)

// Prices are what a store charges, in US dollars for 1,000 requests.
type Prices struct {
	Put, Get float64
	// RefusalsFree: what is refused for its condition is not charged.
	RefusalsFree bool
}

// The published prices, as of November 2026.
var (
	// us-east-1 (aws.amazon.com/s3/pricing); 4xx are charged.
	StandardPrices = Prices{Put: 0.005, Get: 0.0004}
	ExpressPrices  = Prices{Put: 0.00113, Get: 0.00003}
	// Standard storage: $4.50 and $0.36 a million (developers.cloudflare.com/r2/pricing). It
	// does not say that refusals are free.
	R2Prices = Prices{Put: 0.0045, Get: 0.00036}
	// Standard storage of a region, $0.05 and $0.004 for 10,000; "you are not charged for
	// operations that return 307, 4xx, or 5xx" (cloud.google.com/storage/pricing).
	GCSPrices = Prices{Put: 0.005, Get: 0.0004, RefusalsFree: true}
	// Hot LRS in East US, $0.05 and $0.004 for 10,000 (Azure Retail Prices API); expected
	// failures are billable, 503 is not (Storage Analytics, logged request status messages).
	AzurePrices = Prices{Put: 0.005, Get: 0.0004}
)

// Cost is what the requests of a run cost, in US dollars. A refused write is charged
// like any other unless refusals are free; one that was answered 503 or 429 is not; a write
// without an answer counts as charged.
func (c Counts) Cost(p Prices) float64 {
	puts := c.Puts - c.Throttled
	if p.RefusalsFree {
		puts -= c.Conflicts412 + c.Conflicts409
	}
	return (float64(puts)*p.Put + float64(c.Gets)*p.Get) / 1000
}

// CostPer1000 is the cost of 1,000 commits, in US dollars; 0: there were none.
func (c Counts) CostPer1000(p Prices) float64 {
	if c.Committed == 0 {
		return 0
	}
	return 1000 * c.Cost(p) / float64(c.Committed)
}

// PricesOf are those of the store that a latency profile is of; of S3 Standard, if it is none.
func PricesOf(latency string) Prices {
	switch latency {
	case "s3-express":
		return ExpressPrices
	case "r2":
		return R2Prices
	case "gcs":
		return GCSPrices
	case "azure":
		return AzurePrices
	}
	return StandardPrices
}

// PricesAt are those of whoever serves a bucket, by their name. What is not known is priced
// as S3 Standard, and then known is false: a server of one's own charges nothing.
func PricesAt(endpoint, bucket string) (p Prices, name string, known bool) {
	host := endpoint
	if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
		host = u.Hostname()
	}
	for _, s := range []struct {
		host, name string
		prices     Prices
	}{
		{"r2.cloudflarestorage.com", "Cloudflare R2", R2Prices},
		{"storage.googleapis.com", "Google Cloud Storage", GCSPrices},
		{"blob.core.windows.net", "Azure Blob Storage", AzurePrices},
	} {
		if host == s.host || strings.HasSuffix(host, "."+s.host) {
			return s.prices, s.name, true
		}
	}
	if strings.HasSuffix(bucket, "--x-s3") { // as all directory buckets are called
		return ExpressPrices, "S3 Express One Zone", true
	}
	aws := host == "" || strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn")
	return StandardPrices, "S3 Standard", aws
}

// What Amazon SQS charges for a million requests in us-east-1, in US dollars, beyond the first
// million of a month (aws.amazon.com/sqs/pricing, November 2026).
const (
	StandardQueuePrice = 0.40
	FIFOQueuePrice     = 0.50
)
