package check

import (
	"cmp"
	"slices"

	"holdfast/scenarios/history"
)

// noteAccount keeps what a read tells of a version: against another, as a write does, or in
// full, see [history.Recorder.TellReads].
func (o *object) noteAccount(etag int32, d *history.Doc) {
	if d.Keep+len(d.Add) != d.N || d.Of == "" && d.Keep > 0 {
		return // it says how much there is, and not what
	}
	v := version{
		start: -forever / 4, at: forever, etag: etag, of: o.etags.number(d.Of), answer: outcomeUnknown,
		firstAdd: int32(len(o.added)), adds: int32(len(d.Add)), keep: bounded(d.Keep), n: bounded(d.N),
		sum: d.Sum, fields: d.Fields, parent: none, pos: none, moved: d.Moved, unrecorded: true, inferred: true,
	}
	for i, id := range d.Add {
		o.added = append(o.added, o.mods.number(id))
		o.written = append(o.written, sumAt(d.Entries, i))
	}
	if len(d.Set) > 0 {
		v.sets = int32(len(o.sets))
		o.sets = append(o.sets, d.Set)
	}
	o.accounts = append(o.accounts, v)
}

// followed is what is known of an object whose history has gaps.
type followed struct {
	entries entries
	nodes   []int32 // by ETag: what its version holds; none: it is not known
	at      []int32 // by node: a version that holds just that; none: there is none
	beside  []int32 // by version: the next of the same node
	run     []int32 // by version: the first of the versions from which conditions lead to it
	next    []bool  // by version: another is known to have replaced it
	deletes bool    // somebody may have deleted the object unseen
}

// supply finds what each version holds, and makes versions of those that somebody read and
// nobody is seen to write.
func (o *object) supply(j *Judge) {
	o.followed = &followed{nodes: filled([]int32(nil), o.etags.len(), none), deletes: j.gaps.deletes}
	o.followed.entries.reset()
	t := newTellers(o)
	for etag := range int32(o.etags.len()) {
		if etag != 0 && !t.asked[etag] {
			t.resolve(j, etag)
		}
	}
	for k := range o.accounts { // it is told against what nobody tells of
		if a := &o.accounts[k]; o.byETag[a.etag] == none {
			o.supplied(j, a)
		}
	}
}

// tellers are those who tell what the versions of an object hold: who wrote one, and who read it.
type tellers struct {
	o       *object
	writer  []int32 // by ETag: the write of it that is still to be asked
	account []int32 // by ETag: the account of it that is next
	next    []int32 // by account: the one after it, of the same ETag
	asked   []bool  // by ETag
	stack   []int32
}

func newTellers(o *object) *tellers {
	n := o.etags.len()
	t := &tellers{
		o: o, writer: slices.Clone(o.byETag), asked: make([]bool, n),
		account: filled([]int32(nil), n, none), next: filled([]int32(nil), len(o.accounts), none),
	}
	for k := len(o.accounts) - 1; k >= 0; k-- {
		etag := o.accounts[k].etag
		t.next[k], t.account[etag] = t.account[etag], int32(k)
	}
	return t
}

// teller is the next who tells of a version; nil if there is nobody more.
func (t *tellers) teller(etag int32) *version {
	switch {
	case t.writer[etag] != none:
		return t.o.versions.at(t.writer[etag])
	case t.account[etag] != none:
		return &t.o.accounts[t.account[etag]]
	}
	return nil
}

// fail goes on to the one after it.
func (t *tellers) fail(etag int32) {
	if t.writer[etag] != none {
		t.writer[etag] = none
		return
	}
	t.account[etag] = t.next[t.account[etag]]
}

// resolve finds what a version holds, and before that what those hold that it is told against.
func (t *tellers) resolve(j *Judge, etag int32) {
	t.asked[etag] = true
	t.stack = append(t.stack[:0], etag)
	for len(t.stack) > 0 {
		etag := t.stack[len(t.stack)-1]
		v := t.teller(etag)
		switch {
		case v == nil:
		case v.of != 0 && !t.asked[v.of]:
			t.asked[v.of] = true
			t.stack = append(t.stack, v.of)
			continue
		case !t.o.place(etag, v):
			t.fail(etag)
			continue
		case t.o.byETag[etag] == none:
			t.o.supplied(j, v)
		}
		t.stack = t.stack[:len(t.stack)-1]
	}
}

func (o *object) supplied(j *Judge, account *version) {
	v := *account
	v.by = j.actors.number("somebody who was not recorded")
	o.byETag[v.etag] = o.versions.n
	o.versions.add(v)
}

// place finds what a version holds, if it is known what the one holds that it is told against.
func (o *object) place(etag int32, v *version) bool {
	f := o.followed
	node := int32(0)
	if v.of != 0 {
		if node = f.nodes[v.of]; node == none {
			return false
		}
	}
	if node = f.entries.first(node, v.keep); node == none || v.keep+v.adds != v.n {
		return false
	}
	for k, m := range o.adds(v) {
		node = f.entries.add(node, m, o.written[v.firstAdd:][k])
	}
	f.nodes[etag] = node
	return true
}

// follow finds what each version replaced. Of those that are seen to be written their
// conditions say so; the others follow what holds most of what they hold and was not replaced
// by another. Among versions that hold the same entries nobody can tell which came first.
func (o *object) follow(j *Judge) {
	f := o.followed
	f.run, f.beside = filled(f.run, int(o.versions.n), none), filled(f.beside, int(o.versions.n), none)
	f.at, f.next = filled(f.at, len(f.entries.nodes), none), filled(f.next, int(o.versions.n), false)
	var missing predecessors
	var heads []int32
	for i := range o.versions.n {
		v := o.versions.at(i)
		if !o.committed(i) {
			continue
		}
		if node := f.nodes[v.etag]; node != none {
			f.beside[i], f.at[node] = f.at[node], i
		}
		if named := v.named(); named != 0 && o.version(named) != none {
			v.parent = o.version(named)
			f.next[v.parent] = true
			continue
		}
		v.inferred = v.unrecorded || v.named() != 0
		switch {
		case !v.inferred:
		case f.nodes[v.etag] != none:
			heads = append(heads, i)
		default:
			j.tally.Unfollowed++
			v.parent = missing.likeliest(j, o, i)
		}
	}
	o.countUnknown(j)
	o.tie()
	slices.SortStableFunc(heads, func(a, b int32) int { return cmp.Compare(o.depth(a), o.depth(b)) })
	for _, i := range heads {
		if p := o.before(i); p != none {
			o.versions.at(i).parent, f.next[p] = p, true
		}
	}
}

// countUnknown counts the versions that somebody has met and nobody tells of.
func (o *object) countUnknown(j *Judge) {
	met := make([]bool, len(o.byETag))
	for i := range o.reads.n {
		met[o.reads.at(i).etag] = true
	}
	for i := range o.versions.n {
		if o.committed(i) {
			met[o.versions.at(i).named()] = true
		}
	}
	for etag := 1; etag < len(met); etag++ {
		if met[etag] && o.byETag[etag] == none {
			j.tally.Unfollowed++
		}
	}
}

func (o *object) depth(i int32) int32 {
	return o.followed.entries.nodes[o.followed.nodes[o.versions.at(i).etag]].depth
}

// tie marks the versions of equal entries one of which nobody is seen to write.
func (o *object) tie() {
	f := o.followed
	for _, first := range f.at {
		if first == none || f.beside[first] == none {
			continue
		}
		unrecorded := false
		for i := first; i != none; i = f.beside[i] {
			unrecorded = unrecorded || o.versions.at(i).inferred
		}
		for i := first; i != none; i = f.beside[i] {
			o.versions.at(i).tied = unrecorded
		}
	}
}

// before is the version that one has probably replaced: of those that hold only what it
// holds, the one that holds most of it and that nobody is known to have replaced, or else
// the one that holds most; none if there is none.
func (o *object) before(i int32) int32 {
	f := o.followed
	replaced := none
	for node := f.nodes[o.versions.at(i).etag]; ; node = f.entries.nodes[node].parent {
		for k := f.at[node]; k != none; k = f.beside[k] {
			switch {
			case k == i || o.runOf(k) == i:
			case !f.next[k]:
				return k
			case replaced == none:
				replaced = k
			}
		}
		if node == 0 {
			return replaced
		}
	}
}

// runOf is the first of the versions from which one descends by conditions.
func (o *object) runOf(i int32) int32 {
	f := o.followed
	var path []int32
	for f.run[i] == none {
		f.run[i] = i // in a circle of parents there is no first
		v := o.versions.at(i)
		path = append(path, i)
		if v.inferred || v.parent == none {
			break
		}
		i = v.parent
	}
	first := f.run[i]
	for _, k := range path {
		f.run[k] = first
	}
	return first
}

// held is what a version of the object holds, if that is known.
func (o *object) held(i int32) (node int32, known bool) {
	if i == none || o.followed == nil || o.versions.at(i).etag == 0 {
		return none, false
	}
	node = o.followed.nodes[o.versions.at(i).etag]
	return node, node != none
}

// last is the latest version of the chain; none if there is none.
func (o *object) last() int32 {
	if len(o.chain) == 0 {
		return none
	}
	return o.chain[len(o.chain)-1]
}

// ends reports whether it is known what the object held in the end.
func (o *object) ends() bool {
	_, known := o.held(o.last())
	return known
}

// finished reports whether it is known what the harness read last.
func (o *object) finished() bool {
	return o.final != none && (o.reads.at(o.final).etag == 0 || o.reads.at(o.final).version != none)
}

// endsWith reports whether it is known that the object held an entry in the end.
func (o *object) endsWith(mod int32) bool {
	node, known := o.held(o.last())
	return known && o.followed.entries.holds(node, mod)
}

// longest is the version of which it is known that it holds most; none if there is none.
func (o *object) longest() int32 {
	best := none
	for i := range o.versions.n {
		if _, known := o.held(i); known && (best == none || o.depth(i) >= o.depth(best)) {
			best = i
		}
	}
	return best
}

// apart reports whether each of two versions holds what the other lacks, so that one of them
// was written over the other.
func (o *object) apart(i, k int32) (apart, known bool) {
	a, knownA := o.held(i)
	b, knownB := o.held(k)
	if !knownA || !knownB {
		return false, false
	}
	e := &o.followed.entries
	return !e.continues(a, b) && !e.continues(b, a), true
}
