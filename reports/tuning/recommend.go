package tuning

import (
	"fmt"
	"strings"
	"time"

	"holdfast/archive"
)

// recommend is what is known of a policy before it was validated.
func (s *search) recommend(m *measured) *Recommendation {
	return &Recommendation{
		Promised: m.summary("recommended", s.Objective), RunnerUp: s.runnerUp(), Go: goLiteral(m.policy), YAML: "policy: " + m.policy.String(),
		Retries:  s.aboutRetries(),
		Deadline: fmt.Sprintf("five sixths of the %v that a message stays invisible or a user waits", s.patience),
	}
}

func (s *search) aboutRetries() string {
	if s.Objective.target() >= countable {
		return "as many as were best when played"
	}
	return fmt.Sprintf("%d times the fewest for which the tail of the attempts stays %d times below the limit: what is spare costs nothing until there are more writers",
		spareRetries, tailMargin)
}

// runnerUp is the best of the others, and how the winner was told apart from it.
func (s *search) runnerUp() *Comparison {
	if s.winner == nil {
		return nil
	}
	for _, m := range s.finals {
		if sameShape(m.policy, s.winner.policy) {
			continue
		}
		c := &Comparison{Policy: m.policy, Metric: s.Objective.Minimize, Batches: len(m.batches)}
		c.Difference = paired(m.values(c.Metric), s.winner.values(c.Metric))
		switch {
		case s.misses(m) > s.misses(s.winner):
			c.Why = "it is beyond a limit of the objective"
		case c.Difference.P < 1-confidence && c.Difference.Value > 0:
			c.Why = fmt.Sprintf("the recommended one has less %s", c.Metric)
		case c.Difference.P < 1-confidence:
			c.Why = fmt.Sprintf("it is better by less than %.0f %%; of equals, the one with less %s was taken", 100*same, s.Objective.tieBreak())
		default:
			c.Why = fmt.Sprintf("they are not told apart; of equals, the one with less %s was taken", s.Objective.tieBreak())
		}
		return c
	}
	return nil
}

func sameShape(a, b archive.Policy) bool {
	return a.Kind == b.Kind && a.Base == b.Base && a.Cap == b.Cap
}

// goLiteral is the policy as Go source.
func goLiteral(p archive.Policy) string {
	kind := fmt.Sprintf("archive.Kind(%q)", p.Kind)
	if name := string(p.Kind); name != "" {
		kind = "archive." + strings.ToUpper(name[:1]) + name[1:] // as the constants are named
	}
	fields := []string{"Kind: " + kind}
	if p.Kind != archive.None {
		fields = append(fields, "Base: "+goDuration(p.Base), "Cap: "+goDuration(p.Cap))
	}
	retries := fmt.Sprint(p.Retries)
	if p.Retries == archive.Unlimited {
		retries = "archive.Unlimited"
	}
	fields = append(fields, "Retries: "+retries)
	if p.Deadline > 0 {
		fields = append(fields, "Deadline: "+goDuration(p.Deadline))
	}
	return "archive.Policy{" + strings.Join(fields, ", ") + "}"
}

func goDuration(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Second, "time.Second"}, {time.Millisecond, "time.Millisecond"}, {time.Microsecond, "time.Microsecond"}} {
		if d%u.unit == 0 {
			return fmt.Sprintf("%d*%s", d/u.unit, u.name)
		}
	}
	return fmt.Sprint(int64(d))
}
