// Package cores holds the cores under test: the production core, and others
// that are broken in a known way, so that every check is seen to fail. Policies that
// people use and the archive does not have are cores too ([Published]).
//
// A planted bug ([Bugs]) is one small, named change. Where the production core
// has a seam (its store, its documents, its caller) the bug is a wrapper there;
// what lies inside the update loop is a switched line of [reference], the same
// loop written once more. No core starts goroutines or draws on more than its
// [Environment], so a schedule repeats with every one of them.
package cores

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// Core is what a client calls to read and update objects. [archive.Archive] is
// the one that production uses. Modifications come with id and, but from the service
// around it, with a timestamp.
type Core = archive.Core

// OneByOne is a core whose AppendAll makes a call for each edit: a batch of several is then
// as many batches.
type OneByOne interface{ OneByOne() }

// Environment is what a core runs in: one client's store, clock and random stream.
type Environment struct {
	Store    archive.Store
	Policy   archive.Policy
	Clock    archive.Clock
	Rand     *rand.Rand
	Observer archive.Observer
	Layout   *archive.Layout // of the documents; nil: the archive's own
	Codec    archive.Codec   // nil: that of the layout
	// What only the oracle knows: the calls of all clients, and for how long a write is
	// at risk on average, from the moment its read is served until it is decided.
	Crowd    *Crowd
	Exposure time.Duration
}

// Spec describes a core.
type Spec struct {
	Name string
	// Fault says what is wrong with it; empty for the production core, the reference,
	// the oracle and those of [Sound].
	Fault string
	// JSONOnly: it can't work on documents other than [archive.Change].
	JSONOnly bool
	// OwnWaits: of its policy, only the bounds matter.
	OwnWaits bool
	// VirtualOnly: it must know the latencies of the world.
	VirtualOnly bool
	// Policy is what it uses unless the run asks for another.
	Policy archive.Policy
	// OwnPolicy: it uses no other, whatever it is asked for.
	OwnPolicy bool
	New       func(Environment) (Core, error)
	// Uploads, Backend and Reconciler make the service around the core. Nil: as in production.
	Uploads    func(delivery.UploaderOptions) (Uploads, error)
	Backend    func(delivery.BackendOptions) (Handler, error)
	Reconciler func(delivery.ReconcilerOptions) (Sweeper, error)
	// Group makes the group commit of a process around the core. Nil: as in production.
	Group func(Core, archive.GroupOptions) (Appender, error)
	// Events reads what the store tells of a trigger. Nil: as in production.
	Events func(l *archive.Layout, source delivery.S3Source, body []byte) ([]delivery.Message, error)
}

// PolicyFor is the policy with which the core is run where one is asked for, or none (nil).
func (s *Spec) PolicyFor(asked *archive.Policy) archive.Policy {
	if asked == nil || s.OwnPolicy {
		return s.Policy
	}
	return *asked
}

// Production is the name of the production core.
const Production = "production"

var documentedSpec = Spec{
	Name:     "documented",
	Fault:    "the first implementation as described: blind merge, doubled history, untyped error on exhaustion",
	JSONOnly: true,
	Policy:   archive.DocumentedPolicy(),
	New:      newDocumented,
}

var unlockedSpec = Spec{
	Name:   "unlocked",
	Fault:  "no condition on any write",
	Policy: archive.DefaultPolicy(),
	New:    newUnlocked,
}

// All lists the cores that are worth a run of their own, production first. The
// other planted bugs are in [Bugs].
func All() []Spec {
	return []Spec{
		{Name: Production, Policy: archive.DefaultPolicy(), New: production},
		documentedSpec,
		unlockedSpec,
		{Name: "reference", Policy: archive.DefaultPolicy(), New: inLoop(noFlaw)},
		oracleSpec,
	}
}

// Find returns the core or planted bug of that name.
func Find(name string) (Spec, error) {
	var names []string
	for _, s := range All() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	for _, s := range slices.Concat(Sound(), Published()) {
		if s.Name == name {
			return s, nil
		}
	}
	for _, b := range Bugs() {
		if b.Name == name {
			return b.Spec, nil
		}
	}
	return Spec{}, fmt.Errorf("there is no core %q (known: %s, or a planted bug of simulate selftest)", name, strings.Join(names, ", "))
}

// Options are those with which the production core runs in the environment.
func (e Environment) Options() archive.Options {
	return archive.Options{
		Store: e.Store, Policy: e.Policy, Clock: e.Clock, Rand: e.Rand, Observer: e.Observer, Layout: e.Layout, Codec: e.Codec,
	}
}

func production(e Environment) (Core, error) { return archive.New(e.Options()) }
