package compact

import (
	"maps"
	"slices"

	"holdfast/archive"
)

// NewTwins returns what does as [FromChange] does, and remembers what it read: each
// repetition of a run begins with the same documents.
func NewTwins() func(*archive.Change) archive.Document {
	known := map[*archive.Change]*version{}
	return func(c *archive.Change) archive.Document {
		first, again := known[c]
		if !again {
			if len(known) == mostTwins {
				clear(known)
			}
			first = FromChange(c).(*version)
			first.wholly()
			known[c] = first
		}
		return first.anew()
	}
}

// mostTwins bounds what is remembered.
const mostTwins = 256

// anew is the version with a log of its own. Only what never changes is shared.
func (v *version) anew() *version {
	next := &version{n: v.n, layout: v.layout, values: v.values, fields: v.fields, whole: v.whole}
	next.log = &log{ids: slices.Clip(v.log.ids), sums: slices.Clip(v.log.sums), digests: slices.Clip(v.log.digests), index: maps.Clone(v.log.index)}
	next.text.write(next)
	return next
}
