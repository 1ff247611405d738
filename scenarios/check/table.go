package check

import "hash/maphash"

// table gives each distinct string a small number. It holds no pointers to
// strings: millions of them cost the garbage collector nothing.
type table struct {
	text  [][]byte // pages
	spots list[spot]
	// slots are an open hash table: the upper half of a slot is the string's
	// hash, the lower its number+1, 0 if the slot is free.
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

// store adds a string to the text.
func (t *table) store(s string) {
	last := len(t.text) - 1
	if last < 0 || len(t.text[last])+len(s) > textPage {
		var page []byte
		if last >= 0 {
			page = make([]byte, 0, max(textPage, len(s))) // the first grows: most tables are short
		}
		t.text = append(t.text, page)
		last++
	}
	t.spots.add(spot{uint32(last), uint32(len(t.text[last])), uint32(len(s))})
	t.text[last] = append(t.text[last], s...)
}

// name is the string of a number.
func (t *table) name(n int32) string { return string(t.bytes(n)) }

func (t *table) number(s string) int32 {
	for _, n := range t.recent {
		if n < t.spots.n && string(t.bytes(n)) == s {
			return n
		}
	}
	n := t.find(s)
	t.recent[t.turn%4] = n
	t.turn++
	return n
}

// find looks a string up in the slots and adds it if it is new.
func (t *table) find(s string) int32 {
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
	t.store(s)
	t.slots[at] = hash<<32 | uint64(t.spots.n)
	return t.spots.n - 1
}

func (t *table) grow() {
	if t.slots == nil {
		t.seed = maphash.MakeSeed()
	}
	old := t.slots
	t.slots = make([]uint64, max(16, 2*len(old)))
	mask := uint64(len(t.slots) - 1)
	for _, slot := range old {
		if slot == 0 {
			continue
		}
		at := slot >> 32 & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = slot
	}
}

// list is a slice in pages, which does not copy what it has when it grows.
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
	if l.n&(pageSize-1) == 0 {
		var page []T
		if l.n > 0 {
			page = make([]T, 0, pageSize) // the first grows: most lists are short
		}
		l.pages = append(l.pages, page)
	}
	last := len(l.pages) - 1
	l.pages[last] = append(l.pages[last], v)
	l.n++
}
