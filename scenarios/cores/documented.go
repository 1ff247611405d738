package cores

import (
	"context"
	"errors"
	"fmt"

	"holdfast/archive"
)

// documented is the first implementation, ported from its description with its
// faults: it overlays all submitted fields on whatever is stored, concatenates
// the histories, ignores the expected ETag, treats a 409 as a plain failure,
// re-creates an object that was deleted, and after the last retry throws an
// error that its caller does not recognise.
//
// One fault is not ported: JavaScript's numbers, which round what does not fit
// a float64. It would show in every document with such a number and hide the rest.
type documented struct {
	Environment
}

func newDocumented(e Environment) (Core, error) { return documented{e}, e.Policy.Validate() }

// Layout implements [Core].
func (d documented) Layout() *archive.Layout { return d.Environment.Layout }

// Load is loadArchiveWithETag.
func (d documented) Load(ctx context.Context, id string) (archive.Snapshot, error) {
	current, etag, err := d.load(ctx, id)
	if err == nil && current == nil {
		err = fmt.Errorf("load %s: %w", id, archive.ErrNotFound)
	}
	if err != nil {
		return archive.Snapshot{}, err
	}
	return archive.Snapshot{Document: current, ETag: etag}, nil
}

func (d documented) load(ctx context.Context, id string) (*archive.Change, string, error) {
	key, err := d.Layout().Key(id)
	if err != nil {
		return nil, "", err
	}
	body, etag, err := d.Store.Get(ctx, key)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	current, err := d.Layout().Parse(body)
	return current, etag, err
}

// Create is uploadToArchiveBucket with If-None-Match.
func (d documented) Create(ctx context.Context, id string, doc archive.Document, mods ...archive.Modification) (archive.Snapshot, error) {
	created, err := doc.Apply(archive.Edit{Modifications: mods})
	if err != nil {
		return archive.Snapshot{}, err
	}
	return d.upload(ctx, id, created, "")
}

// Save is updateArchiveWithOptimisticLocking as the edit page calls it: with
// the whole form as it was loaded, history included, and the user's changes in it.
func (d documented) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	form, err := page(id, base, edit)
	if err != nil {
		return archive.Snapshot{}, err
	}
	return d.update(ctx, id, func(current *archive.Change) (archive.Document, error) {
		if current == nil {
			return form, nil
		}
		return blindMerge(current, form.(*archive.Change))
	})
}

// Append is the back end's read, append, conditional write.
func (d documented) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	return d.update(ctx, id, func(current *archive.Change) (archive.Document, error) {
		if current == nil {
			return nil, fmt.Errorf("append to %s: %w", id, archive.ErrNotFound)
		}
		return current.Apply(edit)
	})
}

// OneByOne implements [OneByOne].
func (d documented) OneByOne() {}

// AppendAll implements [Core].
func (d documented) AppendAll(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
	return archive.AppendEach(ctx, d, id, edits)
}

func (d documented) update(ctx context.Context, id string, merge func(*archive.Change) (archive.Document, error)) (archive.Snapshot, error) {
	for attempt := 0; ; attempt++ {
		if attempt > 0 {
			if err := d.Clock.Sleep(ctx, d.Policy.Wait(attempt, 0, d.Rand)); err != nil {
				return archive.Snapshot{}, err
			}
		}
		current, etag, err := d.load(ctx, id)
		if err != nil {
			return archive.Snapshot{}, err
		}
		merged, err := merge(current)
		if err != nil {
			return archive.Snapshot{}, err
		}
		saved, err := d.upload(ctx, id, merged, etag)
		var mismatch *archive.ETagMismatchError
		if !errors.As(err, &mismatch) {
			return saved, err
		}
		if attempt >= d.Policy.Retries {
			return archive.Snapshot{}, fmt.Errorf("Unable to save after %d attempts. "+ //nolint:staticcheck // the original's words
				"The change was modified by another user. Please refresh and try again.", attempt+1)
		}
	}
}

// upload is uploadToArchiveBucket.
func (d documented) upload(ctx context.Context, id string, doc archive.Document, expectedETag string) (archive.Snapshot, error) {
	key, err := d.Layout().Key(id)
	if err != nil {
		return archive.Snapshot{}, err
	}
	cond := archive.IfAbsent()
	if expectedETag != "" {
		cond = archive.IfMatch(expectedETag)
	}
	etag, err := d.Store.Put(ctx, key, doc.Encode(), cond)
	if errors.Is(err, archive.ErrPreconditionFailed) {
		return archive.Snapshot{}, &archive.ETagMismatchError{Key: key, Expected: expectedETag}
	}
	return archive.Snapshot{Document: doc, ETag: etag}, err
}

// blindMerge is {...current, ...form, modifications: [...current, ...form]}.
func blindMerge(current, form *archive.Change) (archive.Document, error) {
	merged := members(current)
	for i, m := range merged {
		if value, submitted := form.Field(m.name); submitted {
			merged[i].value = value
		}
		if m.name == current.Layout().History {
			merged[i].value = array(append(current.RawModifications(), form.RawModifications()...))
		}
	}
	for _, m := range members(form) {
		if _, there := current.Field(m.name); !there {
			merged = append(merged, m)
		}
	}
	return assemble(current.Layout(), merged)
}
