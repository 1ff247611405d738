package scenarios

import (
	"strings"
	"testing"

	"holdfast/scenarios/history"
)

// TestGiveUpAfter: callers leave after so long, and their calls end with them.
func TestGiveUpAfter(t *testing.T) {
	run := prepared(t, "impatient", ViaCore)
	m := &memory{}
	if _, err := playVirtual(t.Context(), run, into(m), nil); err != nil {
		t.Fatal(err)
	}
	leaves, left := map[int]int64{}, 0
	for _, e := range m.events {
		switch e.Kind {
		case history.Invoke:
			if e.GiveUp <= 0 {
				t.Fatalf("%s waits for ever", e.Actor)
			}
			leaves[e.Op] = e.At + e.GiveUp
		case history.Return:
			if e.At > leaves[e.Op] {
				t.Errorf("a call of %s goes on for %d ns", e.Actor, e.At-leaves[e.Op])
			}
			if e.At == leaves[e.Op] {
				left++
				if e.Outcome != history.Cancelled && e.Outcome != history.Unknown {
					t.Errorf("%s left and was told %s", e.Actor, e.Outcome)
				}
			}
		}
	}
	if left == 0 {
		t.Error("nobody left")
	}
	played, report, _ := play(t, "impatient", "production", nil)
	expectOK(t, played, report)
}

// TestFirstWritesTogether: the first writes of those who meet all come after all of
// their first reads, in the real world as in the virtual one.
func TestFirstWritesTogether(t *testing.T) {
	for range 5 {
		for _, via := range []Via{ViaCore, ViaAPI} {
			_, report, events := play(t, "three-writers", "production", func(r *Run) { r.Scenario.Via = via })
			if report.Tally.Refusals == 0 {
				t.Fatalf("via %s nobody was refused", via)
			}
			read, wrote := int64(0), int64(0)
			for _, e := range events {
				switch {
				case e.Op == 0 || e.OfTrigger() || !strings.HasPrefix(e.Actor, "backend"):
				case e.Kind == history.Get && wrote == 0:
					read = e.At
				case e.Kind == history.Put && wrote == 0:
					wrote = e.Start
				}
			}
			if wrote < read {
				t.Errorf("via %s a write began at %d, before the read at %d had ended", via, wrote, read)
			}
		}
	}
}

// TestPaceIsReadStrictly: what makes no sense is refused with its place.
func TestPaceIsReadStrictly(t *testing.T) {
	scenario := func(kind, load, more string) string {
		return "name: x\nshows: y\n" + more + "actors:\n  - {name: a, kind: " + kind + ", load: {operations: 1, " + load + "}}\n"
	}
	for source, want := range map[string]string{
		scenario("user", "give_up_after: -1s", ""):                                    "duration such as 250ms",
		scenario("user", "give_up_after: soon", ""):                                   "soon",
		scenario("user", "give_up_aftr: 1s", ""):                                      "did you mean give_up_after?",
		scenario("user", "give_up_after: 1s", "via: api\n"):                           "hangs up",
		scenario("outsider", "give_up_after: 1s", ""):                                 "no call to give up",
		scenario("outsider", "first_writes_together: true", ""):                       "only deletes",
		scenario("user", "first_writes_together: yes, please", ""):                    "x.yaml:",
		scenario("stranger", "think: 1s", ""):                                         "via: api",
		scenario("user", "think: 1s", "faults: [\"sent-twice(nth=1,answer=200)\"]\n"): "412, 409 or 503",
	} {
		_, err := Parse("x.yaml", []byte(source))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "x.yaml:") {
			t.Errorf("%s\ngot %v, want %q", source, err, want)
		}
	}
}
