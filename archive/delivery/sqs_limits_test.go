package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
)

// slowly is a store whose reads take 50 ms.
type slowly struct {
	*bucket
	clock *manualClock
}

func (s slowly) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	s.clock.pass(50 * time.Millisecond)
	return s.bucket.Get(ctx, key)
}

// manyRecords is a message of so many records, of as many triggers of a change that is
// not there.
func manyRecords(n int) SQSMessage {
	many := make([]string, n)
	for i := range many {
		many[i] = s3Record("ObjectCreated:Put", "prod/customers/x/CHG-NONE.json", fmt.Sprint("e", i))
	}
	return SQSMessage{MessageID: "many", Body: s3Records(many...)}
}

// TestHandleSQSInTurn: which others are in its batch makes no difference to a message. One
// that names more triggers than there is time for does not keep it from being processed, and
// the response comes in time.
func TestHandleSQSInTurn(t *testing.T) {
	for _, records := range []int{mostS3Records, 2 * mostS3Records} {
		s := newService(t)
		s.objects[testKey] = []byte(testDoc)
		store := slowly{s.bucket, s.clock}
		a, err := archive.New(archive.Options{Store: store, Clock: s.clock})
		if err != nil {
			t.Fatal(err)
		}
		told := map[string]int{}
		b, err := NewBackend(BackendOptions{Core: a, Store: store, Clock: s.clock, Source: prod, Failed: func(_ context.Context, _ Message, err error) {
			for _, kind := range []string{"object not found", "the time was up before", "at most 1000 are taken"} {
				if strings.Contains(err.Error(), kind) {
					told[kind]++
				}
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		good := SQSMessage{MessageID: "good", Body: s3Records(s3Record("ObjectCreated:Put", "prod/"+htsKey, "e"))}
		ctx, cancel := s.clock.WithTimeout(t.Context(), 28*time.Second)
		got, err := b.HandleSQS(ctx, SQSEvent{Records: []SQSMessage{manyRecords(records), good}})
		if err != nil || len(got.BatchItemFailures) != 1 || got.BatchItemFailures[0].ItemIdentifier != "many" {
			t.Errorf("%d records: %v, %v", records, got, err)
		}
		if ctx.Err() != nil {
			t.Errorf("%d records: the response comes too late", records)
		}
		cancel()
		if n := strings.Count(string(s.objects[testKey]), `"customer_code":"hts"`); n != 1 {
			t.Errorf("%d records: the good message has %d entries", records, n)
		}
		if many := records > mostS3Records; many && told["at most 1000 are taken"] != 1 || !many && (told["the time was up before"] != 1 || told["object not found"] < 500) {
			t.Errorf("%d records: told %v", records, told)
		}
	}
}

// TestHandleSQSTimeIsUp before it begins: nothing is sent, and each message is told of once.
func TestHandleSQSTimeIsUp(t *testing.T) {
	b := newBatch(t, "bat", "hts")
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	b.wants(b.handle(ctx, s3Records(b.records["bat"], b.records["hts"]), s3Records(b.records["hts"]), s3TestBody), again("m0", "m1"))
	b.check()
	if len(b.failures) != 2 || !strings.Contains(b.failures[0], "bat: SQS message m0: the time was up before 2 of its records: context deadline exceeded") {
		t.Errorf("%q", b.failures)
	}
}

// TestPanicValueIsNotTold: what a document holds is not for logs, at any length; what the
// runtime says is.
func TestPanicValueIsNotTold(t *testing.T) {
	private := strings.Repeat("private text ", 10_000)
	for want, panics := range map[string]func(){
		"panic: a value of type string\n":              func() { panic("unexpected: " + private) },
		"panic: a value of type *errors.errorString\n": func() { panic(errors.New(private)) },
		"index out of range [13]":                      func() { _ = []int{}[len(private)/10_000] },
	} {
		b := newBatch(t, "hts")
		b.bad["hts"] = func() error { panics(); return nil }
		b.wants(b.handle(t.Context(), s3Records(b.records["hts"])), again("m0"))
		if len(b.failures) != 1 || strings.Contains(b.failures[0], "private text") || !strings.Contains(b.failures[0], want) || len(b.failures[0]) > 20_000 {
			t.Errorf("want %q: told %.300q", want, b.failures)
		}
	}
}

// TestS3EventErrorIsShort: one message of 256 KB must not become a line of many megabytes in
// the log, each time that it is delivered.
func TestS3EventErrorIsShort(t *testing.T) {
	const size = 256 << 10
	for name, body := range map[string]string{
		"records without end": `{"Records":[0` + strings.Repeat(",0", size/2) + `]}`,
		"as many as are read": `{"Records":[0` + strings.Repeat(",0", mostS3Records-1) + `]}`,
		"a long key":          s3Records(s3Record("ObjectCreated:Put", strings.Repeat("x", size), "e")),
		"a long event name":   s3Records(s3Record(strings.Repeat("\\u0001", size/6), htsKey, "e"), "0"),
		"a long ETag":         s3Records(s3Record("ObjectCreated:Put", "prod/"+htsKey, strings.Repeat("é", size/2))),
	} {
		b := newBatch(t)
		b.wants(b.handle(t.Context(), body), again("m0"))
		if len(b.failures) != 1 || len(b.failures[0]) > 11_000 {
			t.Errorf("%s: a message of %d bytes made an error of %d bytes", name, len(body), len(strings.Join(b.failures, "")))
		}
	}
	err := &S3EventError{}
	for i := range 7 {
		err.Records = append(err.Records, &S3RecordError{i, archive.ErrInvalid})
	}
	if got := err.Error(); !strings.HasSuffix(got, "Records[4]: invalid; and 2 more") {
		t.Error(got)
	}
}
