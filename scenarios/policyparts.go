package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/notation"
	"holdfast/scenarios/cores"
)

// PolicyParts are settings that change a part of a policy. They are no keys of a
// scenario's file, where a policy is a single value: they change the policy that is in
// force, wherever it comes from.
var PolicyParts = []string{"policy.kind", "policy.base", "policy.cap", "policy.retries", "policy.deadline"}

// PolicyPrefix begins their keys.
const PolicyPrefix = "policy."

// splitSettings tells parts of the policy from keys of the scenario's file.
func splitSettings(all []Setting) (keys, parts []Setting) {
	for _, one := range all {
		if strings.HasPrefix(one.Key, PolicyPrefix) {
			parts = append(parts, one)
		} else {
			keys = append(keys, one)
		}
	}
	return keys, parts
}

// changePolicy changes parts of a policy. Errors are [SettingError].
func changePolicy(p archive.Policy, parts []Setting) (archive.Policy, error) {
	// The kind comes first: it decides which other parts there are.
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b Setting) int {
		return strings.Compare(kindFirst(a.Key), kindFirst(b.Key))
	})
	changed := p
	var names []string
	for _, one := range parts {
		if err := changePart(&changed, strings.TrimPrefix(one.Key, PolicyPrefix), one.Value); err != nil {
			return p, &SettingError{Setting: one.String(), Reason: err.Error()}
		}
		names = append(names, one.String())
	}
	err := changed.Validate()
	if err == nil {
		return changed, nil
	}
	failed := &SettingError{Setting: strings.Join(names, " "), Reason: err.Error()}
	if len(parts) > 1 { // one that fails alone for the same reason, or else all
		for _, one := range parts {
			var alone *SettingError
			if _, err := changePolicy(p, []Setting{one}); errors.As(err, &alone) && alone.Reason == failed.Reason {
				return p, alone
			}
		}
	}
	return p, failed
}

func kindFirst(key string) string {
	if key == PolicyPrefix+"kind" {
		return "0"
	}
	return "1"
}

// changePart changes a part as far as it can be understood by itself.
func changePart(p *archive.Policy, part, value string) (err error) {
	switch part {
	case "kind":
		return changeKind(p, value)
	case "base", "cap":
		if part == "base" && !p.Kind.HasBase() || !p.Kind.Waits() {
			return fmt.Errorf("policy %s has no %s", p.Kind, part)
		}
		if part == "base" {
			p.Base, err = waitOf(value)
		} else {
			p.Cap, err = waitOf(value)
		}
	case "deadline":
		p.Deadline, err = waitOf(value)
	case "retries":
		if p.Retries = archive.Unlimited; value != "unlimited" {
			if p.Retries, err = strconv.Atoi(value); err != nil {
				err = fmt.Errorf("want a whole number or unlimited, not %q", value)
			}
		}
	default:
		err = fmt.Errorf("a policy has no %s, it has kind, base, cap, retries and deadline", part)
	}
	return err
}

// changeKind keeps all other parts. Those that the kind has and the one before did not
// are the default policy's, as where a policy is written without them.
func changeKind(p *archive.Policy, kind string) error {
	whole, core, err := cores.ParsePolicy(kind)
	if core != nil || err == nil && string(whole.Kind) != kind {
		return fmt.Errorf("%s is no kind but a whole policy: vary policy", kind)
	}
	d := archive.DefaultPolicy()
	if p.Kind = archive.Kind(kind); p.Cap == 0 {
		p.Cap = d.Cap
	}
	if p.Base == 0 {
		p.Base = min(d.Base, p.Cap)
	}
	*p = p.Trimmed()
	return err
}

func waitOf(text string) (time.Duration, error) {
	d, err := notation.Duration(text, "50ms or 2s")
	if err != nil {
		return 0, fmt.Errorf("want %w", err)
	}
	return d, nil
}

// ofSetting says of an error whether a setting is the reason.
func ofSetting(err error) error {
	var bad *SettingError
	if errors.As(err, &bad) {
		return fmt.Errorf("--set %w", err)
	}
	return err
}
