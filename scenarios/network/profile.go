package network

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// ProfileSchema names the format of a measured profile; it changes with every incompatible
// change.
const ProfileSchema = "holdfast.profile/v1"

// Profile is how fast a store was when somebody measured it: a YAML file, which a latency
// can name. Distributions in it are as [ParseDistribution] reads them.
type Profile struct {
	// Schema is [ProfileSchema]. Required.
	Schema string `yaml:"schema"`
	// Source says where the numbers come from. It changes nothing.
	Source Source `yaml:"source,omitempty"`
	// Prices names the built-in profile whose store charges as this one. Left out: S3
	// Standard's.
	Prices string `yaml:"prices,omitempty"`
	// Request and Reply are the legs of a call. Required.
	Request Leg `yaml:"request"`
	Reply   Leg `yaml:"reply"`
	// Read and Write are how long the store serves, beyond the legs. Required.
	Read  Sizes `yaml:"read"`
	Write Sizes `yaml:"write"`
	// Refusal is how long it takes to refuse a write. Left out: see [Latency].
	Refusal Leg `yaml:"refusal,omitempty"`
	// Conflict409 is the share of conditional writes that find another in flight and are
	// answered 409. Left out: none.
	Conflict409 Share `yaml:"conflict_409,omitempty"`
	// Waiting is how long a conditional write takes that finds another of its key in flight.
	// Left out: see [Latency].
	Waiting Leg `yaml:"waiting,omitempty"`
	// Polls: who has waited asks again. Left out: see [Latency].
	Polls bool `yaml:"polls,omitempty"`
	// Capacity is how many requests the store serves a second. Left out: no bound was seen.
	Capacity *Rates `yaml:"capacity,omitempty"`
	// Throttle is what it bears under a prefix before it answers 503, PerKey of one key
	// before it answers 429. Left out: nothing was turned away.
	Throttle *Limit `yaml:"throttle,omitempty"`
	PerKey   *Limit `yaml:"per_key,omitempty"`
	// Seen is what else was measured. It changes nothing.
	Seen *Seen `yaml:"seen,omitempty"`
}

// Source is where a profile comes from. Nothing in it is secret.
type Source struct {
	By       string         `yaml:"by,omitempty"`       // what measured it
	Store    string         `yaml:"store,omitempty"`    // such as s3://bucket/prefix
	Endpoint string         `yaml:"endpoint,omitempty"` // without user and password; empty: AWS
	At       string         `yaml:"at,omitempty"`       // RFC 3339
	Versions string         `yaml:"versions,omitempty"`
	Requests int            `yaml:"requests,omitempty"`
	Samples  map[string]int `yaml:"samples,omitempty"` // by kind of call
}

// Sizes are distributions by the size of an object.
type Sizes struct {
	// Small is of up to [SmallObject] bytes. Required.
	Small Leg `yaml:"small"`
	// Large is of [LargeObject] bytes. Left out: as small.
	Large Leg `yaml:"large,omitempty"`
}

// Rates are a [Capacity].
type Rates struct {
	Reads  Rate `yaml:"reads,omitempty"`
	Writes Rate `yaml:"writes,omitempty"`
}

// Limit is a [Throttle].
type Limit struct {
	Writes Rate `yaml:"writes,omitempty"` // a second
	Reads  Rate `yaml:"reads,omitempty"`
	// Burst is how many requests come through at once. Left out: those of a second.
	Burst Count `yaml:"burst,omitempty"`
}

// Seen is what several writers saw who updated one object, each as soon as its last update
// had ended.
type Seen struct {
	Writers          int   `yaml:"writers"`
	WritesPerSecond  Rate  `yaml:"writes_per_second"`  // that were accepted
	AttemptsPerWrite Rate  `yaml:"attempts_per_write"` // conditional writes for each that was accepted
	Throttled        Share `yaml:"throttled"`          // of the requests
}

// The types that are read strictly from text.
type (
	// Leg is a distribution.
	Leg struct{ Distribution }
	// Share is from 0 to 1.
	Share float64
	// Rate is a number, mostly a second.
	Rate float64
	// Count is a whole number.
	Count int
)

// Latency is that of the store that was measured.
func (p *Profile) Latency() Latency {
	l := Latency{
		Request: p.Request.Distribution, Reply: p.Reply.Distribution,
		Read: p.Read.Small.Distribution, ReadLarge: p.Read.Large.Distribution,
		Write: p.Write.Small.Distribution, WriteLarge: p.Write.Large.Distribution,
		Refusal: p.Refusal.Distribution, Waiting: p.Waiting.Distribution, Polls: p.Polls, Conflict409: float64(p.Conflict409),
		Throttle: p.Throttle.throttle(), PerKey: p.PerKey.throttle(), profile: p,
	}
	if p.Capacity != nil {
		l.Capacity = Capacity{float64(p.Capacity.Reads), float64(p.Capacity.Writes)}
	}
	return l
}

func (l *Limit) throttle() Throttle {
	if l == nil {
		return Throttle{}
	}
	return Throttle{Writes: float64(l.Writes), Reads: float64(l.Reads), Burst: int(l.Burst)}
}

// Encode returns the file's text, which [ParseProfile] reads.
func (p *Profile) Encode() ([]byte, error) { return yaml.Marshal(p) }

// text is the same for equal profiles. One that was read or measured can be written.
func (p *Profile) text() string {
	text, _ := p.Encode()
	return string(text)
}

// Digest tells profiles apart, in 12 hexadecimal digits.
func (p *Profile) Digest() string {
	sum := sha256.Sum256([]byte(p.text()))
	return hex.EncodeToString(sum[:6])
}

// isFile reports whether a text can be no latency but the path of a file.
func isFile(text string) bool {
	return strings.ContainsAny(text, `/\`) || slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(text))
}

func readProfile(path string) (Latency, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return Latency{}, fmt.Errorf("read the latency profile: %w", err)
	}
	p, err := ParseProfile(path, source)
	if err != nil {
		return Latency{}, err
	}
	l := p.Latency()
	l.Name = path
	return l, nil
}

// ParseProfile reads a profile strictly. An error has the file's name and, but for what is
// missing, line and column.
func ParseProfile(file string, source []byte) (*Profile, error) {
	var p Profile
	if err := yaml.UnmarshalWithOptions(source, &p, yaml.Strict()); err != nil {
		return nil, positioned(file, err)
	}
	if missing := p.missing(); missing != nil {
		return nil, fmt.Errorf("%s: %w", file, missing)
	}
	return &p, nil
}

// missing reports what a profile lacks, or has too much of.
func (p *Profile) missing() error {
	switch {
	case p.Schema != ProfileSchema:
		return fmt.Errorf("want a latency profile with schema: %s, not %q", ProfileSchema, p.Schema)
	case p.Request.none() || p.Reply.none():
		return errors.New("request and reply must be given: the legs of a call, such as constant(1ms)")
	case p.Read.Small.none() || p.Write.Small.none():
		return errors.New("read.small and write.small must be given: how long the store serves, such as constant(5ms)")
	case p.Prices != "" && !slices.Contains(Profiles(), p.Prices):
		return fmt.Errorf("prices: there is no profile %q (known: %s)", p.Prices, strings.Join(Profiles(), ", "))
	}
	return errors.Join(p.Throttle.check("throttle"), p.PerKey.check("per_key"))
}

func (l *Limit) check(name string) error {
	if l == nil {
		return nil
	}
	if wrong := l.throttle().unusable(); wrong != "" {
		return fmt.Errorf("%s: %s", name, wrong)
	}
	return nil
}

func (l Leg) none() bool { return l.shape == zero }
