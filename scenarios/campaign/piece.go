package campaign

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// A piece is, compressed by Zstandard: a header, the results of consecutive units, each
// preceded by its length, and the SHA-256 of all that. The header says of which plan, stage and
// shard the piece is, which unit is the first and how many there are. So its bytes depend on
// what it holds alone, and not on who wrote it. Numbers are varints.
const pieceMagic = "holdfast piece 1\n"

// piece is where results belong.
type piece struct {
	stage        Stage
	shard, first int
}

func (p piece) key() string { return p.stage.piece(p.shard, p.first) }

// encode makes the piece of results.
func (c *Campaign) encode(p piece, results [][]byte) ([]byte, error) {
	size := 0
	for _, r := range results {
		size += len(r) + binary.MaxVarintLen32
	}
	b := make([]byte, 0, size+256)
	b = c.header(b, p)
	b = binary.AppendUvarint(b, uint64(len(results)))
	for _, r := range results {
		b = binary.AppendUvarint(b, uint64(len(r)))
		b = append(b, r...)
	}
	if len(b) > mostBytes {
		return nil, fmt.Errorf("units %d to %d of shard %d have %d MB of results, and a piece has at most %d: play fewer repetitions in a unit",
			p.first, p.first+len(results)-1, p.shard, len(b)>>20, mostBytes>>20)
	}
	sum := sha256.Sum256(b)
	return compress(append(b, sum[:]...))
}

func (c *Campaign) header(b []byte, p piece) []byte {
	b = append(b, pieceMagic...)
	b = append(b, c.digest[:]...)
	b = binary.AppendUvarint(b, uint64(len(p.stage)))
	b = append(b, p.stage...)
	b = binary.AppendUvarint(b, uint64(p.shard))
	return binary.AppendUvarint(b, uint64(p.first))
}

// GarbledError says that an object is not what a worker of this campaign has written under its
// name. None of its units counts.
type GarbledError struct {
	Where string // its name, with that of the prefix
	Why   string
}

func (e *GarbledError) Error() string {
	return fmt.Sprintf("%s %s: it was not written so by a worker of this campaign; delete it, and have its shard played again", e.Where, e.Why)
}

var (
	errCut     = errors.New("is cut or altered")
	errForeign = errors.New("is of another plan, or stood under another name")
)

// decode returns the results of a piece, of a shard that has so many units.
func (c *Campaign) decode(p piece, body []byte, units int) ([][]byte, error) {
	results, err := c.read(p, body)
	switch {
	case err != nil:
	case len(results) == 0:
		err = errors.New("holds no results")
	case p.first+len(results) > units:
		err = fmt.Errorf("holds units %d to %d, and its shard has %d", p.first, p.first+len(results)-1, units)
	}
	if err != nil {
		return nil, &GarbledError{c.at(p.key()), err.Error()}
	}
	return results, nil
}

func (c *Campaign) read(p piece, body []byte) ([][]byte, error) {
	b, err := decompress(body)
	if err != nil || len(b) < sha256.Size {
		return nil, errCut
	}
	b, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if of := sha256.Sum256(b); !bytes.Equal(of[:], sum) {
		return nil, errCut
	}
	b, ours := bytes.CutPrefix(b, c.header(nil, p))
	if !ours {
		return nil, errForeign
	}
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)) {
		return nil, errCut
	}
	b = b[used:]
	results := make([][]byte, n)
	for i := range results {
		size, used := binary.Uvarint(b)
		if used <= 0 || size > uint64(len(b)-used) {
			return nil, errCut
		}
		results[i], b = b[used:used+int(size):used+int(size)], b[used+int(size):]
	}
	if len(b) > 0 {
		return nil, errCut
	}
	return results, nil
}
