package scenarios

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// stream returns the random stream of one actor: the same for the same seed,
// scenario, repetition and name, whatever else runs.
func stream(seed uint64, scenario string, repetition int, actor string) *rand.Rand {
	return new(streamSeed).stream(seed, scenario, repetition, actor)
}

// streamSeed remembers where an actor's stream of a repetition starts: an explorer
// plays the same repetition again and again.
type streamSeed struct {
	repetition int // 0: none yet
	hi, lo     uint64
}

func (s *streamSeed) stream(seed uint64, scenario string, repetition int, actor string) *rand.Rand {
	if s.repetition != repetition {
		h := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%d\x00%s", seed, scenario, repetition, actor))
		*s = streamSeed{repetition, binary.BigEndian.Uint64(h[:8]), binary.BigEndian.Uint64(h[8:16])}
	}
	return rand.New(rand.NewPCG(s.hi, s.lo))
}

// networkStream is the random stream of what befalls an actor's calls on their
// way, apart from what the actor itself draws.
func (r *Run) networkStream(repetition int, actor string) *rand.Rand {
	return stream(r.Seed, r.Scenario.Name, repetition, actor+"\x00network")
}

// TransportStream is the random stream of the latencies that are added to those of
// a real store.
func (r *Run) TransportStream() *rand.Rand { return r.networkStream(0, "") }
