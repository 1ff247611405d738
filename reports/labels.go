package reports

import (
	"cmp"
	"slices"
	"strings"

	"holdfast/archive"
	"holdfast/archive/notation"
	"holdfast/scenarios"
	"holdfast/scenarios/sweep"
)

// labelsOf are short names of a parameter's values, for tables and legends: as short
// as they can be and still differ. Of full(base=5ms,cap=2s) and none(retries=3) they
// are full and none; of full(base=5ms,cap=2s) and full(base=9ms,cap=2s), full(base=5ms)
// and full(base=9ms).
func labelsOf(v sweep.Varied) []string {
	kinds := make([]string, len(v.Values))
	without := make([]string, len(v.Values))
	common := commonArguments(v)
	for i, value := range v.Values {
		kind, args := call(value)
		kinds[i] = kind
		args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return slices.Contains(common, a) })
		without[i] = kind
		if len(args) > 0 {
			without[i] = kind + "(" + strings.Join(args, ",") + ")"
		}
	}
	for _, labels := range [][]string{kinds, without} {
		if !repeats(labels) {
			return labels
		}
	}
	return v.Values
}

// labelling are the labels of a parameter's values, by the values.
func labelling(v sweep.Varied) map[string]string {
	labels := map[string]string{}
	for i, label := range labelsOf(v) {
		labels[v.Values[i]] = label
	}
	return labels
}

// labellings are those of all parameters.
func labellings(all []sweep.Varied) []map[string]string {
	var labels []map[string]string
	for _, v := range all {
		labels = append(labels, labelling(v))
	}
	return labels
}

// commonArguments are those that all values have that have any.
func commonArguments(v sweep.Varied) []string {
	var common []string
	first := true
	for _, value := range v.Values {
		_, args := call(value)
		switch {
		case len(args) == 0:
		case first:
			common, first = slices.Clone(args), false
		default:
			common = slices.DeleteFunc(common, func(a string) bool { return !slices.Contains(args, a) })
		}
	}
	return common
}

// call takes kind(a,b) apart.
func call(value string) (kind string, args []string) {
	term := notation.Split(value)
	if !term.Closed {
		return value, nil
	}
	return term.Kind, strings.Split(term.Args, ",")
}

// commonPolicy says what the policies of all points have in common; empty: the
// whole policy varies.
func commonPolicy(s Swept) string {
	policy := cmp.Or(s.Policy, s.PolicyChanged)
	if policy == "" {
		return ""
	}
	words := policyInWords(s, policy)
	if _, args := call(policy); len(args) > 0 {
		_, whole, changed := strings.Cut(words, " = ")
		if changed {
			return whole // what the parts were before they varied is no point's policy
		}
	}
	return words
}

// policyInWords is a policy with all that it was given without: presets and kinds go by a
// name alone, and parts may have been set. What varies from point to point is left open.
func policyInWords(s Swept, policy string) string {
	kind, args := call(spelledOut(played(s, policy)))
	for _, v := range s.Vary {
		part, ok := strings.CutPrefix(v.Name, "policy.")
		ok = ok && len(v.Values) > 1
		if ok && part == "kind" {
			kind = "…"
		}
		for i, arg := range args {
			if name, _, _ := strings.Cut(arg, "="); ok && name == part {
				args[i] = name + "=…"
			}
		}
	}
	if whole := kind + "(" + strings.Join(args, ",") + ")"; whole != policy {
		return policy + " = " + whole
	}
	return policy
}

// played is what a value of the parameter policy was played as; the value, if it was not.
func played(s Swept, policy string) string {
	for i := range s.Points {
		p := &s.Points[i]
		if p.Policy == "" || !slices.Contains(p.Params, sweep.Param{Name: "policy", Value: policy}) {
			continue
		}
		bounds, err := archive.ParsePolicy(p.Policy)
		if asked, _ := scenarios.ParsePolicy(policy); err == nil && asked.Core != "" {
			return scenarios.Policy{Policy: bounds, Core: asked.Core}.String()
		}
		return p.Policy
	}
	return policy
}

// spelledOut is a policy as kind(base=D,…); as it is if it can't be read.
func spelledOut(policy string) string {
	p, err := scenarios.ParsePolicy(policy)
	switch {
	case err != nil:
		return policy
	case p.Core == "" && p.Policy == archive.DocumentedPolicy(): // which is written by its name
		return "exponential(base=50ms,cap=400ms,retries=3)"
	}
	return p.String()
}

func repeats(labels []string) bool {
	sorted := slices.Sorted(slices.Values(labels))
	return len(slices.Compact(sorted)) < len(labels)
}
