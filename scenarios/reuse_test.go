package scenarios

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios/cores"
)

// TestAPlayerRemembersNothing: what a player that has played other repetitions
// records of one is what a new player records.
func TestAPlayerRemembersNothing(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			run := must(NewRun(must(Open(name)), must(cores.Find("production"))))
			run.Seed, run.Repetitions = 3, 3
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
