package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Group is a [Core] with group commit: what the callers of Append in one process want of one
// object at the same time is stored by one conditional write, instead of by as many that
// contend. The first caller writes; who comes meanwhile waits, and when that write has ended
// the first of those writes for all of them. It starts no goroutines and holds nothing but
// the calls under way. It is safe for concurrent use.
//
// # What is guaranteed
//
// Each call is answered for itself as [Archive.Append] would, see [Archive.AppendAll], and
// entries stand in the order in which the calls came. In particular:
//
//   - A caller whose context ends returns at once: as [CancelledError] if nothing was sent of
//     its edit, as [OutcomeUnknownError] if somebody may have. So does one that writes for
//     others; the next of them then writes for the rest, which settles what was in doubt.
//   - The same happens if a caller panics while it writes for others, as an [Observer] may.
//
// What is not guaranteed is an end within the policy's deadline: that is one write's, and a
// call waits for those before it, each of at most GroupOptions.Most edits. Its context bounds
// it.
type Group struct {
	Core // whose Append is not used
	o    GroupOptions

	mu     sync.Mutex
	queues map[string]*queue // of the objects that somebody writes
}

// GroupOptions configure a [Group].
type GroupOptions struct {
	// Wait is for how long a call waits for company before it writes, from when it came.
	// 0: it writes as soon as no other write of its group and object is under way, which
	// costs a call without company nothing.
	Wait time.Duration
	// Most is how many edits one write may hold; a wait for company ends when they are
	// there. 0: DefaultGroupMost.
	Most int
	// Clock is that of the wait. Nil: WallClock.
	Clock Clock
	// NewSignal makes what callers wait by for their turn. Nil: the package's own, which
	// suits goroutines.
	NewSignal func() Signal
}

// DefaultGroupMost bounds what one write must carry when a store was slow for a while.
const DefaultGroupMost = 100

// NewGroup returns a group whose writes are made by a core's AppendAll.
func NewGroup(core Core, o GroupOptions) (*Group, error) {
	if core == nil {
		return nil, errors.New("archive: NewGroup: a core is required")
	}
	if o.Most <= 0 {
		o.Most = DefaultGroupMost
	}
	if o.Clock == nil {
		o.Clock = WallClock{}
	}
	if o.NewSignal == nil {
		o.NewSignal = NewSignal
	}
	return &Group{Core: core, o: o, queues: map[string]*queue{}}, nil
}

// queue are the calls on an object that wait while another, which is not among them, leads:
// waits for company, or writes.
type queue struct {
	id, key string
	waiting []*appender // in the order in which they came
	full    func()      // ends the leader's wait for company, if it waits
}

// appender is a call of Append.
type appender struct {
	edit  Edit
	since time.Time
	turn  Signal // it is answered, or is to lead
	leads bool   // its turn has come
	// taken: a write that holds the edit is under way. inDoubt: one has ended so that
	// nobody knows whether it was applied, or will be.
	taken, inDoubt bool
	answered, left bool
	done           Snapshot
	err            error
}

// Append is [Archive.Append], in one write with what others append to the object. The edit
// must not be modified afterwards, even if the call has ended as cancelled.
//
// The context is that of the write too, and of its observers, if the caller comes to write.
func (g *Group) Append(ctx context.Context, id string, edit Edit) (Snapshot, error) {
	key, err := g.Layout().Key(id)
	if err != nil {
		return Snapshot{}, fmt.Errorf("append: %w", err)
	}
	m := &appender{edit: edit, since: g.o.Clock.Now()}
	q, leads := g.join(id, key, m)
	if !leads {
		if err := m.turn.Wait(ctx); err != nil {
			if err := g.leave(q, m, err); err != nil {
				return Snapshot{}, err
			}
		}
	}
	if !m.answered {
		g.lead(ctx, q, m)
	}
	return m.done, m.err
}

// join makes a call the leader of its object, or lets it wait.
func (g *Group) join(id, key string, m *appender) (q *queue, leads bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	q = g.queues[id]
	if q == nil {
		q = &queue{id: id, key: key}
		g.queues[id] = q
		return q, true
	}
	m.turn = g.o.NewSignal()
	if q.waiting = append(q.waiting, m); q.full != nil && len(q.waiting)+1 >= g.o.Most {
		q.full()
	}
	return q, false
}

// leave is the answer to a call whose context ended while it waited, unless it is answered
// or leads.
func (g *Group) leave(q *queue, m *appender, cause error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m.answered || m.leads {
		return nil
	}
	m.left = true
	q.waiting = slices.DeleteFunc(q.waiting, func(o *appender) bool { return o == m })
	if m.taken || m.inDoubt {
		return g.unknown(q, m, cause)
	}
	return &CancelledError{Op: "append", Key: q.key, Elapsed: g.o.Clock.Now().Sub(m.since), Last: cause}
}

func (g *Group) unknown(q *queue, m *appender, cause error) error {
	return &OutcomeUnknownError{Key: q.key, Attempts: 1, Elapsed: g.o.Clock.Now().Sub(m.since), Last: cause}
}

// lead writes for a call and for those that wait, and finds the next to lead, also if the
// core panics.
func (g *Group) lead(ctx context.Context, q *queue, m *appender) {
	var batch []*appender
	defer func() { g.pass(q, batch) }()
	g.awaitCompany(ctx, q, m)
	batch = g.take(ctx, q, m)
	edits := make([]Edit, len(batch))
	for i, m := range batch {
		edits[i] = m.edit
	}
	done, errs := g.AppendAll(ctx, q.id, edits)
	g.answer(ctx, q, batch, done, errs)
}

// awaitCompany lets the leader wait until there is as much company as one write may hold,
// for as long as it may.
func (g *Group) awaitCompany(ctx context.Context, q *queue, m *appender) {
	left := g.o.Wait - g.o.Clock.Now().Sub(m.since)
	if left <= 0 {
		return
	}
	waiting, stop := g.o.Clock.WithTimeout(ctx, left)
	defer stop()
	g.mu.Lock()
	full := len(q.waiting)+1 >= g.o.Most
	if !full {
		q.full = stop
	}
	g.mu.Unlock()
	if !full {
		_ = g.o.Clock.Sleep(waiting, left) // whatever has ended it
	}
}

// take are the calls for which the leader writes, itself first. If its context has ended
// it takes nobody with it.
func (g *Group) take(ctx context.Context, q *queue, m *appender) []*appender {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(q.waiting), g.o.Most-1)
	if ctx.Err() != nil {
		n = 0
	}
	batch := append([]*appender{m}, q.waiting[:n]...)
	q.waiting = slices.Delete(q.waiting, 0, n)
	for _, m := range batch {
		m.taken = true
	}
	return batch
}

// answer tells the calls of a batch what became of each. Those that ended only because the
// leader's context did stay for the next write.
func (g *Group) answer(ctx context.Context, q *queue, batch []*appender, done Snapshot, errs []error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, m := range batch {
		err, outcome := errs[i], OutcomeOf(errs[i])
		m.taken = false
		if i > 0 && ctx.Err() != nil && (outcome == Cancelled || outcome == Unknown) {
			m.inDoubt = m.inDoubt || outcome == Unknown
			continue
		}
		if m.answered = true; err == nil {
			m.done = done
		} else if m.err = err; m.inDoubt && outcome != Unknown {
			m.err = g.unknown(q, m, err) // an earlier write may have stored it, or may yet
		}
		if i > 0 {
			m.turn.Raise()
		}
	}
}

// pass makes the first call that waits the next leader. Of a batch, those that were not
// answered come first.
func (g *Group) pass(q *queue, batch []*appender) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var again []*appender
	for i, m := range batch {
		m.inDoubt = m.inDoubt || m.taken // the core has panicked
		if m.taken = false; i > 0 && !m.answered && !m.left {
			again = append(again, m)
		}
	}
	if q.waiting = append(again, q.waiting...); len(q.waiting) == 0 {
		delete(g.queues, q.id)
		return
	}
	next := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	next.leads = true
	next.turn.Raise()
}
