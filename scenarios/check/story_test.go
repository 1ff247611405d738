package check

import (
	"strings"
	"testing"

	"holdfast/scenarios/history"
)

// TestLostNamesTheOverwriter: the version that took the place of a lost one may
// have been there before it; the story is about the one that came after.
func TestLostNamesTheOverwriter(t *testing.T) {
	b := newBook()
	b.setup(start)
	ann := b.begin("ann", "append", "m1").get("v0")
	bob := b.begin("bob", "append", "m2").get("v0")
	bob.put("none", history.OK, "v1", start.plus("m2")).end(history.Committed, "v1")
	eve := b.begin("eve", "append", "m3").get("v1")
	ann.put("none", history.OK, "x1", start.plus("m1")).end(history.Committed, "x1")
	eve.put("none", history.OK, "v2", start.plus("m2", "m3")).end(history.Committed, "v2")
	b.final("v2")
	for _, v := range judged(history.Header{}, b.events).Violations {
		if v.Invariant == NothingLost {
			if !strings.Contains(v.Summary, "ann was told") || !strings.Contains(v.Summary, "eve wrote version v2 without it") {
				t.Error(v.Summary)
			}
			return
		}
	}
	t.Error("nothing was lost")
}

// TestWitnessesNameTheSteps of the operations in them, however many steps there are.
func TestWitnessesNameTheSteps(t *testing.T) {
	b := newBook()
	b.setup(start)
	ann := b.begin("ann", "append", "m1").get("v0")
	bob := b.begin("bob", "append", "m2").get("v0")
	ann.put("none", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
	bob.put("none", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
	b.final("v2")
	for _, e := range b.events {
		if e.Kind == history.Invoke {
			e.Step = map[string]string{"ann": "T1", "bob": "T2"}[e.Actor]
		}
	}
	found := judged(history.Header{}, b.events).Violations
	for _, v := range found {
		for _, e := range v.Witness {
			if e.Kind == history.Invoke && e.Step != map[string]string{"ann": "T1", "bob": "T2"}[e.Actor] {
				t.Errorf("%s of %s is of step %q", e.Do, e.Actor, e.Step)
			}
		}
	}
	if len(found) == 0 {
		t.Error("nothing was lost")
	}
	j := New(history.Header{})
	for i := range 300 {
		if n := j.step(strings.Repeat("x", i+1)); i < 255 && n != uint8(i+1) || i >= 255 && n != 0 {
			t.Errorf("step %d is number %d", i, n)
		}
	}
}
