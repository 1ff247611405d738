package cores

import (
	"context"
	"fmt"

	"holdfast/archive"
)

// unlocked is what the locking was introduced against: every write replaces
// whatever is stored. A user's save writes the page as it was loaded, with the
// user's changes; a back end reads, appends and writes.
type unlocked struct {
	Core
	store archive.Store
}

func newUnlocked(e Environment) (Core, error) {
	e.Store = badPut{e.Store, withoutCondition}
	core, err := production(e)
	return unlocked{Core: core, store: e.Store}, err
}

// Save writes base with the edit applied, unseen what others stored since.
func (u unlocked) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	key, err := u.Layout().Key(id)
	if err != nil {
		return archive.Snapshot{}, err
	}
	form, err := page(id, base, edit)
	if err != nil {
		return archive.Snapshot{}, err
	}
	etag, err := u.store.Put(ctx, key, form.Encode(), archive.Condition{})
	return archive.Snapshot{Document: form, ETag: etag}, err
}

// page is what a user's edit page holds: the version as it was loaded, with the edit.
func page(id string, base archive.Snapshot, edit archive.Edit) (archive.Document, error) {
	if base.Document == nil {
		return nil, fmt.Errorf("save %s: %w base: load it first", id, archive.ErrInvalid)
	}
	form, err := base.Document.Apply(edit)
	if err != nil {
		return nil, fmt.Errorf("save %s: %w", id, err)
	}
	return form, nil
}
