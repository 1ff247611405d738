// Package notation reads kind(name=value,…), in which policies, faults and latencies are
// written, and durations. It imports the standard library only.
package notation

import (
	"fmt"
	"strings"
	"time"
)

// Term is kind(args) taken apart. White space around either does not count.
type Term struct {
	Kind string
	Args string // between the parentheses
	// Opened and Closed tell which parentheses are there. The closing one ends the text.
	Opened, Closed bool
}

// Split takes a text apart. One without parentheses is all kind.
func Split(text string) Term {
	kind, rest, opened := strings.Cut(strings.TrimSpace(text), "(")
	args, closed := strings.CutSuffix(rest, ")")
	return Term{strings.TrimSpace(kind), strings.TrimSpace(args), opened, closed}
}

// Pairs hands name=value,… to set, in their order. It ends at the first error: set's, of a
// name that is given twice, or of what is no pair, which is followed by what is wanted.
func Pairs(args, want string, set func(name, value string) error) error {
	if strings.TrimSpace(args) == "" {
		return nil
	}
	seen := map[string]bool{}
	for arg := range strings.SplitSeq(args, ",") {
		name, value, ok := strings.Cut(arg, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !ok:
			return fmt.Errorf("%q is no name=value: %s", name, want)
		case seen[name]:
			return fmt.Errorf("%s is given twice", name)
		}
		seen[name] = true
		if err := set(name, value); err != nil {
			return err
		}
	}
	return nil
}

// Duration reads a duration that is not negative. The error says what it wants, by the
// examples, and what it got: its caller says of what.
func Duration(text, examples string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("a duration such as %s, not %q", examples, text)
	}
	return d, nil
}
