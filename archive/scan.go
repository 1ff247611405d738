package archive

// A scanner over JSON that json.Valid has accepted. It finds where values begin
// and end, so that a document can be edited in place and all other bytes stay.
// On text that is not valid JSON its results are meaningless but it stays in bounds.

// span is body[start:end].
type span struct{ start, end int }

func (s span) of(body []byte) []byte { return body[s.start:s.end] }

// skipSpace returns the index of the first byte at or after i that is no white space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the index after the string that starts at i.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// skipValue returns the index after the value that starts at i.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipNested(b, i)
	}
	for i < len(b) {
		switch b[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			return i
		}
		i++
	}
	return i
}

func skipNested(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(b)
}

// eachField calls yield with the key (quotes included) and value of each field
// of the object that starts at i, until yield returns false.
func eachField(b []byte, i int, yield func(key, value span) bool) {
	i = skipSpace(b, i+1)
	for i < len(b) && b[i] == '"' {
		key := span{i, skipString(b, i)}
		i = skipSpace(b, key.end) // the colon
		i = skipSpace(b, i+1)     // the value
		value := span{i, skipValue(b, i)}
		if !yield(key, value) {
			return
		}
		i = skipSpace(b, value.end) // a comma or the end
		i = skipSpace(b, min(i+1, len(b)))
	}
}

// elements returns the elements of the array that starts at i.
func elements(b []byte, i int) []span {
	var all []span
	i = skipSpace(b, i+1)
	for i < len(b) && b[i] != ']' {
		value := span{i, skipValue(b, i)}
		all = append(all, value)
		i = skipSpace(b, value.end)
		if i < len(b) && b[i] == ',' {
			i = skipSpace(b, i+1)
		}
		if value.end == value.start {
			return all // no JSON; do not loop for ever
		}
	}
	return all
}
