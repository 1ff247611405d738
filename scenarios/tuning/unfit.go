package tuning

import (
	"time"

	"holdfast/archive"
)

// Why policies are never recommended, whatever their numbers.
const (
	comesBackAtOnce = "it comes back at once to a store that throttles"
	neverWaits      = "it never waits, and writes meet"
	mayOutlast      = "its calls may outlast whoever waits for them"
)

// unfit says why a policy must not be recommended, whatever its numbers; empty: it may.
func (s *scale) unfit(p archive.Policy) string {
	switch {
	case s.tooSoon(p):
		return comesBackAtOnce
	case s.contended && p.Kind == archive.None && p.Retries != 0:
		return neverWaits
	case !s.timely(p):
		return mayOutlast
	}
	return ""
}

// jitters reports whether writers that collided once need not wake together. Those without
// jitter are kept apart by the noise of the latencies alone, which is what a model knows
// least about.
func jitters(p archive.Policy) bool {
	switch p.Kind {
	case archive.None, archive.Constant, archive.Exponential:
		return false
	}
	return true
}

// jittered is a policy with full jitter in place of none; others stay as they are. A constant
// wait becomes twice as wide, so that its mean is the same.
func jittered(p archive.Policy) archive.Policy {
	switch p.Kind {
	case archive.Exponential:
	case archive.Constant:
		p.Cap = 2 * p.Base
	default:
		return p
	}
	p.Kind = archive.Full
	return p
}

// timely reports whether a policy ends its calls before nobody waits for them any more: by
// a deadline that leaves time for the last attempt, or because its waits are so short.
func (s *scale) timely(p archive.Policy) bool {
	if p.Deadline > 0 && p.Deadline <= deadline(s.patience) {
		return true
	}
	return mayTake(p, s.attempt) <= s.patience
}

// inTime is the policy with a deadline that whoever waits can wait for, if its own is not.
func (s *scale) inTime(p archive.Policy) archive.Policy {
	if !s.timely(p) {
		p.Deadline = deadline(s.patience)
	}
	return p
}

// mayTake is how long a call may take: the longest waits and their attempts, or an attempt
// more than the deadline, which cuts no request short.
func mayTake(p archive.Policy, attempt time.Duration) time.Duration {
	longest := longestWaits(p, p.Retries) + time.Duration(min(p.Retries, manyRetries)+1)*attempt
	if p.Deadline > 0 {
		longest = min(longest, p.Deadline+attempt)
	}
	return longest
}
