package compact

import (
	"bytes"
	"encoding/json"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// The checksums take eight bytes at a time: FNV-1a, a byte at a time, would be
// the larger part of an attempt. Sums of one run are compared with each other
// only, so it need not be the same function as for JSON.

// mix continues a checksum with a word. It loses nothing: for one sum, different
// words give different sums, and the other way round.
func mix(s history.Sum, word uint64) history.Sum {
	const odd = 0x9e3779b97f4a7c15
	s = (s ^ history.Sum(word)) * odd
	return s ^ s>>32
}

// add continues a checksum with a part; the length separates consecutive parts.
func add[T ~string | ~[]byte](s history.Sum, part T) history.Sum {
	n := len(part)
	for ; len(part) >= 8; part = part[8:] {
		s = mix(s, uint64(part[0])|uint64(part[1])<<8|uint64(part[2])<<16|uint64(part[3])<<24|
			uint64(part[4])<<32|uint64(part[5])<<40|uint64(part[6])<<48|uint64(part[7])<<56)
	}
	var rest uint64
	for i := range len(part) {
		rest |= uint64(part[i]) << (8 * i)
	}
	return mix(s, rest|uint64(n)<<56) // the rest has seven bytes at most
}

// entrySum continues a checksum with an entry of the history.
func entrySum(s history.Sum, m *archive.Modification) history.Sum {
	s = add(add(add(s, m.ID), m.Timestamp), m.UserID)
	s = add(add(s, m.Type), m.CustomerCode)
	if len(m.MeetingMetadata) == 0 {
		return add(s, m.MeetingMetadata)
	}
	var stored bytes.Buffer // without the white space in it, as a change stores it
	_ = json.Compact(&stored, m.MeetingMetadata)
	return add(s, stored.Bytes())
}
