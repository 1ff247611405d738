package history

import (
	"bytes"
	"sync"
)

// contents remembers the last versions that anybody read or wrote, so that the
// many reads of one version are described once. It is bounded, whatever the
// length of the run and the number of its objects.
type contents struct {
	mu       sync.Mutex
	versions map[versionName]*content
	order    []versionName // oldest first
	bytes    int
}

type versionName struct{ key, etag string }

// mostRemembered bounds the bodies that are remembered, in bytes.
const mostRemembered = 16 << 20

func newContents() *contents { return &contents{versions: map[versionName]*content{}} }

// get returns the remembered version if the body is really the same.
func (cs *contents) get(key, etag string, body []byte) *content {
	if c := cs.named(key, etag); c != nil && bytes.Equal(c.body, body) {
		return c
	}
	return nil
}

// named returns what is remembered under an ETag.
func (cs *contents) named(key, etag string) *content {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.versions[versionName{key, etag}]
}

func (cs *contents) put(key, etag string, c *content) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	name := versionName{key, etag}
	if old, known := cs.versions[name]; known {
		cs.bytes -= len(old.body)
	} else {
		cs.order = append(cs.order, name)
	}
	cs.versions[name] = c
	cs.bytes += len(c.body)
	for cs.bytes > mostRemembered && len(cs.order) > 1 {
		cs.bytes -= len(cs.versions[cs.order[0]].body)
		delete(cs.versions, cs.order[0])
		cs.order = cs.order[1:]
	}
}
