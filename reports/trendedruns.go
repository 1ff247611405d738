package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/scenarios"
	"holdfast/scenarios/measure"
)

const virtualWorld = scenarios.VirtualWorld

// KeptRun is a run that was kept.
type KeptRun struct {
	Name        string    // of its directory or file
	When        time.Time // it began; zero: nobody says
	Environment Environment
	Run         measure.Measurement
	written     time.Time // its document; zero: it comes from elsewhere
	// repetitions reads what is kept of each; nil: nothing is.
	repetitions func() []measure.Repetition
}

// unusable says why a run says nothing of its figures; empty: it does.
func (p *KeptRun) unusable() string {
	switch {
	case p.Run.Failure != "":
		return "it could not go on: " + p.Run.Failure
	case p.Run.Interrupted:
		return "it was interrupted"
	case p.Run.Counts.Operations == 0:
		return "nothing was played"
	}
	return ""
}

func (p *KeptRun) told() TrendRun {
	t := TrendRun{Run: p.Name, Version: p.Environment.Version, Seed: p.Run.Seed, Verdict: p.Run.Verdict}
	if !p.When.IsZero() {
		when := p.When.UTC()
		t.Time = &when
	}
	return t
}

// what are the settings that tell scenarios' runs apart in any case: figures with others are
// about something else.
func (p *KeptRun) what() []Setting {
	all := []Setting{
		{"core", p.Run.Core}, {"store", p.Run.Store}, {"codec", p.Run.Codec}, {"via", p.Run.Via}, {"layout", p.Run.Layout},
		{"repetitions", strconv.Itoa(p.Run.Repetitions)},
	}
	return slices.DeleteFunc(all, func(s Setting) bool { return s.Value == "" })
}

// settings are the others that decide of the figures.
func (p *KeptRun) settings() []Setting {
	all := []Setting{{"policy", p.Run.Policy}, {"clients", strconv.Itoa(p.Run.Clients)}}
	return append(all, flagsOf(p.Run.Replay)...)
}

// known is what is known of where a run's figures come from.
func (p *KeptRun) known() []Setting {
	env := &p.Environment
	all := []Setting{
		{"version", env.Version}, {"commit", env.Revision.short()}, {"Go", env.Go}, {"platform", env.OS + "/" + env.Arch},
		{"processors", strconv.Itoa(env.CPUs)}, {"GOMAXPROCS", strconv.Itoa(env.GOMAXPROCS)},
	}
	for _, module := range slices.Sorted(maps.Keys(env.Modules)) {
		all = append(all, Setting{module, env.Modules[module]})
	}
	if s := env.Store; s != nil {
		all = append(all, Setting{"retryer", s.Retryer}, Setting{"max attempts of the SDK", strconv.Itoa(s.MaxAttempts)},
			Setting{"request timeout", fmt.Sprintf("%d ms", s.RequestTimeoutMS)}, Setting{"checksums", s.Checksums},
			Setting{"region", s.Region}, Setting{"endpoint", s.Endpoint})
	}
	if env.Revision.short() == env.Version { // which says it already
		all = slices.DeleteFunc(all, func(s Setting) bool { return s.Name == "commit" })
	}
	return append(all, p.settings()...)
}

// short is a commit as people name it, and whether it is not the whole program.
func (r *Revision) short() string {
	switch {
	case r == nil:
		return ""
	case r.Changed:
		return r.Commit[:min(12, len(r.Commit))] + changes
	}
	return r.Commit[:min(12, len(r.Commit))]
}

// ofOtherKeys are flags that a result has in keys of its own, or that decide of no figure.
var ofOtherKeys = []string{
	"world", "core", "policy", "layout", "clients", "runs", "store", "codec", "via", "seed", "threshold", "skip-check", "endpoint", "path-style",
}

// flagsOf are the flags of a command that replays a run.
func flagsOf(command string) []Setting {
	var all []Setting
	words := shellWords(command)
	for i := 0; i < len(words); i++ {
		name, isFlag := strings.CutPrefix(words[i], "--")
		if !isFlag {
			continue
		}
		name, value, joined := strings.Cut(name, "=")
		if !joined && i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
			i++
			value = words[i]
		}
		if slices.Contains(ofOtherKeys, name) {
			continue
		}
		if at := slices.IndexFunc(all, func(s Setting) bool { return s.Name == name }); at >= 0 {
			all[at].Value += " " + value
		} else {
			all = append(all, Setting{name, value})
		}
	}
	return all
}

// valueOf is that of a setting; empty: it has none.
func valueOf(all []Setting, name string) string {
	for _, s := range all {
		if s.Name == name {
			return s.Value
		}
	}
	return ""
}

// trendGroup are runs that can be compared.
type trendGroup struct {
	settings []Setting
	exact    bool
	points   []KeptRun
}

// comparableRuns puts the runs that can be compared together, in the order of their first ones.
//
// A setting that was changed once is a part of the story: runs before and after it are one
// series, and the change of figures may be its work. One that goes to and fro tells series
// apart. Virtual runs of the same seed are compared with each other, exactly; those whose seeds
// nobody else has with each other, by statistics.
func comparableRuns(points []KeptRun) []trendGroup {
	var groups []trendGroup
	for _, alike := range split(points, (*KeptRun).what) {
		for _, one := range split(alike.points, goesToAndFro(alike.points)) {
			one.settings = slices.Concat(alike.settings, one.settings)
			if one.points[0].Run.World != virtualWorld {
				groups = append(groups, one)
				continue
			}
			groups = append(groups, bySeed(one)...)
		}
	}
	slices.SortStableFunc(groups, func(a, b trendGroup) int {
		return cmp.Or(strings.Compare(a.points[0].Run.Scenario, b.points[0].Run.Scenario), strings.Compare(a.points[0].Run.World, b.points[0].Run.World))
	})
	return groups
}

// split puts runs of the same scenario and world with the same settings together.
func split(points []KeptRun, settings func(*KeptRun) []Setting) []trendGroup {
	var groups []trendGroup
	at := map[string]int{}
	for _, p := range points {
		own := settings(&p)
		key := fmt.Sprintf("%q %q %q", p.Run.Scenario, p.Run.World, own)
		i, known := at[key]
		if !known {
			i = len(groups)
			at[key] = i
			groups = append(groups, trendGroup{settings: own})
		}
		groups[i].points = append(groups[i].points, p)
	}
	return groups
}

// goesToAndFro returns those of a run's settings that come back to a value that they had.
func goesToAndFro(points []KeptRun) func(*KeptRun) []Setting {
	seen, last, back := map[Setting]bool{}, map[string]string{}, map[string]bool{}
	names := map[string]bool{}
	for i := range points {
		for _, s := range points[i].settings() {
			names[s.Name] = true
		}
	}
	for i := range points {
		own := points[i].settings()
		for name := range names {
			s := Setting{name, valueOf(own, name)}
			if seen[s] && last[name] != s.Value {
				back[name] = true
			}
			seen[s], last[name] = true, s.Value
		}
	}
	return func(p *KeptRun) []Setting {
		return slices.DeleteFunc(p.settings(), func(s Setting) bool { return !back[s.Name] })
	}
}

// bySeed puts virtual runs of one seed together, and those whose seed is unique.
func bySeed(g trendGroup) []trendGroup {
	runs := map[uint64]int{}
	for _, p := range g.points {
		runs[p.Run.Seed]++
	}
	groups := split(g.points, func(p *KeptRun) []Setting {
		if runs[p.Run.Seed] == 1 {
			return g.settings
		}
		return append(slices.Clone(g.settings), Setting{"seed", strconv.FormatUint(p.Run.Seed, 10)})
	})
	for i := range groups {
		groups[i].exact = runs[groups[i].points[0].Run.Seed] > 1
	}
	return groups
}

// inCommon adds to settings of runs the others that all of them have.
func inCommon(points []KeptRun, settings []Setting) []Setting {
	all := slices.Clone(settings)
	for _, s := range points[0].settings() {
		if s.Value != "" && !slices.Contains(all, s) &&
			!slices.ContainsFunc(points, func(p KeptRun) bool { return valueOf(p.settings(), s.Name) != s.Value }) {
			all = append(all, s)
		}
	}
	return all
}

// differences are what changed from a run to the next, of some runs.
func differences(points []KeptRun, first, last int) []Difference {
	all := []Difference{}
	for i := max(first, 1); i <= min(last, len(points)-1); i++ {
		was, now := points[i-1].known(), points[i].known()
		for _, s := range now {
			if before := valueOf(was, s.Name); before != s.Value {
				all = append(all, Difference{i, s.Name, before, s.Value})
			}
		}
		for _, s := range was {
			if s.Value != "" && !slices.ContainsFunc(now, func(n Setting) bool { return n.Name == s.Name }) {
				all = append(all, Difference{i, s.Name, s.Value, ""})
			}
		}
	}
	return all
}
