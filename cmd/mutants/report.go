package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// story is a mutant's fate in a few words.
func (d *drawn) story() string {
	f := d.fate
	var words string
	switch {
	case f.Unbuildable != "":
		return "does not build"
	case f.SameObject:
		return "equivalent: compiles to the same"
	case f.Part != "":
		words = fmt.Sprintf("caught by %s (%s)", f.Part, f.How)
	case f.Test != "":
		words = "caught by tests (" + f.Test + ")"
	case d.listed != nil:
		return "equivalent, as listed"
	default:
		words = "SURVIVED"
		if f.Tested != "" {
			words += " gate and tests"
		}
	}
	if f.SameProgram {
		words += ", not in the gate's program"
	}
	if d.listed != nil {
		words += fmt.Sprintf(", although %s:%d calls it equivalent", equivalentsFile, d.listed.Line)
	}
	if len(f.Unsteady) > 0 {
		words += ", unsteady " + strings.Join(f.Unsteady, ", ")
	}
	return words
}

// equivalent says whether nobody can tell the mutant from the original, as far as shown.
func (d *drawn) equivalent() bool {
	return d.fate.SameObject || d.listed != nil && d.fate.undecided()
}

// summary is the figure at the end.
type summary struct {
	Drawn       int            `json:"drawn"`
	Candidates  int            `json:"candidates"`
	Uncompiled  int            `json:"uncompiled"`
	Unbuildable int            `json:"unbuildable"`
	Left        int            `json:"left"` // drawn and not run, because of an interrupt
	ByPart      map[string]int `json:"caught_by_part"`
	Timeouts    int            `json:"timeouts"` // among those caught by a part
	ByGate      int            `json:"caught_by_gate"`
	ByTests     int            `json:"caught_by_tests"`
	Equivalent  int            `json:"equivalent"`
	Survived    int            `json:"survived"`
	// Shares are percentages of those that are not shown equivalent.
	GateShare float64 `json:"gate_share_percent"`
	Share     float64 `json:"share_percent"`
}

func (r *runner) summary() summary {
	s := summary{Candidates: len(r.candidates), Uncompiled: r.uncompiled, Unbuildable: r.unbuildable, ByPart: map[string]int{}}
	for _, d := range r.drawn {
		switch f := d.fate; {
		case f.Unbuildable != "", r.only != 0 && d.number != r.only:
			continue
		case !d.done:
			s.Left++
		case d.equivalent():
			s.Equivalent++
		case f.Part != "":
			s.ByGate++
			s.ByPart[f.Part]++
			if f.How == "timeout" {
				s.Timeouts++
			}
		case f.Test != "":
			s.ByTests++
		default:
			s.Survived++
		}
		s.Drawn++
	}
	if of := s.ByGate + s.ByTests + s.Survived; of > 0 {
		s.GateShare = 100 * float64(s.ByGate) / float64(of)
		s.Share = 100 * float64(s.ByGate+s.ByTests) / float64(of)
	}
	return s
}

// report writes the survivors, and then the figures.
func (r *runner) report(w io.Writer) {
	for _, d := range r.drawn {
		switch {
		case !d.done || d.fate.Unbuildable != "":
		case d.equivalent():
			reason := "compiles to the same"
			if d.listed != nil {
				reason = d.listed.Reason
			}
			fmt.Fprintf(w, "shown equivalent: %d, %s:%d, %s: %s\n\n", d.number, d.Source.Path, d.Line(), d.Operator, reason)
		case d.fate.undecided(), d.fate.Part == "":
			fmt.Fprintf(w, "%d, %s:%d, %s: %s\n%s\n", d.number, d.Source.Path, d.Line(), d.Operator, d.story(), d.Diff())
		}
	}
	for _, m := range r.misfits {
		fmt.Fprintln(w, m)
	}
	s := r.summary()
	fmt.Fprintf(w, "%d drawn by seed %d from %d candidates; %d more do not compile\n", s.Drawn, r.seed, s.Candidates, s.Uncompiled+s.Unbuildable)
	for _, p := range r.parts {
		fmt.Fprintf(w, "  caught by %-12s %4d   (%.1fs unmutated)\n", p.Name, s.ByPart[p.Name], p.Seconds)
	}
	fmt.Fprintf(w, "  %-22s %4d\n", "caught by tests", s.ByTests)
	fmt.Fprintf(w, "  %-22s %4d\n", "shown equivalent", s.Equivalent)
	fmt.Fprintf(w, "  %-22s %4d\n", "survived", s.Survived)
	if s.Left > 0 {
		fmt.Fprintf(w, "  %-22s %4d\n", "not run", s.Left)
	}
	if s.Timeouts > 0 {
		fmt.Fprintf(w, "%d of those caught ran into a time limit\n", s.Timeouts)
	}
	of := s.ByGate + s.ByTests + s.Survived
	fmt.Fprintf(w, "gate: %d of %d that are not shown equivalent, %.1f %%", s.ByGate, of, s.GateShare)
	if r.tests {
		fmt.Fprintf(w, "; gate and tests: %d, %.1f %%", s.ByGate+s.ByTests, s.Share)
	}
	fmt.Fprintln(w)
}

// document is the result for programs.
type document struct {
	Schema  string  `json:"schema"`
	Seed    uint64  `json:"seed"`
	N       int     `json:"n"`
	Tree    string  `json:"tree"`
	Summary summary `json:"summary"`
	Parts   []part  `json:"parts"`
	Mutants []line  `json:"mutants"`
}

type line struct {
	Number     int    `json:"number"`
	ID         string `json:"id"`
	File       string `json:"file"`
	Line       int    `json:"line"`
	Operator   string `json:"operator"`
	Diff       string `json:"diff"`
	Done       bool   `json:"done"`
	Equivalent string `json:"equivalent,omitempty"` // why, if it is listed
	Fate
}

func (r *runner) writeJSON() error {
	doc := document{Schema: "mutants.result/v1", Seed: r.seed, N: r.n, Tree: r.tree.gate, Summary: r.summary(), Parts: r.parts, Mutants: []line{}}
	for _, d := range r.drawn {
		l := line{
			Number: d.number, ID: d.ID(), File: d.Source.Path, Line: d.Line(), Operator: d.Operator,
			Diff: d.Diff(), Done: d.done, Fate: d.fate,
		}
		if d.listed != nil {
			l.Equivalent = d.listed.Reason
		}
		doc.Mutants = append(doc.Mutants, l)
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	var files []string
	if r.only == 0 {
		files = append(files, filepath.Join(r.out, fmt.Sprintf("seed-%d.json", r.seed)))
	}
	if r.json != "" {
		files = append(files, r.json)
	}
	for _, name := range files {
		if err := os.WriteFile(name, append(out, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}
