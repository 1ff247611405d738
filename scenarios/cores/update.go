package cores

import (
	"context"
	"errors"
	"slices"

	"holdfast/archive"
)

// Updater is a core that makes an edit of what is stored by itself, see
// [archive.Archive.Update].
type Updater interface {
	Update(ctx context.Context, id string, change func(current archive.Snapshot) (archive.Edit, error)) (archive.Snapshot, error)
}

// Update has a core update what others update too. One that is no [Updater] is used as a
// page uses it: load, change, save, and again on a conflict.
func Update(ctx context.Context, core Core, id string, change func(archive.Snapshot) (archive.Edit, error)) (archive.Snapshot, error) {
	if u, ok := core.(Updater); ok {
		return u.Update(ctx, id, change)
	}
	for {
		current, edit, err := madeOf(ctx, core, id, change)
		if err != nil {
			return archive.Snapshot{}, err
		}
		done, err := core.Save(ctx, id, current, edit)
		if mismatch := (*archive.ETagMismatchError)(nil); !errors.As(err, &mismatch) || ctx.Err() != nil {
			return done, err
		}
	}
}

// madeOf reads the current version and has the edit made of it.
func madeOf(ctx context.Context, core Core, id string, change func(archive.Snapshot) (archive.Edit, error)) (archive.Snapshot, archive.Edit, error) {
	current, err := core.Load(ctx, id)
	if err != nil {
		return archive.Snapshot{}, archive.Edit{}, err
	}
	edit, err := change(current)
	return current, edit, err
}

// errThere ends a call of the reference whose edit is there already.
var errThere = errors.New("it is stored")

// Update implements [Updater].
func (r *reference) Update(ctx context.Context, id string, change func(archive.Snapshot) (archive.Edit, error)) (archive.Snapshot, error) {
	u, err := r.begin("update", id, archive.Edit{})
	if err != nil {
		return archive.Snapshot{}, err
	}
	u.change = func(current archive.Snapshot) (archive.Document, error) {
		if current.Document == nil {
			return nil, archive.ErrNotFound
		}
		if u.edit, err = change(current); err != nil {
			return nil, err
		}
		if u.edit.Once == "" {
			u.edit.Once = u.edit.Modifications[0].ID
		}
		if u.holds(current.Document) {
			return nil, errThere
		}
		return u.apply(current.Document, u.edit)
	}
	return u.run(ctx)
}

// updating is the production core with another Update.
type updating struct {
	Core
	update func(ctx context.Context, core Core, id string, change func(archive.Snapshot) (archive.Edit, error)) (archive.Snapshot, error)
}

func (u updating) Update(ctx context.Context, id string, change func(archive.Snapshot) (archive.Edit, error)) (archive.Snapshot, error) {
	return u.update(ctx, u.Core, id, change)
}

func newUpdating(update func(context.Context, Core, string, func(archive.Snapshot) (archive.Edit, error)) (archive.Snapshot, error)) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) {
		core, err := production(e)
		return updating{core, update}, err
	}
}

// madeOnce appends the edit that was made of the version that was read first.
func madeOnce(ctx context.Context, core Core, id string, change func(archive.Snapshot) (archive.Edit, error)) (archive.Snapshot, error) {
	_, edit, err := madeOf(ctx, core, id, change)
	if err != nil {
		return archive.Snapshot{}, err
	}
	return core.Append(ctx, id, edit)
}

// madeAgain makes the edit of what is there after a write of unknown outcome, and does not
// ask whether it is there already.
func madeAgain(e Environment) (Core, error) {
	core, err := production(e)
	return updating{core, func(ctx context.Context, core Core, id string, change func(archive.Snapshot) (archive.Edit, error)) (archive.Snapshot, error) {
		key, err := e.Layout.Key(id)
		for err == nil {
			var current archive.Snapshot
			var edit archive.Edit
			if current, edit, err = madeOf(ctx, core, id, change); err != nil {
				break
			}
			edit.Modifications = slices.Clone(edit.Modifications)
			var next archive.Document
			if next, err = current.Document.Apply(edit); err != nil {
				break
			}
			var etag string
			etag, err = e.Store.Put(ctx, key, next.Encode(), archive.IfMatch(current.ETag))
			if err == nil {
				return archive.Snapshot{Document: next, ETag: etag}, nil
			}
			if errors.Is(err, archive.ErrOutcomeUnknown) || beaten(err) {
				err = nil
			}
		}
		return archive.Snapshot{}, err
	}}, err
}
