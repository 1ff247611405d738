package sandbox

import (
	"testing"

	"holdfast/archive/s3store/fakes3"
)

// TestSharedHeartbeat: of the processes that share a sandbox one writes the manifest, and the
// others see that it has.
func TestSharedHeartbeat(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	store := server.Store()
	id := NewID()
	var boxes []*Sandbox
	for range 3 {
		box, err := Open(t.Context(), store, Config{ID: id, Shared: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(box.Leave)
		boxes = append(boxes, box)
	}
	alive := func() string {
		m, err := readManifest(t.Context(), store, id)
		if err != nil {
			t.Fatal(err)
		}
		return m.Alive.String()
	}
	beat := func(s *Sandbox) {
		t.Helper()
		s.writing.Lock()
		defer s.writing.Unlock()
		if err := s.beatShared(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, box := range boxes {
		beat(box) // whatever each has seen of it until now
	}
	before := alive()
	beat(boxes[0])
	first := alive()
	beat(boxes[1])
	beat(boxes[2])
	if first == before || alive() != first {
		t.Errorf("it was alive at %s, %s and %s", before, first, alive())
	}
	beat(boxes[2])
	if alive() == first {
		t.Error("nobody else has written it, and it was left to grow old")
	}
}
