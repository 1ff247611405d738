package scenarios

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"strconv"
)

// stream returns the random stream of one actor: the same for the same seed,
// scenario, repetition and name, whatever else runs.
func stream(seed uint64, scenario string, repetition int, actor string) *rand.Rand {
	return new(source).start(new(streamSeed).of(seed, scenario, repetition, actor))
}

// source is a random stream that can start again in its own memory.
type source struct {
	rand.Rand
	pcg rand.PCG
}

func (s *source) start(hi, lo uint64) *rand.Rand {
	s.pcg.Seed(hi, lo)
	s.Rand = *rand.New(&s.pcg)
	return &s.Rand
}

// sources are the streams of a repetition, used again by the next.
type sources struct {
	all  []*source
	used int
}

func (s *sources) next() *source {
	if s.used == len(s.all) {
		s.all = append(s.all, &source{})
	}
	s.used++
	return s.all[s.used-1]
}

// streamSeed remembers where an actor's stream of a repetition starts: an explorer
// plays the same repetition again and again.
type streamSeed struct {
	repetition int // 0: none yet
	hi, lo     uint64
}

func (s *streamSeed) of(seed uint64, scenario string, repetition int, actor string) (hi, lo uint64) {
	if s.repetition != repetition {
		const room = 128 // for most names
		text := strconv.AppendUint(make([]byte, 0, room), seed, 10)
		text = append(append(text, 0), scenario...)
		text = strconv.AppendInt(append(text, 0), int64(repetition), 10)
		h := sha256.Sum256(append(append(text, 0), actor...))
		*s = streamSeed{repetition, binary.BigEndian.Uint64(h[:8]), binary.BigEndian.Uint64(h[8:16])}
	}
	return s.hi, s.lo
}
