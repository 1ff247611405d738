package history

import "holdfast/archive"

// Describer says what stands in the bodies that pass through a recorder's
// clients: it is the part of recording that depends on how documents are stored.
// One that is used by several goroutines must be safe for that.
type Describer interface {
	// Layout is that of the documents. It is the same every time.
	Layout() *archive.Layout
	// Content describes what is read or written under a key. The ETag is "" if
	// the store gave none. base, which may be nil, is the version that the
	// client knows; the body probably continues it.
	Content(key, etag string, body []byte, base Content) Content
}

// Content is the content of one version. It is immutable.
type Content interface {
	// Read describes it as read.
	Read() Doc
	// Written describes it as written on top of base, whose ETag is of. base is
	// nil, or of another describer's making, if there is nothing to compare with.
	Written(base Content, of string) Doc
	// Holds is the digest of a field's value; 0: it has no such field.
	Holds(field string) Sum
}
