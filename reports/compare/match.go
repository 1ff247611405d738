package compare

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/scenarios"
)

// matching says which runs are held against each other, by their places.
type matching struct {
	pairs   []struct{ old, new int }
	missing []int // of old
	added   []int // of new
}

// agreements are what two runs of one scenario may agree in; the first ones weigh most.
var agreements = []func(a, b *Run) bool{
	func(a, b *Run) bool { return a.World == b.World && a.Store == b.Store },
	func(a, b *Run) bool { return a.Clients == b.Clients },
	func(a, b *Run) bool { return a.Policy == b.Policy },
	func(a, b *Run) bool { return a.Core == b.Core },
	func(a, b *Run) bool { return a.Seed == b.Seed },
	func(a, b *Run) bool { return a.Replay == b.Replay },
}

// match pairs runs of the same scenario, way to the archive and layout. Where there are
// several, those go together first that agree most, and then those that come first.
func match(old, new []Run) matching {
	type candidate struct{ old, new, agree int }
	var all []candidate
	for i := range old {
		for k := range new {
			if identity(&old[i]) != identity(&new[k]) {
				continue
			}
			agree := 0
			for _, same := range agreements {
				agree *= 2
				if same(&old[i], &new[k]) {
					agree++
				}
			}
			all = append(all, candidate{i, k, agree})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return b.agree - a.agree })
	var m matching
	takenOld, takenNew := make([]bool, len(old)), make([]bool, len(new))
	for _, c := range all {
		if !takenOld[c.old] && !takenNew[c.new] {
			takenOld[c.old], takenNew[c.new] = true, true
			m.pairs = append(m.pairs, struct{ old, new int }{c.old, c.new})
		}
	}
	slices.SortFunc(m.pairs, func(a, b struct{ old, new int }) int { return a.new - b.new })
	for i, taken := range takenOld {
		if !taken {
			m.missing = append(m.missing, i)
		}
	}
	for i, taken := range takenNew {
		if !taken {
			m.added = append(m.added, i)
		}
	}
	return m
}

func identity(m *Run) [3]string { return [3]string{m.Scenario, way(m), m.Layout} }

// way is how the clients reached the archive; earlier documents don't say.
func way(m *Run) string {
	if m.Via == string(scenarios.ViaAPI) {
		return m.Via
	}
	return string(scenarios.ViaCore)
}

// label names a run among others.
func label(m *Run) string {
	parts := []string{m.Scenario}
	if way(m) == string(scenarios.ViaAPI) {
		parts = append(parts, "via API")
	}
	if m.Layout != "" {
		parts = append(parts, fmt.Sprintf("layout %s", m.Layout))
	}
	return strings.Join(parts, ", ")
}
