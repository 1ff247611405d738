package scenarios

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios/cores"
	"holdfast/scenarios/world"
)

// TestAPlayerRemembersNothing: what a player that has played other repetitions
// records of one is what a new player records.
func TestAPlayerRemembersNothing(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			run := must(NewRun(must(Open(name)), must(cores.Find("production"))))
			run.Seed, run.Repetitions = 3, 3
			crew := &world.Crew{}
			defer crew.Close()
			used := run.VirtualPlayer()
			for _, n := range []int{2, 1, 3, 1} {
				var want, got memory
				if err := run.PlayAgain(t.Context(), n, &want); err != nil {
					t.Fatal(err)
				}
				if f := used.playVirtual(t.Context(), n, crew, &got); f.err != nil {
					t.Fatal(f.err)
				}
				if diff := cmp.Diff(want.events, got.events); diff != "" {
					t.Fatalf("repetition %d: %s", n, diff)
				}
			}
		})
	}
}
