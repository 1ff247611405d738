package cores

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"holdfast/archive"
)

// settled reports whether the current version shows that the call has committed.
func (u *update) settled(current archive.Snapshot) bool {
	retry := u.attempts > 1
	switch {
	case u.flaw == appendAgain && retry:
		return false
	case u.flaw == settleByETag && u.doubtETag != "":
		return current.ETag != u.doubtETag
	case u.flaw == settleByLast && retry:
		return u.last(current.Document) == u.edit.Modifications[len(u.edit.Modifications)-1].ID
	}
	return u.holds(current.Document)
}

// holds reports whether the document has all modifications of the call, or the one
// that stands for them.
func (u *update) holds(doc archive.Document) bool {
	if once := u.edit.Once; once != "" {
		return doc != nil && doc.HasModification(once)
	}
	missing := func(m archive.Modification) bool { return !doc.HasModification(m.ID) }
	return doc != nil && len(u.edit.Modifications) > 0 && !slices.ContainsFunc(u.edit.Modifications, missing)
}

func (u *update) last(doc archive.Document) string {
	c, ok := doc.(*archive.Change)
	if !ok || len(c.ModificationIDs()) == 0 {
		return ""
	}
	return c.ModificationIDs()[len(c.ModificationIDs())-1]
}

func (u *update) rename() {
	u.edit.Modifications = slices.Clone(u.edit.Modifications)
	for i, m := range u.edit.Modifications {
		u.edit.Modifications[i].ID = fmt.Sprintf("%s-%d", m.ID, u.attempts)
	}
}

func (u *update) apply(doc archive.Document, edit archive.Edit) (archive.Document, error) {
	if c, ok := doc.(*archive.Change); ok && (u.flaw == appendAgain || u.flaw == settleByLast) {
		return appendAll(c, edit)
	}
	return doc.Apply(u.flawed(edit))
}

// flawed is the edit as a flaw leaves it.
func (u *update) flawed(edit archive.Edit) archive.Edit {
	switch last := len(edit.Modifications) - 1; {
	case u.flaw == dropFieldsOnRetry && u.attempts > 1:
		edit.Fields, edit.Remove = nil, nil
	case u.flaw == firstField && len(edit.Fields) > 1:
		first := slices.Sorted(maps.Keys(edit.Fields))[0]
		edit.Fields = map[string]json.RawMessage{first: edit.Fields[first]}
	case u.flaw == lastEntry:
		edit.Modifications = edit.Modifications[last:]
	case u.flaw == stampAnew && u.attempts > 1:
		edit.Modifications = slices.Clone(edit.Modifications)
		edit.Modifications[last].Timestamp = u.start.Add(time.Duration(u.attempts) * time.Second).UTC().Format(time.RFC3339)
	}
	return edit
}

// merged is the next version of a save: the current one with those fields set
// that the user changed.
func (u *update) merged(base, current archive.Snapshot) (archive.Document, error) {
	mismatch := &archive.ETagMismatchError{Key: u.key, Expected: base.ETag, Found: current.ETag}
	against := base.Document
	switch {
	case u.flaw == formAsLoaded:
		return page(u.id, base, u.edit)
	case u.flaw == formOverTheirs:
		return u.apply(current.Document, archive.Edit{Fields: form(base, u.edit), Modifications: u.edit.Modifications})
	case u.flaw == rebaseOnRetry && u.attempts > 1:
		against = current.Document
	case against == nil && current.ETag != base.ETag:
		return nil, mismatch
	case against == nil:
		against = current.Document
	}
	wanted := maps.Clone(u.edit.Fields)
	if wanted == nil {
		wanted = map[string]json.RawMessage{}
	}
	for _, name := range u.edit.Remove {
		wanted[name] = nil
	}
	merged := archive.Edit{Fields: map[string]json.RawMessage{}, Modifications: u.edit.Modifications}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		was, _ := against.Field(name)
		now, _ := current.Document.Field(name)
		want := wanted[name]
		take := func() {
			if merged.Fields[name] = want; want == nil {
				delete(merged.Fields, name)
				merged.Remove = append(merged.Remove, name)
			}
		}
		switch {
		case want == nil && u.flaw == keepRemoved:
		case want == nil && u.flaw == removeOverTheirs:
			take()
		case want != nil && u.same(want, was), u.same(want, now): // the user did not change it, or both did alike
		case u.same(now, was), u.flaw == lastWriterWins, u.flaw == mineIfNew && was == nil:
			take()
		case u.flaw == theirsOnTie:
		default:
			mismatch.Fields = append(mismatch.Fields, archive.FieldConflict{Field: name, Base: was, Theirs: now, Ours: want})
		}
	}
	if len(mismatch.Fields) > 0 {
		return nil, mismatch
	}
	return u.apply(current.Document, merged)
}

// form holds every field as the user's page does: as loaded, with the edit.
func form(base archive.Snapshot, edit archive.Edit) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	for _, m := range members(base.Change()) {
		if m.name != historyField {
			fields[m.name] = m.value
		}
	}
	maps.Copy(fields, edit.Fields)
	return fields
}

// same compares values as the merge does.
func (u *update) same(a, b json.RawMessage) bool {
	fold := map[flaw]func(json.RawMessage) json.RawMessage{foldCase: lowerCase, foldSpace: withoutSpace, foldAccents: composed}[u.flaw]
	if fold != nil && a != nil && b != nil {
		a, b = fold(a), fold(b)
	}
	return bytes.Equal(a, b) || (u.flaw == compareDecoded || !unclear(a) && !unclear(b)) && same(a, b)
}

func lowerCase(value json.RawMessage) json.RawMessage { return bytes.ToLower(value) }

func withoutSpace(value json.RawMessage) json.RawMessage { return bytes.Join(bytes.Fields(value), nil) }

// same reports whether two raw values mean the same; absent equals only absent.
func same(a, b json.RawMessage) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	va, errA := decoded(a)
	vb, errB := decoded(b)
	return errA == nil && errB == nil && reflect.DeepEqual(va, vb)
}

// unclear reports whether decoding a value may lose something: it says so of too many
// rather than of too few.
func unclear(raw json.RawMessage) bool {
	return !utf8.Valid(raw) || bytes.Contains(bytes.ToLower(raw), []byte(`\ud`)) || bytes.Count(raw, []byte("{")) > 0 && repeats(raw)
}

// repeats reports whether some string appears twice as the name of a member, in one object
// or in two.
func repeats(raw json.RawMessage) bool {
	names := map[string]bool{}
	for _, before := range bytes.Split(raw, []byte(":")) {
		before = bytes.TrimSpace(before)
		if len(before) == 0 || before[len(before)-1] != '"' {
			continue
		}
		name := string(before[bytes.LastIndexByte(before[:len(before)-1], '"')+1:])
		if names[name] {
			return true
		}
		names[name] = true
	}
	return false
}

func decoded(raw json.RawMessage) (value any, err error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	err = dec.Decode(&value)
	return value, err
}
