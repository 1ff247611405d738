// Package cores holds the cores under test: the production core, and others
// that are broken in a known way, so that every check is seen to fail.
package cores

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"holdfast/archive"
)

// Core is what a client calls to read and update objects. [archive.Archive] is
// the one that production uses. Modifications come with id and timestamp.
type Core interface {
	Load(ctx context.Context, id string) (archive.Snapshot, error)
	Create(ctx context.Context, id string, doc archive.Document, mods ...archive.Modification) (archive.Snapshot, error)
	Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error)
	Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error)
}

// Environment is what a core runs in: one client's store, clock and random stream.
type Environment struct {
	Store    archive.Store
	Policy   archive.Policy
	Clock    archive.Clock
	Rand     *rand.Rand
	Observer archive.Observer
}

// Spec describes a core.
type Spec struct {
	Name string
	// Fault says what is wrong with it; empty for the production core.
	Fault string
	// Policy is what it uses unless the run asks for another.
	Policy archive.Policy
	New    func(Environment) (Core, error)
}

// All lists the cores, production first.
func All() []Spec {
	return []Spec{
		{Name: "production", Policy: archive.DefaultPolicy(), New: production},
		{
			Name:   "documented",
			Fault:  "the first implementation as described: blind merge, doubled history, untyped error on exhaustion",
			Policy: archive.DocumentedPolicy(),
			New:    newDocumented,
		},
		{
			Name:   "unlocked",
			Fault:  "no condition on any write",
			Policy: archive.DefaultPolicy(),
			New:    newUnlocked,
		},
	}
}

// Find returns the core of that name.
func Find(name string) (Spec, error) {
	var names []string
	for _, s := range All() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Spec{}, fmt.Errorf("there is no core %q (known: %s)", name, strings.Join(names, ", "))
}

func production(e Environment) (Core, error) {
	return archive.New(archive.Options{
		Store: e.Store, Policy: e.Policy, Clock: e.Clock, Rand: e.Rand, Observer: e.Observer,
	})
}
