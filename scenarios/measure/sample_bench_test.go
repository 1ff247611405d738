package measure

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// BenchmarkSample is what it costs for each repetition of a storm to be played elsewhere, in
// units of so many: to be encoded, compressed with others as a campaign does, uncompressed,
// decoded and pooled, beside what it costs to be played. The bytes are those of the piece.
func BenchmarkSample(b *testing.B) {
	const repetitions = 1000
	point := &Point{Run: simulated(b, "storm", "production", 1, repetitions, 1).run}
	plan := Plan{[]Point{*point}}
	each := func(b *testing.B, before time.Duration) {
		b.ReportMetric(float64(processorTime(b)-before)/float64(b.N)/repetitions, "cpu-ns/repetition")
		b.ReportMetric(0, "ns/op")
	}
	b.Run("play", func(b *testing.B) {
		before := processorTime(b)
		for b.Loop() {
			var p Player
			for _, part := range plan.Units(10) {
				p.Play(b.Context(), part)
			}
			p.Close()
		}
		each(b, before)
	})
	for _, size := range []int{10, 100, 1000} {
		var player Player
		var samples []*Sample
		for _, part := range plan.Units(size) {
			samples = append(samples, player.Play(b.Context(), part))
		}
		player.Close()
		encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			b.Fatal(err)
		}
		decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
		if err != nil {
			b.Fatal(err)
		}
		var piece, compressed []byte
		var ends []int
		b.Run(fmt.Sprint("encode/", size), func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				piece, ends = piece[:0], ends[:0]
				for _, s := range samples {
					piece = s.Encode(piece)
					ends = append(ends, len(piece))
				}
				compressed = encoder.EncodeAll(piece, compressed[:0])
			}
			each(b, before)
			b.ReportMetric(float64(len(piece))/repetitions, "B/repetition")
			b.ReportMetric(float64(len(compressed))/repetitions, "compressed-B/repetition")
		})
		b.Run(fmt.Sprint("decode/", size), func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				whole, err := decoder.DecodeAll(compressed, nil)
				if err != nil {
					b.Fatal(err)
				}
				pool, err := NewPool(point, nil, 0)
				if err != nil {
					b.Fatal(err)
				}
				begin := 0
				for _, end := range ends {
					s, err := DecodeSample(whole[begin:end])
					if err != nil {
						b.Fatal(err)
					}
					pool.Add(s)
					begin = end
				}
			}
			each(b, before)
		})
	}
}

// BenchmarkPool is the memory that a pool holds for each repetition of a storm, of hundreds of
// thousands.
func BenchmarkPool(b *testing.B) {
	const size, units = 100, 2000
	point := &Point{Run: simulated(b, "storm", "production", 1, size*units, 1).run}
	encoded := Part{point, 1, size}.Play(b.Context()).Encode(nil)
	for b.Loop() {
		before := inUse()
		pool, err := NewPool(point, nil, 0)
		if err != nil {
			b.Fatal(err)
		}
		for i := range units {
			s, err := DecodeSample(encoded)
			if err != nil {
				b.Fatal(err)
			}
			s.first, s.last = i*size+1, (i+1)*size // as if its seeds were others
			pool.Add(s)
		}
		b.ReportMetric(float64(inUse()-before)/size/units, "B/repetition")
		runtime.KeepAlive(pool)
	}
	b.ReportMetric(0, "ns/op")
}

// processorTime is what the process has taken, the garbage collector included.
func processorTime(b *testing.B) time.Duration {
	var of syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &of); err != nil {
		b.Fatal(err)
	}
	return time.Duration(of.Utime.Nano() + of.Stime.Nano())
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
