package tuning

import (
	"holdfast/archive"
	"holdfast/scenarios"
)

// Architectures compares what can be done about a hot object, beside its retry policy.
type Architectures struct {
	// Complete: all were played, each with the best of its settings. Otherwise a few, with
	// the settings that mostly are.
	Complete bool           `json:"complete"`
	Rows     []Architecture `json:"rows"`
	// Frontier names those that no other without demands beats in both p99 and dollars.
	Frontier []string `json:"frontier"`
	// Recommended is the best by the objective of those that meet it; empty: none does.
	// Evidence says by what.
	Recommended string `json:"recommended,omitempty"`
	Evidence    string `json:"evidence,omitempty"`
	// Sensitivity is what each does, with the same settings, where things are not as they
	// were played; empty unless complete.
	Sensitivity []Sensitivity `json:"sensitivity"`
}

// Architecture is a way in which updates come to an object.
type Architecture struct {
	Name string `json:"name"`
	// LeftOut says why it was not played; empty: it was, and the rest is known.
	LeftOut string `json:"left_out,omitempty"`
	// Demands is what only its user can grant, so that it is never recommended and takes
	// nobody's place on the frontier; empty: nothing.
	Demands  string          `json:"demands,omitempty"`
	Settings string          `json:"settings,omitempty"` // the best of those that were tried
	Policy   *archive.Policy `json:"policy,omitempty"`   // of whoever writes
	Tried    int             `json:"tried,omitempty"`    // settings
	Ordering string          `json:"ordering,omitempty"` // "none", or of what the order is kept
	// P99 is from when an update is due until it is stored; null: no number means
	// anything, as it is unstable, or nothing was stored.
	P99        *Interval `json:"latency_p99_ms"`
	Operations int       `json:"operations"`
	// NotStored is the share of the updates that were given up, or ended as dead letters.
	NotStored float64 `json:"not_stored_rate"`
	Puts      float64 `json:"puts_per_update"`
	Price     Price   `json:"usd_per_million_updates"`
	// Unstable: waits grow for as long as the load lasts.
	Unstable bool     `json:"unstable,omitempty"`
	Missed   []string `json:"missed,omitempty"` // what of the objective is not kept
	Carries  *Carries `json:"carries,omitempty"`
	Change   Change   `json:"change"`

	option option
}

// Run is a run with the settings of an architecture that was played.
func (a *Architecture) Run(run scenarios.Run) (scenarios.Run, error) {
	run, err := a.option.of(run)
	run.Policy = a.option.policy
	return run, err
}

// Meets reports whether it was played and misses nothing.
func (a *Architecture) Meets() bool { return a.LeftOut == "" && len(a.Missed) == 0 }

// Price is what a million updates cost, in US dollars.
type Price struct {
	Store float64 `json:"store"`
	Queue float64 `json:"queue"`
}

// Total is the price of all requests.
func (p Price) Total() float64 { return p.Store + p.Queue }

// Carries is the largest load within the objective, with the same settings.
type Carries struct {
	Of   string  `json:"of"` // "clients" at once, or "updates a second"
	Most float64 `json:"most"`
	// AndMore: nothing that was played is beyond.
	AndMore bool   `json:"and_more,omitempty"`
	Missed  string `json:"missed,omitempty"` // by what is beyond
}

// Change is what its user must do.
type Change struct {
	What string `json:"what,omitempty"`
	// Scenario is a diff of the scenario's file; Go is code to write, empty if there is none.
	Scenario []string `json:"scenario,omitempty"`
	Go       string   `json:"go,omitempty"`
}

// Sensitivity is a setting in which things are not as they were played.
type Sensitivity struct {
	Setting string  `json:"setting"`
	Cells   []Shift `json:"architectures"`
}

// Shift is what an architecture does there.
type Shift struct {
	Name   string   `json:"name"`
	P99    *float64 `json:"latency_p99_ms"` // null: unstable, or nothing was stored
	Puts   float64  `json:"puts_per_update"`
	Missed []string `json:"missed,omitempty"`
}

// The names of architectures.
const (
	AsIs          = "as is"
	BestRetries   = "best retries"
	AdaptiveWaits = "adaptive"
	Capped        = "concurrency cap"
	FIFOSingles   = "FIFO"
	Batches       = "batches"
	FIFOBatches   = "FIFO with batches"
	SplitObject   = "split object"
	GroupCommit   = "group commit"
	OneProcess    = "one process"
	OneZone       = "Express One Zone"
)
