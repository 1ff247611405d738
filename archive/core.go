package archive

import "context"

// Core is what an [Archive] does, as those around it need it: package delivery and the API
// work with any implementation of it, but what they promise is true of one only that
// honours [Edit.Once] and appends no id twice.
type Core interface {
	// Layout is that of the documents; nil: the archive's own.
	Layout() *Layout
	// Load, Create, Append, AppendAll and Save are those of [Archive]; a core that can't
	// store many edits in one write has AppendAll from [AppendEach].
	Load(ctx context.Context, id string) (Snapshot, error)
	Create(ctx context.Context, id string, doc Document, mods ...Modification) (Snapshot, error)
	Append(ctx context.Context, id string, edit Edit) (Snapshot, error)
	AppendAll(ctx context.Context, id string, edits []Edit) (Snapshot, []error)
	Save(ctx context.Context, id string, base Snapshot, edit Edit) (Snapshot, error)
}

var _ Core = (*Archive)(nil)

// AppendEach is AppendAll for a [Core] that can't store many edits in one write: it appends
// one after the other. The version is the last one that was stored.
func AppendEach(ctx context.Context, core interface {
	Append(ctx context.Context, id string, edit Edit) (Snapshot, error)
}, id string, edits []Edit,
) (stored Snapshot, errs []error) {
	errs = make([]error, len(edits))
	for i, edit := range edits {
		done, err := core.Append(ctx, id, edit)
		if errs[i] = err; err == nil {
			stored = done
		}
	}
	return stored, errs
}
