package history

import "testing"

// BenchmarkFingerprint is what it costs for an event of each common kind.
func BenchmarkFingerprint(b *testing.B) {
	const key, etag = "r00001/archive/CHG-12345.json", `"76f7e3ae9a662527"`
	doc := &Doc{N: 9, Sum: 0x6a06eab71ad2fd8b, Fields: 0xd8b86afdd6721612, Of: etag, Keep: 8}
	events := []*Event{
		{Kind: Get, Start: 1e6, At: 2e6, Actor: "writer-001", Op: 7, Key: key, Answer: OK, ETag: etag, Doc: doc},
		{Kind: Put, Start: 1e6, At: 2e6, Actor: "writer-001", Op: 7, Key: key, Answer: PreconditionFailed, If: IfMatch, IfETag: etag, Doc: doc},
		{Kind: Wait, At: 2e6, Actor: "writer-001", Op: 7, Key: key, Wait: 5e6, Attempt: 3},
	}
	var f Fingerprint
	for b.Loop() {
		for _, e := range events {
			f.Add(e)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(events)), "ns/event")
}
