// Package page is what a document says, in the order in which people read it: a verdict, what
// to do next, and sections of words, tables, figures and stories. It writes itself as one HTML
// file and as Markdown, so that a document says a thing once.
//
// All texts are plain: what they hold of Markdown, HTML or control characters is shown, not
// obeyed.
package page

import (
	"io"
	"strings"
)

// Page is a document as it is read.
type Page struct {
	// Title names it among others, as the title of a window does.
	Title string
	// Verdict is one word, or few, in capitals; Tone is how it is to be taken.
	Verdict string
	Tone    Tone
	// Lead is the sentence that follows the verdict.
	Lead string
	// Advice is what to do next, the most important first.
	Advice []Advice
	// Sections follow in the order of their importance.
	Sections []Section
	// Facts say where it comes from: program, settings, machine.
	Facts Facts
}

// Tone is how a verdict is to be taken.
type Tone string

// The tones. What is not known is Doubt, and never Good.
const (
	Good  Tone = "good"
	Bad   Tone = "bad"
	Doubt Tone = "doubt"
)

// Advice is something to do; Command, which may be empty, is what does it, to be copied.
type Advice struct {
	Text    string
	Command string
}

// Fact is a name and a value.
type Fact struct{ Name, Value string }

// Facts are names with their values.
type Facts []Fact

// Section is a part with a heading. ID is its anchor, of [a-z0-9-], and unique in its page.
// A section within another is a block of it.
type Section struct {
	ID, Title string
	Blocks    []Block
	// Verdict, which may be empty, stands beside the heading, as one of a table does.
	Verdict string
	// Of a folded one the heading alone is seen at first.
	Folded bool
	// Detail is for who wants to know more: it is left out of Markdown.
	Detail bool
}

// Block is a part of a section.
type Block interface {
	html(r *renderer)
	markdown(m *marker)
}

// Prose is a paragraph.
type Prose string

// List is some items of equal rank.
type List []string

// Code is text to be copied or compared to the letter; Title may be empty.
type Code struct{ Title, Text string }

// Table has a row for each thing. Caption says what its numbers are of, with sample size and
// settings; units stand in the columns' names. Of a folded one the caption alone is seen at first.
type Table struct {
	Caption string
	Columns []Column
	Rows    [][]string
	Folded  bool
	// Anchors, which may be nil, are the IDs of the sections that tell more of each row; empty:
	// none does.
	Anchors []string
}

// Column is one of a table. Numbers are aligned to the right; verdicts, which are words as
// [ToneOf] knows them, look like that of the page.
type Column struct {
	Name    string
	Number  bool
	Verdict bool
}

// Figure is a drawing with the table of its numbers, for who can't see it, or wants them to
// the digit. Caption says what to read from it, of how many samples.
type Figure struct {
	Title, Caption string
	Drawing        Drawing
	Table          Table
}

// Drawing draws itself as an SVG element of a width in pixels, for a page that has
// [chart.Style]. Every drawing of package chart is one.
type Drawing interface {
	WriteElement(w io.Writer, width float64) error
}

// ToneOf is how a verdict's word is to be taken, in any case of letters. A word that it does
// not know is doubt.
func ToneOf(word string) Tone {
	switch strings.ToUpper(word) {
	case "PASS", "SAFE", "OK", "MET", "SAME", "BETTER", "CAUGHT", "QUIET", "STEADY":
		return Good
	case "FAIL", "STORE AT FAULT", "UNSAFE", "VIOLATED", "MISSED", "WORSE", "FIRES", "NOT CAUGHT":
		return Bad
	}
	return Doubt
}
