package history

import (
	"context"
	"fmt"
	"io"
	"testing"

	"holdfast/archive"
)

// counted is a writer that counts.
type counted struct{ bytes int }

func (c *counted) Write(p []byte) (int, error) { c.bytes += len(p); return len(p), nil }

var _ io.Writer = &counted{}

// BenchmarkTellReads is what it costs that the reads of one of four recorders tell: each of its
// reads is of a version that three others have written on top of the last that it knows.
func BenchmarkTellReads(b *testing.B) {
	for _, entries := range []int{10, 100, 1000} {
		for _, tells := range []bool{false, true} {
			b.Run(fmt.Sprintf("entries=%d/tells=%v", entries, tells), func(b *testing.B) {
				var ids []string
				for n := range entries {
					ids = append(ids, fmt.Sprintf("m-%022d", n))
				}
				var bodies [][]byte
				for n := range 16 {
					bodies = append(bodies, document(append(ids, func() (more []string) {
						for k := range 4 * n {
							more = append(more, fmt.Sprintf("x-%022d", k))
						}
						return more
					}()...), "A"))
				}
				out := &counted{}
				w, err := NewWriter(out, Header{})
				if err != nil {
					b.Fatal(err)
				}
				store := newMemory()
				rec := NewRecorder(w, archive.WallClock{})
				if tells {
					rec.TellReads()
				}
				c := rec.Client("ann", "", store)
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					store.bodies[key], store.etags[key] = bodies[n%len(bodies)], fmt.Sprintf("%032x", n)
					if n%len(bodies) == 0 {
						rec.describe = NewJSONDescriber(nil)
					}
					if _, _, err := c.Get(context.Background(), key); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(out.bytes)/float64(b.N), "B/read")
			})
		}
	}
}
