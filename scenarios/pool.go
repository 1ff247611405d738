package scenarios

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"holdfast/archive"
)

// pool is the set of documents that a repetition works on. Each slot holds one;
// after enough updates a fresh one takes its place.
type pool struct {
	spec    Objects
	doc     *archive.Change
	encoded func(*archive.Change) archive.Document
	// put stores an object that is not there yet; several may be stored at once.
	put func(ctx context.Context, key string, body []byte) error
	// stored, if not nil, is called with each document that was stored.
	stored func(ctx context.Context, doc *archive.Change) error

	mu    sync.Mutex
	slots []slot
	ids   []string // of all documents used

	// originals are the first documents of the slots, which each repetition stores.
	originals []original
}

// original is a document with its key.
type original struct {
	id, key string
	doc     *archive.Change
}

type slot struct {
	id         string
	generation int
	updates    int
	renewing   bool // somebody is storing the next document
}

func newPool(spec Objects, doc *archive.Change, encoded func(*archive.Change) archive.Document, put func(context.Context, string, []byte) error) *pool {
	return &pool{spec: spec, doc: doc, encoded: encoded, put: put, slots: make([]slot, max(spec.Count, 1))}
}

// reset empties the pool for another repetition.
func (p *pool) reset() {
	clear(p.slots)
	p.ids = p.ids[:0]
}

// open fills all slots.
func (p *pool) open(ctx context.Context) error {
	for n := range p.slots {
		if n == len(p.originals) {
			first, err := p.original(p.name(n, 1))
			if err != nil {
				return err
			}
			p.originals = append(p.originals, first)
		}
		first := &p.originals[n]
		if err := p.store(ctx, first); err != nil {
			return err
		}
		p.slots[n] = slot{id: first.id, generation: 1}
		p.ids = append(p.ids, first.id)
	}
	return nil
}

// name is the id of a slot's document: that of the original if there is only one.
func (p *pool) name(n, generation int) string {
	id := p.doc.ID()
	if len(p.slots) > 1 {
		id += fmt.Sprintf("-s%03d", n+1)
	}
	if p.spec.FreshAfter > 0 {
		id += fmt.Sprintf("-g%04d", generation)
	}
	return id
}

// Keys are those of the documents that each repetition begins with.
func (r *Run) Keys() ([]string, error) {
	doc, err := r.Scenario.playedOn(r.Document)
	if err != nil {
		return nil, err
	}
	p := newPool(r.Scenario.Objects, doc, nil, nil)
	var keys []string
	for n := range p.slots {
		o, err := p.original(p.name(n, 1))
		if err != nil {
			return nil, err
		}
		if o.key != "" {
			keys = append(keys, o.key)
		}
	}
	return keys, nil
}

func (p *pool) create(ctx context.Context, id string) error {
	o, err := p.original(id)
	if err != nil {
		return err
	}
	return p.store(ctx, &o)
}

func (p *pool) original(id string) (original, error) {
	if p.spec.Absent {
		return original{id: id}, nil
	}
	doc, err := withID(p.doc, id)
	if err != nil {
		return original{}, err
	}
	key, err := p.doc.Layout().Key(id)
	return original{id, key, doc}, err
}

func (p *pool) store(ctx context.Context, o *original) error {
	if p.spec.Absent {
		return nil
	}
	if err := p.put(ctx, o.key, p.encoded(o.doc).Encode()); err != nil {
		return err
	}
	if p.stored != nil {
		return p.stored(ctx, o.doc)
	}
	return nil
}

// pick chooses the slot of an actor's next operation.
func (p *pool) pick(actor string, rng *rand.Rand) int {
	n := len(p.slots)
	switch {
	case n == 1:
		return 0
	case p.spec.Keys == HashedKeys:
		return hashed(actor, n)
	case p.spec.Popularity.Skew > 1:
		return int(rand.NewZipf(rng, p.spec.Popularity.Skew, 1, uint64(n-1)).Uint64())
	}
	return rng.IntN(n)
}

// hashed is the part, of so many, to which an actor belongs. A weaker hash spreads names that
// end in numbers more evenly than it would spread the keys of real customers.
func hashed(actor string, parts int) int {
	h := sha256.Sum256([]byte(actor))
	return int(binary.BigEndian.Uint64(h[:8]) % uint64(parts))
}

// ClientsOf is how many of an actor's clients each of the documents that are used at a time
// has: one that chooses for each operation is shared among them.
func (s *Scenario) ClientsOf(a *Actor) []float64 {
	spec, all := s.Objects, make([]float64, max(s.Objects.Count, 1))
	if spec.Keys == HashedKeys {
		for n := range max(a.Count, 1) {
			all[hashed(a.memberName(n), len(all))]++
		}
		return all
	}
	total := 0.0
	for n := range all {
		all[n] = math.Pow(float64(n+1), -spec.Popularity.Skew) // 0: uniform
		total += all[n]
	}
	for n := range all {
		all[n] *= float64(max(a.Count, 1)) / total
	}
	return all
}

// current is the id of a slot's document.
func (p *pool) current(n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slots[n].id
}

// seen is told, before an update is counted, how long the document's history has become with
// it, to which others add that this pool does not know of.
func (p *pool) seen(n int, id string, length int) {
	if p.spec.Absent {
		return // it began with nothing that is known
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := &p.slots[n]; s.id == id {
		s.updates = max(s.updates, length-p.originals[n].doc.HistoryLen()-1)
	}
}

// updated counts a committed update of a document. Whoever makes the count full
// stores the next document; the others go on with the old one until it is there.
func (p *pool) updated(ctx context.Context, n int, id string) error {
	if p.spec.FreshAfter == 0 {
		return nil
	}
	p.mu.Lock()
	s := &p.slots[n]
	full := false
	if s.id == id {
		s.updates++
		full = s.updates >= p.spec.FreshAfter && !s.renewing
		s.renewing = s.renewing || full
	}
	next := p.name(n, s.generation+1)
	p.mu.Unlock()
	if !full {
		return nil
	}
	err := p.create(ctx, next)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		s.renewing = false // the next update tries again
		return err
	}
	p.slots[n] = slot{id: next, generation: s.generation + 1}
	p.ids = append(p.ids, next)
	return nil
}

// all lists every document that was used.
func (p *pool) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ids
}
