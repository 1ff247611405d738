package scenarios

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// Group says how back ends share writes. With via: core those with a load append through
// group commit, [archive.Group]: what the back ends of one process want of one object at
// the same time is stored by one conditional write. The store calls are those of the
// processes, named process-1, process-2, …, or process if there is one.
type Group struct {
	// Processes is how many there are, at most 1000; the back ends are dealt to them in
	// turn. 0: there is no group.
	Processes int `yaml:"processes,omitempty"`
	// Wait is for how long an append waits for company before it is written. 0: only while
	// another write of its process to the object is under way.
	Wait Duration `yaml:"wait,omitempty"`
	// Most is how many appends one write holds. 0: 100.
	Most int `yaml:"most,omitempty"`
}

// Process is the name of the actor that stands for the processes of a group.
const Process = "process"

// spelledOut is the group with its defaults.
func (g Group) spelledOut() Group {
	if g.Processes > 0 {
		g.Most = cmp.Or(g.Most, archive.DefaultGroupMost)
	}
	return g
}

// processActor is the actor that stands for the processes of a group.
func processActor(g *Group) Actor { return Actor{Name: Process, Kind: groups, Count: g.Processes} }

// process is one whose back ends share writes.
type process struct {
	*repetition
	run     context.Context // of all loads
	actor   Actor
	name    string
	group   cores.Appender
	batches *history.Batches

	mu      sync.Mutex
	idle    []*performer // that can write
	writers int
}

// startProcesses deals the back ends with a load to the processes of the scenario's group.
func startProcesses(ctx context.Context, p *repetition, actors []performer) error {
	g := &p.Scenario.Group
	all := make([]*process, g.Processes)
	for n := range all {
		s := &process{repetition: p, run: ctx, actor: processActor(g)}
		s.name = s.actor.memberName(n)
		s.batches = p.rec.Batches(s.name, p.prefix)
		first, err := s.take()
		if err != nil {
			return err
		}
		s.idle = append(s.idle, first)
		s.group, err = p.Core.NewGroup(processCore{first.core, s}, archive.GroupOptions{
			Wait: time.Duration(g.Wait), Most: g.Most, Clock: p.world, NewSignal: p.world.NewSignal,
		})
		if err != nil {
			return err
		}
		all[n] = s
	}
	dealt := 0
	for i := range actors {
		if f := &actors[i]; f.actor.Kind == Backend && f.actor.Load != nil {
			f.process = all[dealt%len(all)]
			dealt++
		}
	}
	return nil
}

// take is who writes next for the process: as many as write different objects at the same
// time.
func (s *process) take() (*performer, error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		f := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return f, nil
	}
	s.writers++
	name := s.name
	if s.writers > 1 {
		name = fmt.Sprintf("%s/%d", name, s.writers)
	}
	s.mu.Unlock()
	f := &performer{}
	err := f.enter(s.repetition, nil, &role{actor: &s.actor, name: name})
	f.client.Serve(s.batches)
	return f, err
}

func (s *process) give(f *performer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, f)
}

// processCore is the core of a process, whose writes for several are recorded.
type processCore struct {
	cores.Core
	s *process
}

func (c processCore) AppendAll(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
	f, err := c.s.take()
	if err != nil {
		return archive.Snapshot{}, slices.Repeat([]error{err}, len(edits))
	}
	var done archive.Snapshot
	var errs []error
	crash := catchCrash(func() { done, errs = f.appendAll(ctx, c.s.run, id, edits) })
	if crash != nil { // of whoever leads; what the core knows of it is gone
		f.client.Crash()
		panic(crashed{crash})
	}
	c.s.give(f)
	return done, errs
}

// appendInGroup is an append of a back end that shares writes. One that dies while it writes
// for others begins anew; the others go on.
func (f *performer) appendInGroup(ctx context.Context, in *intent) (done archive.Snapshot, err error) {
	s := f.process
	for {
		recorded := s.batches.Begin(f.name, in.op)
		crash := catchCrash(func() { done, err = f.waitForGroup(ctx, in) })
		if crash == nil {
			s.batches.Finish(recorded, done, err, ctx.Err() != nil)
			return done, err
		}
		s.batches.Crash(recorded)
		if !crash.Restarts {
			return done, errDied
		}
		if err := s.world.Sleep(ctx, crash.Restart); err != nil {
			return done, err
		}
	}
}

func (f *performer) waitForGroup(ctx context.Context, in *intent) (archive.Snapshot, error) {
	if patience := in.op.GiveUp; patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = f.process.world.WithTimeout(ctx, patience)
		defer cancel()
	}
	return f.process.group.Append(ctx, in.op.ID, in.edit)
}
