package archive

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"slices"
)

// ContentDigest is a checksum of what a modification is made together with: the fields
// that are set and removed, and the entry but for its time. White space between the
// tokens of the values does not count. An entry carries it, so that an id that comes
// again with other content is told from a call that is repeated: what the first call
// set need not be in the document any more. An edit that may come out differently
// ([Edit.Once], [Archive.Update]) has none. It is FNV-1a, 64 bits, as 16
// hexadecimal digits.
func ContentDigest(fields map[string]json.RawMessage, remove []string, m Modification) string {
	sum := fnv.New64a()
	var length [8]byte
	// Each part has its kind and its length, so that no two can pass for two others.
	add := func(kind byte, text []byte) {
		sum.Write([]byte{kind})
		n := uint64(len(text))
		for i := range length {
			length[i] = byte(n >> (8 * i))
		}
		sum.Write(length[:])
		sum.Write(text)
	}
	for _, s := range [...]string{m.ID, m.UserID, m.Type, m.CustomerCode} {
		add('m', []byte(s))
	}
	add('m', compacted(m.MeetingMetadata))
	for _, name := range fieldNames(make([]string, 0, fewFields), fields) {
		add('s', []byte(name))
		add('=', compacted(fields[name]))
	}
	for _, name := range slices.Sorted(slices.Values(remove)) {
		add('r', []byte(name))
	}
	for _, name := range fieldNames(make([]string, 0, fewFields), m.Fields) {
		add('e', []byte(name)) // of the entry, not of the document
		add('=', compacted(m.Fields[name]))
	}
	return hex.EncodeToString(sum.Sum(length[:0]))
}

// compacted is a value without white space between its tokens. Most have none.
func compacted(value json.RawMessage) []byte {
	if !bytes.ContainsAny(value, " \t\r\n") {
		return value
	}
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return value // it is none, and will be refused
	}
	return b.Bytes()
}

// contentOf are all fields of a document, for the digest of its creation; nil if it does
// not tell them.
func contentOf(doc Document) map[string]json.RawMessage {
	named, ok := doc.(interface{ FieldNames() []string })
	if !ok {
		return nil
	}
	fields := map[string]json.RawMessage{}
	for _, name := range named.FieldNames() {
		fields[name], _ = doc.Field(name)
	}
	return fields
}

// reused reports whether the document holds one of an intent's ids as that of something
// else. Entries that have no digest, since other software or an older version wrote
// them or the layout has no name for it, are told apart by their user and type.
func (c *call) reused(it *intent, doc Document, held bool) error {
	for i := range it.known {
		mine := &it.known[i]
		if mine.ContentDigest == "" || !doc.HasModification(mine.ID) {
			continue
		}
		change := Snapshot{Document: doc}.Change()
		if change == nil {
			return nil // nothing is known of the entries
		}
		theirs, ok := change.Modification(mine.ID)
		same := c.layout.sameAuthor(&theirs, mine)
		if theirs.ContentDigest != "" {
			same = theirs.ContentDigest == mine.ContentDigest
		}
		if !ok || !same { // what can't be decoded is of other software
			return &ReusedIDError{Bucket: c.bucket, Key: c.key, ID: mine.ID}
		}
	}
	if !held {
		for i := range it.others {
			if doc.HasModification(it.others[i].ID) {
				return &ReusedIDError{Bucket: c.bucket, Key: c.key, ID: it.others[i].ID}
			}
		}
	}
	return nil
}

// sameAuthor reports whether two modifications are of the same user and type, as far as
// entries tell.
func (l *Layout) sameAuthor(a, b *Modification) bool {
	return (l.Entry.User == "" || a.UserID == b.UserID) && (l.Entry.Type == "" || a.Type == b.Type)
}
