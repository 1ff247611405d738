package reports

import (
	"fmt"
	"strings"

	"holdfast/scenarios/explore"
	"holdfast/scenarios/units"
)

// inevitability says from which move on the violation could not be escaped, and how probable
// it was before that; empty if nobody found out.
func (e *Explored) inevitability() string {
	if len(e.Inevitable) == 0 {
		return ""
	}
	moves := len(e.Inevitable) - 1
	if e.InevitableAfter == nil {
		end := e.Inevitable[moves]
		return fmt.Sprintf("never: after all moves %d of %s escape, in which actors go on that the schedule leaves behind",
			end.Continuations-end.Violating, continuations(&end))
	}
	after := *e.InevitableAfter
	at := e.Inevitable[after]
	none := fmt.Sprintf("none of %s escapes", continuations(&at))
	if !at.Complete {
		none += fmt.Sprintf(" (less than %s do, 95 %%)", units.Percent(1-at.Low))
	}
	if after == 0 {
		return "from the beginning: " + none
	}
	drawn := "if each next move is drawn evenly"
	if e.Faults > 0 {
		drawn += ", without further faults"
	}
	return fmt.Sprintf("after move %d of %d, %s: %s; before it %s violate, %s", after, moves, moveInWords(&at), none, shareInWords(&e.Inevitable[after-1]), drawn)
}

// continuations counts them.
func continuations(p *explore.Prefix) string {
	if p.Complete {
		return Plural(p.Continuations, "continuation")
	}
	return Plural(p.Continuations, "random continuation")
}

// moveInWords is the last move of a prefix: whose call of the store, and what befell it.
func moveInWords(p *explore.Prefix) string {
	actor, befell, _ := strings.Cut(p.Move, "!")
	words := actor + "'s " + p.Call
	if befell != "" {
		words += " (" + befell + ")"
	}
	return words
}

// shareInWords is a share, with its interval if it was estimated.
func shareInWords(p *explore.Prefix) string {
	if p.Complete {
		return shareAlone(p)
	}
	return fmt.Sprintf("%s (95 %%: %s–%s)", shareAlone(p), strings.TrimSuffix(units.Percent(p.Low), " %"), units.Percent(p.High))
}

// shareAlone is a share without its interval; what is not all never looks so.
func shareAlone(p *explore.Prefix) string {
	if p.Escapes() && p.Share >= 0.995 {
		return "all but " + units.Percent(1-p.Share)
	}
	return units.Percent(p.Share)
}
