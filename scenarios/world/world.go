// Package world is where a scenario plays: in the real world, on goroutines, the
// wall clock and a store over the network, or in a virtual one, in which a
// scheduler owns time and order.
//
// # What is guaranteed
//
// Whoever plays sees only [World], so the same scenario and the same core run in
// either. In a [Virtual] world nothing sleeps for real, exactly one task runs at
// a time, and what happens follows from the random streams that it was given: the
// same seed gives the same history, on any machine and with any GOMAXPROCS.
//
// # Why it is shaped so
//
// Tasks of the virtual world are coroutines ([iter.Pull]), which hand over
// control several times faster than goroutines over channels, at exactly the
// places where a client can be overtaken: a store call, a sleep, a wait for a
// signal. An agenda of events decides who goes on; in package explore, which has a world of its
// own, somebody chooses. Whoever plays must not block on a mutex that is held across one of
// these places, as tasks share a thread. The store is a model, [Model], that answers as S3 promises; what time
// passes between a call's parts is the business of [Virtual].
package world

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// World is where one repetition of a scenario plays.
type World interface {
	archive.Clock
	// Store returns the store as the named actor reaches it. The calls of the harness
	// ([Harness]) are no part of the load: in a world whose time is modelled they take
	// none, and nothing befalls them.
	Store(actor string) archive.Store
	// Run runs main and the tasks that it starts, and returns when all have
	// ended. The context that main gets ends when ctx does. The error says that
	// the tasks wait for each other for ever.
	Run(ctx context.Context, main func(ctx context.Context)) error
	// Go starts a task beside the running one.
	Go(task func())
	// NewSignal returns a signal that tasks of this world can wait for.
	NewSignal() Signal
	// Settle returns when no write that its client has given up is under way any
	// more, or when ctx ends.
	Settle(ctx context.Context)
	// WithTimeout is [context.WithTimeout] by this world's time.
	WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
	// Watch has tell called for each write that the store applies under a key with
	// this prefix, as a bucket that notifies a queue does. It is called once, before
	// anything is written, and tell must not block. The real world knows only of
	// writes that were answered.
	Watch(prefix string, tell func(key, etag string, body []byte))
	// Serve lets clients reach an HTTP handler, until it is closed. When a request
	// is answered, with an error or without, its handler has returned or will never
	// be called.
	Serve(h http.Handler) (Door, error)
}

// Harness reports whether an actor is the harness itself, which sets up what a scenario
// starts from and looks at what is left.
func Harness(actor string) bool { return strings.HasPrefix(actor, "harness/") }

// Door is where a handler is reached: over a socket, or by calling it.
type Door interface {
	http.RoundTripper
	Close() error
}

// Signal is something that happens once.
type Signal = archive.Signal

// Group is a set of tasks that somebody waits for.
type Group struct {
	world World
	left  atomic.Int64 // tasks, and one for whoever will wait
	done  Signal
}

// NewGroup returns an empty group.
func NewGroup(w World) *Group {
	g := &Group{world: w, done: w.NewSignal()}
	g.left.Store(1)
	return g
}

// Go starts a task of the group. A task may start others.
func (g *Group) Go(task func()) {
	g.left.Add(1)
	g.world.Go(func() {
		defer g.end()
		task()
	})
}

// Wait returns when all tasks have ended. It is called once, and after it no
// task is started but by tasks.
func (g *Group) Wait() {
	g.end()
	_ = g.done.Wait(context.Background()) // which never ends
}

func (g *Group) end() {
	if g.left.Add(-1) == 0 {
		g.done.Raise()
	}
}

// Died is the answer to a call whose client does not live to see it; whoever plays
// the client ends it.
type Died struct {
	Fault  network.Fault // the crash
	Answer error         // what a recorder of the call learns
}

func (d *Died) Error() string { return "the client died: " + d.Answer.Error() }

// Unwrap returns the answer.
func (d *Died) Unwrap() error { return d.Answer }
