package tuning

import (
	"fmt"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/units"
)

// manyRetries stands for unlimited where waits are added up.
const manyRetries = 10_000

// endless stands for waits that have no end, or none that anybody will see.
const endless = 365 * 24 * time.Hour

// looks is how often [archive.Adaptive] waits before an attempt, at most: it postpones a
// write up to eight times (docs/adaptive.md).
const looks = 1 + 8

// longestWaits is the sum of the longest waits of a policy's first so many retries.
func longestWaits(p archive.Policy, retries int) time.Duration {
	if retries == archive.Unlimited && p.Kind != archive.None {
		return endless
	}
	times := time.Duration(1)
	if p.Kind == archive.Adaptive {
		times = looks
	}
	total := time.Duration(0)
	for n := 1; n <= min(retries, manyRetries) && total < endless; n++ {
		_, longest := check.Bounds(p, n)
		total += min(longest, endless/times) * times
	}
	return min(total, endless)
}

// waitText is how long waits are together.
func waitText(d time.Duration) string {
	if d >= endless {
		return "without end"
	}
	return units.Seconds(ms(d))
}

// tooFewRetries: operations give up that would commit with more attempts.
func tooFewRetries(f *facts, s *subject) *Advice {
	g := exhaustion(s.measured)
	if g.Method != Counted || g.Low <= f.objective.Target() {
		return nil
	}
	more := s.policy
	more.Retries = max(100, 10*f.writers)
	gain := f.helps(s, more)
	if gain == nil || gain.metric != exhaustedRate {
		return nil
	}
	why := fmt.Sprintf("%d attempts are too few", s.policy.MaxAttempts())
	need := time.Duration(f.writers) * f.commit
	if waits := longestWaits(s.policy, s.policy.Retries); waits < need && s.contended() && f.offered == 0 {
		why = fmt.Sprintf("%d writers at once on a store that commits %s a second need at least %s; the %s policy stops after %s of waiting",
			f.writers, units.Number(perSecond(f.commit)), units.Seconds(ms(need)), s.name, waitText(waits))
	}
	return &Advice{
		Text: fmt.Sprintf("%s, so %s give up (95 %% CI %s to %s, %s operations).", why, units.Percent(g.Value), units.Percent(g.Low), units.Percent(g.High),
			units.Thousands(g.Operations)),
		Evidence: "with more retries alone " + gain.evidence(), Confidence: pairedConfidence, Try: &more,
	}
}

// deadlineTooShort: operations give up for lack of time.
func deadlineTooShort(f *facts, s *subject) *Advice {
	g := exhaustion(s.measured)
	if s.policy.Deadline == 0 || g.Method != Counted || g.Low <= f.objective.Target() {
		return nil
	}
	longer := s.policy
	longer.Deadline = 0
	gain := f.helps(s, longer)
	if gain == nil || gain.metric != exhaustedRate {
		return nil
	}
	return &Advice{
		Text: fmt.Sprintf("A deadline of %v is too short: %s give up (95 %% CI %s to %s). Up to %v would still be less than a message stays invisible or a user waits.",
			s.policy.Deadline, units.Percent(g.Value), units.Percent(g.Low), units.Percent(g.High), deadline(f.patience)),
		Evidence: "without it " + gain.evidence(), Confidence: pairedConfidence, Try: &longer,
	}
}

// deadlineTooLong: a call may outlast whoever waits for it.
func deadlineTooLong(f *facts, s *subject) *Advice {
	waits := longestWaits(s.policy, s.policy.Retries)
	longest := mayTake(s.policy, f.attempt)
	if longest <= f.patience {
		return nil
	}
	then, what := "a gateway has given up on the user's request", "have it wait longer"
	if hasKind(f.scenario, scenarios.Backend) {
		then, what = "the queue delivers the message to another worker", "raise its visibility timeout above that"
	}
	bound := s.policy
	bound.Deadline = deadline(f.patience)
	t, err := f.twin(bound)
	if err != nil {
		f.err = err
		return nil
	}
	after, before := exhaustion(t), exhaustion(s.measured)
	advice := fmt.Sprintf("Set deadline=%v.", bound.Deadline)
	switch {
	case after.Method == Counted && after.Value > before.Value:
		advice = fmt.Sprintf("With deadline=%v, %s give up instead (95 %% CI %s to %s); else %s.",
			bound.Deadline, units.Percent(after.Value), units.Percent(after.Low), units.Percent(after.High), what)
	case before.High <= f.objective.Target() && after.High > f.objective.Target():
		advice = fmt.Sprintf("With deadline=%v it is not shown that give-ups stay below %s (%s); else %s.",
			bound.Deadline, units.Rate(f.objective.Target()), exhaustionText(after), what)
	}
	return &Advice{
		Text: fmt.Sprintf("A call with the %s policy may take %s, but after %v %s, while the first is still trying. %s",
			s.name, waitText(longest), f.patience, then, advice),
		Evidence: fmt.Sprintf("%s retries wait %s together at most; the slowest call that was seen took %s; with the shorter deadline %s instead of %s",
			retriesText(s.policy.Retries), waitText(waits), units.Seconds(s.longestCall()), exhaustionText(after), exhaustionText(before)),
		Confidence: "certain: it follows from the settings; the shorter deadline was played", Try: &bound,
	}
}

func retriesText(n int) string {
	if n == archive.Unlimited {
		return "unlimited"
	}
	return units.Thousands(n)
}

// noJitter: writers that collided wake together.
func noJitter(f *facts, s *subject) *Advice {
	if s.policy.Kind == archive.None || jitters(s.policy) {
		return nil
	}
	return f.change(s, jittered(s.policy), fmt.Sprintf("The %s policy has no jitter: writers that collided once wake together and collide again", s.name))
}

// baseTooLow: who was refused comes back while the write that was in the way is under way.
func baseTooLow(f *facts, s *subject) *Advice {
	first := longestWaits(s.policy, 1)
	if !s.policy.Kind.HasBase() || first >= f.attempt {
		return nil
	}
	higher := s.policy
	higher.Base = readable(4 * s.policy.Base)
	higher.Cap = max(higher.Cap, 2*higher.Base)
	return f.change(s, higher, fmt.Sprintf("Base %v of the %s policy is below the round trip: the first retry comes after %v at most, an attempt takes %s",
		s.policy.Base, s.name, first, units.Seconds(ms(f.attempt))))
}

// farAbove attempts, a first wait is felt by everybody who ever collides.
const farAbove = 8

// baseTooHigh: the first wait outlasts what it waits for.
func baseTooHigh(f *facts, s *subject) *Advice {
	first := longestWaits(s.policy, 1)
	if !s.policy.Kind.HasBase() || first <= farAbove*f.attempt {
		return nil
	}
	lower := s.policy
	lower.Base = readable(s.policy.Base / 4)
	if s.policy.Kind == archive.Constant {
		lower.Cap = lower.Base
	}
	return f.change(s, lower, fmt.Sprintf("Base %v of the %s policy is far above the round trip: the first retry waits for up to %v, an attempt takes %s",
		s.policy.Base, s.name, first, units.Seconds(ms(f.attempt))))
}

// capTooLow: waits end before the others are through. Asked only where a limit is
// missed: a higher cap always trades latency for writes.
func capTooLow(f *facts, s *subject) *Advice {
	if !s.policy.Kind.HasCap() {
		return nil
	}
	higher := s.policy
	higher.Cap = readable(4 * s.policy.Cap)
	if g := f.helps(s, higher); g == nil || g.metric == f.objective.Minimize {
		return nil
	}
	return f.change(s, higher, fmt.Sprintf("Cap %v of the %s policy is too low for %s: they come back before there is room for them",
		s.policy.Cap, s.name, f.load()))
}

// load says how much is asked of one object.
func (f *facts) load() string {
	if f.offered > 0 {
		return units.Number(f.offered) + " updates a second"
	}
	return fmt.Sprintf("%d writers", f.writers)
}

// capTooHigh: waits go on after the others are through.
func capTooHigh(f *facts, s *subject) *Advice {
	if !s.policy.Kind.HasCap() {
		return nil
	}
	for _, by := range []time.Duration{4, 2} {
		lower := s.policy
		lower.Cap = readable(s.policy.Cap / by)
		a := f.change(s, lower, fmt.Sprintf("Cap %v of the %s policy is too high for %s: the last ones sleep when the contention is over",
			s.policy.Cap, s.name, f.load()))
		if a != nil {
			return a
		}
	}
	return nil
}
