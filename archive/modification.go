package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"
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

// Modification is one entry of a document's append-only history. A [Layout] says what
// its fields are called there; the tags are the names in the archive's own.
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
	// to be told of it. Package delivery goes by it.
	Notify bool `json:"notify,omitempty"`
	// Covers says, in a "processed", how far its back end had read: it is the id of the
	// last entry marked by Notify in the version that was worked on, or its own if there
	// was none. Empty: it does not say, as those of other software.
	Covers          string          `json:"covers,omitempty"`
	MeetingMetadata json.RawMessage `json:"meeting_metadata,omitempty"`
	// ContentDigest is that of [ContentDigest]. Empty means that of the call, unless the
	// edit is one that may come out differently (see [Edit.Once]), which has none.
	ContentDigest string `json:"content_digest,omitempty"`
	// Fields are whatever else the entry has, as raw JSON.
	Fields map[string]json.RawMessage `json:"-"`
}

// NewModificationID returns an id that is unique for all practical purposes:
// "m-" and 120 random bits in 24 characters.
func NewModificationID(rng *rand.Rand) string {
	return "m-" + base32Text(rng.Uint64(), rng.Uint64())
}

// derivedPrefix begins the ids of [DerivedModificationID] and no others.
const derivedPrefix = "d-"

// DerivedModificationID makes a modification id out of what an intent consists of:
// the same parts give the same id, and different ones, for all practical purposes,
// never do.
func DerivedModificationID(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		_ = binary.Write(sum, binary.BigEndian, uint64(len(p))) // a hash takes everything
		_, _ = io.WriteString(sum, p)
	}
	digest := sum.Sum(nil)
	return derivedPrefix + base32Text(binary.BigEndian.Uint64(digest), binary.BigEndian.Uint64(digest[8:]))
}

// ValidateChosenID reports why an id can't be one that a user chooses: it could be that of
// [DerivedModificationID], and who had such an entry would make a back end believe that a
// message was processed. The error wraps [ErrInvalid].
func ValidateChosenID(id string) error {
	if strings.HasPrefix(id, derivedPrefix) {
		return fmt.Errorf("%w modification id %s: those that begin with %s are made of messages", ErrInvalid, short(id), derivedPrefix)
	}
	return nil
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
func (l *Layout) validate(m *Modification) error {
	switch {
	case m.ID == "":
		return fmt.Errorf("%w modification: it has no id; choose one per intent, so that a repeated call commits once", ErrInvalid)
	case anyByte(m.ID, func(c byte) bool { return c <= ' ' || c >= 0x7f || c == '"' || c == '\\' }):
		return fmt.Errorf("%w modification id %q: printable ASCII without spaces, quotes and backslashes only", ErrInvalid, short(m.ID))
	case !utf8.ValidString(m.UserID), !utf8.ValidString(m.Type), !utf8.ValidString(m.CustomerCode), !utf8.ValidString(m.Covers):
		return fmt.Errorf("%w modification %s: its user, type or customer is not UTF-8, and would be stored as another", ErrInvalid, short(m.ID))
	case l.Entry.Type != "" && m.Type == "":
		return fmt.Errorf("%w modification %s: it has no %s", ErrInvalid, short(m.ID), l.Entry.Type)
	case l.Entry.Meeting == "" && m.MeetingMetadata != nil:
		return fmt.Errorf("%w modification %s: the layout has no name for MeetingMetadata; put it among Fields", ErrInvalid, short(m.ID))
	case m.MeetingMetadata != nil && !validInside(m.MeetingMetadata, 3):
		return fmt.Errorf("%w modification %s: %s is not JSON", ErrInvalid, short(m.ID), l.Entry.Meeting)
	}
	if _, err := time.Parse(time.RFC3339, m.Timestamp); err != nil {
		return fmt.Errorf("%w modification %s: timestamp %q is not RFC 3339", ErrInvalid, short(m.ID), short(m.Timestamp))
	}
	if err := l.checkFields(m); err != nil {
		return err
	}
	return l.checkRequired(m)
}

// checkFields checks what a modification has besides its own.
func (l *Layout) checkFields(m *Modification) error {
	for _, name := range fieldNames(make([]string, 0, fewFields), m.Fields) {
		for _, own := range l.Entry.names() {
			if own != "" && strings.EqualFold(name, own) {
				return fmt.Errorf("%w modification %s: the field %q is, or could be taken for, the entry's own %s", ErrInvalid, short(m.ID), name, own)
			}
		}
		switch {
		case !utf8.ValidString(name):
			return fmt.Errorf("%w modification %s: field name %q is not UTF-8", ErrInvalid, short(m.ID), short(name))
		case !validInside(m.Fields[name], 3):
			return fmt.Errorf("%w modification %s: the value of field %q is not JSON", ErrInvalid, short(m.ID), short(name))
		}
	}
	return nil
}

func (l *Layout) checkRequired(m *Modification) error {
	for _, name := range l.Entry.Required {
		_, there := m.Fields[name]
		for _, own := range l.entry(m) {
			there = there || own.name == name && !own.empty()
		}
		if !there {
			return fmt.Errorf("%w modification %s: it has no %s, which every entry must have", ErrInvalid, short(m.ID), name)
		}
	}
	return nil
}

// entryField is a field that a modification has of its own: a text, raw JSON, or a mark
// that is true or left out.
type entryField struct {
	name     string
	text     *string
	raw      *json.RawMessage
	mark     *bool
	optional bool // left out if empty
}

func (f *entryField) empty() bool {
	switch {
	case f.raw != nil:
		return len(*f.raw) == 0
	case f.mark != nil:
		return !*f.mark
	}
	return *f.text == ""
}

// entry is what a modification has of its own, in the order in which it is written.
func (l *Layout) entry(m *Modification) [9]entryField {
	e := &l.Entry
	return [...]entryField{
		{name: e.ID, text: &m.ID, optional: true},
		{name: e.Timestamp, text: &m.Timestamp},
		{name: e.User, text: &m.UserID},
		{name: e.Type, text: &m.Type},
		{name: e.Customer, text: &m.CustomerCode, optional: true},
		{name: e.Notify, mark: &m.Notify, optional: true},
		{name: e.Covers, text: &m.Covers, optional: true},
		{name: e.Meeting, raw: &m.MeetingMetadata, optional: true},
		{name: e.Digest, text: &m.ContentDigest, optional: true},
	}
}

// EncodeEntry returns the entry that a modification becomes, be it valid or not: what it
// has of its own, then its other fields in the order of their names, all of it compact.
// In the archive's own layout it is what encoding/json makes of it. The error says which
// of its values is not JSON.
func (l *Layout) EncodeEntry(m Modification) (json.RawMessage, error) {
	return l.Resolved().encode(&m)
}

// DecodeEntry reads an entry of a history. What it does not have stays empty.
func (l *Layout) DecodeEntry(raw json.RawMessage) (Modification, error) {
	return l.Resolved().decode(raw)
}

func (l *Layout) encode(m *Modification) (json.RawMessage, error) {
	b := append(make([]byte, 0, 160), '{')
	for _, f := range l.entry(m) {
		if f.name == "" || f.optional && f.empty() {
			continue
		}
		b = append(appendText(b, f.name), ':')
		switch {
		case f.text != nil:
			b = append(appendText(b, *f.text), ',')
			continue
		case f.mark != nil:
			b = append(b, "true,"...)
			continue
		}
		var err error
		if b, err = appendCompact(b, *f.raw); err != nil {
			return nil, err
		}
	}
	for _, name := range fieldNames(make([]string, 0, fewFields), m.Fields) {
		var err error
		if b, err = appendCompact(append(appendText(b, name), ':'), m.Fields[name]); err != nil {
			return nil, err
		}
	}
	return append(bytes.TrimSuffix(b, []byte(",")), '}'), nil
}

// decode reads an entry as it is stored.
func (l *Layout) decode(raw json.RawMessage) (m Modification, err error) {
	if err := json.Unmarshal(raw, &m.Fields); err != nil {
		return m, err
	}
	for _, f := range l.entry(&m) {
		value, there := m.Fields[f.name]
		if f.name == "" || !there {
			continue
		}
		delete(m.Fields, f.name)
		switch { // an error of encoding/json would repeat the value
		case f.raw != nil:
			*f.raw = value
		case f.mark != nil:
			if json.Unmarshal(value, f.mark) != nil {
				return m, fmt.Errorf("%s is neither true nor false", f.name)
			}
		case json.Unmarshal(value, f.text) != nil:
			return m, fmt.Errorf("%s is no string", f.name)
		}
	}
	if len(m.Fields) == 0 {
		m.Fields = nil
	}
	return m, nil
}
