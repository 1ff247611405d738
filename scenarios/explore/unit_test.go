package explore

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios/check"
)

// elsewhere plays the parts of a search, so many at least, in some order by several players,
// all of it as JSON, and concludes.
func elsewhere(t *testing.T, c Config, atLeast, players int) (Result, int) {
	t.Helper()
	units := must(c.Cut(t.Context(), atLeast))
	shown := make([]*Shown, len(units))
	order := rand.New(rand.NewPCG(1, uint64(players))).Perm(len(units))
	var wg sync.WaitGroup
	for k := range players {
		wg.Go(func() {
			p := must(c.NewPlayer(t.Context()))
			defer p.Close()
			for _, i := range order[k*len(order)/players : (k+1)*len(order)/players] {
				var u Unit
				again(units[i], &u)
				s, err := p.Play(t.Context(), u)
				if err != nil {
					t.Error(err)
					return
				}
				shown[i] = &Shown{}
				again(s, shown[i])
			}
		})
	}
	wg.Wait()
	return must(c.Conclude(t.Context(), shown)), len(units)
}

// again writes JSON and reads it.
func again(from, to any) {
	if err := json.Unmarshal(must(json.Marshal(from)), to); err != nil {
		panic(err)
	}
}

// searches are found to be sound, or not; soon, or not; with faults of each kind.
func searches(t *testing.T) map[string]Config {
	return map[string]Config{
		"sound":           {Run: runOf(t, "repeated-message", "production", bounded(2, 1)), Strategy: Exhaustive, Faults: 1},
		"soon":            {Run: runOf(t, "lost-reply", "unlocked", bounded(2, 1)), Strategy: Exhaustive, Faults: 1},
		"late":            {Run: runOf(t, "lost-reply", "settled-by-etag", bounded(2, 1)), Strategy: Exhaustive, Faults: 1, Continuations: 20},
		"one schedule":    {Run: runOf(t, "no-conflict", "production", nil), Strategy: Exhaustive},
		"users":           {Run: runOf(t, "two-users", "production", nil), Strategy: Exhaustive, Faults: 1},
		"one invariant":   {Run: runOf(t, "two-users", "unlocked", nil), Strategy: Exhaustive, Invariant: "I6"},
		"random":          {Run: runOf(t, "three-writers", "production", nil), Strategy: Random, Faults: 1, Schedules: 300},
		"pct":             {Run: runOf(t, "three-writers", "production", nil), Strategy: PCT, Faults: 1, Schedules: 300},
		"violated random": {Run: runOf(t, "backend-fan-in", "settled-by-etag", bounded(4, 1)), Strategy: Random, Faults: 1, Schedules: 300, Continuations: 20},
		"violated by pct": {Run: runOf(t, "backend-fan-in", "settled-by-etag", bounded(4, 1)), Strategy: PCT, Faults: 1, Schedules: 300},
	}
}

var unexported = cmp.AllowUnexported(Witness{}, Move{}, name{}, check.Report{})

// TestPartsShowWhatTheWholeDoes: whatever they are, whoever plays them, in whatever order.
func TestPartsShowWhatTheWholeDoes(t *testing.T) {
	for of, c := range searches(t) {
		t.Run(of, func(t *testing.T) {
			t.Parallel()
			c.Workers = 1
			here := must(Explore(t.Context(), c))
			if here.Schedules == 0 || strings.Contains(of, "violated") != (here.Witness != nil && c.Strategy != Exhaustive) {
				t.Fatalf("%+v", here)
			}
			c.Workers = 2
			if here.Witness != nil && c.Strategy != Exhaustive { // with parts of another size
				more := c
				more.Schedules = mostUnits + 1
				if r := must(Explore(t.Context(), more)); !cmp.Equal(here.Witness, r.Witness, unexported) {
					t.Errorf("in parts of two: %+v, %+v", here.Witness, r.Witness)
				}
			}
			for i, atLeast := range []int{1, 3, branches, 1000} {
				there, units := elsewhere(t, c, atLeast, 1+2*i)
				if units < atLeast && units < here.Schedules && c.Strategy == Exhaustive {
					t.Errorf("%d parts of %d schedules, want %d at least", units, here.Schedules, atLeast)
				}
				if d := cmp.Diff(here, there, unexported); d != "" {
					t.Errorf("cut into %d parts (- on one machine):\n%s", units, d)
				}
			}
		})
	}
}

// TestPartsDependOnTheNumberOfSchedulesAlone: and have each number once.
func TestPartsDependOnTheNumberOfSchedulesAlone(t *testing.T) {
	for _, n := range []int{1, 100, mostUnits, mostUnits + 1, 3*mostUnits - 1, 1_000_000_000} {
		c := Config{Run: runOf(t, "two-users", "production", nil), Strategy: PCT, Schedules: n, Workers: 1}
		units := must(c.Cut(t.Context(), 7))
		if !cmp.Equal(units, must(c.Cut(t.Context(), 1))) || len(units) > mostUnits {
			t.Errorf("%d schedules are %d parts", n, len(units))
		}
		next := 1
		for _, u := range units {
			if u.First != next || u.Last < u.First {
				t.Fatalf("%d schedules: %+v after %d", n, u, next-1)
			}
			next = u.Last + 1
		}
		if next != n+1 {
			t.Errorf("of %d schedules the last is %d", n, next-1)
		}
	}
	c := Config{Run: runOf(t, "two-users", "production", nil), Strategy: Random, Workers: 1}
	if _, err := c.Cut(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "needs a number") {
		t.Errorf("a search without an end is cut: %v", err)
	}
}

// TestMissingParts: a search without some of its parts is not complete, and says why, unless
// what is missing comes after a violation.
func TestMissingParts(t *testing.T) {
	for _, core := range []string{"production", "unlocked"} {
		c := Config{Run: runOf(t, "two-users", core, nil), Strategy: Exhaustive, Workers: 1}
		units := must(c.Cut(t.Context(), 4))
		p := must(c.NewPlayer(t.Context()))
		shown := make([]*Shown, len(units))
		for i := range units[:len(units)-1] {
			shown[i] = must(p.Play(t.Context(), units[i]))
		}
		p.Close()
		r := must(c.Conclude(t.Context(), shown))
		if sound := core == "production"; r.Complete || (r.Witness == nil) != sound || (r.Stopped == Missing) != sound || r.Schedules == 0 {
			t.Errorf("%s core: %+v", core, r)
		}
	}
}

// TestHalfAPartShowsNothing that anybody would see again.
func TestHalfAPartShowsNothing(t *testing.T) {
	for of, c := range searches(t) {
		c.Workers = 1
		p := must(c.NewPlayer(t.Context()))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if s, err := p.Play(ctx, must(c.Cut(t.Context(), 1))[0]); err == nil || s != nil {
			t.Errorf("%s: %+v, %v", of, s, err)
		}
		p.Close()
	}
}

func TestMovesAsText(t *testing.T) {
	for k := plain; k <= landing; k++ {
		n, back := name{12, 345, k}, name{}
		if again(n, &back); n != back {
			t.Errorf("%v is read as %v", n, back)
		}
	}
	for _, text := range []string{"", "1", "1.", "1.2!", "1.2!gone", "1.2.3", "1.2 ", "a.b", "1.99999999999"} {
		if err := new(name).UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", text)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
