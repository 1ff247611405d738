package network

import (
	"fmt"
	"strings"
	"time"

	"holdfast/archive/notation"
)

// Latency says how long the parts of a store call take, and how the store
// behaves while it serves. The zero value is a store that answers at once.
type Latency struct {
	// Name is the text that [ParseLatency] makes this from: a profile's name or
	// a distribution.
	Name string
	// Request and Reply are the two legs of a call.
	Request, Reply Distribution
	// Read and Write are how long the store serves a read and a write. Writes of
	// one key are served one after another.
	Read, Write Distribution
	// ReadLarge and WriteLarge are the same of an object of [LargeObject] bytes, see
	// [Latency.For]. The zero value: of any size as of a small one.
	ReadLarge, WriteLarge Distribution
	// Refusal is how long the store takes to refuse a write. The zero value: as long as a read.
	Refusal Distribution
	// Waiting is how long a conditional write takes that finds another of its key in flight,
	// until it is decided, which is not before the other is. The zero value: it waits for its
	// turn, and is then served like any other.
	Waiting Distribution
	// Polls: who has waited so long finds whichever write of the key is in flight by then, and
	// waits again. False: nobody who came later is served before.
	Polls bool
	// Capacity is how much the store serves of all keys together.
	Capacity Capacity
	// Conflict409 is the share, from 0 to 1, of the conditional writes that find
	// another write of the key in flight and are answered 409 for it; the others
	// wait for it and are then decided.
	Conflict409 float64
	// Throttle is what the store bears under each prefix before it answers 503.
	Throttle Throttle
	// PerKey is what it bears of each key before it answers 429 TooManyRequests. Here the
	// bound is in front: a write that arrives counts whether its condition holds or not.
	PerKey Throttle

	profile *Profile // that was measured; nil: it is made of a name or a distribution
}

// The profiles, of one small object in the region of its writers.
//
// s3-standard and s3-express, measured (cdouglas.github.io/posts/2026/01/conditional):
// conditional writes on one key, 14.7 to 15.3 a second at 58 to 68 ms on S3 Standard, 68.6 to 75.3 a
// second at 14 to 26 ms on Express One Zone. Rate times latency is about 1, so
// the writes of a key are served one after another, and the time goes into
// serving: a lone writer who writes back to back has a mean of 66.7 ms and
// 14.3 ms here. Published by AWS: 503 beyond 3,500 PUT/s and 5,500 GET/s of a
// prefix, which both profiles include, with bursts of a second; small reads "often tens of ms" on Standard, single-digit ms on Express.
//
// Assumed: the legs (half a round trip within a region, within a zone); every
// shape and p99, which nobody promises; Express throttling as Standard does.
// Also Conflict409 = 1: that racing writers are answered 409 is documented and
// was seen on the real service, the share is not published. 1 is the harshest
// for a core, which must read again and send again, and the simplest to reason
// about: of the writes in flight together exactly one is decided.
//
// gcs, measured (the same, and its data in github.com/cdouglas/endive, simulation_summary.md):
// 0.8 to 1.4 conditional writes a second on one key, whatever the number of clients, at a
// median of 170 ms; the client library had waited out the 429s. Published by Google: one write
// a second to the same object name, 429 above it; a bucket bears 1,000 writes and 5,000 reads
// a second before it scales (docs.cloud.google.com/storage/quotas).
//
// azure, measured (the same): 9.2 to 10.2 conditional writes a second on one key of Blob
// Storage Standard, from 100 ms. Far fewer are refused than would be if writes in flight
// together were, which is taken to mean that they wait and are then decided by their conditions;
// 409 is for a blob that is there already. Published by Microsoft: 20,000 requests a second of an account, 503 above
// it. 500 a second are published for a page blob; for a block blob, which this is, nothing is.
//
// r2: published by Cloudflare is one write a second to the same key, 429 above it
// (developers.cloudflare.com/r2/platform/limits), and nothing else. All latencies are assumed.
//
// Assumed in these three: the legs, the reads, every shape and p99; that the account's limit is
// one for reads and one for writes; of the limit for a key that it lets no burst through, and
// that it comes before the condition. So whoever comes too soon is told 429, and a 412, after
// which a core may be sure that others write, is rare.
var profiles = []Latency{
	{
		Name:    "s3-standard",
		Request: around(500*time.Microsecond, 2*time.Millisecond), Reply: around(500*time.Microsecond, 2*time.Millisecond),
		Read: around(15*time.Millisecond, 100*time.Millisecond), Write: around(64*time.Millisecond, 105*time.Millisecond),
		Conflict409: 1, Throttle: Throttle{Writes: 3500, Reads: 5500},
	},
	{
		Name:    "s3-express",
		Request: around(200*time.Microsecond, time.Millisecond), Reply: around(200*time.Microsecond, time.Millisecond),
		Read: around(4*time.Millisecond, 9*time.Millisecond), Write: around(13200*time.Microsecond, 26*time.Millisecond),
		Conflict409: 1, Throttle: Throttle{Writes: 3500, Reads: 5500},
	},
	{
		Name:    "r2",
		Request: around(2*time.Millisecond, 10*time.Millisecond), Reply: around(2*time.Millisecond, 10*time.Millisecond),
		Read: around(40*time.Millisecond, 200*time.Millisecond), Write: around(150*time.Millisecond, 500*time.Millisecond),
		PerKey: Throttle{Writes: 1, Burst: 1},
	},
	{
		Name:    "gcs",
		Request: around(500*time.Microsecond, 2*time.Millisecond), Reply: around(500*time.Microsecond, 2*time.Millisecond),
		Read: around(40*time.Millisecond, 200*time.Millisecond), Write: around(168*time.Millisecond, 400*time.Millisecond),
		Throttle: Throttle{Writes: 1000, Reads: 5000}, PerKey: Throttle{Writes: 1, Burst: 1},
	},
	{
		Name:    "azure",
		Request: around(500*time.Microsecond, 2*time.Millisecond), Reply: around(500*time.Microsecond, 2*time.Millisecond),
		Read: around(20*time.Millisecond, 100*time.Millisecond), Write: around(98*time.Millisecond, 190*time.Millisecond),
		Throttle: Throttle{Writes: 20_000, Reads: 20_000},
	},
}

// Profiles are the names of those that [ParseLatency] knows.
func Profiles() []string {
	names := make([]string, len(profiles))
	for i, p := range profiles {
		names[i] = p.Name
	}
	return names
}

// around is lognormal(median,p99).
func around(median, p99 time.Duration) Distribution {
	return Distribution{shape: lognormal, a: median, b: p99, sigma: spread(median, p99)}
}

// ParseLatency reads a profile, one of [Profiles]; or the file of one that was measured, see
// [Profile], by its path, relative to the working directory and with a slash in it or .yaml or
// .yml at its end; or such a file's text; or a distribution (see [ParseDistribution]), which
// both legs then have and nothing else. The empty text is the zero value.
func ParseLatency(text string) (Latency, error) {
	text = strings.TrimSpace(text)
	for _, p := range profiles {
		if p.Name == text {
			return p, nil
		}
	}
	_, form := formNamed(notation.Split(text).Kind)
	switch {
	case text == "" || form:
		leg, err := ParseDistribution(text)
		return Latency{Name: leg.String(), Request: leg, Reply: leg}, err
	case strings.Contains(text, "\n"):
		p, err := ParseProfile("profile", []byte(text))
		if err != nil {
			return Latency{}, err
		}
		return p.Latency(), nil
	case isFile(text):
		return readProfile(text)
	}
	return Latency{}, fmt.Errorf("latency %q is not known (known: %s, %s, and the files of measured profiles, such as ./store.yaml)",
		text, strings.Join(Profiles(), ", "), knownForms)
}

// String returns the name, which [ParseLatency] reads; of a profile that came from no file
// it is for people only.
func (l Latency) String() string { return l.Name }

// Label is the name, and of a measured profile the digest of its content.
func (l Latency) Label() string {
	switch {
	case l.profile == nil:
		return l.Name
	case l.Name == "":
		return "profile " + l.profile.Digest()
	}
	return l.Name + " (profile " + l.profile.Digest() + ")"
}

// Content is the text with what the file holds that it names, if it names one.
func (l Latency) Content() string {
	switch {
	case l.profile != nil:
		return l.profile.text()
	case l.Request.file != nil:
		return fmt.Sprint("empirical", l.Request.file.values) // both legs are the same
	}
	return l.Name
}

// File is the file that whoever reads the text needs; empty: none.
func (l Latency) File() string {
	if l.profile == nil && l.Request.file != nil { // both legs are the same
		return l.Request.file.path
	}
	return ""
}

// Prices is the profile by whose store's prices a call is charged; empty: nobody said.
func (l Latency) Prices() string {
	if l.profile != nil {
		return l.profile.Prices
	}
	return l.Name
}

// Measured is the profile that this is made of; nil: it is made of a name or a distribution.
func (l Latency) Measured() *Profile { return l.profile }

// LargeObject is the size, in bytes, of what profiles call large.
const LargeObject = 100 << 10

// SmallObject is the size, in bytes, up to which an object takes no longer than the smallest.
const SmallObject = 1 << 10

// For returns the latency of a store whose objects have so many bytes: what [LargeObject]
// takes longer than a small one, in proportion to its size.
func (l Latency) For(bytes int) Latency {
	share := float64(max(bytes-SmallObject, 0)) / (LargeObject - SmallObject)
	longer := func(small, large Distribution) Distribution {
		if large.IsZero() {
			return small
		}
		return small.Plus(time.Duration(share * float64(large.Mean()-small.Mean())))
	}
	l.Read, l.Write = longer(l.Read, l.ReadLarge), longer(l.Write, l.WriteLarge)
	l.ReadLarge, l.WriteLarge = Distribution{}, Distribution{}
	return l
}

// Attempt is how long a read and a write take on average that meet nobody.
func (l Latency) Attempt() time.Duration {
	return 2*(l.Request.Mean()+l.Reply.Mean()) + l.Capacity.Turn(false) + l.Capacity.Turn(true) + l.Read.Mean() + l.Write.Mean()
}

// Exposure is for how long a conditional write is at risk on average: from the moment
// its read is served until it is decided.
func (l Latency) Exposure() time.Duration {
	return l.Reply.Mean() + l.Request.Mean() + l.Capacity.Turn(true) + l.Write.Mean()
}

// Times returns the latency of a store all of whose parts take so many times as long, which
// its text does not say.
func (l Latency) Times(n float64) Latency {
	for _, d := range []*Distribution{&l.Request, &l.Reply, &l.Read, &l.Write, &l.ReadLarge, &l.WriteLarge, &l.Refusal, &l.Waiting} {
		*d = d.Times(n)
	}
	l.Capacity.Reads, l.Capacity.Writes = l.Capacity.Reads/n, l.Capacity.Writes/n
	return l
}

// MarshalText implements encoding.TextMarshaler. Of a measured profile it is the whole file, so
// that what is saved needs no other.
func (l Latency) MarshalText() ([]byte, error) {
	if l.profile != nil {
		return []byte(l.profile.text()), nil
	}
	return []byte(l.Name), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Latency) UnmarshalText(text []byte) error {
	parsed, err := ParseLatency(string(text))
	if err == nil {
		*l = parsed
	}
	return err
}
