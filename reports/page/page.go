// Package page is what a document says, in the order in which people read it: a verdict, what
// to do next, and sections of words, tables, figures and stories. It writes itself as one HTML
// file and as Markdown, so that a document says a thing once.
package page

import "io"

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
	Facts []Fact
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

// Section is a part with a heading. ID is its anchor, of [a-z0-9-], and unique in its page.
type Section struct {
	ID, Title string
	Blocks    []Block
}

// Block is a part of a section.
type Block interface{ block() }

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
}

// Column is one of a table; numbers are aligned to the right.
type Column struct {
	Name   string
	Number bool
}

// Figure is a drawing with the table of its numbers, for who can't see it, or wants them to
// the digit. Caption says what to read from it, of how many samples.
type Figure struct {
	Title, Caption string
	Drawing        Drawing
	Table          Table
}

// Drawing writes itself as an SVG element, complete in itself.
type Drawing interface{ WriteSVG(w io.Writer) error }

func (Prose) block()  {}
func (List) block()   {}
func (Code) block()   {}
func (Table) block()  {}
func (Figure) block() {}
