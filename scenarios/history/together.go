package history

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Together are the histories that several recorders have of one run, read as one: those of a
// recorder one after the other, in the order of shard and attempt whatever the order of the
// files, with operation numbers that do not meet. [Event.Clock] says whose an event is. The
// end is one for all, and it is no interrupt and no failure that one of them was ended before
// its time: notes tell. One that has no end is [Shard.Lost].
type Together struct {
	Header Header // with the shards of all files
	files  []*togetherFile
}

// togetherFile is one of the files.
type togetherFile struct {
	path   string
	clocks []int // of its shards, in the order of its header
}

// OpenTogether reads the files' headers, and each file to its end, since only that tells which
// are cut. Errors are [LineError].
func OpenTogether(paths ...string) (*Together, error) {
	t := &Together{}
	var about []byte
	var owner []int // the file of each shard
	for i, path := range paths {
		h, lost, err := lookThrough(path)
		if err != nil {
			return nil, err
		}
		same, err := aboutOf(h)
		if err != nil {
			return nil, err
		}
		switch {
		case len(h.Shards) == 0:
			return nil, &LineError{File: path, Line: 1, Reason: "the header does not say which of several recorders it is of"}
		case i == 0:
			about, t.Header = same, h
			t.Header.Shards = nil
		case string(about) != string(same):
			return nil, &LineError{File: path, Line: 1, Reason: fmt.Sprintf("it is of another run than %s: %s", paths[0], differs(about, same))}
		}
		for k := range h.Shards {
			s := h.Shards[k]
			s.Lost = s.Lost || lost
			t.Header.Shards, owner = append(t.Header.Shards, s), append(owner, i)
		}
		t.Header.Started = min(t.Header.Started, h.Started)
		t.files = append(t.files, &togetherFile{path: path})
	}
	return t, t.order(owner)
}

// Recorded is of how many shards' recorders a history is; 0: of one recorder, of a whole run.
func Recorded(path string) (shards int, err error) {
	rd, err := Open(path)
	if err != nil {
		return 0, err
	}
	return len(rd.Header.Shards), rd.Close()
}

// order sorts the shards, and the files by the first of theirs.
func (t *Together) order(owner []int) error {
	places := make([]int, len(owner))
	for i := range places {
		places[i] = i
	}
	before := t.Header.Shards
	slices.SortStableFunc(places, func(a, b int) int {
		return cmp.Or(before[a].Number-before[b].Number, before[a].Attempt-before[b].Attempt)
	})
	t.Header.Shards = make([]Shard, len(before))
	clock := make([]int, len(before))
	for i, place := range places {
		t.Header.Shards[i], clock[place] = before[place], i
		if i > 0 && t.Header.Shards[i-1].Prefix() == t.Header.Shards[i].Prefix() {
			s := t.Header.Shards[i]
			return &LineError{File: t.files[owner[place]].path, Line: 1, Reason: fmt.Sprintf("attempt %d of shard %d is in %s too", s.Attempt, s.Number, t.files[owner[places[i-1]]].path)}
		}
	}
	for place, file := range owner {
		t.files[file].clocks = append(t.files[file].clocks, clock[place])
	}
	slices.SortFunc(t.files, func(a, b *togetherFile) int { return slices.Min(a.clocks) - slices.Min(b.clocks) })
	return nil
}

// lookThrough reads a file to its end.
func lookThrough(path string) (h Header, lost bool, err error) {
	rd, err := Open(path)
	if err != nil {
		return h, false, err
	}
	defer rd.Close()
	for _, err := range rd.Events() {
		if line, ok := errors.AsType[*LineError](err); ok && line.cut {
			return rd.Header, true, nil
		} else if err != nil {
			return rd.Header, false, err
		}
	}
	return rd.Header, false, nil
}

// aboutOf is what histories of one run have in common.
func aboutOf(h Header) ([]byte, error) {
	h.Started, h.Replay, h.Prices, h.Shards = "", "", "", nil
	return json.Marshal(h)
}

// differs names a key of two headers that differs.
func differs(a, b []byte) string {
	var one, other map[string]any
	if json.Unmarshal(a, &one) != nil || json.Unmarshal(b, &other) != nil {
		return "their headers differ"
	}
	var keys []string
	for key := range one {
		keys = append(keys, key)
	}
	for key := range other {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if x, y := fmt.Sprint(one[key]), fmt.Sprint(other[key]); x != y {
			return fmt.Sprintf("%s is %s there, and %s here", key, x, y)
		}
	}
	return "their headers differ"
}

// Events yields the events of all, as [Reader.Events] does those of one.
func (t *Together) Events() iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		ops, last := 0, int64(0)
		for i := range t.files {
			highest, at, goOn := t.files[i].events(t.Header.Shards, ops, yield)
			if !goOn {
				return
			}
			ops, last = ops+highest, max(last, at)
		}
		yield(&Event{Kind: End, At: last, Clock: len(t.Header.Shards) - 1}, nil)
	}
}

func (p *togetherFile) events(shards []Shard, ops int, yield func(*Event, error) bool) (highest int, last int64, goOn bool) {
	rd, err := Open(p.path)
	if err != nil {
		yield(nil, err)
		return 0, 0, false
	}
	defer rd.Close()
	for e, err := range rd.Events() {
		if line, ok := errors.AsType[*LineError](err); ok && line.cut {
			return highest, last, true
		}
		if err == nil && e.Clock >= len(p.clocks) {
			err = rd.fail(fmt.Sprintf("an event is by clock %d, and the header has %d", e.Clock, len(p.clocks)))
		}
		if err != nil {
			yield(nil, err)
			return 0, 0, false
		}
		highest, last = max(highest, e.Op), max(last, e.At)
		e.Clock = p.clocks[e.Clock]
		if e.Op > 0 {
			e.Op += ops
		}
		if e.Kind == End {
			text := endNote(&shards[e.Clock], e)
			if text == "" {
				continue
			}
			e = &Event{Kind: Note, At: e.At, Clock: e.Clock, Text: text}
		}
		if !yield(e, nil) {
			return 0, 0, false
		}
	}
	return highest, last, true
}

// endNote says of a shard why it has ended before its time; "": it has not.
func endNote(s *Shard, e *Event) string {
	switch {
	case e.Text != "":
		return fmt.Sprintf("shard %d could not go on: %s", s.Number, e.Text)
	case e.Interrupted:
		return fmt.Sprintf("shard %d was ended before its time", s.Number)
	}
	return ""
}

// HeaderError is that of headers that can be read and do not make sense.
func (t *Together) HeaderError(err error) *LineError {
	return (&Reader{file: t.files[0].path}).HeaderError(err)
}

// Save writes all of it as one history, which [Open] reads.
func (t *Together) Save(path string) (err error) {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := NewWriter(f, t.Header)
	if err != nil {
		return err
	}
	for e, err := range t.Events() {
		if err != nil {
			return err
		}
		w.Add(e)
	}
	return w.Close()
}
