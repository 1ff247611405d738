package history

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"holdfast/archive"
)

// IDs are the modification ids that an actor of a shard submits, one after the other. The
// n-th follows from seed, scenario, the actor's name, which says of which shard and attempt
// it is (see [Shard.Prefix]), and n alone: so whoever has lost a shard's history can tell
// what it may have submitted.
type IDs struct{ rng *rand.Rand }

// NewIDs returns those of an actor, from the first on.
func NewIDs(seed uint64, scenario, actor string) *IDs {
	sum := sha256.Sum256(fmt.Appendf(nil, "ids\x00%d\x00%s\x00%s", seed, scenario, actor))
	return &IDs{rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))}
}

// Next is the next one.
func (i *IDs) Next() string { return archive.NewModificationID(i.rng) }
