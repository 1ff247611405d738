package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// BenchmarkRealWorld compares the operations a second of the whole real world
// (player, production core, adapter, history on disk) with those of a bare SDK
// loop that does the same GETs and PUTs of documents of the same size against
// the same server. The two take turns, so that a noisy machine disturbs both.
// Each client has a document of its own: contention would change the number of
// requests.
//
// It reports ops/s of both and their ratio; 0.95 is the least that the project
// asks for.
func BenchmarkRealWorld(b *testing.B) {
	for _, clients := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			server, err := fakes3.Start()
			if err != nil {
				b.Fatal(err)
			}
			defer server.Close()
			doc, err := OpenDocument("")
			if err != nil {
				b.Fatal(err)
			}
			const operations = 400 // of each client and turn
			var ours, bare time.Duration
			turn := 0
			for b.Loop() {
				turn++
				bare += timeBareLoops(b, server, doc, clients, operations, turn)
				ours += timePlayer(b, server, doc, clients, operations, turn)
			}
			total := float64(turn * clients * operations)
			b.ReportMetric(total/ours.Seconds(), "ops/s")
			b.ReportMetric(total/bare.Seconds(), "bare-ops/s")
			b.ReportMetric(bare.Seconds()/ours.Seconds(), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// freshAfter keeps the documents of both loops equally small.
const freshAfter = 50

func timePlayer(b *testing.B, server *fakes3.Server, doc *archive.Change, clients, operations, turn int) time.Duration {
	b.Helper()
	s := &Scenario{Name: "bench", Shows: "speed", Objects: Objects{FreshAfter: freshAfter}}
	var all []*Run
	spec, err := cores.Find("production")
	if err != nil {
		b.Fatal(err)
	}
	s.Actors = []Actor{{Name: "writer", Kind: Backend, Count: 1, Load: &Load{Operations: operations}}}
	file, err := history.Create(filepath.Join(b.TempDir(), history.FileName))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	sink, err := history.NewWriter(file, history.Header{})
	if err != nil {
		b.Fatal(err)
	}
	for c := range clients {
		all = append(all, &Run{
			Scenario: s, Document: doc, Core: spec, Policy: archive.DefaultPolicy(), Seed: uint64(turn*clients + c), Repetitions: 1,
		})
	}
	start := time.Now()
	var wg sync.WaitGroup
	for c, r := range all {
		wg.Go(func() {
			open := func(int) world.World {
				return world.NewReal(archive.WallClock{}, server.Store().WithPrefix(fmt.Sprintf("ours%d-%d/", turn, c)), nil)
			}
			if _, err := r.Play(b.Context(), open, sink); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(sink.Close(), file.Close()); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

func timeBareLoops(b *testing.B, server *fakes3.Server, doc *archive.Change, clients, operations, turn int) time.Duration {
	b.Helper()
	start := time.Now()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			loop := bareLoop{server.Client(), server.Bucket()}
			for from := 0; from < operations; from += freshAfter {
				key := fmt.Sprintf("bare%d-%d/archive/CHG-12345-g%d.json", turn, c, from)
				if err := loop.run(b.Context(), key, doc.Encode(), freshAfter); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// bareLoop is what someone would write who wants nothing but speed: it splices
// a constant entry into the text and knows nothing of JSON.
type bareLoop struct {
	client *s3.Client
	bucket string
}

func (l bareLoop) run(ctx context.Context, key string, body []byte, operations int) error {
	if _, err := l.put(ctx, key, body, nil); err != nil {
		return err
	}
	entry := []byte(`,
    {
      "modification_id": "m-000000000000000000000000",
      "timestamp": "2026-01-01T00:00:00Z",
      "user_id": "writer",
      "modification_type": "processed",
      "customer_code": "hts"
    }`)
	for range operations {
		read, etag, err := l.get(ctx, key)
		if err != nil {
			return err
		}
		at := bytes.Index(read, []byte("\n  ],\n  \"meeting_metadata\""))
		body = append(append(append(make([]byte, 0, len(read)+len(entry)), read[:at]...), entry...), read[at:]...)
		if _, err := l.put(ctx, key, body, etag); err != nil {
			return err
		}
	}
	_, _, err := l.get(ctx, key) // the player reads every document once more
	return err
}

func (l bareLoop) get(ctx context.Context, key string) (body []byte, etag *string, err error) {
	out, err := l.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &l.bucket, Key: &key})
	if err != nil {
		return nil, nil, err
	}
	body, err = io.ReadAll(out.Body)
	return body, out.ETag, errors.Join(err, out.Body.Close())
}

func (l bareLoop) put(ctx context.Context, key string, body []byte, ifMatch *string) (*s3.PutObjectOutput, error) {
	return l.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &l.bucket, Key: &key, Body: bytes.NewReader(body), IfMatch: ifMatch, ContentType: aws.String("application/json"),
	})
}
