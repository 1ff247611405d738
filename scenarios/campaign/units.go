package campaign

import (
	"fmt"
	"strconv"
	"strings"
)

// mostUnits of a stage: what names have digits for.
const mostUnits = 10_000_000

// Stage is a part of a campaign that has units of its own. The zero value is [Whole].
type Stage string

// Whole is the only stage of a campaign whose plan says all that is to be played.
const Whole Stage = ""

// StageOf is the n-th stage, from 0, of a campaign that goes by them.
func StageOf(n int) Stage { return Stage(fmt.Sprintf("stages/%04d/", n)) }

// Range is which units a shard has of so many: those from first to end-1. Of more shards than
// units some have none.
func Range(shard, shards, units int) (first, end int) {
	at := func(shard int) int { return int(int64(shard) * int64(units) / int64(shards)) }
	return at(shard), at(shard + 1)
}

// pieces is where the pieces of a shard are.
func (s Stage) pieces(shard int) string { return fmt.Sprintf("%sshards/%05d/", s, shard) }

// piece is the name of the one that begins with a unit of the shard, from 0.
func (s Stage) piece(shard, first int) string { return fmt.Sprintf("%s%07d", s.pieces(shard), first) }

// readPiece is what the name of a piece says.
func (s Stage) readPiece(key string) (shard, first int, ok bool) {
	name, ok := strings.CutPrefix(key, string(s)+"shards/")
	if !ok {
		return 0, 0, false
	}
	n, ok := numbers(name, "/", 2)
	if !ok {
		return 0, 0, false
	}
	return n[0], n[1], s.piece(n[0], n[1]) == key
}

// mark is the name of the object that says that the first units of a shard are published, of a
// stage that has so many units.
func (s Stage) mark(shard, done, units int) string {
	return fmt.Sprintf("%s%05d-%07d-%07d", s.marks(), shard, done, units)
}

func (s Stage) marks() string { return string(s) + "done/" }

func (s Stage) readMark(key string) (shard, done, units int, ok bool) {
	name, ok := strings.CutPrefix(key, s.marks())
	if !ok {
		return 0, 0, 0, false
	}
	n, ok := numbers(name, "-", 3)
	if !ok {
		return 0, 0, 0, false
	}
	return n[0], n[1], n[2], s.mark(n[0], n[1], n[2]) == key
}

func numbers(name, between string, n int) ([]int, bool) {
	fields := strings.Split(name, between)
	if len(fields) != n {
		return nil, false
	}
	all := make([]int, n)
	for i, field := range fields {
		var err error
		if all[i], err = strconv.Atoi(field); err != nil {
			return nil, false
		}
	}
	return all, true
}
