package measure

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestASampleThatIsNotComplete says so, also once it was written down.
func TestASampleThatIsNotComplete(t *testing.T) {
	run := simulated(t, "burst", "production", 1, 20, 1).run
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, s := range map[string]*Sample{
		"interrupted": Part{&Point{Run: run}, 1, 20}.Play(ctx),
		"failed":      failed(Part{&Point{Run: run}, 1, 20}, errors.New("the disk is full")),
	} {
		read, err := DecodeSample(s.Encode(nil))
		if err != nil {
			t.Fatal(name, err)
		}
		was, is := s.Err(ctx), read.Err(ctx)
		if was == nil || is == nil || is.Error() != was.Error() || read.whole() || read.interrupted != s.interrupted {
			t.Errorf("%s: %v, read %v", name, was, is)
		}
	}
}

// TestGarbledSamples are told as such, wherever they are.
func TestGarbledSamples(t *testing.T) {
	good := Part{&Point{Run: simulated(t, "two-users", "production", 1, 1, 1).run}, 1, 1}.Play(t.Context()).Encode(nil)
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 1 << (i % 8)
		if _, err := DecodeSample(bad); err == nil {
			t.Fatalf("byte %d of %d is another, and nobody sees it", i, len(good))
		}
		if _, err := DecodeSample(good[:i]); err == nil {
			t.Fatalf("%d bytes of %d are enough", i, len(good))
		}
	}
	later := append(binary.AppendUvarint(nil, SampleVersion+1), good[1:]...)
	if _, err := DecodeSample(later); err == nil || !strings.Contains(err.Error(), "another version has written it") {
		t.Error(err)
	}
}

// FuzzDecodeSample: no bytes make it panic, take memory that they do not pay for, or give a
// sample that a pool can't take.
func FuzzDecodeSample(f *testing.F) {
	point := &Point{Run: simulated(f, "burst", "unlocked", 1, 3, 1).run}
	for _, part := range []Part{{point, 1, 3}, {point, 2, 2}} {
		encoded := part.Play(f.Context()).Encode(nil)
		f.Add(encoded[:len(encoded)-4])
	}
	f.Add(failed(Part{point, 1, 3}, errors.New("failed")).Encode(nil))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		signed := binary.LittleEndian.AppendUint32(encoded[:len(encoded):len(encoded)], crc32.Checksum(encoded, castagnoli))
		s, err := DecodeSample(signed)
		if err != nil {
			return
		}
		again, err := DecodeSample(s.Encode(nil))
		if err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
		if diff := cmp.Diff(s.numbers.each, again.numbers.each); diff != "" {
			t.Error(diff)
		}
		if s.last-s.first > 1000 {
			return
		}
		pool, err := NewPool(point, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		pool.windows = true
		pool.next = s.first
		pool.Add(s)
		_, _ = pool.Measurement()
	})
}

// TestSamplesAreWhole: whatever a collector has that counts in a merge is encoded.
func TestSamplesAreWhole(t *testing.T) {
	// What is of a repetition or an operation under way, memory to be used again, or follows
	// from the repetitions.
	passing := map[string]bool{"begin": true, "last": true, "begun": true, "open": true, "repetition": true, "answeredIn": true,
		"sorted": true, "before": true, "batched": true}
	encoded := map[string]bool{"counts": true, "histogram": true, "latencies": true, "answered": true, "actors": true, "end": true,
		"unfinished": true, "skipped": true, "errors": true, "each": true, "calls": true, "timeline": true,
		"spent": true, "watch": true, "ran": true}
	of := reflect.TypeFor[Collector]()
	for i := range of.NumField() {
		if name := of.Field(i).Name; !passing[name] && !encoded[name] {
			t.Errorf("is %s of a collector encoded with a sample?", name)
		}
	}
}
