package campaign

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/archive/storetest/broken"
)

// TestGarbled: a piece that is not what a worker has written is named, none of its units
// counts, and the others do.
func TestGarbled(t *testing.T) {
	foreign := planned(t, broken.NewMemory(), 5, 40)
	for name, tt := range map[string]struct {
		alter func(c *Campaign, whole []byte) []byte
		why   string
	}{
		"empty":    {func(*Campaign, []byte) []byte { return nil }, "is cut or altered"},
		"cut":      {func(_ *Campaign, whole []byte) []byte { return whole[:len(whole)-1] }, "is cut or altered"},
		"altered":  {func(_ *Campaign, whole []byte) []byte { whole[len(whole)/2] ^= 1; return whole }, "is cut or altered"},
		"no piece": {func(*Campaign, []byte) []byte { return []byte("<html>") }, "is cut or altered"},
		"of another plan": {func(*Campaign, []byte) []byte {
			return encoded(t, foreign, piece{Whole, 1, 0}, "unit 10")
		}, "is of another plan, or stood under another name"},
		"of another shard": {func(c *Campaign, _ []byte) []byte {
			return encoded(t, c, piece{Whole, 2, 0}, "unit 20")
		}, "is of another plan, or stood under another name"},
		"of another stage": {func(c *Campaign, _ []byte) []byte {
			return encoded(t, c, piece{StageOf(0), 1, 0}, "unit 10")
		}, "is of another plan, or stood under another name"},
		"too long": {func(c *Campaign, _ []byte) []byte {
			return encoded(t, c, piece{Whole, 1, 0}, make([]string, 11)...)
		}, "holds units 0 to 10, and its shard has 10"},
		"without results": {func(c *Campaign, _ []byte) []byte { return encoded(t, c, piece{Whole, 1, 0}) }, "holds no results"},
	} {
		t.Run(name, func(t *testing.T) {
			memory := broken.NewMemory()
			c := planned(t, memory, 4, 40)
			for i := range 4 {
				if err := alone(t, c, i).Play(t.Context(), Whole, 40, unit); err != nil {
					t.Fatal(err)
				}
			}
			const key = "shards/00001/0000000"
			whole, _, err := memory.Get(t.Context(), key)
			if err == nil {
				_, err = memory.Put(t.Context(), key, tt.alter(c, whole), archive.Condition{})
			}
			if err != nil {
				t.Fatal(err)
			}
			got, gaps := published(t, c)
			if want := slices.Concat(upTo(10), upTo(40)[20:]); !slices.Equal(got, want) || len(gaps) != 1 || gaps[0].First != 10 || gaps[0].Last != 19 || gaps[0].Garbled == nil {
				t.Fatal(got, gaps)
			}
			want := "mem://x/" + key + " " + tt.why + ": it was not written so by a worker of this campaign; delete it, and have its shard played again"
			if gaps[0].Garbled.Error() != want {
				t.Errorf("got %v, want %s", gaps[0].Garbled, want)
			}
			again := alone(t, c, 1).Play(t.Context(), Whole, 40, unit)
			if garbled, is := errors.AsType[*GarbledError](again); !is || garbled.Error() != want {
				t.Error(again)
			}
			if err := memory.Delete(t.Context(), key, archive.Condition{}); err != nil {
				t.Fatal(err)
			}
			if err := alone(t, c, 1).Play(t.Context(), Whole, 40, unit); err != nil {
				t.Error(err)
			}
			if got, gaps := published(t, c); !slices.Equal(got, upTo(40)) || len(gaps) > 0 {
				t.Error(got, gaps)
			}
		})
	}
}

func encoded(t *testing.T, c *Campaign, p piece, results ...string) []byte {
	t.Helper()
	var all [][]byte
	for _, r := range results {
		all = append(all, []byte(r))
	}
	body, err := c.encode(p, all)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestAnyAlteration: whatever byte of a piece is altered, lost or added, nothing of it counts.
func TestAnyAlteration(t *testing.T) {
	c := planned(t, broken.NewMemory(), 1, 9)
	p := piece{Whole, 0, 3}
	whole := encoded(t, c, p, "", "one", strings.Repeat("two", 1000), "three")
	if results, err := c.decode(p, slices.Clone(whole), 9); err != nil || len(results) != 4 || string(results[1]) != "one" || len(results[0]) != 0 {
		t.Fatal(results, err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		altered := slices.Clone(whole)
		switch at := random.IntN(len(whole)); random.IntN(3) {
		case 0:
			altered[at] ^= 1 << random.IntN(8)
		case 1:
			altered = altered[:at]
		case 2:
			altered = slices.Insert(altered, at, byte(random.IntN(256)))
		}
		results, err := c.decode(p, altered, 9)
		if err == nil && (len(results) != 4 || string(results[1]) != "one" || string(results[3]) != "three") {
			t.Fatalf("%q: %v", altered, results)
		}
	}
}

// FuzzPiece: no bytes make it panic, and only what was encoded is accepted.
func FuzzPiece(f *testing.F) {
	c := &Campaign{Prefix: In(broken.NewMemory(), "mem://x")}
	whole, err := c.encode(piece{Whole, 0, 0}, [][]byte{[]byte("one")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		if results, err := c.decode(piece{Whole, 0, 0}, body, 3); err == nil && (len(results) == 0 || len(results) > 3) {
			t.Error(results)
		}
	})
}
