package archive

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/archive/notation"
)

func kindNames() string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ") + "; presets: default, documented, adaptive"
}

const policySyntax = "want a preset (default, documented, adaptive) or kind(base=D,cap=D,retries=N,deadline=D)"

// String returns the policy as [ParsePolicy] reads it. The preset of
// [DocumentedPolicy] prints as "documented".
func (p Policy) String() string {
	if p == DocumentedPolicy() {
		return "documented"
	}
	var args []string
	if p.Kind.HasBase() {
		args = append(args, "base="+p.Base.String())
	}
	if p.Kind.Waits() {
		args = append(args, "cap="+p.Cap.String())
	}
	args = append(args, "retries="+retriesText(p.Retries))
	if p.Deadline > 0 {
		args = append(args, "deadline="+p.Deadline.String())
	}
	return string(p.Kind) + "(" + strings.Join(args, ",") + ")"
}

func retriesText(n int) string {
	if n == Unlimited {
		return "unlimited"
	}
	return strconv.Itoa(n)
}

// ParsePolicy reads "full(base=100ms,cap=5s,retries=8)", any other kind with
// any of base, cap, retries (a number or "unlimited") and deadline, or a preset:
// "default", "documented" or, without parentheses, "adaptive". What is left out is as in
// [DefaultPolicy], except that there is no deadline unless one is stated. Adaptive has
// no base.
func ParsePolicy(text string) (Policy, error) {
	text = strings.TrimSpace(text)
	switch text {
	case "default":
		return DefaultPolicy(), nil
	case "documented":
		return DocumentedPolicy(), nil
	case "adaptive":
		return AdaptivePolicy(), nil
	}
	term := notation.Split(text)
	p := DefaultPolicy()
	p.Kind = Kind(term.Kind)
	p.Deadline = 0
	if term.Opened && !term.Closed {
		return Policy{}, fmt.Errorf("policy %q: the closing parenthesis is missing: %s", text, policySyntax)
	}
	if err := p.parseArgs(term.Args); err != nil {
		return Policy{}, fmt.Errorf("policy %q: %w", text, err)
	}
	if err := p.Validate(); err != nil {
		return Policy{}, err
	}
	return p.Trimmed(), nil
}

func (p *Policy) parseArgs(args string) error {
	seen := map[string]bool{}
	err := notation.Pairs(args, policySyntax, func(name, value string) error {
		seen[name] = true
		return p.set(name, value)
	})
	if err != nil {
		return err
	}
	// A small base or cap stated alone keeps the other consistent with it.
	if seen["base"] && !seen["cap"] {
		p.Cap = max(p.Cap, p.Base)
	}
	if seen["cap"] && !seen["base"] && p.Cap > 0 {
		p.Base = min(p.Base, p.Cap)
	}
	return nil
}

func (p *Policy) set(name, value string) (err error) {
	switch name {
	case "base":
		if p.Kind == Adaptive {
			return fmt.Errorf("base does not apply to %s, which finds its own", p.Kind)
		}
		p.Base, err = parseDuration(name, value)
	case "cap":
		p.Cap, err = parseDuration(name, value)
	case "deadline":
		p.Deadline, err = parseDuration(name, value)
	case "retries":
		if value == "unlimited" {
			p.Retries = Unlimited
			return nil
		}
		p.Retries, err = strconv.Atoi(value)
		if err != nil {
			err = fmt.Errorf("retries must be a whole number or unlimited, not %q", value)
		}
	default:
		err = fmt.Errorf("%q is not known (known: base, cap, retries, deadline)", name)
	}
	return err
}

func parseDuration(name, value string) (time.Duration, error) {
	d, err := notation.Duration(value, "100ms or 5s")
	if err != nil {
		return 0, fmt.Errorf("%s must be %w", name, err)
	}
	return d, nil
}

// MarshalText implements encoding.TextMarshaler.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Policy) UnmarshalText(text []byte) error {
	parsed, err := ParsePolicy(string(text))
	if err == nil {
		*p = parsed
	}
	return err
}
