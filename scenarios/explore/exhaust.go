package explore

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"holdfast/scenarios/check"
)

// branches is how many parts the search is split into at least, if it has as many:
// far more than workers, since they differ in size.
const branches = 64

// exhaust searches all schedules. The beginnings of schedules are searched first,
// until there are enough of them; then workers take one beginning each. The result
// is the same whatever the number of workers: what counts is the first branch, in
// their order, that has a violation.
func (c *Config) exhaust(ctx context.Context) (Result, error) {
	parts, head, err := c.split(ctx)
	if err != nil || head.witness != nil {
		return head.result(ctx, c), err
	}
	results := make([]branch, len(parts))
	var next, found, schedules atomic.Int64
	found.Store(int64(len(parts))) // the first branch with a violation
	var wg sync.WaitGroup
	for range min(c.Workers, len(parts)) {
		wg.Go(func() {
			p := c.newRunner()
			defer p.close()
			for {
				i := next.Add(1) - 1
				if i >= int64(len(parts)) {
					return
				}
				b := &results[i]
				b.err = p.search(ctx, c, parts[i], b, func() bool {
					n := schedules.Add(1)
					if c.Progress != nil && n%progressEvery == 0 {
						c.Progress(int(n))
					}
					return found.Load() < i || c.Schedules > 0 && int(n) > c.Schedules
				})
				if b.witness != nil {
					lower(&found, i)
				}
			}
		})
	}
	wg.Wait()
	total := head
	for i := range results {
		b := &results[i]
		if b.err != nil {
			return Result{}, b.err
		}
		total.add(b)
		if b.witness != nil {
			break
		}
	}
	return total.result(ctx, c), nil
}

// errStrayed: the core under test, or the harness, draws on something outside of
// its environment.
var errStrayed = errors.New("a schedule did not go the same way when it was played again: something in it depends on chance or on the clock")

const progressEvery = 4096

// lower sets a number to the smaller one.
func lower(n *atomic.Int64, to int64) {
	for {
		old := n.Load()
		if old <= to || n.CompareAndSwap(old, to) {
			return
		}
	}
}

// branch is the result of a part of the search.
type branch struct {
	schedules int
	unseen    bool // it was stopped
	tally     tally
	witness   *Witness
	err       error
}

func (b *branch) add(o *branch) {
	if o.witness != nil {
		b.witness = o.witness
		b.witness.Found += b.schedules
	}
	b.schedules += o.schedules
	b.unseen = b.unseen || o.unseen
	b.tally.add(o.tally)
}

func (b *branch) result(ctx context.Context, c *Config) Result {
	acknowledged := &b.tally.acknowledged
	r := Result{
		Schedules: b.schedules, Complete: !b.unseen && b.witness == nil,
		Acknowledged: acknowledged.all, Saves: acknowledged.saves, Appends: acknowledged.appends, Creates: acknowledged.creates,
		Conflicts: b.tally.conflicts, Witness: b.witness,
	}
	switch {
	case !b.unseen:
	case errors.Is(context.Cause(ctx), errBudget):
		r.Stopped = errBudget.Error()
	case ctx.Err() != nil:
		r.Stopped = Interrupted
	case c.Schedules > 0:
		r.Stopped = "the number of schedules is reached"
	}
	return r
}

// split searches the beginnings of all schedules, a call longer each time, until
// there are enough branches. What ends before that is judged on the way.
func (c *Config) split(ctx context.Context) ([][]node, branch, error) {
	p := c.newRunner()
	defer p.close()
	for length := 1; ; length++ {
		var parts [][]node
		var head branch
		d := &search{full: c.full, independent: c.independent, cut: length}
		p.tally = tally{}
		for {
			if ctx.Err() != nil {
				head.unseen, head.tally = true, p.tally
				return nil, head, nil
			}
			report, err := p.play(ctx, d)
			switch {
			case err != nil:
				return nil, head, err
			case d.strayed:
				return nil, head, errStrayed
			case d.atCut:
				parts = append(parts, clone(d.nodes))
			case !d.blocked:
				head.schedules++
				if c.seen(p, d, &report, &head) {
					head.tally = p.tally
					return nil, head, nil
				}
			}
			if !d.next() {
				break
			}
		}
		if len(parts) == 0 || len(parts) >= branches || length == mostSplit {
			head.tally = p.tally
			return parts, head, nil
		}
	}
}

// mostSplit bounds the length of the beginnings: few branches by then means few
// schedules.
const mostSplit = 12

func clone(nodes []node) []node {
	all := make([]node, len(nodes))
	for i, n := range nodes {
		all[i] = node{slices.Clone(n.moves), n.chosen, slices.Clone(n.sleep)}
	}
	return all
}

// search searches one branch. Judged is called after each schedule and says
// whether to stop.
func (p *runner) search(ctx context.Context, c *Config, prefix []node, b *branch, judged func() bool) error {
	d := &search{full: c.full, independent: c.independent, nodes: prefix, fixed: len(prefix)}
	p.tally = tally{}
	defer func() { b.tally = p.tally }()
	for {
		if ctx.Err() != nil {
			b.unseen = true
			return nil
		}
		report, err := p.play(ctx, d)
		if d.strayed {
			err = errStrayed
		}
		if err != nil {
			return err
		}
		if !d.blocked {
			b.schedules++
			if c.seen(p, d, &report, b) {
				return nil
			}
			if judged() {
				b.unseen = true
				return nil
			}
		}
		if !d.next() {
			return nil
		}
	}
}

// seen notes a violation, with the schedule that leads to it.
func (c *Config) seen(p *runner, d *search, report *check.Report, b *branch) bool {
	if c.each != nil {
		c.each(p, report)
		return false
	}
	i := c.violates(report)
	if i == "" {
		return false
	}
	var names []name
	for k := range d.nodes {
		names = append(names, d.nodes[k].moves[d.nodes[k].chosen])
	}
	b.witness = &Witness{Invariant: i, Found: b.schedules, Longest: len(names), moves: names}
	return true
}
