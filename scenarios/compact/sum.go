package compact

import (
	"bytes"
	"encoding/json"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// Sums of one run are compared with each other only, so they need not be those of
// JSON: FNV-1a, a byte at a time, would be the larger part of an attempt.

// entrySum continues a checksum with an entry of the history, whose digest is known.
func entrySum(s history.Sum, m *archive.Modification, digest history.Sum) history.Sum {
	s = s.Mix(uint64(digest))
	if len(m.MeetingMetadata) == 0 {
		return s
	}
	var stored bytes.Buffer // without the white space in it, as a change stores it
	_ = json.Compact(&stored, m.MeetingMetadata)
	return history.Mixed(s, stored.Bytes())
}
