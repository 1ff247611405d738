package web

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"holdfast/archive/delivery"
)

// removeOf reads which fields an update removes.
func removeOf(outer object, up *delivery.Upload) ([]string, error) {
	names, err := namesOf(outer, keyRemove)
	switch {
	case err != nil || len(names) == 0:
		return nil, err
	case !up.Update:
		return nil, invalid("%q is for updates: there is nothing to remove from a change that is new. Leave it out, or send %q: true.", keyRemove, keyIsUpdate)
	case len(names) > mostFields:
		return nil, invalid("%q names more than %d fields.", keyRemove, mostFields)
	}
	seen := make(map[string]struct{}, len(names))
	for _, name := range names {
		_, set := up.Document.Field(name)
		_, twice := seen[name]
		seen[name] = struct{}{}
		switch {
		case !up.Document.Layout().CanSet(name): // by which it is known, and its history
			return nil, invalid("%q names %s, which every change keeps.", keyRemove, name)
		case set:
			return nil, invalid("%s is among the fields to set and among those in %q. Name it once.", brief(name), keyRemove)
		case twice:
			return nil, invalid("%q names %s twice.", keyRemove, brief(name))
		case strings.ContainsRune(name, utf8.RuneError):
			// What half a surrogate pair is read as: it would be another field's name.
			return nil, invalid("%q names %s, which has a character that can't be told from others.", keyRemove, brief(name))
		}
	}
	return names, nil
}

// namesOf is the array of strings that a key has.
func namesOf(o object, key string) ([]string, error) {
	if !given(o, key) {
		return nil, nil
	}
	var elements []*string // null is no string, although encoding/json would take it for one
	if json.Unmarshal(o.raw(key), &elements) != nil || slices.Contains(elements, nil) {
		return nil, invalid("%q is no array of strings: name the fields that shall go, as in [\"testPlan\"]. A field of the change that is called so has to be sent inside %q.", key, keyMetadata)
	}
	names := make([]string, len(elements))
	for i, name := range elements {
		names[i] = *name
	}
	return names, nil
}
