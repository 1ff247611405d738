package scenarios

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
)

// invalidError is a scenario that can't be played. Path names the place in the
// file, such as .timeline[2].actor.
type invalidError struct {
	path, reason string
}

func (e *invalidError) Error() string {
	return fmt.Sprintf("%s: %s", strings.TrimPrefix(e.path, "."), e.reason)
}

// checker collects what is wrong with a scenario.
type checker struct {
	*Scenario
	found []*invalidError
	// unsure are paths of what is wrong itself, so that nothing follows from it for
	// others, and what is below them.
	unsure map[string]bool
}

func (c *checker) invalid(path, format string, args ...any) {
	c.add(path, format, args...)
	c.unsure[path] = true
}

// add is [checker.invalid] of what others can refer to all the same, such as a name.
func (c *checker) add(path, format string, args ...any) {
	c.found = append(c.found, &invalidError{path, fmt.Sprintf(format, args...)})
}

// sure reports whether what these paths hold, or lack, is what was meant.
func (c *checker) sure(paths ...string) bool {
	for _, path := range paths {
		for path != "" {
			if c.unsure[path] {
				return false
			}
			path = path[:strings.LastIndexAny(path, ".[")]
		}
	}
	return true
}

// sureOfAll is [checker.sure] of some keys of all elements of a list.
func (c *checker) sureOfAll(list string, length int, keys ...string) bool {
	for i := range length {
		for _, key := range keys {
			if !c.sure(fmt.Sprintf("%s[%d].%s", list, i, key)) {
				return false
			}
		}
	}
	return c.sure(list)
}

// sureOfActors is [checker.sure] of some keys of all actors.
func (c *checker) sureOfActors(keys ...string) bool {
	return c.sureOfAll(".actors", len(c.Actors), keys...)
}

var goodName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Validate reports a reason why the scenario can't be played.
func (s *Scenario) Validate() error {
	if found := s.mistakes(nil); len(found) > 0 {
		return found[0]
	}
	return nil
}

// mistakes are all reasons why the scenario can't be played, but for those that may only
// follow from what is unsure: paths of what could not be read.
func (s *Scenario) mistakes(unsure map[string]bool) []*invalidError {
	c := &checker{Scenario: s, unsure: map[string]bool{}}
	maps.Copy(c.unsure, unsure)
	c.checkNames()
	c.checkObjects()
	c.checkWords()
	c.checkQueue()
	c.checkGroup()
	for i := range s.Actors {
		c.checkActor(i)
	}
	for i := range s.Faults {
		c.checkFault(i)
	}
	for i := range s.Timeline {
		c.checkStep(i)
	}
	c.checkHolds()
	c.checkViolations()
	return c.found
}

func (c *checker) checkNames() {
	switch {
	case !c.sure(".name"):
	case !goodName.MatchString(c.Name):
		c.invalid(".name", "the name %q must be lower-case letters, digits and single hyphens", c.Name)
	case c.Name == "latest":
		c.invalid(".name", "the name latest is taken: it is what points to the last run")
	}
	if c.Shows == "" && c.sure(".shows") {
		c.invalid(".name", "say under shows: what a passing run has shown")
	}
	if len(c.Actors) == 0 && c.sure(".actors") {
		c.invalid(".name", "there are no actors")
	}
}

func (c *checker) checkObjects() {
	o := &c.Objects
	if o.Count < 0 {
		c.invalid(".objects.count", "count must not be negative")
	}
	switch {
	case !oneOrNone(o.Keys):
		c.invalid(".objects.keys", "keys are %s, not %q", either(o.Keys), o.Keys)
	case o.Keys == HashedKeys && o.Popularity.Skew > 0:
		c.invalid(".objects.popularity", "popularity is for random keys: by hash each actor has one document")
	}
	switch {
	case o.FreshAfter < 0:
		c.invalid(".objects.fresh_after", "fresh_after must not be negative")
	case o.FreshAfter > 0 && o.Absent:
		c.invalid(".objects.fresh_after", "absent documents can't be replaced by fresh ones")
	}
	if o.Entries < 0 || o.Entries > mostEntries {
		c.invalid(".objects.entries", "entries must be from 0 to %d", mostEntries)
	}
	if o.Size < 0 || o.Size > mostSize {
		c.invalid(".objects.size", "size must be from 0 to %d bytes", mostSize)
	}
	if c.Expect.MinConflicts < 0 {
		c.invalid(".expect.min_conflicts", "min_conflicts must not be negative")
	}
}

// checkWords checks what is one of some words.
func (c *checker) checkWords() {
	if !oneOrNone(c.ETags) {
		c.invalid(".etags", "ETags are %s, not %q", either(c.ETags), c.ETags)
	}
	switch {
	case !oneOrNone(c.Codec):
		c.invalid(".codec", "documents are %s, not %q", either(c.Codec), c.Codec)
	case c.Via == ViaAPI && c.Codec == Compact:
		c.invalid(".codec", "the API sends and receives json documents")
	}
	if !oneOrNone(c.Via) {
		c.invalid(".via", "clients reach the archive via %s, not %q", either(c.Via), c.Via)
	}
	if p := c.Policy; p != nil && p.Core != "" && c.Core != "" && c.Core != p.Core {
		c.invalid(".policy", "%s is a core of its own; leave core: %s out", p.Core, c.Core)
	}
	if c.Core == "" {
		return
	}
	if _, err := cores.Find(c.Core); err != nil {
		c.invalid(".core", "%v", err)
	}
}

// mostEntries and mostSize are more than any document in use has.
const (
	mostEntries = 1_000_000
	mostSize    = 64 << 20
)

// checkViolations checks the names in expect.violations.
func (c *checker) checkViolations() {
	for _, core := range slices.Sorted(maps.Keys(c.Expect.Violations)) {
		path := ".expect.violations." + core
		if _, err := cores.Find(core); err != nil {
			c.invalid(path, "%v", err)
			continue
		}
		for _, name := range c.Expect.Violations[core] {
			if check.Invariant(name).Title() == "" {
				c.invalid(path, "there is no invariant %q", name)
			}
		}
	}
}

// Suits reports why the scenario can't be played on a document of a layout.
func (s *Scenario) Suits(l *Layout, doc *archive.Change) error {
	for _, a := range s.Actors {
		if a.Load != nil && a.Kind == User && len(editableFields(l, doc)) == 0 {
			return fmt.Errorf("user %s has nothing to edit: document %s has none of the fields %s",
				a.Name, doc.ID(), strings.Join(editable, ", "))
		}
		if a.Kind == Backend && s.Via == ViaAPI && doc.Layout().Customers == "" {
			return fmt.Errorf("nobody would tell back end %s of anything: the layout names no field with customers", a.Name)
		}
	}
	return nil
}
