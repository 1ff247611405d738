package check_test

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"holdfast/scenarios/history"
)

// apart makes of the history of a run that of several recorders: each has seen what its actors
// did, and its reads tell of versions as [history.Recorder.TellReads] says.
type apart struct {
	header history.Header
	events []*history.Event // in the order of time, each of its clock
}

// takeApart gives each actor to one of so many recorders. Those who work through one group or
// queue stay together, as they are in one process, and the harness is of the first.
func takeApart(h history.Header, events []*history.Event, recorders int, rng *rand.Rand) apart {
	h.Recorders, h.Shards = recorders, nil
	for n := range recorders {
		h.Shards = append(h.Shards, history.Shard{Number: n, Attempt: 1})
	}
	of, through := map[string]int{}, map[string]int{}
	for _, e := range events {
		if e.Through == "" {
			continue
		}
		if _, known := through[e.Through]; !known {
			through[e.Through] = rng.IntN(recorders)
		}
		of[e.Actor] = through[e.Through]
	}
	a := apart{header: h}
	afresh := rng.IntN(2) == 0 // the final state is read by a process that has seen nothing of the run
	truth := newTruth(events)
	told := make([]map[string]*recent, recorders)
	for i := range told {
		told[i] = map[string]*recent{}
	}
	for _, e := range events {
		clock, known := of[e.Actor]
		switch {
		case e.Actor == "" || strings.HasPrefix(e.Actor, "harness/"):
			clock = 0
		case !known:
			clock = rng.IntN(recorders)
			of[e.Actor] = clock
		}
		e = e.Clone()
		e.Clock = clock
		if e.Actor == history.FinalActor && e.Kind == history.Get && afresh {
			truth.tell(e, map[string]*recent{})
		} else {
			truth.tell(e, told[clock])
		}
		h.Deletes = h.Deletes || e.Kind == history.Delete && !e.OfTrigger()
		a.events = append(a.events, e)
	}
	a.header.Deletes = h.Deletes
	return a
}

// without is the history when a recorder is missing.
func (a apart) without(clock int) apart {
	b := apart{header: a.header}
	b.header.Shards = slices.Delete(slices.Clone(a.header.Shards), clock, clock+1)
	for _, e := range a.events {
		if e.Clock == clock {
			continue
		}
		e = e.Clone()
		if e.Clock > clock {
			e.Clock--
		}
		b.events = append(b.events, e)
	}
	return b
}

// cut is the history when a recorder died after so many of its events.
func (a apart) cut(clock, after int) apart {
	b := apart{header: a.header}
	b.header.Shards = slices.Clone(a.header.Shards)
	b.header.Shards[clock].Lost = true
	for _, e := range a.events {
		if e.Clock == clock {
			if after--; after < 0 && e.Actor != history.FinalActor && e.Kind != history.End {
				continue
			}
		}
		b.events = append(b.events, e)
	}
	return b
}

// skewed is the history when each recorder has a clock of its own: any two are up to ten seconds
// and 200 ppm apart. None is slow: who waits measures that by his own.
func (a apart) skewed(rng *rand.Rand) apart {
	b := apart{header: a.header}
	b.header.World = "real" // in which waits are not exact
	type clock struct{ by, rate float64 }
	var clocks []clock
	for range a.header.Shards {
		clocks = append(clocks, clock{rng.Float64() * 10e9, rng.Float64() * 200e-6})
	}
	for _, e := range a.events {
		e = e.Clone()
		at := func(t *int64) { *t += int64(clocks[e.Clock].by + clocks[e.Clock].rate*float64(*t)) }
		at(&e.At)
		at(&e.Start)
		for _, t := range []*int64{&e.Due, &e.Asked} {
			if *t != 0 {
				at(t)
			}
		}
		b.events = append(b.events, e)
	}
	return b
}

// of counts the events of a recorder.
func (a apart) of(clock int) (n int) {
	for _, e := range a.events {
		if e.Clock == clock {
			n++
		}
	}
	return n
}

// recent is what a recorder has described of an object.
type recent struct {
	last  string
	etags []string
}

func (r *recent) learn(etag string) { r.last, r.etags = etag, append(r.etags, etag) }

// stored is what a version holds: entries, and the fields that were ever changed.
type stored struct {
	ids    []string
	sums   []history.Sum
	fields map[string]history.Set // by name, Now and Sum count
	doc    history.Doc
}

// truth knows what every version of a run holds.
type truth struct {
	versions map[[2]string]*stored
	first    map[[2]string]string // what a field was before anybody changed it
}

func newTruth(events []*history.Event) *truth {
	t := &truth{map[[2]string]*stored{}, map[[2]string]string{}}
	type body struct {
		key         string
		n           int
		sum, fields history.Sum
	}
	unsettled := map[body]*stored{}
	for _, e := range events {
		if e.Doc == nil || e.Doc.Bad != "" || e.Kind != history.Put && e.Kind != history.Get {
			continue
		}
		b, name := body{e.Key, e.Doc.N, e.Doc.Sum, e.Doc.Fields}, [2]string{e.Key, e.ETag}
		if e.Kind == history.Get {
			if s := unsettled[b]; s != nil && t.versions[name] == nil {
				t.versions[name] = s
			}
			continue
		}
		s := t.written(e)
		if s == nil {
			continue
		}
		unsettled[b] = s
		if e.Answer == history.OK {
			t.versions[name] = s
		}
	}
	return t
}

func (t *truth) written(e *history.Event) *stored {
	d := e.Doc
	base := &stored{}
	if d.Of != "" {
		if base = t.versions[[2]string{e.Key, d.Of}]; base == nil {
			return nil
		}
	}
	s := &stored{slices.Concat(base.ids[:d.Keep], d.Add), slices.Concat(base.sums[:d.Keep], d.Entries), maps.Clone(base.fields), *d}
	if s.fields == nil {
		s.fields = map[string]history.Set{}
	}
	for _, set := range d.Set {
		s.fields[set.Field] = set
		if name := [2]string{e.Key, set.Field}; true {
			if _, known := t.first[name]; !known {
				t.first[name] = set.Was
			}
		}
	}
	return s
}

// tell makes a read say what is new in the version, if its recorder has not described it.
func (t *truth) tell(e *history.Event, told map[string]*recent) {
	if e.Doc == nil || e.Doc.Bad != "" || e.ETag == "" || e.Answer != history.OK {
		return
	}
	r := told[e.Key]
	if r == nil {
		r = &recent{}
		told[e.Key] = r
	}
	switch {
	case e.Kind == history.Put:
		r.learn(e.ETag)
	case e.Kind == history.Get && !slices.Contains(r.etags, e.ETag):
		now := t.versions[[2]string{e.Key, e.ETag}]
		if now == nil {
			return
		}
		e.Doc.Add, e.Doc.Entries = now.ids, now.sums
		if last := t.versions[[2]string{e.Key, r.last}]; last != nil {
			for e.Doc.Keep < min(len(last.ids), len(now.ids)) && last.ids[e.Doc.Keep] == now.ids[e.Doc.Keep] && last.sums[e.Doc.Keep] == now.sums[e.Doc.Keep] {
				e.Doc.Keep++
			}
			e.Doc.Of, e.Doc.Add, e.Doc.Entries = r.last, now.ids[e.Doc.Keep:], now.sums[e.Doc.Keep:]
			e.Doc.Set = t.changes(e.Key, last, now)
		}
		r.learn(e.ETag)
	}
}

func (t *truth) changes(key string, last, now *stored) (sets []history.Set) {
	names := maps.Clone(last.fields)
	maps.Copy(names, now.fields)
	value := func(s *stored, field string) history.Set {
		if set, ok := s.fields[field]; ok {
			return set
		}
		was := t.first[[2]string{key, field}]
		return history.Set{Now: was, Sum: history.Digest([]byte(was))}
	}
	for field := range names {
		was, is := value(last, field), value(now, field)
		if was.Now != is.Now {
			sets = append(sets, history.Set{Field: field, Was: was.Now, Now: is.Now, Sum: is.Sum})
		}
	}
	slices.SortFunc(sets, func(a, b history.Set) int { return cmp.Compare(a.Field, b.Field) })
	return sets
}
