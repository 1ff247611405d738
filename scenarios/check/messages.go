package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/scenarios/history"
)

// message is what the history says of one version of a trigger: of its write, of
// its way through the queue, and of the operations that processed it.
type message struct {
	trigger string // key and ETag
	upload  string // the modification whose upload wrote it; "" if it is not known
	sent    int64
	by      uint16 // clock of sent
	times   int    // that it was sent
	calls   []delivery
	ops     []int32 // operations that process it
	fate    string  // where it is at the end, if anywhere
	// dead is how often it, or a copy of it, became a dead letter; deadAfter, how many
	// of the calls had been made by then.
	dead, deadAfter int
	// removed is when its trigger was first asked to be deleted, by its ETag; 0: never.
	removed   int64
	removedBy uint16 // clock of removed
	// deletion is the first that may have taken its trigger, for its story; nil: none has.
	deletion *history.Event
}

// delivery is one, or an acknowledgement.
type delivery struct {
	do      string
	actor   string
	at      int64
	clock   uint16
	attempt int
}

// messages are found by their triggers, and judged in the order in which they were
// first met.
type messages struct {
	all    []*message
	known  map[string]*message
	latest map[string]*message // of a trigger's key, the one that was sent last
	stored map[entry]*message  // what "processed" entries stand for
	// promises are what answers to uploads said.
	promises []promise
	uploads  []upload
	works    []work
	looks    []look
}

// promise is that customers have been told of an operation.
type promise struct {
	op        int32
	customers []string
}

// entry is a modification of an object.
type entry struct{ object, mod int32 }

func (ms *messages) reset() {
	ms.all = ms.all[:0]
	clear(ms.known)
	clear(ms.latest)
	clear(ms.stored)
	ms.promises, ms.uploads = ms.promises[:0], ms.uploads[:0]
	ms.works, ms.looks = ms.works[:0], ms.looks[:0]
}

func (ms *messages) of(trigger string) *message {
	m := ms.known[trigger]
	if m == nil {
		m = &message{trigger: trigger}
		if ms.known == nil {
			ms.known = map[string]*message{}
		}
		ms.known[trigger] = m
		ms.all = append(ms.all, m)
	}
	return m
}

// note takes an event of the queue.
func (ms *messages) note(e *history.Event, clock uint16) {
	m := ms.of(e.Trigger)
	switch e.Do {
	case history.Sent:
		if m.times++; m.times > 1 {
			return
		}
		m.sent, m.by = e.At, clock
		key, _, _ := strings.Cut(e.Trigger, "@")
		if ms.latest == nil {
			ms.latest = map[string]*message{}
		}
		ms.latest[key] = m
		if len(e.IDs) > 0 {
			m.upload = e.IDs[0]
		}
	case history.Delivered, history.Acknowledged:
		m.calls = append(m.calls, delivery{e.Do, e.Actor, e.At, clock, e.Attempt})
	default:
		m.fate = e.Do
		if e.Do == history.DeadLettered {
			m.dead++
			m.deadAfter = len(m.calls)
		}
	}
}

// remove takes the deletion of a trigger.
func (ms *messages) remove(e *history.Event, clock uint16) {
	m := ms.latest[e.Key] // whatever version is there
	if e.IfETag != "" {
		if m = ms.known[e.Key+"@"+e.IfETag]; m != nil && m.removed == 0 {
			m.removed, m.removedBy = e.Start, clock
		}
	}
	if m != nil && m.deletion == nil && (e.Answer == history.OK || e.Answer == history.UnknownAnswer) {
		m.deletion = e.Clone()
	}
}

// claim says that an entry stands for a message.
func (ms *messages) claim(e entry, m *message) {
	if ms.stored == nil {
		ms.stored = map[entry]*message{}
	}
	ms.stored[e] = m
}

// process notes an operation that means to store a message's result.
func (ms *messages) process(trigger string, op int32) *message {
	m := ms.of(trigger)
	m.ops = append(m.ops, op)
	return m
}

// checkMessages decides about every trigger that was written.
func (j *Judge) checkMessages() {
	for _, m := range j.messages.all {
		key, customer, ok := j.header.Layout.SplitTrigger(m.trigger)
		if !ok || m.times == 0 {
			continue // what no trigger asked for is the business of the other invariants
		}
		o := j.object(key)
		j.checkArchiveFirst(o, m, customer)
		j.checkProcessed(o, m, customer)
	}
	j.checkPromises()
	j.checkCovers()
	j.checkLooks()
	j.countUntold()
}

// checkPromises: whose trigger was written, says the answer to an upload, has one.
func (j *Judge) checkPromises() {
	if len(j.messages.promises) == 0 {
		return
	}
	sent := map[[3]string]bool{} // object, customer, upload
	for _, m := range j.messages.all {
		if key, customer, ok := j.header.Layout.SplitTrigger(m.trigger); ok && m.times > 0 {
			sent[[3]string{key, customer, m.upload}] = true
		}
	}
	for _, p := range j.messages.promises {
		op := j.ops.all.at(p.op)
		o := j.objects[op.object]
		for _, customer := range p.customers {
			if !slices.ContainsFunc(o.modsOf(op), func(m int32) bool { return sent[[3]string{o.key, customer, o.mods.name(m)}] }) {
				j.report(ArchiveFirst, "trigger never written",
					fmt.Sprintf("%s was told that %s has been told of the upload to %s, for whom no trigger was written", j.author(p.op), customer, o.key),
					func() []history.Event { return j.story(o, evidence{ops: []int32{p.op}, allCalls: true}) })
			}
		}
	}
}

// checkArchiveFirst: when a trigger was written, the archive had been sent what it
// is about.
func (j *Judge) checkArchiveFirst(o *object, m *message, customer string) {
	first := o.firstSent(m.upload)
	if first != none && o.versions.at(first).start <= j.late(m.sent, m.by) {
		return
	}
	what := fmt.Sprintf("a trigger for %s was written, though nothing of %s had been archived", customer, o.key)
	if m.upload != "" {
		what = fmt.Sprintf("a trigger for %s was written, though %s had not been archived in %s", customer, m.upload, o.key)
	}
	j.reportMessage(o, m, "trigger without its archive object", what, evidence{versions: []int32{first}}, 0)
}

// firstSent is the committed version that was sent first of those that hold a
// modification; of all, if that is "".
func (o *object) firstSent(modification string) int32 {
	best := none
	mod := o.mods.lookup(modification)
	for i := range o.versions.n {
		v := o.versions.at(i)
		if !o.committed(i) || modification != "" && (mod == none || !slices.Contains(o.adds(v), mod)) {
			continue
		}
		if best == none || v.start < o.versions.at(best).start {
			best = i
		}
	}
	return best
}

// checkProcessed: each trigger ends as one modification, or is still queued, or is a
// dead letter.
func (j *Judge) checkProcessed(o *object, m *message, customer string) {
	var stored, by []int32 // modifications, and the operations that submitted them
	for _, n := range m.ops {
		mods := o.modsOf(j.ops.all.at(n))
		if len(mods) == 0 {
			continue
		}
		last := mods[len(mods)-1] // "processed" is what an update ends with
		if !slices.Contains(stored, last) && o.state[last].version != none {
			stored, by = append(stored, last), append(by, n)
		}
	}
	j.countDeadLetters(m, len(stored) > 0)
	j.checkReceives(o, m, customer)
	j.checkRemoved(o, m, customer, stored)
	for _, mod := range stored {
		if other := j.messages.stored[entry{o.number, mod}]; other != nil {
			j.reportMessage(o, m, "one entry for two triggers",
				fmt.Sprintf("two triggers for %s of %s were processed as one: %s stands for both", customer, o.key, o.mods.name(mod)),
				evidence{ops: append(slices.Clone(other.ops), by...), versions: []int32{o.state[mod].version}}, 0)
			return
		}
		j.messages.claim(entry{o.number, mod}, m)
	}
	switch {
	case len(stored) > 1:
		j.reportMessage(o, m, "processed twice",
			fmt.Sprintf("the trigger for %s of %s was processed %d times: %s and %s are stored",
				customer, o.key, len(stored), o.mods.name(stored[0]), o.mods.name(stored[1])),
			evidence{ops: by, versions: []int32{o.state[stored[0]].version, o.state[stored[1]].version}}, 0)
	case len(stored) == 0 && m.fate == "" && (!j.cut || m.acknowledged()) && o.deletedUntil == neverDeleted:
		j.reportMessage(o, m, "trigger vanished",
			fmt.Sprintf("the trigger for %s of %s is no longer queued, and was never processed", customer, o.key),
			evidence{ops: m.ops, allCalls: true}, mostDeliveries)
	}
}

// checkReceives: a message is delivered so often, and no more, before it is a dead
// letter; and a delivery that was not acknowledged keeps it from others for a time.
func (j *Judge) checkReceives(o *object, m *message, customer string) {
	most := j.header.Receives
	if most == 0 {
		return // nobody says
	}
	hidden := j.header.Visibility
	if !j.patrol.exact {
		hidden /= 2 // a busy machine notes a delivery later than the queue made it
	}
	for k, d := range m.calls {
		what := ""
		switch {
		case d.do != history.Delivered:
		case d.attempt > most:
			what = fmt.Sprintf("was delivered for the %dth time; the queue gives it up after %d", d.attempt, most)
		case d.attempt > 1 && !m.spread() && !m.wasHidden(k, hidden):
			what = fmt.Sprintf("was delivered for the %dth time when the delivery before that was not %v ago", d.attempt, time.Duration(j.header.Visibility))
		}
		if what != "" {
			j.reportMessage(o, m, "delivered too often",
				fmt.Sprintf("the message of the trigger for %s of %s %s", customer, o.key, what), evidence{}, mostDeliveries)
			return
		}
	}
}

// spread reports whether recorders with clocks of their own tell of its calls, so that the
// order of these is not known.
func (m *message) spread() bool {
	return slices.ContainsFunc(m.calls, func(d delivery) bool { return d.clock != m.calls[0].clock })
}

// wasHidden reports whether a delivery, the k-th call, came no sooner than the time for
// which the one before it kept the message from others. There can be copies of it in the
// queue; one before that is enough.
func (m *message) wasHidden(k int, visibility int64) bool {
	return slices.ContainsFunc(m.calls[:k], func(d delivery) bool {
		return d.do == history.Delivered && d.attempt == m.calls[k].attempt-1 && m.calls[k].at-d.at >= visibility
	})
}

// checkRemoved: a trigger is there until what it asks for is stored, so that a message
// which fails for good leaves it behind for whoever looks after the dead letters.
func (j *Judge) checkRemoved(o *object, m *message, customer string, stored []int32) {
	if m.removed == 0 || o.deletedUntil != neverDeleted {
		return
	}
	for _, mod := range stored {
		if o.versions.at(o.state[mod].version).start <= j.late(m.removed, m.removedBy) {
			return
		}
	}
	j.reportMessage(o, m, "trigger deleted before it was processed",
		fmt.Sprintf("the trigger for %s of %s was deleted when nothing of what it asks for was stored", customer, o.key),
		evidence{ops: m.ops, allCalls: true}, mostDeliveries)
}

// acknowledged reports whether a worker has given the message back as done, so that it
// will not come again, also when the run was cut short.
func (m *message) acknowledged() bool {
	return slices.ContainsFunc(m.calls, func(d delivery) bool { return d.do == history.Acknowledged })
}

// mostDeliveries, and acknowledgements, that a story tells: the last ones.
const mostDeliveries = 6

// lacks are the anomalies that come of an object which lacks what was stored in it.
var lacks = map[string]bool{
	"trigger without its archive object": true, "trigger vanished": true, "trigger deleted before it was processed": true,
}

// taken are the anomalies that come of a trigger which somebody took away.
var taken = map[string]bool{"trigger vanished": true, "trigger deleted before it was processed": true}

func (j *Judge) reportMessage(o *object, m *message, anomaly, what string, ev evidence, deliveries int) {
	o.report(j, lacks[anomaly], ArchiveFirst, anomaly, what, func() []history.Event {
		events := append(m.events(j, deliveries), j.story(o, ev)...)
		if taken[anomaly] && m.deletion != nil {
			events = append(events, *m.deletion)
		}
		slices.SortStableFunc(events, func(a, b history.Event) int { return cmp.Compare(j.clocks.common(&a), j.clocks.common(&b)) })
		return events
	})
}

// events rebuilds those of the queue: the write of the trigger, and so many that
// followed.
func (m *message) events(j *Judge, last int) []history.Event {
	sent := history.Event{Kind: history.Queue, Do: history.Sent, At: j.clocks.own(m.by, m.sent), Clock: int(m.by), Trigger: m.trigger}
	if m.upload != "" {
		sent.IDs = []string{m.upload}
	}
	events := []history.Event{sent}
	for _, d := range m.calls[max(0, len(m.calls)-max(last, 0)):] {
		events = append(events, history.Event{
			Kind: history.Queue, Do: d.do, At: j.clocks.own(d.clock, d.at), Clock: int(d.clock), Actor: d.actor, Attempt: d.attempt, Trigger: m.trigger,
		})
	}
	return events
}
