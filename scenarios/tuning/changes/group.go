package changes

import (
	"time"

	"holdfast/archive"
)

// NewGroup is for the start of a process: whoever appends does so by the group's Append,
// and what is wanted of an object at the same time is one write.
func NewGroup(core *archive.Archive, wait time.Duration) (*archive.Group, error) {
	return archive.NewGroup(core, archive.GroupOptions{Wait: wait})
}
