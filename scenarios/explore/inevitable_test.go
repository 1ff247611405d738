package explore

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"holdfast/scenarios/cores"
)

// witnessOf explores a scenario with the shares of its witness.
func witnessOf(t *testing.T, c Config) *Witness {
	t.Helper()
	w := must(Explore(t.Context(), c)).Witness
	if w == nil {
		t.Fatalf("%s core: no witness", c.Run.Core.Name)
	}
	return w
}

// TestInevitableByHand: each of two users reads and then writes, without a condition. A
// modification is lost if both have read before either writes. Of the six orders of these
// calls four are so; but if each call is drawn evenly, one in two: the second call decides.
func TestInevitableByHand(t *testing.T) {
	w := witnessOf(t, Config{Run: runOf(t, "two-users", "unlocked", nil), Strategy: Exhaustive, Workers: 2, Continuations: 100})
	if w.Schedule.String() != "bob alice alice bob" {
		t.Fatalf("the witness is %s", w.Schedule)
	}
	whole := func(p Prefix) Prefix { // exact shares have no interval
		p.Complete, p.Low, p.High = true, p.Share, p.Share
		return p
	}
	want := []Prefix{
		whole(Prefix{Moves: 0, Continuations: 6, Violating: 4, Share: 0.5}),
		whole(Prefix{Moves: 1, Move: "bob", Call: "get", Continuations: 3, Violating: 2, Share: 0.5}),
		whole(Prefix{Moves: 2, Move: "alice", Call: "get", Continuations: 2, Violating: 2, Share: 1}),
		whole(Prefix{Moves: 3, Move: "alice", Call: "put", Continuations: 1, Violating: 1, Share: 1}),
		whole(Prefix{Moves: 4, Move: "bob", Call: "put", Continuations: 1, Violating: 1, Share: 1}),
	}
	if !slices.Equal(w.Prefixes, want) {
		t.Errorf("got  %+v\nwant %+v", w.Prefixes, want)
	}
	if after, inevitable := InevitableAfter(w.Prefixes); after != 2 || !inevitable {
		t.Errorf("inevitable after %d moves (%v), want 2", after, inevitable)
	}
}

// TestInevitableIsAskedFor: nothing is played for who did not ask, and a sound core has none.
func TestInevitableIsAskedFor(t *testing.T) {
	c := Config{Run: runOf(t, "two-users", "unlocked", nil), Strategy: Exhaustive, Workers: 1}
	if w := witnessOf(t, c); w.Prefixes != nil {
		t.Errorf("nobody asked: %+v", w.Prefixes)
	}
	c.Run, c.Continuations = runOf(t, "two-users", "production", nil), 100
	if r := must(Explore(t.Context(), c)); r.Witness != nil || !r.Complete {
		t.Errorf("production core: %+v", r)
	}
	if c.Continuations = -1; c.validate() == nil {
		t.Error("a negative number of continuations is accepted")
	}
}

// TestDrawnContinuations: where all are too many some are drawn, always the same, and their
// intervals hold the shares that all have.
func TestDrawnContinuations(t *testing.T) {
	run, _, err := Small("delete-race", must(cores.Find("gone-is-conflict")))
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Run: run, Strategy: Exhaustive, Workers: 1, Continuations: 10_000}
	exact := witnessOf(t, c)
	c.Continuations = 100
	drawn := witnessOf(t, c)
	c.Workers = 2
	if again := witnessOf(t, c); !reflect.DeepEqual(again.Prefixes, drawn.Prefixes) {
		t.Errorf("with two workers %+v\nwith one %+v", again.Prefixes, drawn.Prefixes)
	}
	sampled := 0
	for i, p := range drawn.Prefixes {
		e := exact.Prefixes[i]
		if !e.Complete {
			t.Fatalf("prefix %d: %d continuations are not all", i, e.Continuations)
		}
		switch {
		case p.Complete && p != e:
			t.Errorf("prefix %d: %+v and %+v", i, p, e)
		case !p.Complete:
			sampled++
			if p.Continuations != 100 || e.Share < p.Low || e.Share > p.High || p.High-p.Low > 0.21 || p.High-p.Low <= 0 {
				t.Errorf("prefix %d: %+v, all together %+v", i, p, e)
			}
		}
	}
	if sampled == 0 {
		t.Error("none was sampled: the test shows nothing")
	}
}

// TestSharesFollowFromOneAnother: the share after no move is the mean of those after each
// possible first one, which a search that begins with each must find.
func TestSharesFollowFromOneAnother(t *testing.T) {
	w := witnessOf(t, Config{Run: runOf(t, "three-writers", "unlocked", bounded(2, 1)), Strategy: Exhaustive, Workers: 1, Continuations: 100_000})
	c := &Config{Run: prepared(runOf(t, "three-writers", "unlocked", bounded(2, 1))), Continuations: 100_000}
	p := c.newRunner()
	defer p.close()
	look := &peek{}
	if _, err := p.play(t.Context(), look); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, first := range look.open {
		other := &Witness{Schedule: must(ParseSchedule(first)), Invariant: w.Invariant}
		sum += must(p.prefix(t.Context(), c, other, 1, mostContinued)).Share
	}
	if n := float64(len(look.open)); n < 2 || math.Abs(sum/n-w.Prefixes[0].Share) > 1e-9 {
		t.Errorf("mean %v of %v, want %v", sum/n, look.open, w.Prefixes[0].Share)
	}
}

// peek ends a schedule at its beginning and keeps what was possible there.
type peek struct{ open []string }

func (k *peek) choose(_ *stage, moves []move) (move, bool) {
	for _, m := range moves {
		k.open = append(k.open, Move{m.call.actor, m.variant}.String())
	}
	return move{}, false
}

// TestInevitableWithFaults: no continuation has a fault that was not there before. These bugs
// do nothing wrong without one, and can't but once it has happened, or once the write that is
// under way has landed.
func TestInevitableWithFaults(t *testing.T) {
	for bug, want := range map[string]int{"give-up-unseen": 2, "append-again": 3, "settled-too-soon": 5, "ids-forgotten": 2} {
		i := slices.IndexFunc(cores.Bugs(), func(b cores.Bug) bool { return b.Name == bug })
		b := cores.Bugs()[i]
		run, _, err := Small(b.Scenario, b.Spec)
		if err != nil {
			t.Fatal(err)
		}
		w := witnessOf(t, Config{Run: run, Strategy: Exhaustive, Faults: b.Faults, Workers: 2, Continuations: 200})
		fault := slices.IndexFunc(w.Schedule, Move.fault)
		for _, p := range w.Prefixes[:fault+1] {
			if p.Violating > 0 || p.Continuations == 0 {
				t.Errorf("%s, before the fault of %s: %+v", bug, w.Schedule, p)
			}
		}
		if after, inevitable := InevitableAfter(w.Prefixes); after != want || !inevitable {
			t.Errorf("%s, %s: inevitable after %d (%v), want %d: %+v", bug, w.Schedule, after, inevitable, want, w.Prefixes)
		}
	}
}

// TestNotInevitable: what some escape from at the end is not, whatever came before.
func TestNotInevitable(t *testing.T) {
	all, some := Prefix{Continuations: 2, Violating: 2}, Prefix{Continuations: 2, Violating: 1}
	for _, c := range []struct {
		prefixes   []Prefix
		after      int
		inevitable bool
	}{
		{nil, 0, false},
		{[]Prefix{all, all}, 0, true},
		{[]Prefix{some, all, some, all}, 3, true},
		{[]Prefix{some, all, some}, 3, false},
	} {
		if after, inevitable := InevitableAfter(c.prefixes); after != c.after || inevitable != c.inevitable {
			t.Errorf("%+v: after %d, %v", c.prefixes, after, inevitable)
		}
	}
}
