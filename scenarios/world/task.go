package world

import (
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
)

// Crew runs functions as coroutines. A coroutine that has ended its function
// takes the next one, so that starting a task costs neither a goroutine nor the
// growth of a stack. A Crew belongs to one goroutine at a time; Close it.
type Crew struct {
	idle []*Task
	all  []*Task
}

// Task is a function under way. It runs while somebody is in [Task.Resume], up
// to its next [Task.Park].
type Task struct {
	crew   *Crew
	next   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	run    func()
	killed bool

	// What a [Virtual] world knows of it: where it stands among those alive, the turn of
	// the event that lets it go on, for one that waits for several things is woken by the
	// first, and the context whose end wakes it.
	place  int32
	awaits uint64
	under  *vcontext
}

// Start makes a task of a function. It begins with the first Resume.
func (c *Crew) Start(run func()) *Task {
	var t *Task
	if n := len(c.idle); n > 0 {
		t, c.idle = c.idle[n-1], c.idle[:n-1]
	} else {
		t = &Task{crew: c}
		t.next, t.stop = iter.Pull(t.work)
		c.all = append(c.all, t)
	}
	t.run, t.killed = run, false
	return t
}

// Close ends the coroutines. A task that is still parked ends where it stands, as by
// [Task.Kill].
func (c *Crew) Close() {
	for _, t := range c.all {
		t.stop()
	}
	c.idle, c.all = nil, nil
}

// work is the coroutine: one function after the other, parked between them.
func (t *Task) work(yield func(struct{}) bool) {
	t.yield = yield
	takeRoom(false)
	for {
		t.perform()
		if !yield(struct{}{}) {
			return
		}
	}
}

// takeRoom grows the stack at once to what a client's calls need. While there are
// few frames that costs a fraction of what growing on the way costs, twice. Of the room
// nothing is touched unless it is used.
//
//go:noinline
func takeRoom(use bool) {
	if use {
		var room [5 << 10]byte
		runtime.KeepAlive(&room)
	}
}

// death unwinds a task that was killed while it was parked.
type death struct{}

// Panic is what the panic of a task is to whoever resumed it: on its way from one
// goroutine to the other it would lose its stack.
type Panic struct {
	Value any
	Stack []byte // of the task, where it panicked
}

func (p *Panic) Error() string {
	return fmt.Sprintf("%v\n\n[the task's stack]\n%s", p.Value, p.Stack)
}

func (t *Task) perform() {
	defer func() {
		t.run = nil
		if r := recover(); r != nil && (!t.killed || r != (death{})) {
			panic(&Panic{r, debug.Stack()})
		}
	}()
	t.run()
}

// Resume lets the task run until it parks or ends, and reports whether it has
// still something to do. A panic of the task is the caller's, as a [Panic].
func (t *Task) Resume() bool {
	t.next()
	if t.run == nil {
		t.crew.idle = append(t.crew.idle, t)
		return false
	}
	return true
}

// Park gives up control until the next Resume. Only the running task parks, and
// only itself.
func (t *Task) Park() {
	if !t.yield(struct{}{}) {
		t.killed = true // by [Crew.Close]
	}
	if t.killed {
		panic(death{})
	}
}

// Kill ends a parked task where it stands, as the end of a process does: what it
// had deferred still runs, and must not park.
func (t *Task) Kill() {
	t.killed = true
	t.Resume()
}
