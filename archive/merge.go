package archive

import (
	"encoding/json"
	"maps"
	"slices"
)

// merge is the three-way merge of the fields that a user submits: base is what
// the user had loaded, theirs what is stored now, ours what the user submits.
// It returns the fields to set on theirs:
//
//	ours = base    keep theirs: the user did not change it
//	ours = theirs  keep theirs: both changed it to the same
//	theirs = base  set ours
//	otherwise      a conflict: both changed it, differently
//
// Values are equal as [sameValue] says.
func merge(base, theirs Document, ours map[string]json.RawMessage) (map[string]json.RawMessage, []FieldConflict) {
	set := ours // copied before the first field is left out
	var conflicts []FieldConflict
	for _, name := range fieldNames(make([]string, 0, fewFields), ours) {
		was, _ := base.Field(name)
		now, _ := theirs.Field(name)
		want := ours[name]
		switch {
		case sameValue(want, was), sameValue(want, now):
		case sameValue(now, was):
			continue
		default:
			conflicts = append(conflicts, FieldConflict{Field: name, Base: was, Theirs: now, Ours: want})
		}
		if len(set) == len(ours) {
			set = maps.Clone(ours)
		}
		delete(set, name)
	}
	return set, conflicts
}

// fewFields is room, on the stack, for the names of most edits.
const fewFields = 8

// fieldNames appends the fields of an edit in the order in which they are dealt with.
func fieldNames(names []string, fields map[string]json.RawMessage) []string {
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
