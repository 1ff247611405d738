package cores

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// editing is a core whose edits are not quite those that it was asked for.
type editing struct {
	Core
	change func(*archive.Edit)
}

func (c editing) changed(e archive.Edit) archive.Edit {
	e.Fields, e.Modifications = maps.Clone(e.Fields), slices.Clone(e.Modifications)
	c.change(&e)
	return e
}

func (c editing) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	return c.Core.Append(ctx, id, c.changed(edit))
}

func (c editing) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	return c.Core.Save(ctx, id, base, c.changed(edit))
}

// newEditing is the production core with a bug in the values that it is given.
func newEditing(change func(value json.RawMessage) json.RawMessage) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) {
		core, err := production(e)
		return editing{core, func(edit *archive.Edit) {
			for name, value := range edit.Fields {
				edit.Fields[name] = change(value)
			}
		}}, err
	}
}

// newDropping is the production core with a bug that drops some of the values that it is
// given.
func newDropping(which func(value json.RawMessage) bool) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) {
		core, err := production(e)
		return editing{core, func(edit *archive.Edit) {
			maps.DeleteFunc(edit.Fields, func(_ string, value json.RawMessage) bool { return which(value) })
		}}, err
	}
}

func isNull(value json.RawMessage) bool { return string(value) == "null" }

// inString is a change of what a string says, and of nothing else.
func inString(change func(string) string) func(json.RawMessage) json.RawMessage {
	return func(value json.RawMessage) json.RawMessage {
		var text string
		if json.Unmarshal(value, &text) != nil {
			return value
		}
		changed, _ := json.Marshal(change(text))
		return changed
	}
}

func newCutting(most int) func(Environment) (Core, error) { return newEditing(cutAt(most)) }

func cutAt(most int) func(json.RawMessage) json.RawMessage {
	return inString(func(s string) string {
		for len(s) > most {
			_, last := utf8.DecodeLastRuneInString(s)
			s = s[:len(s)-last]
			if len(s) > 2*most {
				s = s[:2*most] // the rest rune by rune
			}
		}
		return s
	})
}

func trimmed(value json.RawMessage) json.RawMessage {
	return inString(func(s string) string { return string(bytes.TrimSpace([]byte(s))) })(value)
}

// composed puts the acute accent into the letter e before it, as the canonical
// composition of Unicode does with all accents and letters.
func composed(value json.RawMessage) json.RawMessage {
	value = bytes.ReplaceAll(value, []byte("e\u0301"), []byte("\u00e9"))
	return bytes.ReplaceAll(value, []byte(`e\u0301`), []byte("\u00e9"))
}

// newEntryChange is the production core with a bug in the entries that it is given.
func newEntryChange(change func(*archive.Modification)) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) {
		core, err := production(e)
		return editing{core, func(edit *archive.Edit) {
			for i := range edit.Modifications {
				change(&edit.Modifications[i])
			}
		}}, err
	}
}

func misattributed(m *archive.Modification) { m.UserID, m.Type = "system", archive.Updated }

func nobodys(m *archive.Modification) { m.CustomerCode = "" }

// silent answers saves with the ETag alone.
type silent struct{ Core }

func newSilent(e Environment) (Core, error) {
	core, err := production(e)
	return silent{core}, err
}

func (c silent) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	saved, err := c.Core.Save(ctx, id, base, edit)
	return archive.Snapshot{ETag: saved.ETag}, err
}

// stalePage shows the page that it had loaded before, with the ETag of the store.
type stalePage struct {
	Core
	pages map[string]archive.Document
}

func newStalePage(e Environment) (Core, error) {
	core, err := production(e)
	return stalePage{core, map[string]archive.Document{}}, err
}

func (c stalePage) Load(ctx context.Context, id string) (archive.Snapshot, error) {
	s, err := c.Core.Load(ctx, id)
	if page := c.pages[id]; page != nil && err == nil {
		s.Document = page
	} else if err == nil {
		c.pages[id] = s.Document
	}
	return s, err
}

func answerCurrentETag(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := s.Put(ctx, key, body, cond)
	if err == nil {
		if current, err := s.Head(ctx, key); err == nil {
			return current, nil
		}
	}
	return etag, err
}

func largeWithoutCondition(most int) putFunc {
	return func(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error) {
		if len(body) > most {
			cond = archive.Condition{}
		}
		return s.Put(ctx, key, body, cond)
	}
}

// lastOf keeps the last entries of a history.
func lastOf(most int) func(*archive.Layout, []json.RawMessage) []json.RawMessage {
	return func(_ *archive.Layout, entries []json.RawMessage) []json.RawMessage {
		return entries[max(0, len(entries)-most):]
	}
}

// uploadChange is a front end that stores something else than what was uploaded.
type uploadChange struct {
	Uploads
	change func(*archive.Change) (*archive.Change, error)
}

func (u uploadChange) Upload(ctx context.Context, up delivery.Upload) (_ delivery.Uploaded, err error) {
	if up.Document, err = u.change(up.Document); err != nil {
		return delivery.Uploaded{}, err
	}
	return u.Uploads.Upload(ctx, up)
}

func newUploadChange(change func(*archive.Change) (*archive.Change, error)) func(delivery.UploaderOptions) (Uploads, error) {
	return func(o delivery.UploaderOptions) (Uploads, error) {
		u, err := delivery.NewUploader(o)
		return uploadChange{u, change}, err
	}
}

func withKeys(c *archive.Change) (*archive.Change, error) {
	c, err := c.With("isUpdate", json.RawMessage("true"))
	if err != nil {
		return nil, err
	}
	return c.With("expectedETag", json.RawMessage(`"x"`))
}

// oneOfTheFields leaves out those of a form but its id and the first.
func oneOfTheFields(c *archive.Change) (*archive.Change, error) {
	kept := 0
	return without(c, func(name string) bool {
		if slices.Contains(c.Layout().ID, name) {
			return false
		}
		kept++
		return kept > 1
	})
}

// onBehalf is a worker's core with a change of the edits of messages.
func onBehalf(change func(*archive.Edit)) func(delivery.BackendOptions) (Handler, error) {
	return func(o delivery.BackendOptions) (Handler, error) {
		o.Core = editing{o.Core, change}
		return delivery.NewBackend(o)
	}
}

// forgetOnce also keeps the core from noticing that what comes again is not the same.
func forgetOnce(e *archive.Edit) {
	e.Once = ""
	for i := range e.Modifications {
		e.Modifications[i].ContentDigest = "any"
	}
}

func otherCustomer(e *archive.Edit) {
	for i := range e.Modifications {
		e.Modifications[i].CustomerCode += "-2"
	}
}
