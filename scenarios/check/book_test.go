package check

import (
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"testing"

	"holdfast/archive/storefault"
	"holdfast/scenarios/history"
)

// book writes a history by hand: each call adds an event, ten nanoseconds after
// the one before, with a request that lasted five.
type book struct {
	events   []*history.Event
	now      int64
	ops      int
	key      string
	versions map[string]doc // by ETag
}

// doc is a document: its entries in order, "id" or "id=text", and its fields.
type doc struct {
	entries []string
	fields  map[string]string
	moved   bool
	bad     string
}

func (d doc) plus(entries ...string) doc {
	d.entries = slices.Concat(d.entries, entries)
	return d
}

func (d doc) set(field, value string) doc {
	d.fields = maps.Clone(d.fields)
	if d.fields == nil {
		d.fields = map[string]string{}
	}
	d.fields[field] = value
	if value == "" {
		delete(d.fields, field)
	}
	return d
}

func sum(parts ...string) history.Sum {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write(append([]byte(p), 0))
	}
	return history.Sum(h.Sum64())
}

// digest is that of a value; absent is "".
func digest(value string) history.Sum {
	if value == "" {
		return 0
	}
	return sum(value)
}

func (d doc) fieldSum() history.Sum {
	parts := []string{map[bool]string{true: "moved"}[d.moved]}
	for _, f := range slices.Sorted(maps.Keys(d.fields)) {
		parts = append(parts, f, d.fields[f])
	}
	return sum(parts...)
}

// read describes the document as a read does, written as a write on top of base.
func (d doc) read() *history.Doc {
	if d.bad != "" {
		return &history.Doc{Bad: d.bad}
	}
	return &history.Doc{N: len(d.entries), Sum: sum(d.entries...), Fields: d.fieldSum()}
}

func (d doc) written(base doc, of string) *history.Doc {
	w := d.read()
	w.Of = of
	if of != "" {
		for w.Keep < min(len(d.entries), len(base.entries)) && d.entries[w.Keep] == base.entries[w.Keep] {
			w.Keep++
		}
	}
	for _, e := range d.entries[w.Keep:] {
		id, _, _ := strings.Cut(e, "=")
		w.Add, w.Entries = append(w.Add, id), append(w.Entries, sum(e))
	}
	if of == "" || d.bad != "" {
		w.Whole = d.fieldSum()
		return w
	}
	w.Moved = d.moved != base.moved
	names := maps.Clone(base.fields)
	if names == nil {
		names = map[string]string{}
	}
	maps.Copy(names, d.fields)
	for _, f := range slices.Sorted(maps.Keys(names)) {
		if d.fields[f] != base.fields[f] {
			w.Set = append(w.Set, history.Set{Field: f, Was: base.fields[f], Now: d.fields[f], Sum: digest(d.fields[f])})
		}
	}
	return w
}

func newBook() *book { return &book{key: "archive/C.json", versions: map[string]doc{}} }

func (b *book) add(e history.Event) *history.Event {
	b.now += 10
	e.At = b.now
	b.events = append(b.events, &e)
	return &e
}

// setup stores the object as the harness does.
func (b *book) setup(d doc) {
	(&client{book: b, actor: history.SetupActor}).put("absent", history.OK, "v0", d)
}

// final is the harness's last read; "" finds nothing.
func (b *book) final(etag string) {
	c := &client{book: b, actor: history.FinalActor}
	if etag == "" {
		c.missing()
	} else {
		c.get(etag)
	}
	b.add(history.Event{Kind: history.End})
}

// client is one operation of an actor.
type client struct {
	*book
	actor  string
	op     int
	read   string   // ETag of the version read or written last
	base   doc      // what it was said to hold
	wanted []string // fields
	since  int64    // start of the next request; 0: just before its answer
}

func (b *book) begin(actor, do string, ids ...string) *client {
	b.ops++
	e := history.Event{Kind: history.Invoke, Actor: actor, Op: b.ops, Key: b.key, Do: do}
	for _, entry := range ids { // "id", or "id=text" if there is more to it
		id, _, _ := strings.Cut(entry, "=")
		e.IDs, e.Entries = append(e.IDs, id), append(e.Entries, sum(entry))
	}
	b.add(e)
	return &client{book: b, actor: actor, op: b.ops}
}

// edits says which fields the operation means to change, and on what base.
func (c *client) edits(base string, fields ...string) *client {
	invoked := c.events[len(c.events)-1]
	invoked.Base, invoked.Sets = base, fields
	return c
}

// wants says what a field is to be, and what it was for who wants it.
func (c *client) wants(field, was, value string) *client {
	invoked := c.events[len(c.events)-1]
	invoked.Sets = append(invoked.Sets, field)
	c.wanted = append(c.wanted, field)
	invoked.Values = append(invoked.Values, history.Value{Sum: digest(value), Was: digest(was), Text: value})
	return c
}

// on says on which version the user's form is based.
func (c *client) on(base string) *client {
	c.events[len(c.events)-1].Base = base
	return c
}

// once says by which modification the operation is known.
func (c *client) once(id string) *client {
	c.events[len(c.events)-1].Once = id
	return c
}

// from lets the next request begin when the event of that number was logged.
func (c *client) from(t int64) *client {
	c.since = t
	return c
}

func (c *client) call(e history.Event) *history.Event {
	e.Actor, e.Op, e.Key = c.actor, c.op, c.key
	out := c.add(e)
	out.Start = out.At - 5
	if c.since != 0 {
		out.Start, c.since = c.since, 0
	}
	return out
}

func (c *client) get(etag string) *client { return c.getAs(etag, c.versions[etag]) }

func (c *client) getAs(etag string, d doc) *client {
	c.read, c.base = etag, d
	c.call(history.Event{Kind: history.Get, Answer: history.OK, ETag: etag, Doc: d.read()})
	return c
}

func (c *client) head(etag string) *client {
	c.call(history.Event{Kind: history.Head, Answer: history.OK, ETag: etag})
	return c
}

func (c *client) missing() *client {
	c.read = ""
	c.call(history.Event{Kind: history.Get, Answer: history.NotFound})
	return c
}

func (c *client) fails(kind history.Kind, answer string) *client {
	c.call(history.Event{Kind: kind, Answer: answer})
	return c
}

// put writes d under a condition: "absent", "none", or an ETag to match. etag
// is the version that came of it, "" if none did.
func (c *client) put(cond, answer, etag string, d doc) *client {
	e := history.Event{Kind: history.Put, If: history.IfMatch, IfETag: cond, Answer: answer, Doc: d.written(c.base, c.read)}
	for _, field := range c.wanted {
		if d.fields[field] == c.base.fields[field] {
			e.Doc.Holds = append(e.Doc.Holds, history.Held{Field: field, Sum: digest(d.fields[field])})
		}
	}
	if cond == "absent" || cond == "none" {
		e.If, e.IfETag = cond, ""
	}
	if etag != "" {
		c.versions[etag] = d
	}
	if answer == history.OK {
		e.ETag, c.read, c.base = etag, etag, d
	}
	c.call(e)
	return c
}

// echoed says that a layer below the client had sent its last write twice, and passed on the
// answer to the second.
func (c *client) echoed() *client {
	e := c.events[len(c.events)-1]
	e.Means = e.Answer
	return c
}

// end answers with a version and its content.
func (c *client) end(outcome, etag string) { c.endWith(outcome, etag, c.versions[etag].read()) }

// endWith answers with an ETag, and a content or none.
func (c *client) endWith(outcome, etag string, d *history.Doc) {
	e := history.Event{Kind: history.Return, Actor: c.actor, Op: c.op, Key: c.key, Outcome: outcome, ETag: etag}
	if outcome == history.Committed && etag != "" {
		e.Doc = d
		if e.Shown = d != nil && c.read == etag && d.N == len(c.base.entries) && d.Sum == sum(c.base.entries...) && d.Fields == c.base.fieldSum(); e.Shown {
			e.Doc = nil
		}
	}
	c.add(e)
}

// append is an operation that reads a version and appends to it at once.
func (b *book) append(actor, id, on, makes string) {
	c := b.begin(actor, "append", id).get(on)
	c.put(on, history.OK, makes, b.versions[on].plus(id)).end(history.Committed, makes)
}

// save is an operation that has loaded base and sets a field on version on.
func (b *book) save(actor, id, base, on, makes, field, value string) {
	c := b.begin(actor, "save", id).on(base).wants(field, b.versions[base].fields[field], value).get(on)
	c.put(on, history.OK, makes, b.versions[on].plus(id).set(field, value)).end(history.Committed, makes)
}

func judged(h history.Header, events []*history.Event) Report {
	j := New(h)
	for _, e := range events {
		j.Add(e)
	}
	return j.Finish()
}

// byStore stands, among the invariants that are wanted, for a finding about the store.
func byStore(k storefault.Kind) Invariant { return Invariant(k) }

// expect compares the invariants found broken, and the findings about the store, with those
// wanted.
func expect(t *testing.T, r Report, want ...Invariant) {
	t.Helper()
	found := slices.Collect(maps.Keys(r.Found))
	for _, f := range r.StoreFindings {
		found = append(found, byStore(f.Kind))
		if f.Count < 1 || f.Summary == "" || len(f.Witness) == 0 {
			t.Errorf("%s is not explained: %+v", f.Kind, f)
		}
	}
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
		for _, v := range r.Violations {
			t.Logf("%s %s: %s", v.Invariant, v.Anomaly, v.Summary)
		}
	}
	verdict := OK
	switch {
	case slices.ContainsFunc(want, func(i Invariant) bool { return titles[i] != "" }):
		verdict = Violated
	case len(want) > 0:
		verdict = StoreAtFault
	}
	if r.Verdict != verdict {
		t.Errorf("verdict %s, want %s: %v", r.Verdict, verdict, r.Reasons)
	}
}
