package archive

import (
	"fmt"
	"strings"
)

// TriggerPrefix begins the keys of triggers, by which package delivery tells who is to
// be told, and the key of no document.
const TriggerPrefix = "customers/"

// Key is [Layout.Key] of the archive's own layout.
func Key(id string) (string, error) { return ownLayout.Key(id) }

// Key returns the key under which an object is kept. The error wraps [ErrInvalid].
func (l *Layout) Key(id string) (string, error) {
	l = l.Resolved()
	if err := l.ValidateID(id); err != nil {
		return "", err
	}
	key := l.Prefix + id + l.Suffix
	if strings.HasPrefix(key, TriggerPrefix) {
		return "", fmt.Errorf("%w object id %q: its key would be that of a trigger", ErrInvalid, id)
	}
	return key, nil
}

// ParseKey is the inverse of [Layout.Key]; ok is false for any other key.
func (l *Layout) ParseKey(key string) (id string, ok bool) {
	l = l.Resolved()
	id, isPrefixed := strings.CutPrefix(key, l.Prefix)
	id, isSuffixed := strings.CutSuffix(id, l.Suffix)
	if !isPrefixed || !isSuffixed {
		return "", false
	}
	again, err := l.Key(id)
	return id, err == nil && again == key
}

// ValidateID is [Layout.ValidateID] of the archive's own layout.
func ValidateID(id string) error { return ownLayout.ValidateID(id) }

// The bounds of an id: of all of it, and of each of its parts.
const (
	mostID     = 512
	mostIDPart = 128
)

// ValidateID reports why an object id can't be part of a key. An id, or each of its
// parts where the layout has [Layout.Slashes], has 1 to 128 letters, digits, '-', '_'
// and '.', starts with a letter or digit, and does not contain ".."; all parts together
// have at most 512 characters. The error wraps [ErrInvalid].
func (l *Layout) ValidateID(id string) error {
	l = l.Resolved()
	if !l.Slashes || strings.IndexByte(id, '/') < 0 {
		return ValidateKeyPart("object id", id)
	}
	if len(id) > mostID {
		return fmt.Errorf("%w object id %q…: longer than %d characters", ErrInvalid, id[:16], mostID)
	}
	for part := range strings.SplitSeq(id, "/") {
		if err := ValidateKeyPart("part of an object id", part); err != nil {
			return fmt.Errorf("%w, in %q", err, id)
		}
	}
	return nil
}

// ValidateKeyPart reports why a text, of which what says what it is, can't be a part of a
// key, between slashes: see [Layout.ValidateID]. The error wraps [ErrInvalid].
func ValidateKeyPart(what, part string) error {
	switch {
	case part == "":
		return fmt.Errorf("%w %s: it is empty", ErrInvalid, what)
	case len(part) > mostIDPart:
		return fmt.Errorf("%w %s %q…: longer than %d characters", ErrInvalid, what, part[:16], mostIDPart)
	case anyByte(part, unsafeInKey):
		return fmt.Errorf("%w %s %q: only letters, digits, '-', '_' and '.' are safe in a key", ErrInvalid, what, part)
	case strings.ContainsRune("-_.", rune(part[0])), strings.Contains(part, ".."):
		return fmt.Errorf("%w %s %q: it must start with a letter or digit and not contain \"..\"", ErrInvalid, what, part)
	}
	return nil
}

func unsafeInKey(c byte) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.')
}

// anyByte reports whether a byte of s is bad.
func anyByte(s string, bad func(byte) bool) bool {
	for i := range len(s) {
		if bad(s[i]) {
			return true
		}
	}
	return false
}
