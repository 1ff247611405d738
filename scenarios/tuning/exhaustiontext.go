package tuning

import "holdfast/scenarios/units"

// exhaustionText says how many give up, and how that is known if it was not counted.
func exhaustionText(g Exhaustion) string {
	switch g.Method {
	case Counted:
		return units.Percent(g.Value) + " give-ups"
	case Extrapolated:
		return "less than " + units.Rate(max(g.High, LeastRate)) + " give-ups (extrapolated)"
	case Never:
		return "no give-ups"
	}
	return "less than " + units.Rate(g.High) + " give-ups (rule of three)"
}

// LeastRate is the smallest share that is worth a number: nobody has as many updates.
const LeastRate = 1e-9
