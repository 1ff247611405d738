package check

import "hash/maphash"

// table gives each distinct string a small number. It holds no pointers to
// strings: millions of them cost the garbage collector nothing.
type table struct {
	text  []byte
	ends  []int   // of each string in text
	slots []int32 // open addressing; number+1, 0 is free
	seed  maphash.Seed
	// recent are the numbers given last: most strings come several times in a row.
	recent [4]int32
	turn   uint8
}

func (t *table) len() int { return len(t.ends) }

func (t *table) bytes(n int32) []byte {
	start := 0
	if n > 0 {
		start = t.ends[n-1]
	}
	return t.text[start:t.ends[n]]
}

// name is the string of a number.
func (t *table) name(n int32) string { return string(t.bytes(n)) }

func (t *table) number(s string) int32 {
	for _, n := range t.recent {
		if int(n) < len(t.ends) && string(t.bytes(n)) == s {
			return n
		}
	}
	if 2*len(t.ends) >= len(t.slots) {
		t.grow()
	}
	at := t.slot(s)
	n := t.slots[at] - 1
	if n == none {
		n = int32(len(t.ends))
		t.slots[at] = n + 1
		t.text = append(t.text, s...)
		t.ends = append(t.ends, len(t.text))
	}
	t.recent[t.turn%4] = n
	t.turn++
	return n
}

// slot is where the string is, or where it belongs.
func (t *table) slot(s string) uint64 {
	mask := uint64(len(t.slots) - 1)
	for at := maphash.String(t.seed, s) & mask; ; at = (at + 1) & mask {
		if n := t.slots[at] - 1; n == none || string(t.bytes(n)) == s {
			return at
		}
	}
}

func (t *table) grow() {
	if t.slots == nil {
		t.seed = maphash.MakeSeed()
	}
	t.slots = make([]int32, max(16, 2*len(t.slots)))
	for n := range t.ends {
		t.slots[t.slot(t.name(int32(n)))] = int32(n) + 1
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
