package history

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"

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

func BenchmarkWriter(b *testing.B) {
	w, err := NewWriter(io.Discard, Header{})
	if err != nil {
		b.Fatal(err)
	}
	e := typicalPut()
	b.ReportAllocs()
	for b.Loop() {
		w.Add(e)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkReader(b *testing.B) {
	line := append(appendEvent(nil, typicalPut()), '\n')
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decode(line); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
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
