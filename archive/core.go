package archive

import "context"

// Core is what an [Archive] does, as those around it need it: package delivery and the API
// work with any implementation of it, but what they promise is true of one only that
// honours [Edit.Once] and appends no id twice.
type Core interface {
	// Layout is that of the documents; nil: the archive's own.
	Layout() *Layout
	// Load, Create, Append and Save are those of [Archive].
	Load(ctx context.Context, id string) (Snapshot, error)
	Create(ctx context.Context, id string, doc Document, mods ...Modification) (Snapshot, error)
	Append(ctx context.Context, id string, edit Edit) (Snapshot, error)
	Save(ctx context.Context, id string, base Snapshot, edit Edit) (Snapshot, error)
}

var _ Core = (*Archive)(nil)
