package doctor

import (
	"context"
	"time"

	"holdfast/archive"
	"holdfast/archive/wire"
)

// Front is a front end of the store that is examined: writers and readers of a race take
// turns over all of them. It may be in another process.
type Front struct {
	// Store writes and reads below a prefix that is the examination's own: what is there
	// when it ends is the caller's to remove. If it is an archive.Lister, that is tried.
	Store archive.Store
	// Raw sends what a Store has no call for, to the same keys. Nil: what needs it is
	// left out.
	Raw wire.Sender
	// At is what is known of the way there; the examination fills in what it is told by
	// answers. Nil: a front with an At before it has the same.
	At *Endpoint
}

// Config says what to examine, and for how long. The zero values are the defaults.
type Config struct {
	Store  string // its name in the diagnosis, without secrets
	Fronts []Front
	// Quick is the short form: what matters for writes, some dozens of races of two.
	Quick bool
	// Budget is for all; DefaultBudget, or QuickBudget. What it cuts short is inconclusive.
	Budget time.Duration
	// RowBudget is for each row, DefaultRowBudget, and RaceBudget for each kind of race,
	// the whole Budget.
	RowBudget, RaceBudget time.Duration
	// Races is how many races of each kind are wanted: DefaultRaces, or QuickRaces.
	Races int
	// Writers and BodyBytes are mixed in the races of a kind: 2 and 8 writers, 64 and
	// 100,000 bytes.
	Writers, BodyBytes []int
	// Progress is called as it goes on, by one goroutine at a time. May be nil.
	Progress func(Progress)
}

// The defaults of a [Config].
const (
	DefaultBudget    = time.Minute
	QuickBudget      = 5 * time.Second
	DefaultRowBudget = 10 * time.Second
	DefaultRaces     = 600 // none bad of so many: below 0.5 %, 95 %
	QuickRaces       = 24
)

// Progress is how far an examination is.
type Progress struct {
	Doing       string // the name of the row, or of the kind of race
	Done, Total int    // rows and races
	Bad         int    // of what was done
}

// Examine finds out what a store does. It returns what was found so far when ctx ends, and
// says so in Interrupted. The error says that there was nothing to examine: no front, or
// a store that nothing can be written to.
func Examine(ctx context.Context, c Config) (Diagnosis, error) {
	return Diagnosis{Verdict: Inconclusive, Interrupted: ctx.Err() != nil, Store: c.Store}, nil
}
