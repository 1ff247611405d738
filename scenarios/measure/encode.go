package measure

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// sampleFormat is the first byte of an encoded sample. It changes with what the bytes mean.
const sampleFormat = 1

// sampleHead is what a sample has once. What it has for each repetition and operation follows
// in columns.
type sampleHead struct {
	First       int          `json:"first"`
	Last        int          `json:"last"`
	Pooled      check.Pooled `json:"pooled"`
	Windows     []Window     `json:"windows,omitempty"`
	Steps       []StepResult `json:"steps,omitempty"`
	Interrupted bool         `json:"interrupted,omitempty"`
	Failure     string       `json:"failure,omitempty"`

	Counts     Counts         `json:"counts"`
	Histogram  []int          `json:"histogram,omitempty"`
	End        int64          `json:"end_ns"`
	Ran        int64          `json:"ran_ns"`
	Unfinished int            `json:"unfinished,omitempty"`
	Skipped    map[string]int `json:"skipped,omitempty"`
	Errors     []StoreError   `json:"errors,omitempty"` // in the order in which they were met
	GivenUpIn  int            `json:"given_up_in,omitempty"`
	Calls      [2]int64       `json:"calls"`
	Spent      [5]int64       `json:"spent"`
	Actors     []string       `json:"actors,omitempty"`
	GaveUp     []int          `json:"gave_up,omitempty"`
	Width      int64          `json:"width_ns,omitempty"`
}

// Encode appends the sample to dst. The bytes depend on the part alone, not on who has played
// it; [DecodeSample] makes a sample of them that pools as this one does. What a pool keeps of a
// history is not among them.
func (s *Sample) Encode(dst []byte) []byte {
	c := s.numbers
	c.closeRepetition()
	head := sampleHead{
		First: s.first, Last: s.last, Pooled: s.pooled, Windows: s.windowsOf(), Steps: s.steps, Interrupted: s.interrupted,
		Counts: c.counts, Histogram: c.histogram, End: c.end, Ran: c.ran, Unfinished: c.unfinished, Skipped: c.skipped,
		GivenUpIn: c.givenUpIn, Calls: [2]int64{c.calls.total, c.calls.n},
		Spent:  [5]int64{c.spent.n, c.spent.queued, c.spent.calls, c.spent.waiting, c.spent.total},
		Actors: c.actors.names, GaveUp: c.actors.gaveUp, Width: c.timeline.width,
	}
	if s.err != nil {
		head.Failure = s.err.Error()
	}
	for op := range c.open.all() {
		if !op.kept {
			head.Unfinished++
		}
	}
	for _, e := range c.errors.order {
		head.Errors = append(head.Errors, StoreError{e.call, e.text, c.errors.counts[e]})
	}
	text, err := json.Marshal(&head)
	if err != nil {
		panic(err) // numbers and texts can always be marshalled
	}
	dst = append(dst, sampleFormat)
	dst = append(binary.AppendUvarint(dst, uint64(len(text))), text...)
	dst = c.appendRepetitions(dst)
	dst = c.appendOperations(dst)
	dst = binary.AppendUvarint(dst, uint64(len(c.timeline.parts)))
	for i := range c.timeline.parts {
		for _, n := range c.timeline.parts[i].each() {
			dst = binary.AppendUvarint(dst, uint64(*n))
		}
	}
	watch, _ := c.watch.AppendBinary(nil)
	return append(dst, watch...)
}

func (m *moment) each() [5]*int32 {
	return [5]*int32{&m.commits, &m.conflicts, &m.retries, &m.throttled, &m.unknown}
}

// windowsOf are the windows of what the sample shows, in its order.
func (s *Sample) windowsOf() (all []Window) {
	add := func(witness []history.Event, violation, finding int) {
		if len(witness) == 0 {
			return
		}
		if w, ok := s.windows[&witness[0]]; ok {
			w.Violation, w.Finding = violation, finding
			all = append(all, w)
		}
	}
	for i := range s.pooled.Violations {
		add(s.pooled.Violations[i].Witness, i, -1)
	}
	for i := range s.pooled.StoreFindings {
		add(s.pooled.StoreFindings[i].Witness, -1, i)
	}
	return all
}

// The marks of a repetition.
const (
	cutMark      = 1
	violatedMark = 2
	digestMark   = 4
)

// appendRepetitions leaves out what follows from the latencies. Times are whole nanoseconds and
// microseconds, so that nothing is lost.
func (c *Collector) appendRepetitions(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(c.each)))
	for i := range c.each {
		r := &c.each[i]
		marks := byte(0)
		if r.Cut {
			marks |= cutMark
		}
		if len(r.Violated) > 0 {
			marks |= violatedMark
		}
		if r.Digest != 0 {
			marks |= digestMark
		}
		b = append(b, marks)
		for _, n := range []int{r.N, r.Operations, r.Acknowledged, r.GaveUp, r.Puts, r.Gets, r.Conflicts} {
			b = binary.AppendUvarint(b, uint64(n))
		}
		b = binary.AppendVarint(b, int64(math.Round(r.MakespanMS*1e6)))
		b = binary.AppendUvarint(b, uint64(math.Round(r.P99MS*1e3)))
		if marks&digestMark != 0 {
			b = binary.LittleEndian.AppendUint64(b, uint64(r.Digest))
		}
		if marks&violatedMark != 0 {
			b = binary.AppendUvarint(b, uint64(len(r.Violated)))
			for _, invariant := range r.Violated {
				b = append(binary.AppendUvarint(b, uint64(len(invariant))), invariant...)
			}
		}
	}
	return b
}

// appendOperations writes those that were acknowledged, column by column.
func (c *Collector) appendOperations(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(c.latencies)))
	for _, micros := range c.latencies {
		b = binary.AppendUvarint(b, uint64(micros))
	}
	for i := range c.answered {
		b = binary.AppendUvarint(b, uint64(c.answered[i].Actor))
	}
	for i := range c.answered {
		b = binary.AppendUvarint(b, uint64(c.answered[i].Attempts))
	}
	return b
}

// DecodeSample is the sample that was encoded. The error says what is wrong with bytes that
// are none, or of another format.
func DecodeSample(b []byte) (*Sample, error) {
	if len(b) == 0 {
		return nil, errors.New("there is nothing where the numbers of repetitions were to be")
	}
	if b[0] != sampleFormat {
		return nil, fmt.Errorf("the numbers of repetitions are in format %d, and this program reads %d: it is garbled, or of another version", b[0], sampleFormat)
	}
	r := reader{rest: b[1:]}
	var head sampleHead
	if text := r.bytes(r.count(1)); !r.bad {
		if err := json.Unmarshal(text, &head); err != nil {
			return nil, fmt.Errorf("the numbers of repetitions are garbled: %w", err)
		}
	}
	s := head.sample()
	c := s.numbers
	r.repetitions(c)
	r.operations(c)
	for range r.count(5) {
		var m moment
		for _, n := range m.each() {
			*n = int32(r.number())
		}
		c.timeline.parts = append(c.timeline.parts, m)
	}
	if r.bad || !c.consistent() || c.watch.UnmarshalBinary(r.rest) != nil {
		return nil, errors.New("the numbers of repetitions are garbled, or cut off")
	}
	return s, nil
}

// sample is what the head says of it.
func (h *sampleHead) sample() *Sample {
	s := &Sample{first: h.First, last: h.Last, pooled: h.Pooled, numbers: NewCollector(), steps: h.Steps, interrupted: h.Interrupted}
	if h.Failure != "" {
		s.err = errors.New(h.Failure)
	}
	for _, w := range h.Windows {
		var witness []history.Event
		if i := w.Violation; i >= 0 && i < len(s.pooled.Violations) {
			witness = s.pooled.Violations[i].Witness
		} else if i := w.Finding; i >= 0 && i < len(s.pooled.StoreFindings) {
			witness = s.pooled.StoreFindings[i].Witness
		}
		if len(witness) == 0 {
			continue
		}
		if s.windows == nil {
			s.windows = map[*history.Event]Window{}
		}
		s.windows[&witness[0]] = w
	}
	c := s.numbers
	c.counts, c.histogram, c.end, c.ran, c.unfinished, c.skipped = h.Counts, h.Histogram, h.End, h.Ran, h.Unfinished, h.Skipped
	c.givenUpIn, c.calls = h.GivenUpIn, delay{h.Calls[0], h.Calls[1]}
	c.spent = spending{h.Spent[0], h.Spent[1], h.Spent[2], h.Spent[3], h.Spent[4]}
	for _, e := range h.Errors {
		c.errors.add(storeError{e.Call, e.Error}, e.Count)
	}
	for i, name := range h.Actors {
		if n := c.actors.number(name); i < len(h.GaveUp) {
			c.actors.gaveUp[n] = h.GaveUp[i]
		}
	}
	c.timeline.width = h.Width
	return s
}

// consistent reports whether the columns fit each other, for who merges them.
func (c *Collector) consistent() bool {
	for _, a := range c.answered {
		if a.Actor < 0 || int(a.Actor) >= len(c.actors.names) {
			return false
		}
	}
	if c.timeline.width < 0 || c.timeline.width > math.MaxInt64/10 {
		return false
	}
	width := int64(firstWidth)
	for factor := int64(5); width < c.timeline.width; factor = 7 - factor { // 5, 2, 5, …
		width *= factor
	}
	return len(c.timeline.parts) == 0 && c.timeline.width == 0 ||
		c.timeline.width == width && len(c.timeline.parts) <= mostCounted
}

// reader takes numbers off the front of bytes until one is bad.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	return take(r, n, size)
}

func (r *reader) signed() int64 {
	n, size := binary.Varint(r.rest)
	return take(r, n, size)
}

func take[N int64 | uint64](r *reader, n N, size int) N {
	if size <= 0 || r.bad {
		r.bad = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// count is the number of things that follow, of at least so many bytes each.
func (r *reader) count(least int) int {
	n := r.number()
	if n > uint64(len(r.rest)/least) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *reader) bytes(n int) []byte {
	if r.bad || n > len(r.rest) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) repetitions(c *Collector) {
	n := r.count(10)
	c.each, c.puts = make([]Repetition, n), make([]float64, n)
	for i := range c.each {
		e := &c.each[i]
		marks := r.bytes(1)
		if r.bad {
			return
		}
		for _, to := range []*int{&e.N, &e.Operations, &e.Acknowledged, &e.GaveUp, &e.Puts, &e.Gets, &e.Conflicts} {
			*to = int(r.number())
		}
		e.MakespanMS = float64(r.signed()) / 1e6
		e.P99MS = float64(r.number()) / 1e3
		e.Cut = marks[0]&cutMark != 0
		if marks[0]&digestMark != 0 {
			if sum := r.bytes(8); sum != nil {
				e.Digest = history.Sum(binary.LittleEndian.Uint64(sum))
			}
		}
		if marks[0]&violatedMark != 0 {
			for range r.count(1) {
				e.Violated = append(e.Violated, string(r.bytes(r.count(1))))
			}
		}
		if c.puts[i] = float64(e.Puts); e.MakespanMS > 0 {
			c.makespans = append(c.makespans, e.MakespanMS)
		}
	}
}

func (r *reader) operations(c *Collector) {
	n := r.count(3)
	c.latencies, c.answered = make([]int64, n), make([]Answered, n)
	for i := range c.latencies {
		c.latencies[i] = int64(r.number())
	}
	for i := range c.answered {
		c.answered[i].Actor = int32(r.number())
	}
	for i := range c.answered {
		c.answered[i].Attempts = int32(r.number())
	}
	rest := c.latencies
	for i := range c.each {
		e := &c.each[i]
		if e.Acknowledged < 0 || e.Acknowledged > len(rest) {
			r.bad = true
			return
		}
		e.LatencyMS = meanMS(rest[:e.Acknowledged])
		rest = rest[e.Acknowledged:]
	}
	r.bad = r.bad || len(rest) > 0
}
