package reports

import (
	"fmt"
	"strings"

	"holdfast/scenarios/tuning"
	"holdfast/scenarios/units"
)

// writeStability says how much of what can be carried is offered.
func (r Tuned) writeStability(t Text) {
	if st := r.Stability; st != nil {
		t.wrapped("load", stabilityInWords(st))
	}
}

func stabilityInWords(st *tuning.Stability) string {
	text := fmt.Sprintf("%s updates a second are offered; the store commits %s at most, the best policy carries %s",
		units.Number(st.Offered), units.Number(st.Ceiling), units.Number(st.Carried.Value))
	if st.Recommended != nil {
		text += fmt.Sprintf(", the recommended one %s", units.Number(st.Recommended.Value))
	}
	return text
}

// writeRobustness says what the recommendation does where things are not as they were
// played.
func (r Tuned) writeRobustness(t Text) {
	var parts []string
	for i := range r.Robustness {
		parts = append(parts, robust(&r.Robustness[i]))
	}
	if len(parts) > 0 {
		t.wrapped("robust", "p99 and puts with "+strings.Join(parts, "; "))
	}
}

func robust(at *tuning.Robust) string {
	if at.Unstable {
		return at.Setting + " †: more than any policy carries"
	}
	mark := ""
	if !at.Meets {
		mark = " †"
	}
	text := fmt.Sprintf("%s%s: %s, %s", at.Setting, mark, units.Seconds(at.P99.Value), units.Number(at.Puts.Value))
	switch {
	case !at.HoldsUp:
		text += fmt.Sprintf(", and %s GIVE UP", units.Percent(at.Exhaustion.Value))
	case at.Exhaustion.Observed > 0:
		text += fmt.Sprintf(", %s give up", units.Percent(at.Exhaustion.Value))
	}
	return text
}
