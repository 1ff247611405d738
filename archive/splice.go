package archive

import (
	"bytes"
	"encoding/json"
	"slices"
)

// splice replaces a span of a text.
type splice struct {
	at   span
	with []byte
}

func applySplices(body []byte, cuts []splice) []byte {
	slices.SortStableFunc(cuts, func(a, b splice) int { return a.at.start - b.at.start })
	size := len(body)
	for _, s := range cuts {
		size += len(s.with)
	}
	out := make([]byte, 0, size)
	from := 0
	for _, s := range cuts {
		out = append(out, body[from:s.at.start]...)
		out = append(out, s.with...)
		from = s.at.end
	}
	return append(out, body[from:]...)
}

// spliced is what ParseChange makes of the text with the cuts applied and the
// entries appended to the history, which has some already. It does not read the
// text again: valid values in the places of valid values make a valid document,
// and every value is where it was, moved by what was put in before it. A test
// holds the two together.
func (c *Change) spliced(cuts []splice, mods []Modification, entries []json.RawMessage) *Change {
	var places []span // of the new entries in what is put in
	if len(entries) > 0 {
		var cut splice
		cut, places = c.appendEntries(entries)
		cuts = append(cuts, cut)
	}
	next := &Change{
		layout: c.layout, body: applySplices(c.body, cuts), id: c.id, history: moved(c.history, cuts),
		fields:  make([]field, len(c.fields)),
		entries: make([]span, 0, len(c.entries)+len(places)),
		ids:     make([]string, 0, len(c.ids)+len(places)),
	}
	for i, f := range c.fields {
		next.fields[i] = field{f.name, moved(f.value, cuts)}
	}
	for _, e := range c.entries {
		next.entries = append(next.entries, moved(e, cuts))
	}
	next.ids = append(next.ids, c.ids...)
	if len(places) == 0 {
		return next
	}
	end := c.entries[len(c.entries)-1].end
	offset := end + growth(end, cuts)
	for i, p := range places {
		next.entries = append(next.entries, span{offset + p.start, offset + p.end})
		next.ids = append(next.ids, mods[i].ID)
	}
	return next
}

// moved is where a value is after the cuts: one that is replaced, or put into,
// grows; one behind a cut shifts.
func moved(s span, cuts []splice) span {
	return span{s.start + growth(s.start, cuts), s.end + growth(s.end, cuts)}
}

// growth is by how much the cuts that begin before a place lengthen the text.
func growth(place int, cuts []splice) int {
	n := 0
	for _, c := range cuts {
		if c.at.start < place {
			n += len(c.with) - (c.at.end - c.at.start)
		}
	}
	return n
}

// appendEntries adds to the array in the style of its elements, or, when it
// has none, of the document's fields. In the first case it also tells where in
// the splice the entries are.
func (c *Change) appendEntries(entries []json.RawMessage) (splice, []span) {
	if n := len(c.entries); n > 0 {
		lead := copied(c.body[c.history.start+1:c.entries[0].start], mostEntryLead)
		oneLine := bytes.IndexByte(c.entries[0].of(c.body), '\n') < 0
		var b bytes.Buffer
		places := make([]span, len(entries))
		for i, e := range entries {
			b.WriteByte(',')
			b.Write(lead)
			places[i].start = b.Len()
			if oneLine {
				b.Write(e)
			} else {
				writeIndented(&b, e, lead, c.indent())
			}
			places[i].end = b.Len()
		}
		end := c.entries[n-1].end
		return splice{span{end, end}, b.Bytes()}, places
	}
	return splice{c.history, c.newHistory(entries)}, nil
}

// newHistory writes an array of entries in the style of the document's fields.
func (c *Change) newHistory(entries []json.RawMessage) []byte {
	lead := c.fieldLead()
	entryLead := lead
	if bytes.IndexByte(lead, '\n') >= 0 {
		entryLead = slices.Concat(lead, c.indent())
	}
	var b bytes.Buffer
	for i, e := range entries {
		b.WriteByte("[,"[min(i, 1)])
		b.Write(entryLead)
		writeIndented(&b, e, entryLead, c.indent())
	}
	b.Write(lead)
	b.WriteByte(']')
	return b.Bytes()
}

// member is a field that is to be added.
type member struct {
	name  string
	value []byte
}

func (c *Change) addFields(added []member) splice {
	lead := c.fieldLead()
	colon := ": "
	if len(lead) == 0 {
		colon = ":"
	}
	var b bytes.Buffer
	for _, m := range added {
		b.WriteByte(',')
		b.Write(lead)
		quoted, _ := encode(m.name) // a string always encodes
		b.Write(quoted)
		b.WriteString(colon)
		b.Write(m.value)
	}
	end := c.fields[len(c.fields)-1].value.end
	return splice{span{end, end}, b.Bytes()}
}

// removeFields cuts fields with their names and one of the commas around them: the one
// in front, unless no field is left there. A document keeps its id, so one is left behind.
func (c *Change) removeFields(names []string) (cuts []splice) {
	if len(names) == 0 {
		return nil
	}
	isFirst := true // of those that are left
	for i, f := range c.fields {
		switch {
		case !slices.Contains(names, string(f.name)):
			isFirst = false
		case isFirst:
			cuts = append(cuts, splice{at: span{c.nameStart(i), c.nameStart(i + 1)}})
		default:
			cuts = append(cuts, splice{at: span{c.fields[i-1].value.end, f.value.end}})
		}
	}
	return cuts
}

// nameStart is where the name of a field begins, with its quote.
func (c *Change) nameStart(i int) int {
	bracket := skipSpace(c.body, 0)
	if i > 0 {
		bracket = skipSpace(c.body, c.fields[i-1].value.end) // a comma
	}
	return skipSpace(c.body, bracket+1)
}

// The longest white space that is copied, in front of a field and of an entry, which
// newHistory indents by one level more.
const (
	mostFieldLead = 32
	mostEntryLead = 2 * mostFieldLead
)

// copied is white space as new text has it. It is repeated in each line of each entry, so
// what is longer than any style needs is not: a document would soon be full of it.
func copied(lead []byte, most int) []byte {
	if len(lead) > most {
		return nil
	}
	return lead
}

// fieldLead is the white space in front of the first field.
func (c *Change) fieldLead() []byte {
	start := skipSpace(c.body, 0) + 1
	return copied(c.body[start:skipSpace(c.body, start)], mostFieldLead)
}

// indent is one level of the document's indentation: that of its fields.
func (c *Change) indent() []byte {
	lead := c.fieldLead()
	if newline := bytes.LastIndexByte(lead, '\n'); newline >= 0 {
		return lead[newline+1:]
	}
	return []byte("  ")
}

// writeIndented writes an entry with the line breaks and the indentation of
// lead, compact if lead has no line break.
func writeIndented(b *bytes.Buffer, entry json.RawMessage, lead, indent []byte) {
	newline := bytes.LastIndexByte(lead, '\n')
	if newline < 0 {
		b.Write(entry)
		return
	}
	var lines bytes.Buffer
	if json.Indent(&lines, entry, string(lead[newline+1:]), string(indent)) != nil {
		b.Write(entry)
		return
	}
	indented := lines.Bytes()
	if bytes.Contains(lead, []byte("\r\n")) {
		indented = bytes.ReplaceAll(indented, []byte("\n"), []byte("\r\n"))
	}
	b.Write(indented)
}
