package history

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"holdfast/archive"
)

func typicalPut() *Event {
	return &Event{
		Kind: Put, Start: 123456789012, At: 123456799012, Actor: "backend-17", Op: 4711, Key: "archive/CHG-30030.json",
		If: IfMatch, IfETag: `"0123456789abcdef0123456789abcdef"`, Answer: OK, ETag: `"fedcba9876543210fedcba9876543210"`,
		Doc: &Doc{
			N: 57, Sum: 0x0123456789abcdef, Fields: 0xfedcba9876543210, Of: `"0123456789abcdef0123456789abcdef"`,
			Keep: 56, Add: []string{"0b7c9a52-8a64-4d0e-9d8f-0f6f2f9f7a11"},
		},
	}
}

// BenchmarkWrite is what it costs to record an event: in the real world it is taken from
// the throughput that a run measures.
func BenchmarkWrite(b *testing.B) {
	events := contended(100_000, 30)
	for _, name := range []string{"plain", "compressed"} {
		b.Run(name, func(b *testing.B) {
			var out io.Writer = io.Discard
			if name == "compressed" {
				file, err := Create(os.DevNull)
				if err != nil {
					b.Fatal(err)
				}
				defer file.Close()
				out = file
			}
			w, err := NewWriter(out, Header{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				w.Add(events[i%len(events)])
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkRead reads a saved history on one core, with all that is held against it.
func BenchmarkRead(b *testing.B) {
	dir := b.TempDir()
	plain, compressed := filepath.Join(dir, PlainFileName), filepath.Join(dir, FileName)
	events := contended(100_000, 30)
	save(b, compressed, events, true)
	text := written(b, events)
	if err := os.WriteFile(plain, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	for _, path := range []string{plain, compressed} {
		b.Run(filepath.Base(path), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			read, begun := 0, processorTime()
			for b.Loop() {
				rd, err := Open(path)
				if err != nil {
					b.Fatal(err)
				}
				for _, err := range rd.Events() {
					if err != nil {
						b.Fatal(err)
					}
					read++
				}
				if err := rd.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(read)/(processorTime()-begun).Seconds(), "events/cpu-s")
		})
	}
}

// processorTime is what a busy machine does not add to; garbage collection counts.
func processorTime() time.Duration {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// contended are the events of clients that append to one object, one after the other.
func contended(operations, clients int) (events []*Event) {
	etag := func(i int) string { return fmt.Sprintf(`"%016x%016x"`, uint64(Mixed(0, fmt.Sprint(i))), i) }
	for i := range operations {
		common := Event{Actor: fmt.Sprintf("backend-%03d", i%clients), Op: i + 1, Key: "archive/CHG-30030.json", At: int64(i) * 1000, Answer: OK}
		id := fmt.Sprintf("m-%024x", i)
		invoke, get, put, end := common, common, common, common
		invoke.Kind, invoke.Do, invoke.IDs, invoke.Entries, invoke.Answer = Invoke, "append", []string{id}, []Sum{Sum(i)}, ""
		get.Kind, get.Start, get.ETag, get.Doc = Get, get.At, etag(i), &Doc{N: i, Sum: Mixed(1, id), Fields: 7}
		put.Kind, put.Start, put.If, put.IfETag, put.ETag = Put, put.At, IfMatch, etag(i), etag(i+1)
		put.Doc = &Doc{N: i + 1, Sum: Mixed(2, id), Fields: 7, Of: etag(i), Keep: i, Add: []string{id}, Entries: []Sum{Sum(i)}}
		end.Kind, end.Outcome, end.ETag, end.Answer = Return, Committed, etag(i+1), ""
		events = append(events, &invoke, &get, &put, &end)
	}
	return append(events, &Event{Kind: End, At: int64(operations) * 1000})
}

// BenchmarkDescribe is what it costs to describe a write of a document of
// typical and of large size.
func BenchmarkDescribe(b *testing.B) {
	own := newShape(nil)
	for _, entries := range []int{10, 100, 300} {
		base, next := grown(b, entries)
		known := newContent(own, base, nil)
		b.Run(fmt.Sprintf("append/%dKB", len(base)>>10), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				newContent(own, next, known).Written(known, "x")
			}
		})
		edited := bytes.Replace(next, []byte(`"changeTitle": "`), []byte(`"changeTitle": "New `), 1)
		b.Run(fmt.Sprintf("save/%dKB", len(base)>>10), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				newContent(own, edited, known).Written(known, "x")
			}
		})
	}
}

// grown is the example document with a history of that many entries, and with
// one more.
func grown(t testing.TB, entries int) (base, next []byte) {
	t.Helper()
	body, err := os.ReadFile("../library/documents/CHG-30030.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := archive.ParseChange(body)
	if err != nil {
		t.Fatal(err)
	}
	var doc archive.Document = c
	for i := range entries + 1 {
		base = doc.Encode()
		doc, err = doc.Apply(archive.Edit{Modifications: []archive.Modification{{
			ID: fmt.Sprintf("id-%08d", i), Timestamp: "2026-01-02T03:04:05Z", UserID: "backend-17", Type: archive.Processed, CustomerCode: "ACME",
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return base, doc.Encode()
}

// BenchmarkConsistency is what holding events against each other adds to reading them.
func BenchmarkConsistency(b *testing.B) {
	b.ReportAllocs()
	var c Consistency
	at := int64(0)
	actors := []string{"backend-01", "backend-02", "backend-03", "backend-04"}
	e := typicalPut()
	for b.Loop() {
		op, at0 := int(at/4)+1, at
		*e = Event{Kind: e.Kind, Start: at0, At: at0 + 1, Actor: actors[op%len(actors)], Op: op, Key: e.Key, Answer: OK, ETag: e.ETag, Doc: e.Doc, If: e.If}
		e.Kind = []Kind{Invoke, Get, Put, Return}[at%4]
		if err := c.Check(e); err != nil {
			b.Fatal(err)
		}
		at++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
