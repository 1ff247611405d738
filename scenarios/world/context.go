package world

import (
	"context"
	"slices"
	"time"
)

// vcontext is a context of a virtual world: its deadline is in virtual time, and
// what waits under it is woken by the scheduler when it ends.
type vcontext struct {
	context.Context // where it comes from
	world           *Virtual
	parent          *vcontext // whose end is its own; nil for the root
	children        []*vcontext
	done            chan struct{}
	err             error
	deadline        int64 // 0: none
	// waiting is the number of tasks that are parked under it.
	waiting int
}

var _ context.Context = (*vcontext)(nil)

type vcontextKey struct{}

func (c *vcontext) Done() <-chan struct{} { return c.done }

func (c *vcontext) Err() error {
	if c.err == nil {
		return c.Context.Err() // it may come from a context that somebody else ended
	}
	return c.err
}

func (c *vcontext) Deadline() (time.Time, bool) {
	if c.deadline == 0 {
		return c.Context.Deadline()
	}
	return Epoch.Add(time.Duration(c.deadline)), true
}

func (c *vcontext) Value(key any) any {
	if key == (vcontextKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// nearest is the virtual context whose end is ctx's end; nil if there is none.
func nearest(ctx context.Context) *vcontext {
	if c, ok := ctx.(*vcontext); ok {
		return c
	}
	c, _ := ctx.Value(vcontextKey{}).(*vcontext)
	if c == nil || ctx.Done() != c.done {
		return nil // cut off by context.WithoutCancel, or with an end of its own
	}
	return c
}

// WithTimeout implements [World].
func (w *Virtual) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	c := &vcontext{Context: ctx, world: w, parent: nearest(ctx), done: make(chan struct{}), deadline: w.now + max(int64(d), 0)}
	if c.parent != nil {
		c.parent.children = append(c.parent.children, c)
	}
	if outer, ok := ctx.Deadline(); ok {
		c.deadline = min(c.deadline, int64(outer.Sub(Epoch)))
	}
	if err := ctx.Err(); err != nil {
		c.end(err)
	} else {
		w.agenda.add(c.deadline, c)
	}
	return c, func() { c.end(context.Canceled) }
}

// happen is the deadline.
func (c *vcontext) happen(*Virtual, uint64) { c.end(context.DeadlineExceeded) }

// end ends the context and those made from it, and wakes who waits under them.
func (c *vcontext) end(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	close(c.done)
	if p := c.parent; p != nil {
		if i := slices.Index(p.children, c); i >= 0 {
			p.children = slices.Delete(p.children, i, i+1)
		}
	}
	for _, child := range slices.Clone(c.children) {
		child.end(err)
	}
	if c.waiting == 0 {
		return
	}
	for _, t := range c.world.tasks {
		if t != nil && t.under == c {
			c.world.wake(t)
		}
	}
}
