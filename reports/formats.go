package reports

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"holdfast/reports/page"
)

// Format writes a document; what it is for decides whether with colors.
type Format func(w io.Writer, d Document, color bool) error

// Formats are those that there are, by their names. One that a document can't be told in
// answers [UntoldError].
var Formats = map[string]Format{
	"json":     func(w io.Writer, d Document, _ bool) error { return WriteJSON(w, d) },
	"text":     func(w io.Writer, d Document, color bool) error { return WriteReport(w, d, Look{Color: color}) },
	"brief":    func(w io.Writer, d Document, color bool) error { return written(w, d.Brief, Look{Color: color}) },
	"html":     func(w io.Writer, d Document, _ bool) error { return paged(w, d, "HTML", page.HTML) },
	"markdown": writeMarkdown,
	"junit":    writeJUnit,
}

// FormatNames are the names of the formats, in the order of the alphabet.
func FormatNames() []string { return slices.Sorted(maps.Keys(Formats)) }

// UntoldError says that a document can't be told in a format.
type UntoldError struct{ Kind, Format string }

func (e *UntoldError) Error() string { return fmt.Sprintf("%s can't be told as %s", e.Kind, e.Format) }

// marked is a document that has a Markdown of its own.
type marked interface{ Markdown(t Text) }

func writeMarkdown(w io.Writer, d Document, color bool) error {
	if m, ok := d.(marked); ok {
		return written(w, m.Markdown, Look{Color: color})
	}
	return paged(w, d, "Markdown", page.Markdown)
}

// paged writes a document that can be told as a page.
func paged(w io.Writer, d Document, format string, write func(io.Writer, page.Page) error) error {
	p, ok := d.(interface{ Page() page.Page })
	if !ok {
		return &UntoldError{kindOf(d), format}
	}
	return guarded(func() error { return write(w, p.Page()) })
}
