package history

import (
	"context"
	"fmt"
	"testing"

	"holdfast/archive"

	"github.com/google/go-cmp/cmp"
)

// told is what an event says of a version, without the sums.
func told(e *Event) Doc {
	d := *e.Doc
	d.Sum, d.Fields, d.Whole = 0, 0, 0
	return d
}

// TestReadsTell: the first read of a version that the recorder has not described says what is
// new in it: in full, then against the version that was described last, read or written.
func TestReadsTell(t *testing.T) {
	ctx, store := context.Background(), newMemory()
	mine, theirs := &log{}, &log{}
	rec, other := NewRecorder(mine, archive.WallClock{}), NewRecorder(theirs, archive.WallClock{})
	rec.TellReads()
	ann, bob, eve := rec.Client("ann", "", store), rec.Client("bob", "", store), other.Client("eve", "", store)
	expect := func(what string, want Doc) {
		t.Helper()
		if diff := cmp.Diff(want, told(mine.last())); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	read := func(c *Client) string {
		_, etag, err := c.Get(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		return etag
	}
	e0, _ := eve.Put(ctx, key, document([]string{"a"}, "A"), archive.IfAbsent())
	read(ann)
	expect("in full", Doc{N: 1, Add: []string{"a"}, Entries: entryDigests("a")})
	read(bob)
	expect("once only", Doc{N: 1})
	e1, _ := eve.Put(ctx, key, document([]string{"a", "b"}, "B"), archive.IfMatch(e0))
	read(bob)
	expect("what is new", Doc{N: 2, Of: e0, Keep: 1, Add: []string{"b"}, Entries: entryDigests("b"), Set: []Set{NewSet("title", []byte(`"A"`), []byte(`"B"`))}})
	e2, _ := bob.Put(ctx, key, document([]string{"a", "b", "c"}, "B"), archive.IfMatch(e1))
	read(ann)
	expect("its own write", Doc{N: 3})
	_, _ = eve.Put(ctx, key, document([]string{"a"}, "B"), archive.IfMatch(e2))
	read(ann)
	expect("what is gone", Doc{N: 1, Of: e2, Keep: 1, Add: []string{}, Entries: []Sum{}})

	before := len(theirs.events)
	_, _, _ = eve.Get(ctx, key)
	if d := theirs.events[before].Doc; d.Add != nil || d.Of != "" {
		t.Errorf("the only recorder of a run tells of what it read: %+v", d)
	}
}

// TestTellingsAreBounded: of many large objects not all are remembered, and the rest is told
// in full once more.
func TestTellingsAreBounded(t *testing.T) {
	tells := &tellings{objects: map[string]*described{}}
	c := newContent(newShape(nil), document([]string{"a"}, "A"), nil)
	for n := range 100 {
		tells.read(fmt.Sprint(n), "1", mostTold/10, c)
	}
	if len(tells.objects) > 11 || tells.bytes > mostTold {
		t.Errorf("%d objects of %d bytes are remembered", len(tells.objects), tells.bytes)
	}
	if d := tells.read("0", "1", 1, c); len(d.Add) != 1 || d.Of != "" {
		t.Errorf("what was forgotten is not told again: %+v", d)
	}
	if d := tells.read("99", "1", 1, c); d.Add != nil {
		t.Errorf("what is remembered is told again: %+v", d)
	}
}
