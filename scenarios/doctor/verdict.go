package doctor

import (
	"fmt"
	"slices"

	"holdfast/archive/storefault"
)

// judge draws the conclusions of what was seen. All rules are here.
//
//   - A fault counts against what it is about, wherever it was seen: unsafe if the core can
//     lose by it, else a warning.
//   - What is not as S3 has it and is no known fault is a warning for what it is about, and
//     a limit.
//   - What was not tried to its end, or not enough, is inconclusive, but where the worst has been seen: of
//     deletes a warning is the worst, as the core makes no conditional ones.
//   - What was spoilt by faults that are not about it, in every race, is inconclusive too.
//   - Reads and deletes that the quick form has no races of are inconclusive, but where a fault
//     was seen; its verdict is about the rest.
//   - The store is as safe as the least of the three, and safe with limits by any warning.
func (d *Diagnosis) judge() {
	d.Writes, d.Reads, d.Deletes = d.level(storefault.Writes), d.level(storefault.Reads), d.level(storefault.Deletes)
	var levels []Level
	for _, about := range []storefault.Subject{storefault.Writes, storefault.Reads, storefault.Deletes} {
		if level := d.level(about); level != LevelInconclusive || !d.leftOut(about) || d.unfinished(about) {
			levels = append(levels, level)
		}
	}
	d.Limits = d.limits()
	d.Reasons = d.reasons()
	switch {
	case slices.Contains(levels, LevelUnsafe):
		d.Verdict = Unsafe
	case slices.Contains(levels, LevelInconclusive), d.Interrupted:
		d.Verdict = Inconclusive
	case len(d.Limits) > 0:
		d.Verdict = SafeWithLimits
	default:
		d.Verdict = Safe
	}
}

func (d *Diagnosis) level(about storefault.Subject) Level {
	warned, unfinished := false, d.leftOut(about) || d.unfinished(about)
	for _, k := range d.kinds() {
		fault := storefault.Of(k)
		switch {
		case fault.Subject != about:
		case fault.Severity == storefault.Unsafe:
			return LevelUnsafe
		default:
			warned = true
		}
	}
	for _, r := range d.Rows {
		warned = warned || r.Subject == about && !r.OK && !r.Inconclusive && r.Kind == ""
	}
	switch {
	case unfinished && !(warned && about == storefault.Deletes), !warned && d.spoilt(about):
		return LevelInconclusive
	case warned:
		return LevelWarn
	}
	return LevelSafe
}

// spoilt reports whether every race about it went wrong.
func (d *Diagnosis) spoilt(about storefault.Subject) bool {
	n := 0
	for _, r := range d.Races {
		switch {
		case r.Subject != about:
		case r.Bad == 0 || r.Bad < r.Races:
			return false
		default:
			n++
		}
	}
	return n > 0
}

// unfinished reports whether something about it was not tried to its end.
func (d *Diagnosis) unfinished(about storefault.Subject) bool {
	return slices.ContainsFunc(d.Rows, func(r Row) bool { return r.Subject == about && r.Inconclusive }) ||
		slices.ContainsFunc(d.Races, func(r Race) bool { return r.Subject == about && r.Inconclusive != "" })
}

// leftOut reports whether the quick form, which is about writes, has no races of it.
func (d *Diagnosis) leftOut(about storefault.Subject) bool {
	return d.Quick && about != storefault.Writes && !slices.ContainsFunc(d.Races, func(r Race) bool { return r.Subject == about })
}

// kinds are the faults that were seen, each once, in the order of storefault.
func (d *Diagnosis) kinds() []storefault.Kind {
	seen := map[storefault.Kind]bool{}
	for _, r := range d.Rows {
		seen[r.Kind] = true
	}
	for _, r := range d.Races {
		for _, k := range r.Kinds {
			seen[k] = true
		}
	}
	var kinds []storefault.Kind
	for _, fault := range storefault.All() {
		if seen[fault.Kind] {
			kinds = append(kinds, fault.Kind)
		}
	}
	return kinds
}

// limits are what to know of a store, a sentence for each.
func (d *Diagnosis) limits() []string {
	limits := []string{}
	for _, k := range d.kinds() {
		fault := storefault.Of(k)
		limits = append(limits, fmt.Sprintf("%s: %s. %s", fault.Subject, fault.What, fault.Means))
	}
	for _, r := range d.Rows {
		if !r.OK && !r.Inconclusive && r.Kind == "" {
			limits = append(limits, fmt.Sprintf("%s: %s (S3: %s). %s", r.Name, r.Here, r.AWS, r.Means))
		}
	}
	return limits
}

// reasons say what was not tried to its end.
func (d *Diagnosis) reasons() []string {
	var reasons []string
	for _, r := range d.Rows {
		if r.Inconclusive {
			reasons = append(reasons, r.Name+": "+r.Here)
		}
	}
	for _, r := range d.Races {
		if r.Inconclusive != "" {
			reasons = append(reasons, fmt.Sprintf("%s: %d of %d races were judged, %s", r.Name, r.Races, r.Wanted, r.Inconclusive))
		}
	}
	return reasons
}
