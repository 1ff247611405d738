package web

import "strings"

// headerETag writes a store's ETag as HTTP requires it: in quotes, which S3 itself
// sends already.
func headerETag(etag string) string {
	if len(etag) >= 2 && strings.HasSuffix(etag, `"`) && (etag[0] == '"' || strings.HasPrefix(etag, `W/"`)) {
		return etag
	}
	return `"` + etag + `"`
}

// opaque is what is compared of an entity tag: If-None-Match compares weakly, so
// W/"a" is "a". Tags without quotes, which some clients send, are taken for what
// they mean.
func opaque(tag string) string {
	if strings.HasPrefix(tag, `W/"`) {
		tag = tag[len("W/"):]
	}
	if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		return tag[1 : len(tag)-1]
	}
	return tag
}

// oneVersion reports whether a tag can be that of a version. A condition on any other,
// such as * or a list of tags, is never met, and no conflict with anybody.
func oneVersion(tag string) bool {
	return tag != "*" && !strings.Contains(opaque(tag), `"`)
}

// noneMatch reports whether one of the tags of an If-None-Match header is that of
// the stored version, so that it need not be sent again. A header that is none is
// as good as absent: then the answer is the whole document.
func noneMatch(header []string, etag string) bool {
	for _, line := range header {
		for line != "" {
			var tag string
			tag, line = nextTag(line)
			if tag == "*" || tag != "" && opaque(tag) == opaque(etag) {
				return true
			}
		}
	}
	return false
}

// nextTag cuts the first element off a list of entity tags. Between its quotes a tag
// may have commas.
func nextTag(list string) (tag, rest string) {
	list = strings.TrimLeft(list, " \t,")
	from := 0
	if open := strings.TrimPrefix(list, "W/"); strings.HasPrefix(open, `"`) {
		from = len(list) - len(open) + 1
		closing := strings.IndexByte(list[from:], '"')
		if closing < 0 {
			return "", "" // not a tag, and nobody knows where the next one begins
		}
		from += closing + 1
	}
	comma := strings.IndexByte(list[from:], ',')
	if comma < 0 {
		return strings.TrimRight(list, " \t"), ""
	}
	return strings.TrimRight(list[:from+comma], " \t"), list[from+comma+1:]
}
