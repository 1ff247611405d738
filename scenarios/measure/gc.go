package measure

import (
	"runtime/debug"
	"sync"
)

// collection is how Go's garbage collector is set.
var collection struct {
	sync.Mutex
	users  int
	before int // before the first of them
}

// CollectAt sets the percentage of Go's garbage collector, as GOGC does, until done is
// called. Where several do so at the same time the last one's holds, until all are done.
func CollectAt(percent int) (done func()) {
	collection.Lock()
	defer collection.Unlock()
	was := debug.SetGCPercent(percent)
	if collection.users++; collection.users == 1 {
		collection.before = was
	}
	return func() {
		collection.Lock()
		defer collection.Unlock()
		if collection.users--; collection.users == 0 {
			debug.SetGCPercent(collection.before)
		}
	}
}
