package tuning

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/network"
	"holdfast/scenarios/units"
)

// throttling says by what the store of a run throttles, as it is configured; empty: it
// does not. A store that can answer 503 need not do so in what was played: it does when
// more come.
func throttling(run *scenarios.Run) string {
	for _, f := range run.Scenario.Faults {
		if f.Kind == network.ByLoad || f.Kind == network.Throttled503 {
			return network.Fault(f).String()
		}
	}
	l := run.Latency()
	if limit := l.PerKey; !limit.IsZero() {
		return fmt.Sprintf("%s: 429 beyond %v writes a second of a key", l.Name, limit.Writes)
	}
	if limit := l.Throttle; !limit.IsZero() {
		return fmt.Sprintf("%s: 503 beyond %s writes or %s reads a second under a prefix", l.Name, units.Thousands(int(limit.Writes)), units.Thousands(int(limit.Reads)))
	}
	return ""
}

// tooSoon reports whether a policy comes back as if it had not been refused: after less than an attempt takes, so that its next request follows the
// last one hardly later than that of who never waits.
func tooSoon(p archive.Policy, attempt time.Duration) bool {
	return p.Retries > 0 && firstWait(p) < max(attempt, time.Millisecond)
}

// firstWait is the longest wait after a call's first 503, which says nothing of other
// writers.
func firstWait(p archive.Policy) time.Duration {
	return p.Wait(1, 0, rand.New(longest{})).Round(time.Microsecond) // a draw is just below its limit
}

// longest draws the longest of all waits.
type longest struct{}

func (longest) Uint64() uint64 { return math.MaxUint64 }

// tooSoon reports whether a policy comes back to a store that throttles as if it had not
// been refused.
func (s *scale) tooSoon(p archive.Policy) bool {
	return s.throttles != "" && tooSoon(p, s.attempt)
}

// summary is what is shown of a measurement, with what no number says.
func (s *search) summary(m *measured, name string) Policy {
	p := m.summary(name, s.Objective)
	p.TooSoon, p.Unfit = s.tooSoon(m.policy), s.unfit(m.policy)
	return p
}

// immediateRetries: who is told to slow down and does not makes it worse for all.
func immediateRetries(f *facts, s *subject) *Advice {
	by := f.throttles
	if by == "" && s.pooled().Counts.Throttled > 0 {
		by = "503s were seen"
	}
	if by == "" || !tooSoon(s.policy, f.attempt) {
		return nil
	}
	waits := s.policy
	waits.Kind, waits.Base = archive.Full, readable(max(f.attempt, time.Millisecond))
	waits.Cap = max(waits.Cap, readable(scaled(waits.Base, waitsDouble)))
	t, err := f.twin(waits)
	if err != nil {
		f.err = err
		return nil
	}
	when := "without a wait"
	if first := firstWait(s.policy); first > 0 {
		when = fmt.Sprintf("%s at most after a 503", waitText(first))
	}
	return &Advice{
		Text: fmt.Sprintf("The store throttles (%s), and the %s policy comes back at once, %s; an attempt takes %s. That keeps up the load which the store refuses, so it is never recommended. Wait, as with %s.",
			by, s.name, when, units.Seconds(ms(f.attempt)), waits),
		Evidence: fmt.Sprintf("with it %s, %s; without %s, %s",
			refusals(t), exhaustionText(exhaustion(t)), refusals(s.measured), exhaustionText(exhaustion(s.measured))),
		Confidence: "certain: it follows from the settings; the policy that waits was played", Try: &waits,
	}
}

// waitsDouble four times before they reach the cap.
const waitsDouble = 16

// refusals are the writes that were answered 503.
func refusals(m *measured) string {
	c := &m.pooled().Counts
	return fmt.Sprintf("%s 503s to the writes of each commit", units.Number(float64(c.Throttled)/float64(max(c.Committed, 1))))
}
