package check

import (
	"fmt"
	"math"
	"slices"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// patrol holds every call against the retry policy that the header states: how often
// it writes, how long it waits, when it gives up, and that it ends when its caller
// does not wait any more.
//
// It accuses only of what no core that follows the policy can do, however it goes about
// it: one that looks before it writes, reads twice, or reads back what it wrote. Where
// the time between two calls counts, only what is too short is held against a core of
// the real world, because a busy machine makes it longer and never shorter. Of the
// adaptive policy, whose waits depend on what it sees, it holds the cap.
//
// In virtual time nothing but waits passes between two calls of an operation, so those of a
// core that tells of none are seen as well; of a call that the harness holds back the history
// says when the core had asked. A schedule has no time: there the waits that a core tells of
// are held, and the attempts.
type patrol struct {
	policy   archive.Policy
	text     string // of it
	on       bool   // there is a policy to hold calls against
	clocked  bool   // time passes, and waits take as long as they say
	exact    bool   // nothing but waits takes time between two calls
	ownWaits bool   // the waits are not the policy's

	beats    []beat // what each actor is doing, by number
	breaches []breach
	drawn    Drawn
}

// beat is an actor's operation under way.
type beat struct {
	op       int32
	began    int64 // its first event
	first    int64 // its first call; what the core counts its deadline from is no later
	last     int64 // the end of its last event
	wrote    int64 // the answer to its last write
	giveUp   int64 // when its caller stops waiting; 0: never
	waitAt   int64 // when the wait that it told of began
	wait     int64 // and for how long it is; none: it is not waiting
	writes   int32
	failures int32 // attempts that can have failed, at most
	waits    int32 // begun long after the caller had stopped waiting
	looked   bool  // its last call was a read that was answered
	overdue  bool  // its last write was answered after the deadline
	told     bool  // it was found out, and once is enough
	drew     int64 // its last wait
	hint     int64 // for how long the store wanted no call, at its last answer
	until    int64 // and until when; 0: it did not say
	attempt  int   // for which it waited last
	longHint int64 // the longest hint of all
	from     int64 // when its attempt began
	took     int64 // its last attempt that was answered
	outages  int32 // waits in a row after calls that the store did not serve
	down     bool  // its last call was not served
	unserved bool  // its last write was not served
}

// breach is what an operation did against the policy.
type breach struct {
	op            int32
	anomaly, what string
	event         history.Event
}

// unearthly is a delay that no clock has.
const unearthly = int64(time.Second)

func (p *patrol) reset(h history.Header) {
	if h.Policy != p.text { // schedules of one run all have the same
		p.text = h.Policy
		var err error
		p.policy, err = archive.ParsePolicy(h.Policy)
		p.on = err == nil && h.Policy != "" // another program's need not be known here
	}
	p.clocked, p.exact = !h.Untimed, !h.Untimed && h.World == "virtual"
	p.ownWaits = h.OwnWaits
	p.beats, p.breaches, p.drawn = p.beats[:0], p.breaches[:0], Drawn{}
}

// Bounds are the shortest and the longest wait before the n-th retry (n = 1 first) that a
// policy can draw. They are worked out apart from [archive.Policy.Wait], so that one can be
// held against the other.
func Bounds(p archive.Policy, n int) (shortest, longest time.Duration) {
	if n < 1 {
		return 0, 0
	}
	switch p.Kind {
	case archive.None:
		return 0, 0
	case archive.Constant:
		return p.Base, p.Base
	case archive.Decorrelated:
		longest = p.Base
		for i := 0; i < n && longest < p.Cap; i++ {
			longest = min(p.Cap, 3*min(longest, math.MaxInt64/3))
		}
		return p.Base, min(longest, p.Cap)
	case archive.Adaptive:
		return 0, p.Cap
	}
	v := p.Cap
	if n < 62 && p.Base <= p.Cap>>n {
		v = p.Base << n
	}
	switch p.Kind {
	case archive.Equal:
		return v / 2, v
	case archive.Full:
		return 0, v
	}
	return v, v
}

// drawnFrom is the range from which the policy draws the wait before the n-th retry evenly,
// after a previous one; ok is false if it does not, or if the cap cuts the range.
func drawnFrom(p archive.Policy, n int, previous time.Duration) (shortest, longest time.Duration, ok bool) {
	switch p.Kind {
	case archive.Equal, archive.Full:
		shortest, longest = Bounds(p, n)
		return shortest, longest, true
	case archive.Decorrelated:
		previous = max(previous, p.Base)
		return p.Base, 3 * previous, previous <= p.Cap/3
	}
	return 0, 0, false
}

// of is the beat of an actor, if it is doing this operation.
func (p *patrol) of(op *operation, n int32) *beat {
	if !p.on || n == 0 || op.object == none || int(op.actor) >= len(p.beats) {
		return nil
	}
	if b := &p.beats[op.actor]; b.op == n && !b.told {
		return b
	}
	return nil
}

// begin is told of the beginning of an operation.
func (p *patrol) begin(op *operation, n int32, e *history.Event) {
	if !p.on {
		return
	}
	for int(op.actor) >= len(p.beats) {
		p.beats = append(p.beats, beat{})
	}
	b := &p.beats[op.actor]
	*b = beat{op: n, began: e.At, first: int64(none), from: int64(none), last: e.At, wait: int64(none)}
	if e.GiveUp > 0 {
		b.giveUp = e.At + e.GiveUp
	}
}

// call is told of a store call of the operation on its object.
func (p *patrol) call(op *operation, n int32, e *history.Event) {
	b := p.of(op, n)
	if b == nil {
		return
	}
	asked := e.Start
	if e.Asked > 0 {
		asked = min(e.Asked, e.Start)
	}
	if b.first < 0 {
		b.first = asked
	}
	if b.from < 0 {
		b.from = asked
	}
	if p.clocked && answered(e) {
		p.checkPause(b, asked, e)
		p.checkLeft(b, asked, e)
	}
	write := e.Kind == history.Put
	if write {
		p.checkWrite(b, e)
		b.writes++
		b.wrote, b.unserved = e.At, unserved(e.Answer)
		if !b.unserved {
			b.took = e.At - b.from
		}
		b.overdue = p.clocked && p.policy.Deadline > 0 && e.At-b.first > int64(p.policy.Deadline)
	}
	// What may have been an attempt that failed: a call that was not answered well, and
	// a look after a look.
	b.down = unserved(e.Answer) || !write && garbled(e)
	good := e.Answer == history.OK && (write || !garbled(e))
	if !good || e.Kind == history.Head || !write && b.looked {
		b.failures++
	}
	b.looked = good && e.Kind == history.Get // after a HEAD the next attempt can begin
	b.last, b.wait = e.At, int64(none)
	if b.hint = e.RetryAfter; b.hint > 0 {
		b.until, b.longHint = max(b.until, e.At+b.hint), max(b.longHint, b.hint)
	}
}

// answered reports whether the store had a word in it: a call that is cancelled
// before it is sent says nothing of when its core would have made it.
func answered(e *history.Event) bool {
	switch e.Answer {
	case history.UnknownAnswer, history.Unavailable, history.OtherError:
		return false
	}
	return true
}

// checkPause compares the time since the operation's last event with the waits that
// are possible there.
func (p *patrol) checkPause(b *beat, asked int64, e *history.Event) {
	if p.ownWaits {
		return
	}
	since := asked - b.last
	if b.wait >= 0 {
		since = asked - b.waitAt
		switch {
		case since < b.wait:
			p.accuse(b, "wait below the policy", e, "said that it would wait %v and went on after %v", time.Duration(b.wait), time.Duration(since))
		case p.exact && since > b.wait:
			p.accuse(b, "wait beyond the policy", e, "said that it would wait %v and went on after %v", time.Duration(b.wait), time.Duration(since))
		}
		return
	}
	if !p.exact || since <= 1 { // what is held back from the very beginning is noted a nanosecond late
		return
	}
	_, longest := Bounds(p.policy, int(b.failures))
	longest = max(longest, time.Duration(b.hint))
	if b.down {
		longest = max(longest, mostSpared(b.failures))
	}
	switch {
	case since > int64(longest):
		p.accuse(b, "wait beyond the policy", e, "waited %v before its next call; policy %v allows at most %v there", time.Duration(since), p.policy, longest)
	case p.policy.Deadline > 0 && asked-b.began > int64(p.policy.Deadline):
		p.accuseOverdue(b, e, asked)
	}
}

func (p *patrol) accuseOverdue(b *beat, e *history.Event, until int64) {
	p.accuse(b, "went on after its deadline", e, "waited until %v after it had begun; policy %v ends a call before that",
		time.Duration(until-b.began), p.policy)
}

// checkLeft: nothing is begun for a caller who waits no longer. In the real world the
// caller's clock can be late, so there it takes waits that no clock is late by.
func (p *patrol) checkLeft(b *beat, asked int64, e *history.Event) {
	if b.giveUp == 0 || asked <= b.giveUp || !p.exact && b.waits < 2 {
		return
	}
	p.accuse(b, "went on after cancellation", e, "called the store %v after its caller had stopped waiting", time.Duration(asked-b.giveUp))
}

// checkWrite compares a write with those before it.
func (p *patrol) checkWrite(b *beat, e *history.Event) {
	most := p.policy.MaxAttempts()
	shortest, _ := Bounds(p.policy, int(b.writes))
	if b.unserved {
		least, _ := archive.OutageWait(1)
		shortest = max(shortest, least)
	}
	switch {
	case p.clocked && e.Start < b.until:
		p.accuse(b, "came too soon", e, "wrote again %v before the time for which the store had asked", time.Duration(b.until-e.Start))
	case int(b.writes) >= most:
		p.accuse(b, "attempts beyond the policy", e, "sent its write number %d; policy %v allows %d attempts", b.writes+1, p.policy, most)
	case b.overdue:
		p.accuse(b, "went on after its deadline", e, "wrote again %v after its first call, although the write before it had ended too late for another; policy %v",
			time.Duration(e.Start-b.first), p.policy)
	case p.clocked && !p.ownWaits && answered(e) && b.writes > 0 && e.Start-b.wrote < int64(shortest):
		p.accuse(b, "wait below the policy", e, "wrote again %v after its write had failed; policy %v waits at least %v there",
			time.Duration(e.Start-b.wrote), p.policy, shortest)
	}
}

// waits is told of a wait that begins.
func (p *patrol) waits(op *operation, n int32, e *history.Event) {
	b := p.of(op, n)
	if b == nil {
		return
	}
	p.draw(b, e)
	most := p.policy.MaxAttempts()
	_, longest := Bounds(p.policy, int(b.failures))
	shortest, _ := Bounds(p.policy, int(b.writes))
	longest = max(longest, time.Duration(b.hint))
	if postponed := e.Attempt == b.attempt; !postponed {
		b.outages++
		if !unserved(e.Answer) {
			b.outages = 0
		}
		if b.outages > 0 {
			least, spared := archive.OutageWait(int(b.outages))
			shortest, longest = max(shortest, least), max(longest, spared)
		}
	}
	b.attempt = e.Attempt
	switch {
	case e.Attempt > most:
		p.accuse(b, "attempts beyond the policy", e, "waits for its attempt number %d; policy %v allows %d", e.Attempt, p.policy, most)
	case p.ownWaits:
	case e.Wait > int64(longest):
		p.accuse(b, "wait beyond the policy", e, "waits %v; policy %v allows at most %v there", time.Duration(e.Wait), p.policy, longest)
	case e.Wait < int64(shortest):
		p.accuse(b, "wait below the policy", e, "waits %v; policy %v waits at least %v there", time.Duration(e.Wait), p.policy, shortest)
	case p.exact && e.At > b.last:
		p.accuse(b, "wait beyond the policy", e, "did nothing for %v before it began to wait", time.Duration(e.At-b.last))
	case p.exact && p.policy.Deadline > 0 && e.At+e.Wait-b.began > int64(p.policy.Deadline):
		p.accuseOverdue(b, e, e.At+e.Wait)
	}
	if b.giveUp > 0 && e.At > b.giveUp+unearthly && e.Wait > unearthly/100 {
		b.waits++
	}
	b.last, b.waitAt, b.wait, b.from = e.At, e.At, e.Wait, int64(none)
}

// end is told of the end of an operation.
func (p *patrol) end(op *operation, n int32, e *history.Event) {
	b := p.of(op, n)
	if b == nil {
		return
	}
	switch {
	case p.exact && b.giveUp > 0 && e.At > b.giveUp && e.At > b.last:
		p.accuse(b, "went on after cancellation", e, "waited on for %v after its caller had stopped waiting", time.Duration(e.At-max(b.giveUp, b.last)))
	case op.outcome == exhausted && p.early(b, e):
		p.accuse(b, "gave up early", e, "was told that its attempts are exhausted after %d of them at most; policy %v allows %d",
			b.failures, p.policy, p.policy.MaxAttempts())
	}
}

// early reports whether the policy allowed one more attempt: their number, and the
// time, even for the longest wait.
func (p *patrol) early(b *beat, e *history.Event) bool {
	if int(b.failures) >= p.policy.MaxAttempts() {
		return false
	}
	if p.policy.Deadline == 0 {
		return true
	}
	_, longest := Bounds(p.policy, int(max(b.failures, 1)))
	if b.unserved {
		longest = max(longest, mostSpared(b.failures))
	}
	again := b.took + b.took/2 // an attempt like the last, and the look that settles it
	return !p.ownWaits && e.At-b.began+max(int64(longest), b.longHint)+again < int64(p.policy.Deadline)
}

// mostSpared is the longest wait for the sake of a store that did not serve so many calls.
func mostSpared(n int32) time.Duration {
	_, most := archive.OutageWait(int(n))
	return most
}

// accuse notes a breach. Those beyond what will be shown are only counted.
func (p *patrol) accuse(b *beat, anomaly string, e *history.Event, format string, args ...any) {
	b.told = true
	found := breach{op: b.op}
	if len(p.breaches) < MostShown {
		found.anomaly, found.what, found.event = anomaly, fmt.Sprintf(format, args...), *e.Clone()
	}
	p.breaches = append(p.breaches, found)
}

// checkPolicy reports the breaches, with all that the operation did.
func (j *Judge) checkPolicy() {
	for i := range j.patrol.breaches {
		f := &j.patrol.breaches[i]
		j.report(HonestAnswers, f.anomaly, j.author(f.op)+" "+f.what, func() []history.Event {
			o := j.objects[j.ops.all.at(f.op).object]
			events := j.story(o, evidence{ops: []int32{f.op}, allCalls: true})
			if f.event.Kind != history.Wait { // which no record is kept of
				return events
			}
			at := slices.IndexFunc(events, func(e history.Event) bool { return e.At > f.event.At })
			if at < 0 {
				at = len(events)
			}
			return slices.Insert(events, at, f.event)
		})
	}
}
