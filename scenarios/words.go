package scenarios

import (
	"slices"
	"strings"
)

// worded is a type of a file's keys whose values are words.
type worded interface {
	~string
	words() []string // that a file can give
}

func (Kind) words() []string  { return wordsOf(User, Backend, Creator, Outsider, Stranger) }
func (Do) words() []string    { return wordsOf(DoLoad, DoSave, DoAppend, DoCreate, DoResume) }
func (Point) words() []string { return wordsOf(BeforeGet, BeforePut) }
func (Via) words() []string   { return wordsOf(ViaCore, ViaAPI) }
func (ETags) words() []string { return wordsOf(ContentETags, GrowingETags) }
func (Keys) words() []string  { return wordsOf(RandomKeys, HashedKeys) }
func (Edits) words() []string {
	return wordsOf(TextEdits, AnyEdits, SharedEdits, OwnEdits, InvalidEdits)
}
func (Codec) words() []string { return wordsOf(JSON, Compact) }

func (QueueKind) words() []string { return wordsOf(Standard, FIFO) }

func wordsOf[T ~string](values ...T) []string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return words
}

// oneOf reports whether a value is one of its type's words.
func oneOf[T worded](value T) bool { return slices.Contains(value.words(), string(value)) }

// oneOrNone is [oneOf] of a key that may be left out.
func oneOrNone[T worded](value T) bool { return value == "" || oneOf(value) }

// either lists a type's words: a, b or c.
func either[T worded](value T) string {
	words := value.words()
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
