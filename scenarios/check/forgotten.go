package check

import (
	"fmt"
	"time"

	"holdfast/scenarios/history"
)

// work is what was done for a message: on which version, and what its entry says that
// it covers.
type work struct {
	op      int32 // that means to store the result
	message *message
	worked  int32 // ETag
	covers  string
}

// look is one of a reconciler at an object.
type look struct {
	object    int32
	actor     int32
	etag      int32
	start, at int64
	clock     uint16
	customers []string
	told, ids []string // who was told, and of which upload
	failed    bool
}

func (j *Judge) look(e *history.Event) {
	o := j.object(e.Key)
	j.messages.looks = append(j.messages.looks, look{
		o.number, j.actors.number(e.Actor), o.etags.number(e.ETag), e.Start, e.At, j.clock(e), e.Customers, e.Told, e.IDs, e.Text != "",
	})
}

// workedOn is the version on which a work was done whose result is stored, and the one
// that stored it; nil if either is not known.
func (j *Judge) workedOn(w *work) (o *object, read, stored *version) {
	op := j.ops.all.at(w.op)
	o = j.objects[op.object]
	mods := o.modsOf(op)
	stored = o.stored(mods[len(mods)-1]) // "processed" is what an update ends with
	if stored == nil || !j.wrote(stored, w.op) {
		return o, nil, nil // what another worker has made of the message is stored
	}
	return o, o.standing(w.worked), stored
}

// standing is the version of the chain with this ETag; nil if there is none.
func (o *object) standing(etag int32) *version {
	if v := o.byETag[etag]; etag != 0 && v != none && o.versions.at(v).pos != none {
		return o.versions.at(v)
	}
	return nil
}

// checkCovers: an entry covers an upload only if whoever made it had read the upload.
// Nobody will ever be told of what is covered.
func (j *Judge) checkCovers() {
	for i := range j.messages.works {
		w := &j.messages.works[i]
		o, read, stored := j.workedOn(w)
		if read == nil || w.covers == "" {
			continue
		}
		var upload *version
		if mod := o.mods.lookup(w.covers); mod != none {
			upload = o.stored(mod)
		}
		if upload != nil && upload.pos <= read.pos {
			continue
		}
		_, customer, _ := j.header.Layout.SplitTrigger(w.message.trigger)
		ev := evidence{ops: []int32{w.op}, allCalls: true}
		if upload != nil {
			ev.versions = []int32{o.chain[upload.pos]}
		}
		ev.versions = append(ev.versions, o.chain[read.pos], o.chain[stored.pos])
		o.report(j, true, ArchiveFirst, "covers what was not read",
			fmt.Sprintf("the entry of %s for %s of %s says that it covers %s, which is not in the version that was worked on", j.author(w.op), customer, o.key, w.covers),
			func() []history.Event { return j.story(o, ev) })
	}
}

// telling is one of a customer: by a trigger that was written, or by an entry of the
// version at a place of the chain.
type telling struct {
	until int32 // place of the latest version that it tells of
	at    int64 // of the trigger
	entry int32 // place of the version with the entry; none: it is a trigger
}

// checkLooks: when a reconciler has looked at an object, and nothing has failed, each of
// its customers has been told of what was old enough; and it tells of nothing that is
// too young, which is its server's to tell.
func (j *Judge) checkLooks() {
	if len(j.messages.looks) == 0 || j.header.Grace == 0 { // nobody says what is old enough
		return
	}
	tellings := j.tellings()
	for i := range j.messages.looks {
		l := &j.messages.looks[i]
		o := j.objects[l.object]
		j.checkTooSoon(o, l)
		seen := o.standing(l.etag)
		if seen == nil || l.failed || o.deletedUntil != neverDeleted {
			continue
		}
		op, upload := j.oldEnough(o, seen, l.start-j.header.Grace)
		if upload == nil {
			continue
		}
		for _, customer := range l.customers {
			if told(tellings[addressee{o.key, customer}], upload.pos, seen.pos, j.late(l.at, l.clock)) {
				continue
			}
			o.report(j, true, ArchiveFirst, "customer forgotten",
				fmt.Sprintf("%s looked at %s and left %s untold of the upload by %s, which was older than %v",
					j.actors.name(l.actor), o.key, customer, j.author(op), time.Duration(j.header.Grace)),
				func() []history.Event {
					return append(j.story(o, evidence{ops: []int32{op}, versions: []int32{o.chain[upload.pos]}}), l.event(j, o))
				})
		}
	}
}

// told reports whether a customer has been told of an upload, at a place of the chain,
// when a version has been looked at.
func told(tellings []telling, upload, seen int32, at int64) bool {
	for _, t := range tellings {
		if t.until >= upload && (t.entry == none && t.at <= at || t.entry != none && t.entry <= seen) {
			return true
		}
	}
	return false
}

// tellings are those of each customer.
func (j *Judge) tellings() map[addressee][]telling {
	all := map[addressee][]telling{}
	for _, m := range j.messages.all {
		key, customer, ok := j.header.Layout.SplitTrigger(m.trigger)
		if !ok || m.times == 0 {
			continue
		}
		o, a := j.object(key), addressee{key, customer}
		if mod := o.mods.lookup(m.upload); mod != none {
			if v := o.stored(mod); v != nil {
				all[a] = append(all[a], telling{v.pos, m.sent, none})
			}
		}
	}
	for i := range j.messages.works {
		w := &j.messages.works[i]
		if o, read, stored := j.workedOn(w); read != nil {
			_, customer, _ := j.header.Layout.SplitTrigger(w.message.trigger)
			a := addressee{o.key, customer}
			all[a] = append(all[a], telling{read.pos, 0, stored.pos})
		}
	}
	return all
}

// oldEnough is the latest upload that a version holds and that was answered by a time.
func (j *Judge) oldEnough(o *object, seen *version, by int64) (op int32, latest *version) {
	for _, u := range j.messages.uploads {
		if j.ops.all.at(u.op).object != o.number {
			continue
		}
		for _, mod := range o.modsOf(j.ops.all.at(u.op)) {
			if v := o.stored(mod); v != nil && v.pos <= seen.pos && j.late(v.at, v.clock) <= by && (latest == nil || v.pos > latest.pos) {
				op, latest = u.op, v
			}
		}
	}
	return op, latest
}

// stampedTo is how exactly an entry says when it was made.
const stampedTo = int64(time.Second)

// checkTooSoon: what a reconciler tells of is old enough, as far as entries say.
func (j *Judge) checkTooSoon(o *object, l *look) {
	for i, id := range l.ids {
		op, known := j.uploadOf(o, o.mods.lookup(id))
		if !known || j.late(l.at, l.clock) >= j.ops.all.at(op).invoked-stampedTo+j.header.Grace {
			continue
		}
		j.report(ArchiveFirst, "told too soon",
			fmt.Sprintf("%s told %s of the upload %s to %s when its server may still have been telling: it was younger than %v",
				j.actors.name(l.actor), l.told[i], id, o.key, time.Duration(j.header.Grace)),
			func() []history.Event {
				return append(j.story(o, evidence{ops: []int32{op}}), l.event(j, o))
			})
	}
}

// uploadOf is the operation that was the first to submit a modification.
func (j *Judge) uploadOf(o *object, mod int32) (op int32, known bool) {
	for _, u := range j.messages.uploads {
		if first := j.ops.all.at(u.op); first.object == o.number {
			for _, m := range o.modsOf(first) {
				if m == mod {
					return u.op, true
				}
			}
		}
	}
	return 0, false
}

func (l *look) event(j *Judge, o *object) history.Event {
	return history.Event{
		Kind: history.Tell, Start: j.clocks.own(l.clock, l.start), At: j.clocks.own(l.clock, l.at), Clock: int(l.clock), Actor: j.actors.name(l.actor), Key: o.key, ETag: o.etags.name(l.etag),
		Customers: l.customers, Told: l.told, IDs: l.ids,
	}
}
