package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
)

// policyParts are what --set and --vary change of a policy. They are no keys of a
// scenario's file, where a policy is a single value: they change the policy that is in
// force, wherever it comes from.
var policyParts = []string{"policy.kind", "policy.base", "policy.cap", "policy.retries", "policy.deadline"}

const policyPrefix = "policy."

// splitSettings tells parts of the policy from keys of the scenario's file.
func splitSettings(sets []string) (keys, parts []scenarios.Setting, err error) {
	for _, text := range sets {
		key, value, ok := strings.Cut(text, "=")
		switch {
		case !ok:
			return nil, nil, usage("--set wants KEY=VALUE, such as objects.count=4, not %q", text)
		case strings.HasPrefix(key, policyPrefix):
			parts = append(parts, scenarios.Setting{Key: key, Value: value})
		default:
			keys = append(keys, scenarios.Setting{Key: key, Value: value})
		}
	}
	return keys, parts, nil
}

// changePolicy changes parts of a policy. Errors are [scenarios.SettingError].
func changePolicy(p archive.Policy, parts []scenarios.Setting) (archive.Policy, error) {
	// The kind comes first: it decides which other parts there are.
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b scenarios.Setting) int {
		return strings.Compare(kindFirst(a.Key), kindFirst(b.Key))
	})
	changed := p
	var names []string
	for _, one := range parts {
		if err := changePart(&changed, strings.TrimPrefix(one.Key, policyPrefix), one.Value); err != nil {
			return p, &scenarios.SettingError{Setting: one.String(), Reason: err.Error()}
		}
		names = append(names, one.String())
	}
	err := changed.Validate()
	if err == nil {
		return changed, nil
	}
	failed := &scenarios.SettingError{Setting: strings.Join(names, " "), Reason: err.Error()}
	if len(parts) > 1 { // one that fails alone for the same reason, or else all
		for _, one := range parts {
			var alone *scenarios.SettingError
			if _, err := changePolicy(p, []scenarios.Setting{one}); errors.As(err, &alone) && alone.Reason == failed.Reason {
				return p, alone
			}
		}
	}
	return p, failed
}

func kindFirst(key string) string {
	if key == policyPrefix+"kind" {
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
		if p.Kind == archive.None || p.Kind == archive.Adaptive && part == "base" {
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
			if p.Retries, err = wholeNumber(value); err != nil {
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
	switch p.Kind {
	case archive.None:
		p.Base, p.Cap = 0, 0
	case archive.Adaptive:
		p.Base = 0
	}
	return err
}

func waitOf(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("want a duration such as 50ms or 2s, not %q", text)
	}
	return d, nil
}
