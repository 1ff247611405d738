package reports

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"holdfast/reports/page"
)

// Document is what a command gives. In JSON it is itself, with its schema; every other
// format is a function over documents.
type Document interface {
	// Class says what it comes to.
	Class() Class
	// Text writes the whole report, verdict first.
	Text(t Text)
	// Brief writes the verdict, in a line or one for each run.
	Brief(t Text)
}

// Class is what a document comes to: the worst that holds.
type Class int

// The classes, from what gives no reason to stop a release to what gives the best.
const (
	Passed       Class = iota
	Missed             // a threshold, an expectation or an objective
	Inconclusive       // nothing was proved
	Cut                // it was interrupted
	Broken             // something could not go on
	StoreAtFault       // the store broke its promise; nothing is shown against the core
	Violated           // an invariant is violated
)

// Format writes a document; what it is for decides whether with colors.
type Format func(w io.Writer, d Document, color bool) error

// Formats are those that there are, by their names.
var Formats = map[string]Format{
	"json":  func(w io.Writer, d Document, _ bool) error { return WriteJSON(w, d) },
	"text":  func(w io.Writer, d Document, color bool) error { return written(w, d.Text, color) },
	"brief": func(w io.Writer, d Document, color bool) error { return written(w, d.Brief, color) },
	"markdown": func(w io.Writer, d Document, color bool) error {
		if m, ok := d.(marked); ok {
			return written(w, m.Markdown, color)
		}
		return paged(w, d, "Markdown", page.Markdown)
	},
	"html": func(w io.Writer, d Document, _ bool) error { return paged(w, d, "HTML", page.HTML) },
}

// marked is a document that has a Markdown of its own.
type marked interface{ Markdown(t Text) }

// paged writes a document that can be told as a page.
func paged(w io.Writer, d Document, format string, write func(io.Writer, page.Page) error) error {
	p, ok := d.(interface{ Page() page.Page })
	if !ok {
		return fmt.Errorf("there is no %s of a %T", format, d)
	}
	return write(w, p.Page())
}

// WriteJSON writes a document, indented, without HTML escaping.
func WriteJSON(w io.Writer, document any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(document)
}

// written writes what is for people.
func written(w io.Writer, write func(Text), color bool) error {
	b := bufio.NewWriter(w)
	write(Text{W: b, Color: color})
	return b.Flush()
}

// brief writes a verdict as one line, however long.
func (t Text) brief(word, about string) { fmt.Fprintf(t.W, "%s  %s\n", word, about) }
