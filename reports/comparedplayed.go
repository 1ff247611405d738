package reports

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/reports/compare"
)

// playedWith are the settings that a pair of runs names. Repetitions are told with the figures.
var playedWith = []struct {
	name string
	of   func(p *compare.Played) string
}{
	{"core", func(p *compare.Played) string { return p.Core }},
	{"world", func(p *compare.Played) string { return p.World }},
	{"store", func(p *compare.Played) string { return p.Store }},
	{"policy", func(p *compare.Played) string { return p.Policy }},
	{"seed", func(p *compare.Played) string { return fmt.Sprint(p.Seed) }},
	{"clients", func(p *compare.Played) string { return fmt.Sprint(p.Clients) }},
}

// comparedWith says with what settings the runs were played, those of OLD before those of NEW where they
// differ; of several runs only what they have in common.
func comparedWith(pairs []compare.Pair) string {
	if len(pairs) == 0 {
		return ""
	}
	var all, own []string
	for _, setting := range playedWith {
		told := func(p *compare.Pair) string {
			old, new := setting.of(&p.Old), setting.of(&p.New)
			if old != new {
				return setting.name + " " + old + " → " + new
			}
			return setting.name + " " + old
		}
		first := told(&pairs[0])
		if slices.ContainsFunc(pairs, func(p compare.Pair) bool { return told(&p) != first }) {
			own = append(own, setting.name)
		} else {
			all = append(all, first)
		}
	}
	text := strings.Join(all, ", ")
	if len(own) > 0 {
		text += "; each run its own " + strings.Join(own, ", ")
	}
	return text
}
