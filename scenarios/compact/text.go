package compact

import (
	"encoding/binary"
	"unsafe"
)

const (
	magic    = "compact\x01"
	textSize = len(magic) + 8 + 8
	headSize = textSize + 8
)

// text is what stands for a version in a store: a magic word and checksums of
// the history and of the fields, so that versions with the same content have the
// same text and others do not, as with JSON; ETags may be made of it. Behind it,
// in the slice's capacity, is the address at which it was written.
//
// It is part of the version, so whoever holds the text keeps the version alive,
// and nobody else does: attempts that nobody stores leave nothing behind.
type text [headSize]byte

// write writes the text of v, whose first field t is.
func (t *text) write(v *version) {
	copy(t[:], magic)
	binary.LittleEndian.PutUint64(t[len(magic):], uint64(v.sum()))
	binary.LittleEndian.PutUint64(t[len(magic)+8:], uint64(v.fields))
	binary.LittleEndian.PutUint64(t[textSize:], uint64(uintptr(unsafe.Pointer(t))))
}

func (t *text) body() []byte { return t[:textSize] } // its capacity is headSize

// versionOf returns the version whose text a body is, nil if it is none. A copy
// of a text, at another address, is none: all checks come before the cast, and
// all that they read is within the slice's capacity.
func versionOf(body []byte) *version {
	if len(body) != textSize || cap(body) != headSize || string(body[:len(magic)]) != magic {
		return nil
	}
	head := body[:headSize]
	start := unsafe.Pointer(unsafe.SliceData(head))
	if binary.LittleEndian.Uint64(head[textSize:]) != uint64(uintptr(start)) {
		return nil
	}
	// The text is the first field of its version, and keeps it where it is:
	// what is on the heap does not move.
	return (*version)(start)
}
