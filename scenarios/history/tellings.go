package history

import (
	"slices"
	"sync"
)

// TellReads makes r one of several recorders, each of which may be all that is left of a run:
// from now on the first read of a version that r has not described says what is new in it, as
// a write does, against the version of the object that r has described last, or in full. So
// whoever has not met those who wrote it knows what it holds.
//
// Each recorder so names each entry once, whoever added it, and again only if its readers are
// behind by more than [mostDescribed] versions. It remembers one version of each object, of
// at most [mostTold] bytes together; of objects beyond that it tells all once more.
func (r *Recorder) TellReads() { r.tellings = &tellings{objects: map[string]*described{}} }

const (
	mostDescribed = 16
	mostTold      = 16 << 20
)

// tellings are what a recorder has described of each object.
type tellings struct {
	mu      sync.Mutex
	objects map[string]*described
	order   []string // keys, the oldest first
	bytes   int
}

// described is the version that was described last, and the names of some that were.
type described struct {
	etag    string
	content Content
	size    int
	etags   [mostDescribed]string
	turn    int
}

// begin and end enclose the recording of a version: what tells of it stands in the history before
// whatever relies on that.
func (t *tellings) begin() {
	if t != nil {
		t.mu.Lock()
	}
}

func (t *tellings) end() {
	if t != nil {
		t.mu.Unlock()
	}
}

// read describes a version that was read.
func (t *tellings) read(key, etag string, size int, c Content) Doc {
	doc := c.Read()
	if t == nil || doc.Bad != "" {
		return doc
	}
	var base described
	if last := t.objects[key]; last != nil {
		if slices.Contains(last.etags[:], etag) {
			return doc
		}
		base = *last
	}
	t.learn(key, etag, size, c)
	return c.Written(base.content, base.etag)
}

// wrote takes a version whose write is described.
func (t *tellings) wrote(key, etag string, size int, c Content) {
	if t != nil {
		t.learn(key, etag, size, c)
	}
}

func (t *tellings) learn(key, etag string, size int, c Content) {
	d := t.objects[key]
	if d == nil {
		d = &described{}
		t.objects[key] = d
		t.order = append(t.order, key)
	}
	t.bytes += size - d.size
	d.etag, d.content, d.size = etag, c, size
	d.etags[d.turn%mostDescribed] = etag
	d.turn++
	for t.bytes > mostTold && len(t.order) > 1 {
		t.bytes -= t.objects[t.order[0]].size
		delete(t.objects, t.order[0])
		t.order = t.order[1:]
	}
}
