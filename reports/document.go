package reports

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
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
	Regressed          // a figure is worse than that of the run that it was compared with
	Missed             // a threshold, an expectation or an objective
	Inconclusive       // nothing was proved
	Cut                // it was interrupted
	Broken             // something could not go on
	StoreAtFault       // the store broke its promise; nothing is shown against the core
	Violated           // an invariant is violated
)

// WriteJSON writes a document, indented, without HTML escaping.
func WriteJSON(w io.Writer, document any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(document)
}

// WriteReport writes a document's report as it is to look.
func WriteReport(w io.Writer, d Document, look Look) error { return written(w, d.Text, look) }

// written writes what is for people.
func written(w io.Writer, write func(Text), look Look) error {
	b := bufio.NewWriter(w)
	if err := guarded(func() error { write(Text{W: b, Look: look}); return nil }); err != nil {
		return err
	}
	return b.Flush()
}

// guarded has a document that contradicts itself end in an error: one that was read may lack
// what every program that writes such documents puts in, and a page that can't be written
// must not take a verdict with it.
func guarded(write func() error) (err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("the document lacks something or contradicts itself: %v", why)
		}
	}()
	return write()
}

// brief writes a verdict as one line, however long.
func (t Text) brief(word, about string) { fmt.Fprintf(t.W, "%s  %s\n", word, about) }
