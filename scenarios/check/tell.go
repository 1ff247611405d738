package check

import (
	"math"

	"holdfast/scenarios/history"
)

// upload is an operation of whose result customers must be told.
type upload struct {
	op        int32
	customers []string
}

// addressee is a customer of an object.
type addressee struct{ object, customer string }

// covered is up to where an addressee has been told of an object.
type covered struct {
	pos  int32 // in the chain: the latest upload whose trigger was written
	sent int64 // when a trigger was written last that follows no upload
}

// countUntold counts the customers whose upload is stored, and of whom nothing was
// ever told that holds it: neither by its own trigger nor by that of a later upload,
// which is about a version that has it. Where there is a reconciler, who leaves those
// alone that have read it, any other message tells too that was worked on when such a
// version was there.
func (j *Judge) countUntold() {
	if len(j.messages.uploads) == 0 {
		return
	}
	told := j.toldUntil()
	customers := map[int32][]string{} // of each upload; what its answer says comes later
	for _, u := range j.messages.uploads {
		customers[u.op] = u.customers
	}
	untold := map[addressee]bool{}
	for n, all := range customers {
		op := j.ops.all.at(n)
		o := j.objects[op.object]
		for _, mod := range o.modsOf(op) {
			v := o.stored(mod)
			if v == nil {
				continue
			}
			for _, customer := range all {
				a := addressee{o.key, customer}
				if c, some := told[a]; !some || c.pos < v.pos && c.sent < v.at {
					untold[a] = true
				}
			}
		}
	}
	j.counts.Untold = len(untold)
}

// toldUntil is how far each addressee was told.
func (j *Judge) toldUntil() map[addressee]covered {
	told := map[addressee]covered{}
	for _, m := range j.messages.all {
		key, customer, ok := j.header.Layout.SplitTrigger(m.trigger)
		if !ok || m.times == 0 {
			continue
		}
		o, a := j.object(key), addressee{key, customer}
		c, some := told[a]
		if !some {
			c = covered{none, math.MinInt64}
		}
		if m.upload == "" {
			c.sent = max(c.sent, m.sent)
		} else if mod := o.mods.lookup(m.upload); mod != none {
			if v := o.stored(mod); v != nil {
				c.pos = max(c.pos, v.pos)
			}
		}
		told[a] = c
	}
	if j.header.Grace == 0 {
		return told // nobody goes by what was read
	}
	for i := range j.messages.works {
		w := &j.messages.works[i]
		if o, read, _ := j.workedOn(w); read != nil {
			_, customer, _ := j.header.Layout.SplitTrigger(w.message.trigger)
			a := addressee{o.key, customer}
			c, some := told[a]
			if !some {
				c = covered{none, math.MinInt64}
			}
			c.pos = max(c.pos, read.pos)
			told[a] = c
		}
	}
	return told
}

// stored is the version of the chain that brought a modification; nil if none did.
func (o *object) stored(mod int32) *version {
	if int(mod) >= len(o.state) || o.state[mod].version == none {
		return nil
	}
	if v := o.versions.at(o.state[mod].version); v.pos != none {
		return v
	}
	return nil
}

// countDeadLetters splits them by whether the message was processed anyway, and counts
// the acknowledgements that came after the queue had taken the message back: work that
// takes longer than the visibility timeout.
func (j *Judge) countDeadLetters(m *message, processed bool) {
	if processed {
		j.counts.DeadLettersProcessed += m.dead
	}
	firsts := 0
	for _, d := range m.calls {
		if d.do == history.Delivered && d.attempt <= 1 {
			firsts++
		}
	}
	if firsts > 1 {
		return // copies of it are in the queue, and which one a worker has nobody can tell
	}
	for k, ack := range m.calls {
		if ack.do == history.Acknowledged && m.takenBack(k) {
			j.counts.AcknowledgedLate++
		}
	}
}

// takenBack reports whether the message was given to another, or up, between its last
// delivery to whoever acknowledged it by the k-th call, and that call.
func (m *message) takenBack(k int) bool {
	for i := k - 1; i >= 0; i-- {
		d := m.calls[i]
		switch {
		case d.do != history.Delivered:
		case d.actor == m.calls[k].actor:
			return m.dead > 0 && i < m.deadAfter && m.deadAfter <= k
		default:
			return true
		}
	}
	return false
}
