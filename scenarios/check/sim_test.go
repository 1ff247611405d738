package check

import (
	"fmt"
	"slices"

	"holdfast/scenarios/history"

	"pgregory.net/rapid"
)

// A tiny store with clients that take turns at random. Requests are sent,
// applied and answered in separate turns, so that they overlap and their events
// are logged in another order than they took effect. Replies get lost, writes
// arrive late, a layer below may send a write twice, and clients die.

// bug is what is wrong with a client.
type bug string

const (
	correct      bug = "correct"
	noCondition  bug = "writes without a condition"
	staleContent bug = "reads the ETag anew and writes what it had"
	appendsAgain bug = "appends again after a lost reply"
	dropsEntry   bug = "drops the first entry"
	claims       bug = "says committed whatever the store said"
	denies       bug = "says exhausted whatever the store said"
	blindSave    bug = "overwrites fields that it has not seen"
	caches       bug = "loads what it had read last"
)

// applied is a version that the store really had.
type applied struct {
	doc
	etag     string
	op       int
	of       string // what its client had read; "" at first
	blind    bool   // without a condition
	base     doc    // what the user of a save had loaded
	save     bool
	observed bool // somebody learned of it
}

type sim struct {
	*book
	t        *rapid.T
	truth    []*applied // in order
	heads    []*applied // the current version; two if the store has split
	fault    fault      // of the store
	made     int        // ETags given
	unique   bool       // every write has an ETag of its own, also of the same bytes
	actors   []*actor
	inFlight []*request // given up by their clients; may be applied or not
}

// request is a write under way.
type request struct {
	*applied
	cond   string
	start  int64
	forced bool // the store does not look at the condition
}

// actor is a client, between its turns.
type actor struct {
	*client
	sim  *sim
	name string
	bug  bug
	todo int
	step func() // what it does in its next turn

	id       string
	open     bool // an operation is
	save     bool
	create   bool
	loaded   doc // what a user had loaded
	loadedAs string
	seen     doc
	seenAs   string
	attempts int
	doubt    bool   // a write of unknown outcome may still be applied
	inDoubt  string // to the version of this ETag
	ids      int
	sent     *request // without an answer so far
	decided  bool     // the store has dealt with it
}

func newSim(t *rapid.T, bugs []bug) *sim {
	s := &sim{book: newBook(), t: t, fault: sound, unique: rapid.Bool().Draw(t, "unique")}
	s.setup(start)
	s.versions["v0"] = start
	s.begins(&applied{doc: start, etag: "v0", observed: true}, bugs)
	return s
}

// begins sets up the store with a version, and the clients.
func (s *sim) begins(first *applied, bugs []bug) {
	s.truth, s.heads = []*applied{first}, []*applied{first}
	for i, b := range bugs {
		a := &actor{sim: s, name: fmt.Sprintf("c%d", i), bug: b, todo: rapid.IntRange(1, 3).Draw(s.t, "todo")}
		if b == caches {
			a.todo += 3 // time to grow stale
		}
		a.step = a.begin
		s.actors = append(s.actors, a)
	}
}

// run takes turns until all are done, then reads the final state.
func (s *sim) run() {
	for {
		able := slices.DeleteFunc(slices.Clone(s.actors), func(a *actor) bool { return a.step == nil })
		if len(able) == 0 {
			break
		}
		if len(s.inFlight) > 0 && rapid.IntRange(0, 9).Draw(s.t, "late") == 0 {
			s.apply(s.inFlight[0])
			s.inFlight = s.inFlight[1:]
			s.now += 10
			continue
		}
		a := able[rapid.IntRange(0, len(able)-1).Draw(s.t, "turn")]
		if a.open && rapid.IntRange(0, 29).Draw(s.t, "crash") == 0 {
			a.crash()
			continue
		}
		a.step()
	}
	last := s.look()
	last.observed = true
	c := &client{book: s.book, actor: history.FinalActor}
	if last.etag == "" {
		c.missing()
	} else {
		c.getAs(last.etag, last.doc)
	}
	s.add(history.Event{Kind: history.End})
}

func (a *actor) begin() {
	if a.todo--; a.todo < 0 {
		a.step = nil
		return
	}
	repeat := a.client != nil && a.id != "" && rapid.IntRange(0, 2).Draw(a.sim.t, "repeat") == 0
	if !repeat {
		a.ids++
		a.id = fmt.Sprintf("%s-%d", a.name, a.ids)
		a.save = rapid.Bool().Draw(a.sim.t, "save")
		a.create = a.ids == 1 && a.sim.truth[0].etag == "" && rapid.Bool().Draw(a.sim.t, "create")
		a.save = a.save && !a.create
	}
	a.attempts, a.doubt = 0, false
	if a.save && !repeat {
		a.sim.book.ops++
		a.client = &client{book: a.sim.book, actor: a.name, op: a.sim.book.ops}
		a.sim.add(history.Event{Kind: history.Invoke, Actor: a.name, Op: a.op, Key: a.sim.key, Do: "load"})
		a.open = true
		if a.bug == caches && a.seenAs != "" {
			a.step = a.endLoad
			return
		}
		a.step = a.read(a.endLoad)
		return
	}
	a.invoke()
}

func (a *actor) endLoad() {
	if a.seenAs == "" {
		a.id = "" // there is nothing to save
		a.finish(history.Gone)
		return
	}
	a.loaded, a.loadedAs = a.seen, a.seenAs
	a.end(history.Committed, a.seenAs)
	a.step = a.invoke
}

func (a *actor) invoke() {
	do := "append"
	switch {
	case a.save:
		do = "save"
	case a.create:
		do = "create"
	}
	a.client, a.open = a.sim.book.begin(a.name, do, a.id), true
	if a.save {
		a.edits(a.loadedAs, "title")
	}
	a.step = a.read(a.look)
}

// read is two turns: the store looks, and the client hears of it.
func (a *actor) read(then func()) func() {
	return func() {
		sent := a.sim.now
		version := a.sim.look()
		a.seen, a.seenAs = version.doc, version.etag
		a.step = func() {
			version.observed = true
			if version.etag == "" {
				a.client.from(sent).missing()
			} else {
				a.client.from(sent).getAs(version.etag, version.doc)
			}
			a.step = then
		}
	}
}

// look decides what to do about what was read.
func (a *actor) look() {
	holds := slices.Contains(a.seen.entries, a.id)
	a.doubt = a.doubt && (holds || a.inDoubt == a.seenAs)
	switch {
	case holds && a.bug != appendsAgain:
		a.finish(history.Committed)
	case a.attempts >= 3 && a.doubt:
		a.finish(history.Unknown)
	case a.attempts >= 3:
		a.finish(history.Exhausted)
	case a.save && a.seen.fields["title"] != a.loaded.fields["title"] && a.bug != blindSave:
		if a.doubt {
			a.finish(history.Unknown)
		} else {
			a.finish(history.UserConflict)
		}
	case a.create && a.seenAs != "":
		a.finish(history.UserConflict)
	case !a.create && a.seenAs == "":
		a.finish(history.Gone)
	default:
		a.send(a.next())
	}
}

// next is the version that the client wants to store.
func (a *actor) next() doc {
	d := a.seen
	if a.bug == dropsEntry && len(d.entries) > 1 {
		d.entries = d.entries[1:]
	}
	d = d.plus(a.id)
	if a.save {
		d = d.set("title", "by "+a.id)
	}
	return d
}

func (a *actor) send(d doc) {
	a.attempts++
	r := &request{
		applied: &applied{doc: d, op: a.op, of: a.seenAs, blind: a.bug == noCondition, base: a.loaded, save: a.save},
		cond:    a.seenAs, start: a.sim.now,
	}
	fault := rapid.SampledFrom([]string{"", "", "", "", "lost", "late", "dropped", "throttled", "twice"}).Draw(a.sim.t, "fault")
	a.sent, a.decided = r, false
	a.step = func() {
		a.decided = true
		var answer string
		switch fault {
		case "":
			answer = a.sim.apply(r)
		case "lost":
			a.sim.apply(r)
			answer = history.UnknownAnswer
		case "late":
			a.sim.inFlight = append(a.sim.inFlight, r)
			answer = history.UnknownAnswer
		case "dropped":
			answer = history.UnknownAnswer
		case "throttled":
			answer = history.Throttled
		case "twice":
			a.sim.apply(r)
			answer = a.sim.apply(r)
		}
		a.step = func() { a.answered(r, answer, fault == "twice") }
	}
}

func (a *actor) answered(r *request, answer string, twice bool) {
	etag := ""
	a.sent = nil
	if answer == history.OK {
		etag = r.etag
		for _, v := range a.sim.truth {
			v.observed = v.observed || v.etag == etag
		}
	}
	a.client.from(r.start).put(r.condition(), answer, etag, r.doc)
	if twice && answer != history.OK {
		a.client.echoed()
	}
	if answer == history.OK {
		a.seen, a.seenAs = r.doc, etag
	}
	switch {
	case a.bug == claims:
		a.finish(history.Committed)
	case a.bug == denies:
		a.finish(history.Exhausted)
	case answer == history.OK:
		a.finish(history.Committed)
	case a.bug == staleContent && answer == history.PreconditionFailed && a.attempts < 3:
		stale := r.doc
		a.step = a.read(func() {
			if slices.Equal(a.seen.entries, stale.entries) {
				a.finish(history.Committed) // the layer below had sent it twice
				return
			}
			a.send(stale)
		})
	default:
		if answer == history.UnknownAnswer {
			a.doubt, a.inDoubt = true, r.cond
		}
		a.step = a.read(a.look)
	}
}

func (a *actor) finish(outcome string) {
	etag := ""
	if outcome == history.Committed {
		etag = a.seenAs
	}
	a.end(outcome, etag)
	a.step = a.begin
}

func (a *actor) end(outcome, etag string) {
	a.open = false
	a.client.end(outcome, etag)
}

// crash is the client's death. What it had sent may be applied yet.
func (a *actor) crash() {
	if r := a.sent; r != nil {
		a.client.from(r.start).put(r.condition(), history.UnknownAnswer, "", r.doc)
		if !a.decided {
			a.sim.inFlight = append(a.sim.inFlight, r)
		}
	}
	a.sent = nil
	if a.save || a.create {
		a.id = "" // the user's form is gone
	}
	a.seen, a.seenAs = doc{}, ""
	a.finish(history.Crashed)
}
