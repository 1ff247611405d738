package history

import (
	"bytes"
	"sync"

	"holdfast/archive"
)

// contents describes JSON documents. It remembers the last versions that anybody
// read or wrote, so that the many reads of one version are described once. It is
// bounded, whatever the length of the run and the number of its objects.
type contents struct {
	shape    *shape
	mu       sync.Mutex
	versions map[versionName]*content
	order    []versionName // oldest first
	bytes    int
}

type versionName struct{ key, etag string }

// mostRemembered bounds the bodies that are remembered, in bytes.
const mostRemembered = 16 << 20

// NewJSONDescriber returns the describer of JSON documents of a layout, nil for the
// archive's own. It is safe for concurrent use.
func NewJSONDescriber(l *archive.Layout) Describer { return newContents(l) }

func newContents(l *archive.Layout) *contents {
	return &contents{shape: newShape(l), versions: map[versionName]*content{}}
}

// Layout implements [Describer].
func (cs *contents) Layout() *archive.Layout { return cs.shape.layout }

// Content implements [Describer].
func (cs *contents) Content(key, etag string, body []byte, base Content) Content {
	if known := cs.get(key, etag, body); known != nil {
		return known
	}
	continued, _ := base.(*content)
	fresh := newContent(cs.shape, body, continued)
	cs.put(key, etag, fresh)
	return fresh
}

// get returns the remembered version if the body is really the same.
func (cs *contents) get(key, etag string, body []byte) *content {
	cs.mu.Lock()
	c := cs.versions[versionName{key, etag}]
	cs.mu.Unlock()
	if c != nil && bytes.Equal(c.body, body) {
		return c
	}
	return nil
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
