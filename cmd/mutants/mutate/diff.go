package mutate

import (
	"fmt"
	"strings"
)

// around is how many lines a diff shows before and after the change.
const around = 3

// Diff is the mutant as a unified diff.
func (m Mutant) Diff() string {
	h := m.hunk()
	var b strings.Builder
	fmt.Fprintf(&b, "--- a/%s\n+++ b/%s\n", m.Source.Path, m.Source.Path)
	fmt.Fprintf(&b, "@@ -%d,%d +%d,%d @@\n", h.line, h.old, h.line, h.new)
	for _, l := range h.lines {
		b.WriteString(l + "\n")
	}
	return b.String()
}

// hunk is the one place where two versions differ.
type hunk struct {
	line     int // of the first one shown
	old, new int // lines shown of each version
	lines    []string
}

func (m Mutant) hunk() hunk {
	before := lines(string(m.Source.Text))
	after := lines(string(m.Apply()))
	head := 0
	for head < len(before) && head < len(after) && before[head] == after[head] {
		head++
	}
	tail := 0
	for tail < len(before)-head && tail < len(after)-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	first := max(0, head-around)
	end := min(len(before), len(before)-tail+around)
	h := hunk{line: first + 1, old: end - first, new: end - first + len(after) - len(before)}
	show := func(mark string, ls []string) {
		for _, l := range ls {
			h.lines = append(h.lines, mark+l)
		}
	}
	show(" ", before[first:head])
	show("-", before[head:len(before)-tail])
	show("+", after[head:len(after)-tail])
	show(" ", before[len(before)-tail:end])
	return h
}

func lines(s string) []string { return strings.Split(strings.TrimSuffix(s, "\n"), "\n") }
