package archive

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

// merge is the three-way merge of the fields that a user submits: base is what
// the user had loaded, theirs what is stored now, ours what the user submits. It
// returns the edit with those fields that are to be set or removed in theirs:
//
//	ours = base    keep theirs: the user did not change it
//	ours = theirs  keep theirs: both changed it to the same
//	theirs = base  take ours
//	otherwise      a conflict: both changed it, differently
//
// Values are equal as [sameValue] says; a field that is removed is absent. Who asks for a
// field to go means it, unlike who submits a form, so ours = base is no reason to keep
// what somebody else has added there: that is a conflict.
func merge(base, theirs Document, ours Edit) (Edit, []FieldConflict) {
	merged := ours // its fields are copied before the first is left out
	var conflicts []FieldConflict
	take := func(name string, want json.RawMessage) bool {
		was, _ := base.Field(name)
		now, _ := theirs.Field(name)
		switch {
		case want != nil && sameValue(want, was), sameValue(want, now):
			return false
		case sameValue(now, was):
			return true
		}
		conflicts = append(conflicts, FieldConflict{Field: name, Base: was, Theirs: now, Ours: want})
		return false
	}
	for _, name := range fieldNames(make([]string, 0, fewFields), ours.Fields) {
		if take(name, ours.Fields[name]) {
			continue
		}
		if len(merged.Fields) == len(ours.Fields) {
			merged.Fields = maps.Clone(ours.Fields)
		}
		delete(merged.Fields, name)
	}
	if len(ours.Remove) > 0 {
		merged.Remove = nil
	}
	for _, name := range ours.Remove {
		if take(name, nil) {
			merged.Remove = append(merged.Remove, name)
		}
	}
	slices.SortFunc(conflicts, func(a, b FieldConflict) int { return cmp.Compare(a.Field, b.Field) })
	return merged, conflicts
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
