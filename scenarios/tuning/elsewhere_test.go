package tuning

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"holdfast/scenarios/cores"
	"holdfast/scenarios/measure"
)

// elsewhere plays the parts of each round in another order than they are in, all of them,
// whatever the first ones have shown. It counts the rounds.
func elsewhere(rounds *int) func(context.Context, []measure.Part, func(int, *measure.Sample)) error {
	return func(ctx context.Context, parts []measure.Part, add func(int, *measure.Sample)) error {
		*rounds++
		for _, i := range rand.New(rand.NewPCG(7, uint64(*rounds))).Perm(len(parts)) {
			add(i, parts[i].Play(ctx))
		}
		return nil
	}
}

// TestASearchIsTheSameElsewhere: its decisions follow from what parts have shown, and from nothing
// else that happens where they are played.
func TestASearchIsTheSameElsewhere(t *testing.T) {
	well, unlocked := six(t), six(t)
	well.Evaluations = leastOf(t, well)
	unlocked.Evaluations = well.Evaluations
	var err error
	if unlocked.Run.Core, err = cores.Find("unlocked"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		Config
		here *Result
	}{
		"all is well": {well, sixTuned(t)},
		"violated":    {unlocked, tuned(t, unlocked)},
	} {
		t.Run(name, func(t *testing.T) {
			rounds := 0
			c.Elsewhere = elsewhere(&rounds)
			there := tuned(t, c.Config)
			a, _ := json.Marshal(c.here)
			if b, _ := json.Marshal(there); string(a) != string(b) {
				t.Errorf("here\n%s\nelsewhere\n%s", a, b)
			}
			if rounds < 20 && there.Passed || rounds == 0 {
				t.Errorf("%d rounds", rounds)
			}
		})
	}
}

// TestASearchElsewhereNeedsANumber: a budget of time would be this machine's.
func TestASearchElsewhereNeedsANumber(t *testing.T) {
	c, rounds := six(t), 0
	c.Evaluations, c.Elsewhere = 0, elsewhere(&rounds)
	if _, err := Tune(t.Context(), c); err == nil || rounds > 0 || !strings.Contains(err.Error(), "number of evaluations") {
		t.Error(err)
	}
}
