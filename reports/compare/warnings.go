package compare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// warn says what should be known before the rows are believed.
func (c *Comparison) warn(old, new Side) {
	var settings, sizes, few, worlds []string
	exact, real := false, false
	for i := range c.Runs {
		p := &c.Runs[i]
		exact = exact || p.Exact() && p.Differing > 0
		real = real || p.Old.World == "real" && p.New.World == "real"
		if len(p.Changed) > 0 {
			settings = append(settings, fmt.Sprintf("%s: %s", p.Name(), strings.Join(p.Changed, ", ")))
		}
		if p.Old.Repetitions != p.New.Repetitions {
			sizes = append(sizes, fmt.Sprintf("%s: %d and %d", p.Name(), p.Old.Repetitions, p.New.Repetitions))
		}
		switch {
		case p.Method == Nothing:
			worlds = append(worlds, p.Name())
		case !p.Decided:
			few = append(few, p.Name())
		}
	}
	c.warning("settings differ, and what they change is not the program's doing: %s", settings)
	c.warning("numbers of repetitions differ: %s", sizes)
	c.warning("OLD was held against what NEW was not: %s", c.unchecked)
	c.warning("numbers of different worlds can't be compared: %s", worlds)
	c.warning("too little is known of each repetition to say better or worse: compare run directories of --runs "+fmt.Sprint(c.enough())+" or more: %s", few)
	if c.digestsAlone() {
		c.Warnings = append(c.Warnings, "all repetitions went otherwise, and yet no total and no figure differs: it may be that the programs take digests otherwise, and play the same")
	}
	if exact && (old.Program.Arch != new.Program.Arch || old.Program.Go != new.Program.Go) {
		c.Warnings = append(c.Warnings, fmt.Sprintf("OLD was played by a program for %s of %s, NEW for %s of %s: the last digit of a latency may be rounded otherwise, and then repetitions differ by that alone",
			old.Program.Arch, old.Program.Go, new.Program.Arch, new.Program.Go))
	}
	if real && (old.Program.Arch != new.Program.Arch || old.Program.OS != new.Program.OS || old.Program.CPUs != new.Program.CPUs) {
		c.Warnings = append(c.Warnings, fmt.Sprintf("the machines differ: %s/%s with %d processors, and %s/%s with %d",
			old.Program.OS, old.Program.Arch, old.Program.CPUs, new.Program.OS, new.Program.Arch, new.Program.CPUs))
	}
}

// digestsAlone reports whether all repetitions differ, and nothing that is made of them.
func (c *Comparison) digestsAlone() bool {
	return len(c.Runs) > 0 && !slices.ContainsFunc(c.Runs, func(p Pair) bool { return p.Method != Paired || p.Differing == 0 || p.Differing < p.Compared }) &&
		!slices.ContainsFunc(c.Rows, func(r Row) bool { return r.Verdict != Same })
}

// warning adds one about some runs; of many it names the first.
func (c *Comparison) warning(format string, runs []string) {
	const most = 3
	if len(runs) == 0 {
		return
	}
	list := strings.Join(runs[:min(len(runs), most)], "; ")
	if more := len(runs) - most; more > 0 {
		list += fmt.Sprintf("; and %d more", more)
	}
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, list))
}

// enough are the repetitions with which as many rows as there are could be significant.
func (c *Comparison) enough() int {
	rows := max(1, len(c.Runs)*len(metrics))
	n := 2
	for leastPaired(n) > c.Alpha/float64(rows) {
		n++
	}
	return n
}

// changed are the settings in which two runs differ, beside what is to be compared: the core,
// the policy and the program.
func (p *Pair) changed(old, new map[string]string) (all []string) {
	note := func(name string, old, new any) {
		if old != new {
			all = append(all, fmt.Sprintf("%s %v → %v", name, old, new))
		}
	}
	note("world", p.Old.World, p.New.World)
	note("store", p.Old.Store, p.New.Store)
	if old == nil || new == nil {
		note("clients", p.Old.Clients, p.New.Clients)
		return all
	}
	names := maps.Clone(old)
	maps.Copy(names, new)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if name != "core" && name != "policy" {
			note(name, cmp.Or(old[name], "none"), cmp.Or(new[name], "none"))
		}
	}
	return all
}
