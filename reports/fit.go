package reports

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// mostLines is what a report has at most, if it is not verbose: what a screen shows.
const mostLines = 25

// part is some lines of a report that stand or fall together.
type part struct {
	lines []string
	// drop says how soon it is left out where there is no room: the highest first, 0 never.
	drop int
}

// part is what is written, as lines.
func (t Text) part(drop int, write func(t Text)) part {
	var b bytes.Buffer
	t.W = &b
	write(t)
	text := strings.TrimSuffix(b.String(), "\n")
	if text == "" {
		return part{}
	}
	return part{strings.Split(text, "\n"), drop}
}

func height(parts []part) int {
	n := 0
	for _, p := range parts {
		n += len(p.lines)
	}
	return n
}

// besideThePoint is from where on parts are left out for a story's sake.
const besideThePoint = 12

// essential are the parts that a story takes no room from, and the line that says that others
// were left out.
func essential(parts []part) []part {
	kept := slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return p.drop >= besideThePoint })
	if height(kept) < height(parts) {
		kept = append(kept, gap)
	}
	return kept
}

// fitting are parts that take so many lines at most, and how many were left out for that. A
// room of 0 is any number.
func fitting(parts []part, room int) (kept []part, left int) {
	kept = slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return len(p.lines) == 0 })
	for room > 0 && height(kept) > room {
		at := 0
		for i, p := range kept {
			if p.drop >= kept[at].drop { // of equal ones the last
				at = i
			}
		}
		if kept[at].drop == 0 {
			break
		}
		kept = slices.Delete(kept, at, at+1)
		left++
	}
	return kept, left
}

// tellIn writes parts in so many lines at most, 0: in as many as it takes. If something is left
// out it says so, before the last part.
func (t Text) tellIn(parts []part, most int) {
	kept, left := fitting(parts, most)
	if left > 0 {
		kept, _ = fitting(parts, most-1)
		kept = slices.Insert(kept, len(kept)-1, t.part(0, func(t Text) { t.row("more", "with --verbose") }))
	}
	t.write(kept)
}

// most is how many lines a report takes at most; 0: as many as it needs.
func (t Text) most() int {
	if t.Verbose {
		return 0
	}
	return mostLines
}

// gap is an empty line.
var gap = part{lines: []string{""}}

func (t Text) write(parts []part) {
	for _, p := range parts {
		for _, line := range p.lines {
			fmt.Fprintln(t.W, line)
		}
	}
}

// cutTo are lines of which no more than so many are shown; 0: all are.
func cutTo(lines []string, most int) []string {
	if most <= 0 || len(lines) <= most {
		return lines
	}
	cut := slices.Clone(lines[:most])
	cut[most-1] = strings.TrimRight(cut[most-1], " ")
	if last := []rune(cut[most-1]); len(last) > Width-2 {
		cut[most-1] = string(last[:Width-2])
	}
	cut[most-1] += " …"
	return cut
}
