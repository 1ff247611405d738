package mutate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Equivalent is a mutant that was shown to change nothing that anybody could tell,
// known by what it changes and not by where, so that it survives edits elsewhere.
type Equivalent struct {
	Path   string // of the file
	Reason string
	Line   int // of the list
	lines  []string
}

// ParseEquivalents reads a list. An entry is
//
//	## archive/update.go
//	Why nobody could tell.
//	@@
//	 what stands before it
//	-what the file says
//	+what the mutant says
//
// with as many lines around the change, as the report's diff shows them, as make it
// the only one. White space at either end of a line does not count. What precedes the
// first entry is a comment.
func ParseEquivalents(name string, list []byte) ([]Equivalent, error) {
	var all []Equivalent
	inHunk := false
	for i, l := range strings.Split(string(list), "\n") {
		if path, ok := strings.CutPrefix(l, "## "); ok {
			all = append(all, Equivalent{Path: strings.TrimSpace(path), Line: i + 1})
			inHunk = false
			continue
		}
		if len(all) == 0 {
			continue
		}
		e := &all[len(all)-1]
		switch {
		case inHunk:
			e.lines = append(e.lines, normal(l))
		case strings.HasPrefix(l, "@@"):
			inHunk = true
		default:
			e.Reason = strings.TrimSpace(e.Reason + " " + strings.TrimSpace(l))
		}
	}
	for i := range all {
		e := &all[i]
		for len(e.lines) > 0 && e.lines[len(e.lines)-1] == " " {
			e.lines = e.lines[:len(e.lines)-1]
		}
		if e.Reason == "" {
			return nil, fmt.Errorf("%s:%d: the entry gives no reason: write it between the file's name and @@", name, e.Line)
		}
		if !slices.ContainsFunc(e.lines, changes) {
			return nil, fmt.Errorf("%s:%d: the entry changes nothing: paste the lines of the diff below @@", name, e.Line)
		}
	}
	return all, nil
}

// normal is a line of a diff without the white space that does not count.
func normal(l string) string {
	if l == "" {
		return " "
	}
	return l[:1] + strings.TrimSpace(l[1:])
}

func changes(l string) bool { return l[0] == '-' || l[0] == '+' }

// Matches says whether the entry describes the mutant.
func (e Equivalent) Matches(m Mutant) bool {
	if e.Path != m.Source.Path {
		return false
	}
	var shown []string
	for _, l := range m.hunk().lines {
		shown = append(shown, normal(l))
	}
	count := func(ls []string) (n int) {
		for _, l := range ls {
			if changes(l) {
				n++
			}
		}
		return n
	}
	if count(shown) != count(e.lines) {
		return false
	}
	for i := 0; i+len(e.lines) <= len(shown); i++ {
		if slices.Equal(shown[i:i+len(e.lines)], e.lines) {
			return true
		}
	}
	return false
}

// Misfits are complaints about entries that describe no candidate, or more than one.
func Misfits(name string, list []Equivalent, all []Candidate) []string {
	var complaints []string
	for _, e := range list {
		found := map[string]bool{}
		for _, c := range all {
			if c.Source.Path != e.Path || !e.mayMatch(c) {
				continue
			}
			for _, text := range c.Texts {
				if m := (Mutant{c, text}); e.Matches(m) {
					found[m.ID()] = true
				}
			}
		}
		switch {
		case len(found) == 0:
			complaints = append(complaints, fmt.Sprintf("%s:%d: %s has no such mutant any more: remove the entry", name, e.Line, e.Path))
		case len(found) > 1:
			complaints = append(complaints, fmt.Sprintf("%s:%d: the entry describes %d mutants of %s: give it more of the lines around the change", name, e.Line, len(found), e.Path))
		}
	}
	return complaints
}

// mayMatch rules out most candidates without making their diff: what the entry removes
// must stand where the candidate is.
func (e Equivalent) mayMatch(c Candidate) bool {
	from := bytes.LastIndexByte(c.Source.Text[:c.Start], '\n') + 1
	for _, l := range e.lines {
		if l[0] == '-' {
			return bytes.Contains(c.Source.Text[from:], []byte(l[1:]))
		}
	}
	return true
}
