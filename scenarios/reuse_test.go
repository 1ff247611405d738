package scenarios

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
	"holdfast/scenarios/cores"
)

// TestAPlayerRemembersNothing: what a player that has played other repetitions
// records of one is what a new player records.
func TestAPlayerRemembersNothing(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			s := must(Open(name))
			run := &Run{
				Scenario: s, Document: documentOf(s), Layout: layoutOf(s), Core: must(cores.Find("production")),
				Policy: archive.DefaultPolicy(), Seed: 3, Repetitions: 3,
			}
			if s.Policy != nil {
				run.Policy = archive.Policy(*s.Policy)
			}
			used := run.Virtual()
			defer used.Close()
			for _, n := range []int{2, 1, 3, 1} {
				var want, got memory
				if err := run.PlayAgain(t.Context(), n, &want); err != nil {
					t.Fatal(err)
				}
				if _, err := used.Play(t.Context(), n, &got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want.events, got.events); diff != "" {
					t.Fatalf("repetition %d: %s", n, diff)
				}
			}
		})
	}
}
