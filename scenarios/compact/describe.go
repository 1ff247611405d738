package compact

import (
	"bytes"
	"sort"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// NewDescriber returns the describer of compact documents of a layout, nil for the
// archive's own. Bodies that are none, such as messages among the documents, are
// described as JSON.
func NewDescriber(l *archive.Layout) history.Describer {
	return describer{history.NewJSONDescriber(l)}
}

type describer struct{ others history.Describer }

// Layout implements [history.Describer].
func (d describer) Layout() *archive.Layout { return d.others.Layout() }

// Content implements [history.Describer].
func (d describer) Content(key, etag string, body []byte, base history.Content) history.Content {
	if v := versionOf(body); v != nil {
		return v
	}
	return d.others.Content(key, etag, body, base)
}

// Read implements [history.Content].
func (v *version) Read() history.Doc {
	return history.Doc{N: v.len(), Sum: v.sum(), Fields: v.fields}
}

// Written implements [history.Content].
func (v *version) Written(on history.Content, of string) history.Doc {
	d := v.Read()
	base, _ := on.(*version)
	if base == nil {
		d.Add, d.Entries = v.from(0)
		d.Whole = v.wholly()
		return d
	}
	d.Of = of
	d.Keep = v.kept(base)
	d.Add, d.Entries = v.from(d.Keep)
	if v.fields != base.fields {
		d.Set, d.Moved = v.changed(base)
	}
	return d
}

// kept is the number of leading entries that a version shares with its base: at
// once what both have of one log, otherwise as the checksums tell.
func (v *version) kept(base *version) int {
	shared := 0
	if v.log == base.log {
		shared = min(v.n, base.n)
	}
	rest := min(v.len(), base.len()) - shared
	return shared + sort.Search(rest, func(i int) bool { return v.sumOf(shared+i+1) != base.sumOf(shared+i+1) })
}

// changed are the fields in which a version differs from its base.
func (v *version) changed(base *version) (set []history.Set, moved bool) {
	if v.layout != base.layout {
		return history.FieldChanges(v.layout.of, base, v)
	}
	for i, now := range v.values {
		if was := base.values[i]; now != was && !bytes.Equal(now.raw, was.raw) {
			set = append(set, history.NewSet(v.layout.names[i], was.raw, now.raw))
		}
	}
	return set, false
}

// Holds implements [history.Content].
func (v *version) Holds(field string) history.Sum {
	raw, _ := v.Field(field)
	return history.Digest(raw)
}

// wholly is the digest of all fields of the document, made once for all its twins.
func (v *version) wholly() history.Sum {
	if v.whole == 0 {
		v.whole = history.Whole(v.layout.of, v)
	}
	return v.whole
}
