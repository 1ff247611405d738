package measure

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"holdfast/archive/telemetry"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// SampleVersion is that of the format of samples; it changes with every change of it.
const SampleVersion = 1

// An encoded sample is its version, the length of a head as JSON, the head, the columns (see
// columns.go) and the CRC-32 (Castagnoli) of all that, each number as a uvarint but for the
// last, which has four bytes. It is meant to be compressed together with others.

// sampleHead is what a sample has once.
type sampleHead struct {
	First       int               `json:"first"`
	Last        int               `json:"last"`
	Found       check.Pooled      `json:"found"`
	Windows     []Window          `json:"windows,omitempty"`
	Steps       steps             `json:"steps,omitempty"`
	Evidence    []int             `json:"evidence,omitempty"`
	Others      history.Omitted   `json:"others"`
	Violated    map[int][]string  `json:"violated,omitempty"` // of repetitions, see [Repetition]
	Interrupted bool              `json:"interrupted,omitempty"`
	Err         string            `json:"err,omitempty"`
	Lost        string            `json:"lost,omitempty"`
	Counts      Counts            `json:"counts"`
	Actors      []string          `json:"actors,omitempty"`
	GaveUp      []int             `json:"gave_up,omitempty"` // of each actor
	End         int64             `json:"end_ns"`
	Unfinished  int               `json:"unfinished,omitempty"`
	Skipped     map[string]int    `json:"skipped,omitempty"`
	Errors      []StoreError      `json:"errors,omitempty"`
	CallsNS     int64             `json:"calls_ns"`
	Calls       int64             `json:"calls"`
	Spent       [5]int64          `json:"spent"`
	Watched     [2]telemetry.Seen `json:"watched"`
	RanNS       int64             `json:"ran_ns"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode appends the sample as bytes, which depend on what its part has shown alone: whoever
// plays the part of an equal point has the same. What was kept of its repetitions for a
// history on this machine is left out.
func (s *Sample) Encode(dst []byte) []byte {
	start, c := len(dst), s.numbers
	h := sampleHead{
		First: s.first, Last: s.last, Found: s.found.Pooled, Windows: s.found.windowsOf(s.found.Violations, s.found.StoreFindings),
		Steps: s.steps, Evidence: s.evidence, Others: s.others,
		Interrupted: s.interrupted, Err: text(s.err), Lost: text(s.lost),
		Counts: c.counts, Actors: c.actors.names, GaveUp: c.actors.gaveUp, End: c.end, Unfinished: c.unfinished, Skipped: c.skipped,
		Errors: c.errors.kinds, CallsNS: c.calls.total, Calls: c.calls.n,
		Spent:   [5]int64{c.spent.n, c.spent.queued, c.spent.calls, c.spent.waiting, c.spent.total},
		Watched: [2]telemetry.Seen{c.watch.Front, c.watch.Back}, RanNS: c.ran,
	}
	for i := range c.each {
		if violated := c.each[i].Violated; violated != nil {
			if h.Violated == nil {
				h.Violated = map[int][]string{}
			}
			h.Violated[i] = violated
		}
	}
	head, err := json.Marshal(h)
	if err != nil { // all of it is numbers, texts and lists of those
		panic(fmt.Sprintf("measure: encode a sample: %v", err))
	}
	dst = binary.AppendUvarint(dst, SampleVersion)
	dst = append(binary.AppendUvarint(dst, uint64(len(head))), head...)
	dst = c.appendColumns(dst)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// DecodeSample reads what [Sample.Encode] has written. Bytes that are not that, to the last
// one, are an error.
func DecodeSample(encoded []byte) (*Sample, error) {
	s, err := decodeSample(encoded)
	if err != nil {
		return nil, fmt.Errorf("read a sample of %d bytes: %w", len(encoded), err)
	}
	return s, nil
}

func decodeSample(encoded []byte) (*Sample, error) {
	version, n := binary.Uvarint(encoded)
	switch {
	case n <= 0:
		return nil, errGarbled
	case version != SampleVersion:
		return nil, fmt.Errorf("it has format %d, this program reads %d: another version has written it", version, SampleVersion)
	case len(encoded) < n+4 || crc32.Checksum(encoded[:len(encoded)-4], castagnoli) != binary.LittleEndian.Uint32(encoded[len(encoded)-4:]):
		return nil, errGarbled
	}
	rest := encoded[n : len(encoded)-4]
	size, n := binary.Uvarint(rest)
	if n <= 0 || size > uint64(len(rest)-n) {
		return nil, errGarbled
	}
	var h sampleHead
	dec := json.NewDecoder(bytes.NewReader(rest[n : n+int(size)]))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		return nil, fmt.Errorf("%w: its head is no JSON of a sample: %w", errGarbled, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errGarbled
	}
	return h.sample(rest[n+int(size):])
}

// errGarbled is of bytes that nobody has written as a sample.
var errGarbled = errors.New("it is garbled: its bytes are not those that were written")

// sample is that of a head and the columns.
func (h *sampleHead) sample(columns []byte) (*Sample, error) {
	s := newSample(Part{First: h.First, Last: h.Last})
	s.found.Pooled, s.steps, s.evidence, s.others = h.Found, h.Steps, h.Evidence, h.Others
	s.interrupted, s.err, s.lost = h.Interrupted, said(h.Err), said(h.Lost)
	c := s.numbers
	c.counts, c.end, c.unfinished, c.skipped, c.ran = h.Counts, h.End, h.Unfinished, h.Skipped, h.RanNS
	c.calls = delay{h.CallsNS, h.Calls}
	c.spent = spending{h.Spent[0], h.Spent[1], h.Spent[2], h.Spent[3], h.Spent[4]}
	c.watch.Front, c.watch.Back = h.Watched[0], h.Watched[1]
	for _, name := range h.Actors {
		c.actors.number(name)
	}
	for _, e := range h.Errors {
		c.errors.add(storeError{e.Call, e.Error}, e.Count)
	}
	if h.First < 1 || h.Last < h.First || len(h.GaveUp) != len(h.Actors) || len(c.actors.names) != len(h.Actors) || h.Found.Histories < 0 {
		return nil, errGarbled
	}
	copy(c.actors.gaveUp, h.GaveUp)
	if err := h.windows(&s.found); err != nil {
		return nil, err
	}
	if err := c.readColumns(columns, h.First); err != nil {
		return nil, err
	}
	for _, n := range h.Evidence {
		if n < h.First || n > h.Last {
			return nil, errGarbled
		}
	}
	for i, violated := range h.Violated {
		if i < 0 || i >= len(c.each) {
			return nil, errGarbled
		}
		c.each[i].Violated = violated
	}
	// One that was ended before its actors began has no numbers.
	most := h.Last - h.First + 1
	if played := s.played(); played > most || len(c.each) > played || s.whole() && (played != most || len(c.each) != most) {
		return nil, errGarbled
	}
	return s, nil
}

// windows gives what was found its windows.
func (h *sampleHead) windows(f *found) error {
	for _, w := range h.Windows {
		var witness []history.Event
		switch {
		case w.Violation >= 0 && w.Violation < len(f.Violations):
			witness = f.Violations[w.Violation].Witness
		case w.Finding >= 0 && w.Finding < len(f.StoreFindings):
			witness = f.StoreFindings[w.Finding].Witness
		}
		if len(witness) == 0 {
			return errGarbled
		}
		f.keep(witness, w)
	}
	return nil
}

func said(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}
