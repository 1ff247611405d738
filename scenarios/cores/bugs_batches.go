package cores

import (
	"context"
	"slices"
	"sync"

	"holdfast/archive"
)

// The bugs of writes that hold the edits of several: of batches, and of group commit.

const (
	poisonedBatches = "poisoned-batches"
	poisonedGroup   = "poisoned-group"
)

var plantedBatches = []Bug{
	batches("batch-drops-one", "a batch stores all of its edits but the last, and answers all as stored", "I1",
		func(ctx context.Context, core Core, id string, edits []archive.Edit) (archive.Snapshot, []error) {
			return dropLast(ctx, core.AppendAll, id, edits)
		}),
	wrapped("batch-doubles-one", "a batch appends its last entry twice", newBatchDoubling, "I2", poisonedBatches, 0).inTime().jsonOnly(),
	batches("batch-answers-all-for-one", "where one edit of a batch fails all are answered as failed, though the rest is stored", "I10",
		func(ctx context.Context, core Core, id string, edits []archive.Edit) (archive.Snapshot, []error) {
			done, errs := core.AppendAll(ctx, id, edits)
			if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
				return archive.Snapshot{}, slices.Repeat([]error{errs[i]}, len(errs))
			}
			return done, errs
		}),
	wrapped("batch-mixes-objects", "the last edit of a batch is stored in the object of the batch before", newMixing, "I3", poisonedBatches, 0).inTime(),

	groups("group-drops-follower", "the last of those for whom somebody writes is answered as stored, and is not in the write", "I1",
		func(core Core, o archive.GroupOptions) (Appender, error) {
			return archive.NewGroup(grouped{core, func(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
				return dropLast(ctx, core.AppendAll, id, edits)
			}}, o)
		}),
	groups("group-answers-leaders-error", "all for whom somebody writes are answered as that caller is", "I10",
		func(core Core, o archive.GroupOptions) (Appender, error) {
			return archive.NewGroup(grouped{core, func(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
				done, errs := core.AppendAll(ctx, id, edits)
				return done, slices.Repeat(errs[:1], len(errs))
			}}, o)
		}),
	groups("group-answers-mixed-up", "of those for whom somebody writes each is answered as the next one", "I10",
		func(core Core, o archive.GroupOptions) (Appender, error) {
			return archive.NewGroup(grouped{core, func(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
				done, errs := core.AppendAll(ctx, id, edits)
				return done, slices.Concat(errs[1:], errs[:1])
			}}, o)
		}),
	groups("group-leaves-as-cancelled", "who leaves while somebody writes for it is told that nothing was written", "I10",
		func(core Core, o archive.GroupOptions) (Appender, error) {
			g, err := archive.NewGroup(core, o)
			return answering{g, func(ctx context.Context, err error) error {
				if archive.OutcomeOf(err) == archive.Unknown && ctx.Err() != nil {
					return &archive.CancelledError{Op: "append", Last: ctx.Err()}
				}
				return err
			}}, err
		}),
	groups("group-in-doubt-is-failure", "who was written for in vain, and nobody knows of, is told that nothing was written", "I10",
		func(core Core, o archive.GroupOptions) (Appender, error) {
			g, err := archive.NewGroup(core, o)
			return answering{g, func(_ context.Context, err error) error {
				if archive.OutcomeOf(err) == archive.Unknown {
					return asFailure(err)
				}
				return err
			}}, err
		}),
	groups("group-mixes-objects", "one write holds what is waiting, of whatever object", "I3",
		func(core Core, o archive.GroupOptions) (Appender, error) {
			return newOneQueue(core, o)
		}),
}

// batches is a bug in AppendAll.
func batches(name, fault, invariant string, all appendAllFunc) Bug {
	return wrapped(name, fault, func(e Environment) (Core, error) {
		core, err := production(e)
		return grouped{core, func(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
			return all(ctx, core, id, edits)
		}}, err
	}, invariant, poisonedBatches, 0).inTime()
}

// groups is a bug in group commit.
func groups(name, fault, invariant string, group func(Core, archive.GroupOptions) (Appender, error)) Bug {
	return Bug{Spec{Name: name, Fault: fault, New: production, Group: group}, invariant, poisonedGroup, 0, true}
}

type appendAllFunc func(ctx context.Context, core Core, id string, edits []archive.Edit) (archive.Snapshot, []error)

// grouped is a core with another AppendAll.
type grouped struct {
	Core
	all func(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error)
}

func (g grouped) AppendAll(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
	return g.all(ctx, id, edits)
}

// dropLast stores all but the last of several edits, which is answered as the first one.
func dropLast(ctx context.Context, all func(context.Context, string, []archive.Edit) (archive.Snapshot, []error), id string, edits []archive.Edit) (archive.Snapshot, []error) {
	if len(edits) < 2 {
		return all(ctx, id, edits)
	}
	done, errs := all(ctx, id, edits[:len(edits)-1])
	return done, append(errs, errs[0])
}

// newBatchDoubling has a batch written by a core whose documents have their last entry twice.
func newBatchDoubling(e Environment) (Core, error) {
	core, err := production(e)
	if err != nil {
		return nil, err
	}
	doubling, err := inDocument(inHistory(lastTwice))(e)
	return grouped{core, func(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
		if len(edits) > 1 {
			return doubling.AppendAll(ctx, id, edits)
		}
		return core.AppendAll(ctx, id, edits)
	}}, err
}

// newMixing takes the last edit of a batch for one of the object that had a batch before.
func newMixing(e Environment) (Core, error) {
	core, err := production(e)
	before := ""
	return grouped{core, func(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
		other := before
		before = id
		if other == "" || other == id || len(edits) < 2 {
			return core.AppendAll(ctx, id, edits)
		}
		last := len(edits) - 1
		done, errs := core.AppendAll(ctx, id, edits[:last])
		_, err := core.Append(ctx, other, edits[last])
		return done, append(errs, err)
	}}, err
}

// answering is a group that changes its answers.
type answering struct {
	Appender
	change func(ctx context.Context, err error) error
}

func (a answering) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	done, err := a.Appender.Append(ctx, id, edit)
	return done, a.change(ctx, err)
}

// oneQueue gathers the edits of all objects, and stores them in that of the first.
type oneQueue struct {
	Appender
	mu  sync.Mutex
	now string // the object that the next ones are stored in
}

func newOneQueue(core Core, o archive.GroupOptions) (*oneQueue, error) {
	g, err := archive.NewGroup(core, o)
	return &oneQueue{Appender: g}, err
}

func (q *oneQueue) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	q.mu.Lock()
	leads := q.now == ""
	if leads {
		q.now = id
	}
	into := q.now
	q.mu.Unlock()
	defer func() {
		if leads {
			q.mu.Lock()
			defer q.mu.Unlock()
			q.now = ""
		}
	}()
	return q.Appender.Append(ctx, into, edit)
}
