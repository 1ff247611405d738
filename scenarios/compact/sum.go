package compact

import (
	"holdfast/archive"
	"holdfast/scenarios/history"
)

// Sums of one run are compared with each other only, so they need not be those of
// JSON: FNV-1a, a byte at a time, would be the larger part of an attempt.

// entrySum continues a checksum with an entry of the history, whose digest is known. Of
// raw JSON its text counts too.
func entrySum(l *archive.Layout, s history.Sum, m *archive.Modification, digest history.Sum) history.Sum {
	s = s.Mix(uint64(digest))
	if len(m.MeetingMetadata) == 0 && len(m.Fields) == 0 {
		return s
	}
	stored, _ := l.EncodeEntry(*m) // it is valid
	return history.Mixed(s, stored)
}
