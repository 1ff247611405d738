package measure

import (
	"net/url"
	"strings"
)

// Prices are what a store charges, in US dollars for 1,000 requests.
type Prices struct {
	Name, Region string
	Put, Get     float64
	// RefusalsFree: what is refused for its condition is not charged.
	RefusalsFree bool
}

// pricesAsOf is when they were looked up.
const pricesAsOf = "November 2026"

// String names them, with region and date.
func (p Prices) String() string {
	if p.Region == "" {
		return p.Name + " (" + pricesAsOf + ")"
	}
	return p.Name + " (" + p.Region + ", " + pricesAsOf + ")"
}

// The published prices.
var (
	// aws.amazon.com/s3/pricing; 4xx are charged.
	StandardPrices = Prices{Name: "S3 Standard", Region: "us-east-1", Put: 0.005, Get: 0.0004}
	ExpressPrices  = Prices{Name: "S3 Express One Zone", Region: "us-east-1", Put: 0.00113, Get: 0.00003}
	// Standard storage: $4.50 and $0.36 a million (developers.cloudflare.com/r2/pricing). It
	// does not say that refusals are free.
	R2Prices = Prices{Name: "Cloudflare R2", Put: 0.0045, Get: 0.00036}
	// Standard storage of a region, $0.05 and $0.004 for 10,000; "you are not charged for
	// operations that return 307, 4xx, or 5xx" (cloud.google.com/storage/pricing).
	GCSPrices = Prices{Name: "Google Cloud Storage", Put: 0.005, Get: 0.0004, RefusalsFree: true}
	// Hot LRS, $0.05 and $0.004 for 10,000 (Azure Retail Prices API); expected failures are
	// billable, 503 is not (Storage Analytics, logged request status messages).
	AzurePrices = Prices{Name: "Azure Blob Storage", Region: "East US", Put: 0.005, Get: 0.0004}
)

// Cost is what a run's requests to the store are charged. Storage, traffic and a queue come on
// top.
type Cost struct {
	Prices string `json:"prices"` // whose, where, as of when
	// Assumed: what the store charges is not known, if it charges anything.
	Assumed      bool    `json:"assumed,omitempty"`
	PutPer1000   float64 `json:"put_usd_per_1000"`
	GetPer1000   float64 `json:"get_usd_per_1000"`
	RefusalsFree bool    `json:"refusals_free"` // a 412 or 409 is not charged
	// What a million of the run's commits and acknowledged updates cost, measured on so many
	// (counts has them); a batch commits many updates at once. 0: no update was acknowledged.
	PerMillionCommits float64 `json:"usd_per_million_commits"`
	PerMillionUpdates float64 `json:"usd_per_million_updates,omitempty"`
}

// priced is a list of prices, and whether it is the store's own.
type priced struct {
	list  Prices
	known bool
}

// pricesNamed is the list that a history names; of S3 Standard, assumed, if it names none.
func pricesNamed(name string) priced {
	for _, p := range []Prices{StandardPrices, ExpressPrices, R2Prices, GCSPrices, AzurePrices} {
		if p.Name == name {
			return priced{p, true}
		}
	}
	return priced{StandardPrices, false}
}

// costBy is nil if nothing was committed.
func (c Counts) costBy(p priced) *Cost {
	if c.Committed == 0 {
		return nil
	}
	const million = 1e6
	cost := &Cost{
		Prices: p.list.String(), Assumed: !p.known, PutPer1000: p.list.Put, GetPer1000: p.list.Get, RefusalsFree: p.list.RefusalsFree,
		PerMillionCommits: million * c.Cost(p.list) / float64(c.Committed),
	}
	if c.Acknowledged > 0 {
		cost.PerMillionUpdates = million * c.Cost(p.list) / float64(c.Acknowledged)
	}
	return cost
}

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
func PricesOf(latency string) Prices { return pricesOf(latency).list }

func pricesOf(latency string) priced {
	switch latency {
	case "s3-standard":
		return priced{StandardPrices, true}
	case "s3-express":
		return priced{ExpressPrices, true}
	case "r2":
		return priced{R2Prices, true}
	case "gcs":
		return priced{GCSPrices, true}
	case "azure":
		return priced{AzurePrices, true}
	}
	return priced{StandardPrices, false}
}

// PricesAt are those of whoever serves a bucket. What is not known is priced as S3 Standard,
// and then known is false: a server of one's own charges nothing.
func PricesAt(endpoint, bucket string) (p Prices, known bool) {
	host := endpoint
	if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
		host = u.Hostname()
	}
	for _, s := range []struct {
		host   string
		prices Prices
	}{
		{"r2.cloudflarestorage.com", R2Prices},
		{"storage.googleapis.com", GCSPrices},
		{"blob.core.windows.net", AzurePrices},
	} {
		if host == s.host || strings.HasSuffix(host, "."+s.host) {
			return s.prices, true
		}
	}
	if strings.HasSuffix(bucket, "--x-s3") { // as all directory buckets are called
		return ExpressPrices, true
	}
	aws := host == "" || strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn")
	return StandardPrices, aws
}

// name is what a history calls them; empty: they are not known.
func (p priced) name() string {
	if !p.known {
		return ""
	}
	return p.list.Name
}

// What Amazon SQS charges for a million requests in us-east-1, in US dollars, beyond the first
// million of a month (aws.amazon.com/sqs/pricing, November 2026).
const (
	StandardQueuePrice = 0.40
	FIFOQueuePrice     = 0.50
)
