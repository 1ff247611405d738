package memo

import (
	"holdfast/archive"
	"holdfast/scenarios/history"
)

// Layout implements [history.Describer].
func (m *Memo) Layout() *archive.Layout { return m.describe.Layout() }

// Content implements [history.Describer].
func (m *Memo) Content(_, _ string, body []byte, base history.Content) history.Content {
	d := m.find(body)
	if d == nil {
		c, err := m.Layout().Parse(body)
		if err != nil {
			return garbage{m.describe.Content("", "", body, plain(base))}
		}
		d = m.keep(c)
	}
	if d.content == nil {
		d.content = m.describe.Content("", "", body, plain(base))
	}
	return d
}

// Read implements [history.Content].
func (d *document) Read() history.Doc { return d.content.Read() }

// Written implements [history.Content].
func (d *document) Written(on history.Content, of string) history.Doc {
	base, known := on.(*document)
	if !known {
		return d.content.Written(plain(on), of)
	}
	d.forget()
	for i := range d.written {
		if d.written[i].on == base {
			doc := d.written[i].doc
			doc.Of = of
			return doc
		}
	}
	doc := d.content.Written(base.content, of)
	if len(d.written) < mostEach {
		d.written = append(d.written, written{base, doc})
	}
	return doc
}

// Holds implements [history.Content].
func (d *document) Holds(field string) history.Sum { return d.content.Holds(field) }

// garbage is a body that is no document.
type garbage struct{ history.Content }

// Written implements [history.Content].
func (g garbage) Written(on history.Content, of string) history.Doc {
	return g.Content.Written(plain(on), of)
}

// plain is the content as the JSON describer knows it.
func plain(c history.Content) history.Content {
	switch c := c.(type) {
	case *document:
		return c.content
	case garbage:
		return c.Content
	}
	return c
}
