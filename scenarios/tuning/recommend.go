package tuning

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/units"
)

// recommend is what is known of a policy before it was validated.
func (s *search) recommend(m *measured) *Recommendation {
	return &Recommendation{
		Promised: s.summary(m, Recommended), RunnerUp: s.runnerUp(), Go: goLiteral(m.policy), YAML: "policy: " + m.policy.String(),
		Retries: s.aboutRetries(m.policy), Deadline: s.aboutDeadline(m.policy),
	}
}

// inUse says whose policy it is, if it is an incumbent's.
func (s *search) inUse(p archive.Policy) string {
	for _, i := range s.Incumbents {
		if i.Policy == p {
			return fmt.Sprintf("as the %s policy has it", i.Name)
		}
	}
	return ""
}

func (s *search) aboutDeadline(p archive.Policy) string {
	if used := s.inUse(p); used != "" {
		return used
	}
	return fmt.Sprintf("five sixths of the %v that a message stays invisible or a user waits", s.patience)
}

func (s *search) aboutRetries(p archive.Policy) string {
	switch {
	case s.inUse(p) != "":
		return s.inUse(p)
	case s.Objective.Target() >= countable:
		return "as many as were best when played"
	}
	return fmt.Sprintf("the fewest with which, at the upper limit, no more run out of attempts than %s of the limit of give-ups, or as many as hold up with more clients: what is spare costs nothing until it is needed",
		units.Percent(partAttempts))
}

// runnerUp is the best of the others, and how the winner was told apart from it.
func (s *search) runnerUp() *Comparison {
	if s.winner == nil {
		return nil
	}
	for _, m := range s.finals {
		if SameShape(m.policy, s.winner.policy) {
			continue
		}
		c := &Comparison{Policy: m.policy, Metric: s.Objective.Minimize, Batches: len(m.batches)}
		c.Difference = paired(m.values(c.Metric), s.winner.values(c.Metric))
		c.Why = s.whyNot(m, c)
		return c
	}
	return nil
}

// whyNot says why a policy is not the winner, as [search.choose] decided.
func (s *search) whyNot(m *measured, c *Comparison) string {
	tie := s.Objective.tieBreak()
	apart := c.Difference.P < 1-confidence
	cheaper := m.value(c.Metric) < s.winner.value(c.Metric) // and yet it was not taken
	switch {
	case m == s.yielded:
		return "on the seeds of the validation what is in use was better"
	case s.unfit(m.policy) != "":
		return s.unfit(m.policy)
	case s.misses(m) > s.misses(s.winner):
		return "it is beyond a limit of the objective"
	case slices.Contains(s.broke, m):
		return "it missed a limit on other seeds"
	case cheaper && m.falls != "":
		return "hardly any difference between them, and " + m.falls
	case cheaper && s.contended && !jitters(m.policy) && jitters(s.winner.policy):
		return "it has no jitter, and is not better by a tenth"
	case c.Difference.Value == 0:
		return "there is no difference between them"
	case cheaper && apart:
		return fmt.Sprintf("less than %.0f %% between them; of equals, the one with less %s was taken", 100*same, tie)
	case cheaper:
		return fmt.Sprintf("they are not told apart; of equals, the one with less %s was taken", tie)
	case apart:
		return fmt.Sprintf("the recommended one has less %s", c.Metric)
	}
	return fmt.Sprintf("the recommended one has less %s on average, which may be chance", c.Metric)
}

// SameShape reports whether policies differ in their bounds only.
func SameShape(a, b archive.Policy) bool {
	return a.Kind == b.Kind && a.Base == b.Base && a.Cap == b.Cap
}

// goLiteral is the policy as Go source.
func goLiteral(p archive.Policy) string {
	kind := fmt.Sprintf("archive.Kind(%q)", p.Kind)
	if name := string(p.Kind); name != "" {
		kind = "archive." + strings.ToUpper(name[:1]) + name[1:] // as the constants are named
	}
	fields := []string{"Kind: " + kind}
	if p.Kind.HasBase() {
		fields = append(fields, "Base: "+goDuration(p.Base))
	}
	if p.Kind.Waits() {
		fields = append(fields, "Cap: "+goDuration(p.Cap))
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
