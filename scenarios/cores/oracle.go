package cores

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"holdfast/archive"
)

// oracle is the production core of clients who know what no client can: how many
// calls are under way on the same object, R, and for how long a write is at risk, τ.
// After a failure they wait U(0, (R-1)·τ); of their policy only the bounds matter.
// It is what policies are held against: how much there is left to gain. No policy can know
// that, so it is no kind of the archive's but the production core with a clock that draws its
// waits anew.
type oracle struct {
	Core
	crowd *Crowd
}

var oracleSpec = Spec{
	Name:        "oracle",
	OwnWaits:    true,
	VirtualOnly: true,
	Policy:      archive.Policy{Kind: archive.None, Retries: archive.DefaultPolicy().Retries, Deadline: archive.DefaultPolicy().Deadline},
	New:         newOracle,
}

func newOracle(e Environment) (Core, error) {
	e.Clock = foresight{e.Clock, e.Crowd, e.Exposure, e.Rand}
	// Some wait, so that the clock is asked for one.
	e.Policy.Kind, e.Policy.Base, e.Policy.Cap = archive.Constant, time.Nanosecond, time.Nanosecond
	core, err := production(e)
	return oracle{core, e.Crowd}, err
}

// Create implements [Core].
func (o oracle) Create(ctx context.Context, id string, doc archive.Document, mods ...archive.Modification) (archive.Snapshot, error) {
	defer o.crowd.enter(id)()
	return o.Core.Create(about(ctx, id), id, doc, mods...)
}

// Save implements [Core].
func (o oracle) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	defer o.crowd.enter(id)()
	return o.Core.Save(about(ctx, id), id, base, edit)
}

// Append implements [Core].
func (o oracle) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	defer o.crowd.enter(id)()
	return o.Core.Append(about(ctx, id), id, edit)
}

// AppendAll implements [Core].
func (o oracle) AppendAll(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
	defer o.crowd.enter(id)()
	return o.Core.AppendAll(about(ctx, id), id, edits)
}

// foresight is a clock that draws each wait anew.
type foresight struct {
	archive.Clock
	crowd    *Crowd
	exposure time.Duration
	rng      *rand.Rand
}

// Sleep waits U(0, (R-1)·τ) instead of d.
func (f foresight) Sleep(ctx context.Context, _ time.Duration) error {
	id, _ := ctx.Value(object{}).(string)
	others := max(f.crowd.size(id)-1, 0)
	return f.Clock.Sleep(ctx, time.Duration(f.rng.Float64()*float64(others)*float64(f.exposure)))
}

// object is the key of a context's object.
type object struct{}

func about(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, object{}, id)
}

// Crowd counts the updates that are under way in a repetition. The zero value counts
// none yet.
type Crowd struct {
	mu    sync.Mutex
	calls map[string]int // by object
}

// enter counts an update of an object until leave is called.
func (c *Crowd) enter(id string) (leave func()) {
	c.add(id, 1)
	return func() { c.add(id, -1) }
}

func (c *Crowd) add(id string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = map[string]int{}
	}
	c.calls[id] += n
}

func (c *Crowd) size(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[id]
}
