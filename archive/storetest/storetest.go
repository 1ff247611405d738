// Package storetest is the conformance suite that any archive.Store must pass.
//
// It asks for what the update loop builds on: conditions are decided by the
// store and nobody gets in between, a read sees every acknowledged write, and a
// body comes with its own ETag. S3 is the measure. Where a server is known to
// differ, its difference is declared as a [Quirk]; the suite then asserts the
// difference, so that it fails on the day when the server changes.
//
// A case is a function that returns an error, so that a program can run it as
// well, and so that the suite itself can be tested against broken stores. The error is a
// [*storefault.Error] if a promise was broken; what the transport did is none.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

// caseTimeout is enough for a race of some hundred writes on one key of S3,
// which takes about fifteen of them a second.
const caseTimeout = 2 * time.Minute

// Case is one thing that a store must do. Each uses a key of its own, below
// "storetest/", and expects nothing to be stored there.
type Case struct {
	// Name is group/what: basics, conditions or races.
	Name string
	// Quirk is the declared difference that Run asserts; "" is S3's behaviour.
	Quirk Quirk
	// Run returns what is wrong.
	Run func(ctx context.Context, store archive.Store) error
}

// Run runs all cases as subtests, each with a store from open, which may be the
// same each time.
func Run(t *testing.T, open func(t *testing.T) archive.Store, quirks ...Quirk) {
	t.Helper()
	cases, err := Cases(quirks...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			if c.Quirk != "" {
				t.Logf("declared difference from S3: %s", c.Quirk)
			}
			ctx, cancel := context.WithTimeout(t.Context(), caseTimeout)
			defer cancel()
			if err := c.Run(ctx, open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Cases returns the suite for a server with the given quirks. The error names a
// quirk that does not exist.
func Cases(quirks ...Quirk) ([]Case, error) {
	var all []Case
	unused := slices.Clone(quirks)
	for _, s := range slices.Concat(basics, conditions, races) {
		c := Case{Name: s.name, Run: s.run}
		for _, d := range s.differences {
			if slices.Contains(quirks, d.quirk) {
				c.Quirk, c.Run = d.quirk, d.run
				unused = slices.DeleteFunc(unused, func(q Quirk) bool { return q == d.quirk })
			}
		}
		all = append(all, c)
	}
	if len(unused) > 0 {
		return nil, fmt.Errorf("storetest: no case knows the quirk %q", unused[0])
	}
	return all, nil
}

// spec is a case before the server's quirks are known.
type spec struct {
	name        string
	run         func(context.Context, archive.Store) error
	differences []difference
}

// difference replaces a case for servers with the quirk.
type difference struct {
	quirk Quirk
	run   func(context.Context, archive.Store) error
}

// key is the key of a case, or one of its keys.
func key(name ...string) string { return "storetest/" + strings.Join(name, "/") }

// The helpers below put what was being done in front of the error.

func put(ctx context.Context, s archive.Store, k, body string, cond archive.Condition) (etag string, err error) {
	etag, err = s.Put(ctx, k, []byte(body), cond)
	if err != nil {
		return "", fmt.Errorf("put %s (%s): %w", k, cond, err)
	}
	if etag == "" {
		return "", storefault.Errorf(storefault.NoETag, "put %s (%s): it was acknowledged without an ETag", k, cond)
	}
	return etag, nil
}

// create puts an object that must not be there yet.
func create(ctx context.Context, s archive.Store, k, body string) (etag string, err error) {
	return put(ctx, s, k, body, archive.IfAbsent())
}

// mustFail checks that a call failed with the wanted answer. That it succeeds is the fault.
func mustFail(fault storefault.Kind, what string, err, want error) error {
	switch {
	case err == nil:
		return storefault.Errorf(fault, "%s: it succeeded, want %q", what, want)
	case !errors.Is(err, want):
		return fmt.Errorf("%s: got %q, want %q", what, err, want)
	}
	return nil
}

// mustHold checks that the object is exactly this one, by Get and by Head.
func mustHold(ctx context.Context, s archive.Store, k, body, etag string) error {
	got, gotTag, err := s.Get(ctx, k)
	if err != nil {
		return fmt.Errorf("get %s: %w", k, err)
	}
	if string(got) != body {
		return storefault.Errorf(storefault.LostWrite, "get %s: body is %s, want %s", k, brief(string(got)), brief(body))
	}
	if gotTag != etag {
		return storefault.Errorf(storefault.UnstableETag, "get %s: ETag is %s, want %s, which the write had answered", k, gotTag, etag)
	}
	headTag, err := s.Head(ctx, k)
	if err != nil {
		return fmt.Errorf("head %s: %w", k, err)
	}
	if headTag != etag {
		return storefault.Errorf(storefault.UnstableETag, "head %s: ETag is %s, want %s, which the write had answered", k, headTag, etag)
	}
	return nil
}

// mustBeAbsent checks that there is no object, by Get and by Head.
func mustBeAbsent(ctx context.Context, s archive.Store, k string) error {
	_, _, err := s.Get(ctx, k)
	if err := mustFail(storefault.UndoneDelete, "get "+k, err, archive.ErrNotFound); err != nil {
		return err
	}
	_, err = s.Head(ctx, k)
	return mustFail(storefault.UndoneDelete, "head "+k, err, archive.ErrNotFound)
}

func brief(body string) string {
	const most = 60
	if len(body) > most {
		return fmt.Sprintf("%q… (%d bytes)", body[:most], len(body))
	}
	return fmt.Sprintf("%q", body)
}
