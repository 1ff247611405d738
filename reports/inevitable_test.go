package reports

import (
	"strings"
	"testing"

	"holdfast/scenarios/explore"
)

// TestInevitabilityInWords: what was counted is told as such, an estimate with its interval,
// and nearly all is not all.
func TestInevitabilityInWords(t *testing.T) {
	at := func(i int) *int { return &i }
	prefix := func(moves, continuations, violating int, complete bool, share, low, high float64) explore.Prefix {
		p := explore.Prefix{Moves: moves, Continuations: continuations, Violating: violating, Complete: complete, Share: share, Low: low, High: high}
		if moves > 0 {
			p.Move, p.Call = "bob!reply-lost", "put"
		}
		return p
	}
	exact := func(moves, continuations, violating int, share float64) explore.Prefix {
		return prefix(moves, continuations, violating, true, share, share, share)
	}
	for _, c := range []struct {
		e    Explored
		want string
	}{
		{Explored{}, ""},
		{Explored{Inevitable: []explore.Prefix{exact(0, 3, 2, 0.5), exact(1, 1, 1, 1)}, InevitableAfter: at(1)},
			"after move 1 of 1, bob's put (reply-lost): none of 1 continuation escapes; before it 50 % violate, if each next move is drawn evenly"},
		{Explored{Inevitable: []explore.Prefix{exact(0, 20, 20, 1), exact(1, 4, 4, 1)}, InevitableAfter: at(0)},
			"from the beginning: none of 20 continuations escapes"},
		{Explored{Inevitable: []explore.Prefix{prefix(0, 1000, 999, false, 0.999, 0.994, 0.9999), prefix(1, 1000, 1000, false, 1, 0.996, 1)}, InevitableAfter: at(1)},
			"after move 1 of 1, bob's put (reply-lost): none of 1000 random continuations escapes (less than 0.4 % do, 95 %); before it all but 0.1 % (95 %: 99–100 %) violate, if each next move is drawn evenly"},
		{Explored{Inevitable: []explore.Prefix{exact(0, 3, 2, 0.5), exact(1, 6, 4, 0.7)}},
			"never: after all moves 2 of 6 continuations escape, in which actors go on that the schedule leaves behind"},
	} {
		if got := c.e.inevitability(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	e := Explored{Inevitable: []explore.Prefix{exact(0, 3, 2, 0.5), exact(1, 1, 1, 1)}, InevitableAfter: at(1), Verdict: "violated", Schedule: "bob!reply-lost"}
	var b strings.Builder
	e.Text(Text{W: &b})
	if !strings.Contains(b.String(), "\ninevitable  after move 1 of 1") {
		t.Errorf("the text has no row:\n%s", b.String())
	}
}
