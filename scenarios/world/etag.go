package world

import (
	"fmt"
	"hash/crc32"
	"strings"
)

// etags remembers those of bodies that an explorer writes again and again, each the
// same slice. They are held, so that nothing else can come to stand at their address.
type etags map[*byte]etagged

type etagged struct {
	body []byte
	etag string
}

// Bodies below leastRemembered bytes are summed faster than found; no more than
// mostRemembered are held.
const (
	leastRemembered = 512
	mostRemembered  = 4096
)

func (e etags) of(body []byte) string {
	if len(body) < leastRemembered {
		return ETag(body)
	}
	known, ok := e[&body[0]]
	if !ok || len(known.body) != len(body) {
		if len(e) >= mostRemembered {
			clear(e)
		}
		known = etagged{body, ETag(body)}
		e[&body[0]] = known
	}
	return known.etag
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ETag is that of an object with this content: a checksum, of two that processors
// compute fast, as the cost of an MD5 would be most of the cost of a call. It has one of
// the forms that stores give them, as the content will have it: that of an MD5, that of
// an upload in parts, and opaque ones that are shorter.
func ETag(body []byte) string {
	sum := uint64(crc32.Checksum(body, castagnoli))<<32 | uint64(crc32.ChecksumIEEE(body))
	var text [36]byte
	b := append(text[:0], '"')
	switch sum & 3 {
	case 0:
		b = hexDigits(hexDigits(b, sum), sum*0x9e3779b97f4a7c15)
	case 1:
		b = append(hexDigits(hexDigits(b, sum), sum*0x9e3779b97f4a7c15), "-2"...)
	case 2:
		b = hexDigits(append(b, "0x"...), sum)
	default:
		b = hexDigits(b, sum)
	}
	return string(append(b, '"'))
}

func hexDigits(b []byte, sum uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[sum>>shift&15])
	}
	return b
}

// growth makes an object's ETags of which each is the beginning of the next, until they
// get long: whoever compares less than the whole takes them for each other. What was
// there before has the ETag that it had.
type growth struct {
	known  map[string]string // by the ETag by content
	latest string
}

// mostGrown is how long an ETag grows.
const mostGrown = 40

func (g *growth) of(content string) string {
	if g.known == nil {
		g.known = map[string]string{}
	}
	etag, known := g.known[content]
	if !known {
		if g.latest == "" || len(g.latest) > mostGrown {
			g.latest = strings.Trim(content, `"`)[:4] + fmt.Sprint(len(g.known))
		}
		g.latest += "a"
		etag = `"` + g.latest + `"`
		g.known[content] = etag
	}
	return etag
}
