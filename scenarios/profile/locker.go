package profile

import "sync"

// locker guards what several clients count. It is never held across a call, so that tasks of a
// virtual world, which share a thread, can have it too.
type locker struct{ mu sync.Mutex }

func (l *locker) locked(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	do()
}
