package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// The types of modification in use.
const (
	Created          = "created"
	Updated          = "updated"
	Submitted        = "submitted"
	Approved         = "approved"
	Deleted          = "deleted"
	MeetingScheduled = "meeting_scheduled"
	MeetingCancelled = "meeting_cancelled"
	Processed        = "processed"
)

// Modification is one entry of a document's append-only history.
type Modification struct {
	// ID is unique to the intent behind the modification: a repeated call or a
	// redelivered message uses the same one, and it is stored only once. Entries
	// that other software wrote may have none.
	ID string `json:"modification_id,omitempty"`
	// Timestamp is RFC 3339. Empty means the time of the call.
	Timestamp string `json:"timestamp"`
	UserID    string `json:"user_id"`
	Type      string `json:"modification_type"`
	// CustomerCode names the customer that a "processed" is for.
	CustomerCode string `json:"customer_code,omitempty"`
	// Notify marks the entry of an upload: the back ends of the document's customers are
	// to be told of it. It is what [Change.Untold] goes by.
	Notify bool `json:"notify,omitempty"`
	// Covers says, in a "processed", how far its back end had read: it is the id of the
	// last entry marked by Notify in the version that was worked on, or its own if there
	// was none. Empty: it does not say, as those of other software; see [Change.Untold].
	Covers          string          `json:"covers,omitempty"`
	MeetingMetadata json.RawMessage `json:"meeting_metadata,omitempty"`
	// ContentDigest is that of [ContentDigest]. Empty means that of the call, unless the
	// edit is one that may come out differently (see [Edit.Once]), which has none.
	ContentDigest string `json:"content_digest,omitempty"`
}

// NewModificationID returns an id that is unique for all practical purposes:
// "m-" and 120 random bits in 24 characters.
func NewModificationID(rng *rand.Rand) string {
	return "m-" + base32Text(rng.Uint64(), rng.Uint64())
}

// base32Text writes the low 60 bits of each number as 12 characters: together
// 24 of Crockford's alphabet.
func base32Text(hi, lo uint64) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	var b [24]byte
	for i := range b {
		v := hi
		if i >= 12 {
			v = lo
		}
		b[i] = alphabet[v>>(5*(i%12))&31]
	}
	return string(b[:])
}

// validate reports why the modification can't be stored.
func (m *Modification) validate() error {
	switch {
	case m.ID == "":
		return fmt.Errorf("%w modification: it has no id; choose one per intent, so that a repeated call commits once", ErrInvalid)
	case anyByte(m.ID, func(c byte) bool { return c <= ' ' || c >= 0x7f || c == '"' || c == '\\' }):
		return fmt.Errorf("%w modification id %q: printable ASCII without spaces, quotes and backslashes only", ErrInvalid, m.ID)
	case m.Type == "":
		return fmt.Errorf("%w modification %s: it has no modification_type", ErrInvalid, m.ID)
	case m.MeetingMetadata != nil && !validInside(m.MeetingMetadata, 3):
		return fmt.Errorf("%w modification %s: meeting_metadata is not JSON", ErrInvalid, m.ID)
	}
	if _, err := time.Parse(time.RFC3339, m.Timestamp); err != nil {
		return fmt.Errorf("%w modification %s: timestamp %q is not RFC 3339", ErrInvalid, m.ID, m.Timestamp)
	}
	return nil
}

// encode returns compact JSON without HTML escaping.
func encode(value any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
