package check

import (
	"bytes"
	"hash/maphash"
	"math"
	"slices"
)

// table gives each distinct string a small number. It holds no pointers to
// strings: millions of them cost the garbage collector nothing.
type table struct {
	text  [][]byte // pages; beyond its length are some to be used again
	spots list[spot]
	// slots are an open hash table: the upper half of a slot is the string's
	// hash, the lower its number+1, 0 if the slot is free. Few strings have none.
	slots []uint64
	seed  maphash.Seed
	// recent are the numbers given last: most strings come several times in a row.
	recent [4]int32
	turn   uint8
}

// spot is where a string is.
type spot struct{ page, start, size uint32 }

const textPage = 64 << 10

func (t *table) len() int { return int(t.spots.n) }

func (t *table) bytes(n int32) []byte {
	at := t.spots.at(n)
	return t.text[at.page][at.start:][:at.size]
}

// reset forgets all strings and keeps the memory.
func (t *table) reset() {
	t.text, t.slots = t.text[:0], t.slots[:0]
	t.spots.reset()
}

// store adds a string to the text.
func (t *table) store(s string) {
	last := len(t.text) - 1
	if last < 0 || len(t.text[last])+len(s) > textPage {
		t.addPage(len(s))
		last++
	}
	t.spots.add(spot{uint32(last), uint32(len(t.text[last])), uint32(len(s))})
	t.text[last] = append(t.text[last], s...)
}

func (t *table) addPage(least int) {
	n := len(t.text)
	if n < cap(t.text) {
		if page := t.text[:n+1][n]; cap(page) >= least || n == 0 {
			t.text = append(t.text, page[:0])
			return
		}
	}
	var page []byte
	if n > 0 {
		page = make([]byte, 0, max(textPage, least)) // the first grows: most tables are short
	}
	t.text = append(t.text, page)
}

// name is the string of a number.
func (t *table) name(n int32) string { return string(t.bytes(n)) }

// number is that of a string, which gets one if it has none.
func (t *table) number(s string) int32 {
	if t.spots.n <= few {
		if n := t.among(s); n != none {
			return n
		}
		if t.spots.n < few {
			t.store(s)
			return t.spots.n - 1
		}
	}
	for _, n := range t.recent {
		if n < t.spots.n && string(t.bytes(n)) == s {
			return n
		}
	}
	n := t.find(s, true)
	t.recent[t.turn%4] = n
	t.turn++
	return n
}

// numberLike is [table.number] where it is likely to be a certain one, or none.
func (t *table) numberLike(s string, likely int32) int32 {
	if likely >= 0 && likely < t.spots.n && string(t.bytes(likely)) == s {
		return likely
	}
	return t.number(s)
}

// lookup is the number of a string; none if it has none.
func (t *table) lookup(s string) int32 {
	if t.spots.n <= few {
		return t.among(s)
	}
	return t.find(s, false)
}

// few strings are compared one by one.
const few = 8

func (t *table) among(s string) int32 {
	for n := range t.spots.n {
		if string(t.bytes(n)) == s {
			return n
		}
	}
	return none
}

// find looks a string up in the slots; if it is new, it is added, or there is none.
func (t *table) find(s string, add bool) int32 {
	if 2*t.len() >= len(t.slots) {
		t.grow()
	}
	hash := maphash.String(t.seed, s) >> 32
	mask := uint64(len(t.slots) - 1)
	at := hash & mask
	for ; t.slots[at] != 0; at = (at + 1) & mask {
		if n := int32(uint32(t.slots[at])) - 1; t.slots[at]>>32 == hash && string(t.bytes(n)) == s {
			return n
		}
	}
	if !add {
		return none
	}
	t.store(s)
	t.slots[at] = hash<<32 | uint64(t.spots.n)
	return t.spots.n - 1
}

// sorted are the numbers in the order of their strings.
func (t *table) sorted() (numbers []int32) {
	for n := range t.spots.n {
		numbers = append(numbers, n)
	}
	slices.SortFunc(numbers, func(a, b int32) int { return bytes.Compare(t.bytes(a), t.bytes(b)) })
	return numbers
}

func (t *table) grow() {
	if cap(t.slots) == 0 {
		t.seed = maphash.MakeSeed()
	}
	if len(t.slots) == 0 {
		t.slots = filled(t.slots, 4*few, 0)
		for n := range t.spots.n {
			t.fill(maphash.Bytes(t.seed, t.bytes(n))&^math.MaxUint32 | uint64(n+1))
		}
		return
	}
	old := t.slots
	t.slots = make([]uint64, 2*len(old))
	for _, slot := range old {
		if slot != 0 {
			t.fill(slot)
		}
	}
}

// fill puts a slot into the first free place.
func (t *table) fill(slot uint64) {
	mask := uint64(len(t.slots) - 1)
	at := slot >> 32 & mask
	for t.slots[at] != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = slot
}

// list is a slice in pages, which does not copy what it has when it grows. The
// pages beyond its length are empty.
type list[T any] struct {
	pages [][]T
	n     int32
}

const (
	pageBits = 12
	pageSize = 1 << pageBits
)

func (l *list[T]) at(i int32) *T { return &l.pages[i>>pageBits][i&(pageSize-1)] }

func (l *list[T]) add(v T) {
	last := int(l.n >> pageBits)
	if last == len(l.pages) {
		var page []T
		if l.n > 0 {
			page = make([]T, 0, pageSize) // the first grows: most lists are short
		}
		l.pages = append(l.pages, page)
	}
	l.pages[last] = append(l.pages[last], v)
	l.n++
}

// reset empties the list and keeps its memory.
func (l *list[T]) reset() {
	for i := range l.pages {
		l.pages[i] = l.pages[i][:0]
	}
	l.n = 0
}

// much memory is not kept for the next object: there may be none.
const much = 1024

// kept empties a slice and keeps its memory unless it is much.
func kept[T any](s []T) []T {
	if cap(s) > much {
		return nil
	}
	return s[:0]
}

// filled is a slice of n times a value, in the memory of another if it is large enough.
func filled[T any](s []T, n int, v T) []T {
	s = slices.Grow(s[:0], n)[:n]
	for i := range s {
		s[i] = v
	}
	return s
}
