package simtest

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// watchdog ends the program when what it watches makes no progress: nobody can end a core
// that waits for ever where all the others wait for its turn to be over.
type watchdog struct {
	name     string // of the subtest
	patience time.Duration
	bark     func(why string)
	steps    atomic.Int64
}

// looks are how often it looks while its patience lasts. They are counted, rather than the
// time, so that a machine that was asleep makes it no less patient.
const looks = 10

// progress is what there must be some of.
func (w *watchdog) progress() { w.steps.Add(1) }

// watch begins to look for progress until it is stopped.
func (w *watchdog) watch() (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticks := time.NewTicker(max(w.patience/looks, 1))
		defer ticks.Stop()
		seen, idle := w.steps.Load(), 0
		for {
			select {
			case <-done:
				return
			case <-ticks.C:
			}
			if now := w.steps.Load(); now != seen {
				seen, idle = now, 0
			} else if idle++; idle == looks {
				w.bark(fmt.Sprintf("simtest: %q has made no progress for %v: in a virtual world a core may wait for nothing "+
					"but its store and the clock of its Environment, and must not loop for ever; the goroutines below show where it is",
					w.name, w.patience))
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

// end ends the program with the stacks of all goroutines.
func end(why string) {
	debug.SetTraceback("all")
	panic(why)
}
