package cores

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"holdfast/archive"
)

// answered is a core whose updates end in a wrong answer.
type answered struct {
	Core
	outcome archive.Outcome
	answer  func(error) error
}

// inAnswer is the production core with a bug in how it answers one outcome.
func inAnswer(outcome archive.Outcome, answer func(error) error) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) {
		core, err := production(e)
		return answered{core, outcome, answer}, err
	}
}

func (a answered) change(s archive.Snapshot, err error) (archive.Snapshot, error) {
	if archive.OutcomeOf(err) == a.outcome {
		err = a.answer(err)
	}
	return s, err
}

func (a answered) Create(ctx context.Context, id string, doc archive.Document, mods ...archive.Modification) (archive.Snapshot, error) {
	return a.change(a.Core.Create(ctx, id, doc, mods...))
}

func (a answered) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	return a.change(a.Core.Append(ctx, id, edit))
}

func (a answered) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	return a.change(a.Core.Save(ctx, id, base, edit))
}

func asSuccess(error) error       { return nil }
func asFailure(err error) error   { return errors.New(err.Error()) } // its type is lost
func asGone(err error) error      { return fmt.Errorf("%w: %s", archive.ErrNotFound, err.Error()) }
func asConflict(error) error      { return &archive.ETagMismatchError{} }
func asExhausted(err error) error { return &archive.ExhaustedError{Last: asFailure(err)} }

// byOthers is exhaustion of which nobody can tell that the store was the reason.
func byOthers(error) error { return &archive.ExhaustedError{Last: archive.ErrPreconditionFailed} }

// renaming gives a redelivered modification a new id because its own is taken.
type renaming struct{ Core }

func newRenaming(e Environment) (Core, error) {
	core, err := production(e)
	return renaming{core}, err
}

func (r renaming) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	current, err := r.Load(ctx, id)
	if err != nil {
		return archive.Snapshot{}, err
	}
	edit.Modifications = slices.Clone(edit.Modifications)
	for i, m := range edit.Modifications {
		if current.Document.HasModification(m.ID) {
			edit.Modifications[i].ID += "-again"
		}
	}
	return r.Core.Append(ctx, id, edit)
}

// rebasing merges against what is stored and not against what the user had loaded.
type rebasing struct{ Core }

func newRebasing(e Environment) (Core, error) {
	core, err := production(e)
	return rebasing{core}, err
}

func (r rebasing) Save(ctx context.Context, id string, _ archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	current, err := r.Load(ctx, id)
	if err != nil {
		return archive.Snapshot{}, err
	}
	return r.Core.Save(ctx, id, current, edit)
}

// caching answers every load of an object after the first from memory.
type caching struct {
	Core
	loaded map[string]archive.Snapshot
}

func newCaching(e Environment) (Core, error) {
	core, err := production(e)
	return caching{core, map[string]archive.Snapshot{}}, err
}

func (c caching) Load(ctx context.Context, id string) (archive.Snapshot, error) {
	if s, known := c.loaded[id]; known {
		return s, nil
	}
	s, err := c.Core.Load(ctx, id)
	if err == nil {
		c.loaded[id] = s
	}
	return s, err
}

// signing sets a field that nobody asked it to set.
type signing struct{ Core }

func newSigning(e Environment) (Core, error) {
	core, err := production(e)
	return signing{core}, err
}

func signed(e archive.Edit) archive.Edit {
	name, _ := json.Marshal(e.Modifications[0].UserID)
	fields := map[string]json.RawMessage{"modifiedBy": name}
	maps.Copy(fields, e.Fields)
	e.Fields = fields
	return e
}

func (s signing) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	return s.Core.Append(ctx, id, signed(edit))
}

func (s signing) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	return s.Core.Save(ctx, id, base, signed(edit))
}
