package tuning

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"holdfast/archive"
	"holdfast/scenarios/cores"
)

// Incumbent is a policy that is in use.
type Incumbent struct {
	Name   string // of up to 24 printable characters, and unlike those of the others
	Policy archive.Policy
}

// DefaultIncumbents are the documented policy and the core's default.
func DefaultIncumbents() []Incumbent {
	return []Incumbent{{"documented", archive.DocumentedPolicy()}, {"default", archive.DefaultPolicy()}}
}

// ParseIncumbents reads policies, each as POLICY or NAME=POLICY. One without a name has
// that of its preset, else incumbent, incumbent 2 and so on. Those that others use, and no
// archive has, are comparators.
func ParseIncumbents(texts []string) (inUse []Incumbent, others []Comparator, err error) {
	for n, text := range texts {
		name := "incumbent"
		if n > 0 {
			name = fmt.Sprintf("incumbent %d", n+1)
		}
		// The first = of a policy without a name is one of its settings.
		if before, after, found := strings.Cut(text, "="); found && !strings.Contains(before, "(") {
			name, text = strings.TrimSpace(before), after
		} else if !strings.Contains(text, "(") {
			name = strings.TrimSpace(text)
		}
		policy, core, err := cores.ParsePolicy(text)
		switch {
		case err != nil:
			return nil, nil, err
		case core == nil:
			inUse = append(inUse, Incumbent{name, policy})
		case core.VirtualOnly:
			return nil, nil, fmt.Errorf("%s: nobody can have it in use", core.Name)
		default:
			others = append(others, Comparator{Core: *core, Bounds: policy})
		}
	}
	return inUse, others, checkIncumbents(inUse)
}

func checkIncumbents(all []Incumbent) error {
	const longest = 24 // in a table of 80 columns
	names, policies := map[string]bool{}, map[archive.Policy]string{}
	for _, i := range all {
		switch {
		case i.Name == "" || utf8.RuneCountInString(i.Name) > longest || strings.ContainsFunc(i.Name, func(r rune) bool { return !unicode.IsPrint(r) }):
			return fmt.Errorf("a policy in use is named %q: want 1 to %d printable characters", i.Name, longest)
		case i.Name == Recommended:
			return fmt.Errorf("a policy in use is named %s, as what the search will find: give it another name", i.Name)
		case names[i.Name]:
			return fmt.Errorf("two policies in use are named %s: give each a name of its own, as NAME=POLICY", i.Name)
		case policies[i.Policy] != "":
			return fmt.Errorf("%s and %s are the same policy: give it once", policies[i.Policy], i.Name)
		}
		if err := i.Policy.Validate(); err != nil {
			return fmt.Errorf("the policy in use named %s: %w", i.Name, err)
		}
		names[i.Name], policies[i.Policy] = true, i.Name
	}
	return nil
}
