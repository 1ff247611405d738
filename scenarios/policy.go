package scenarios

import (
	"strings"

	"holdfast/archive"
	"holdfast/scenarios/cores"
)

// Policy is a retry policy as [ParsePolicy] reads it.
type Policy struct {
	archive.Policy
	// Core is the one that draws the waits, of a policy of which only the bounds are the
	// archive's. Empty: they are those of its kind.
	Core string
}

// ParsePolicy reads a policy as [cores.ParsePolicy] does. Of one that has a core of its own the
// core is named also if the rest can't be read.
func ParsePolicy(text string) (Policy, error) {
	bounds, core, err := cores.ParsePolicy(text)
	p := Policy{Policy: bounds}
	if core != nil {
		p.Core = core.Name
	}
	return p, err
}

// String returns the policy as [ParsePolicy] reads it.
func (p Policy) String() string {
	if p.Core == "" {
		return p.Policy.String()
	}
	p.Kind = archive.None
	return p.Core + strings.TrimPrefix(p.Policy.String(), string(archive.None))
}
