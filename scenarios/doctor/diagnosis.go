// Package doctor finds out what a store does: which of S3's promises it keeps, alone and under
// races, and what follows from that for whoever updates documents on it.
package doctor

import (
	"holdfast/archive/storefault"
)

// Verdict is what a store can be trusted with.
type Verdict string

// The verdicts.
const (
	Safe           Verdict = "safe"
	SafeWithLimits Verdict = "safe_with_limits" // the core loses nothing; Limits say what others must know
	Unsafe         Verdict = "unsafe"
	// Inconclusive: nothing bad was seen, and not all was.
	Inconclusive Verdict = "inconclusive"
)

// Level is a verdict on writes, reads or conditional deletes alone.
type Level string

// The levels.
const (
	LevelSafe         Level = "safe"
	LevelWarn         Level = "warn"
	LevelUnsafe       Level = "unsafe"
	LevelInconclusive Level = "inconclusive"
)

// Diagnosis is what was found out about a store. Its keys are those of the document
// simulate.doctor/v1.
type Diagnosis struct {
	Verdict Verdict `json:"verdict"`
	Writes  Level   `json:"writes"`
	Reads   Level   `json:"reads"`
	Deletes Level   `json:"deletes"` // conditional ones
	// Limits are sentences: what to know of a store that is safe with limits.
	Limits []string `json:"limits"`
	// Reasons say why the verdict is inconclusive.
	Reasons   []string   `json:"reasons,omitempty"`
	Store     string     `json:"store"`     // s3://bucket/prefix, without secrets
	Endpoints []Endpoint `json:"endpoints"` // front ends of it
	Rows      []Row      `json:"rows"`
	Races     []Race     `json:"races"`
	// Requests were sent, and Seconds it took.
	Requests    int     `json:"requests"`
	Seconds     float64 `json:"seconds"`
	Quick       bool    `json:"quick,omitempty"` // the short form
	Interrupted bool    `json:"interrupted,omitempty"`
}

// Endpoint is one way to the store.
type Endpoint struct {
	URL           string  `json:"url"` // without user and password; empty: AWS
	Region        string  `json:"region,omitempty"`
	PathStyle     bool    `json:"path_style"`
	TLS           string  `json:"tls,omitempty"`        // version and cipher; empty: none
	Server        string  `json:"server,omitempty"`     // as it calls itself
	Versioning    string  `json:"versioning,omitempty"` // enabled, suspended, off, or why it is not known
	ClockOffsetMS float64 `json:"clock_offset_ms"`      // of its clock to ours, by its Date header: half a second of error
}

// Row is one promise, tried with no rival about.
type Row struct {
	Name string `json:"name"`
	// Subject is what the row is about; empty: it is told, and nothing depends on it.
	Subject storefault.Subject `json:"subject,omitempty"`
	AWS     string             `json:"aws"`  // what S3 answers
	Here    string             `json:"here"` // what was answered
	OK      bool               `json:"ok"`
	// Inconclusive: it was not answered, or not in time. Then OK is false.
	Inconclusive bool `json:"inconclusive,omitempty"`
	// Kind is the fault that it is, empty if it is none: other answers than S3's may be as good.
	Kind  storefault.Kind `json:"kind,omitempty"`
	Means string          `json:"means"` // for the core
	// Reproduction is the least raw HTTP that shows it, signatures left out; empty: OK.
	Reproduction string  `json:"reproduction,omitempty"`
	Seconds      float64 `json:"seconds"`
}

// Race is one promise, tried by several at once, many times: with few writers and many,
// small bodies and large ones in turn.
type Race struct {
	Name      string             `json:"name"`
	What      string             `json:"what"` // who races
	Subject   storefault.Subject `json:"subject"`
	Writers   []int              `json:"writers"`
	BodyBytes []int              `json:"body_bytes"`
	Wanted    int                `json:"wanted"`
	Races     int                `json:"races"` // judged
	Bad       int                `json:"bad"`
	// FirstBad is the number of the first bad race, from 1; 0: none was.
	FirstBad int               `json:"first_bad"`
	Kind     storefault.Kind   `json:"kind,omitempty"`  // the worst, of its severity the first
	Kinds    []storefault.Kind `json:"kinds,omitempty"` // all, as they were seen first
	Seen     string            `json:"seen,omitempty"`  // in the race that showed Kind, as is Reproduction
	// RateUpper95 is the rate of bad races above which, with 95 % confidence, it is not:
	// the exact bound of Clopper and Pearson, about 3/Races if none was bad.
	RateUpper95 float64 `json:"rate_upper_95"`
	Seconds     float64 `json:"seconds"`
	// Unjudged are races of which the transport left too little to tell, and Inconclusive
	// says why there are too few: less than half of the wanted, or the store went away.
	Unjudged     int    `json:"unjudged,omitempty"`
	Inconclusive string `json:"inconclusive,omitempty"`
	Means        string `json:"means"`
	Reproduction string `json:"reproduction,omitempty"`
}
