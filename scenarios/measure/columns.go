package measure

import (
	"encoding/binary"
	"math"

	"holdfast/scenarios/history"
)

// The columns of a sample, all numbers of a kind together: of the repetitions that have ended,
// of the acknowledged operations, of the back ends' updates, the histogram and the timeline.
// Each group has its size in front.

// appendColumns appends those of a collector.
func (c *Collector) appendColumns(dst []byte) []byte {
	dst = appendNumber(dst, len(c.each))
	for i := range c.each {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(c.each[i].Digest))
	}
	for column := range repetitionColumns {
		for i := range c.each {
			dst = appendNumber(dst, *c.each[i].columns()[column])
		}
	}
	for i := range c.each {
		dst = binary.AppendUvarint(dst, nanoseconds(c.each[i].MakespanMS))
	}
	for i := range c.each {
		dst = append(dst, bit(c.each[i].Cut))
	}
	dst = appendNumber(dst, len(c.answered))
	for i := range c.answered {
		dst = binary.AppendUvarint(dst, uint64(c.answered[i].Actor))
	}
	for i := range c.answered {
		dst = binary.AppendUvarint(dst, uint64(c.answered[i].Attempts))
	}
	for _, micros := range c.latencies {
		dst = binary.AppendUvarint(dst, uint64(micros))
	}
	dst = appendNumber(dst, len(c.watch.Durations))
	for _, micros := range c.watch.Durations {
		dst = binary.AppendUvarint(dst, uint64(micros))
	}
	dst = appendNumber(dst, len(c.histogram))
	for _, n := range c.histogram {
		dst = appendNumber(dst, n)
	}
	dst = appendNumber(dst, len(c.timeline.parts))
	dst = binary.AppendUvarint(dst, uint64(c.timeline.width))
	for i := range c.timeline.parts {
		for _, n := range c.timeline.parts[i].columns() {
			dst = binary.AppendUvarint(dst, uint64(*n))
		}
	}
	return dst
}

func appendNumber(dst []byte, n int) []byte { return binary.AppendUvarint(dst, uint64(n)) }

// nanoseconds of so many milliseconds, which were made of a whole number of them.
func nanoseconds(ms float64) uint64 { return uint64(math.Round(ms * 1e6)) }

func bit(of bool) byte {
	if of {
		return 1
	}
	return 0
}

const repetitionColumns = 6

func (r *Repetition) columns() [repetitionColumns]*int {
	return [...]*int{&r.Operations, &r.Acknowledged, &r.GaveUp, &r.Puts, &r.Gets, &r.Conflicts}
}

func (m *moment) columns() [5]*int64 {
	return [...]*int64{&m.commits, &m.conflicts, &m.retries, &m.throttled, &m.unknown}
}

// readColumns reads what appendColumns has written, of repetitions from a first one on. The
// collector has its actors already.
func (c *Collector) readColumns(from []byte, first int) error {
	r := columnReader{rest: from}
	c.readRepetitions(&r, first)
	c.answered = make([]Answered, r.size(3))
	c.latencies = make([]int64, len(c.answered))
	for i := range c.answered {
		c.answered[i].Actor = int32(r.below(uint64(len(c.actors.names))))
	}
	for i := range c.answered {
		c.answered[i].Attempts = int32(r.below(math.MaxInt32 + 1))
	}
	for i := range c.latencies {
		c.latencies[i] = int64(r.below(latencyMostMicros + 1))
	}
	c.watch.Durations = make([]uint32, r.size(1))
	for i := range c.watch.Durations {
		c.watch.Durations[i] = uint32(r.below(math.MaxUint32 + 1))
	}
	c.histogram = make([]int, r.size(1))
	for i := range c.histogram {
		c.histogram[i] = r.number()
	}
	c.timeline.parts = make([]moment, min(r.size(5), mostCounted))
	c.timeline.width = int64(r.below(math.MaxInt64))
	for i := range c.timeline.parts {
		for _, n := range c.timeline.parts[i].columns() {
			*n = int64(r.number())
		}
	}
	if !c.timeline.valid() || len(r.rest) > 0 {
		r.fail()
	}
	if r.bad || !c.latenciesOfRepetitions() {
		return errGarbled
	}
	return nil
}

func (c *Collector) readRepetitions(r *columnReader, first int) {
	c.each = make([]Repetition, r.size(8+repetitionColumns+2))
	for i := range c.each {
		c.each[i].N, c.each[i].Digest = first+i, history.Sum(r.eight())
	}
	for column := range repetitionColumns {
		for i := range c.each {
			*c.each[i].columns()[column] = r.number()
		}
	}
	for i := range c.each {
		c.each[i].MakespanMS = float64(r.below(math.MaxInt64)) / 1e6
	}
	for i := range c.each {
		c.each[i].Cut = r.below(2) == 1
	}
}

// latenciesOfRepetitions gives each repetition what its operations' latencies come to; false:
// there are not as many as the repetitions say.
func (c *Collector) latenciesOfRepetitions() bool {
	rest := c.latencies
	for i := range c.each {
		e := &c.each[i]
		if e.Acknowledged < 0 || e.Acknowledged > len(rest) {
			return false
		}
		e.LatencyMS, e.P99MS = c.latency(rest[:e.Acknowledged])
		rest = rest[e.Acknowledged:]
	}
	return len(rest) == 0
}

// columnReader reads numbers. What is not there is 0, and makes it bad.
type columnReader struct {
	rest []byte
	bad  bool
}

func (r *columnReader) fail() { r.bad, r.rest = true, nil }

func (r *columnReader) uvarint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 {
		n := uint64(r.rest[0])
		r.rest = r.rest[1:]
		return n
	}
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// below is a number that is less than limit.
func (r *columnReader) below(limit uint64) uint64 {
	n := r.uvarint()
	if n >= limit {
		r.fail()
		return 0
	}
	return n
}

func (r *columnReader) number() int { return int(r.below(math.MaxInt64)) }

// size is that of a group whose members have at least so many bytes, so that no more memory is
// taken than for what is there.
func (r *columnReader) size(each int) int { return int(r.below(uint64(len(r.rest)/each) + 1)) }

func (r *columnReader) eight() uint64 {
	if len(r.rest) < 8 {
		r.fail()
		return 0
	}
	n := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return n
}
