package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
	"holdfast/archive/internal/testclock"
)

// batch is a service whose uploads are told of by S3 events, to be handled as batches.
type batch struct {
	*service
	back    *Backend
	records map[string]string // those of the triggers, by customer
	bad     map[string]func() error
}

func newBatch(t *testing.T, customers ...string) *batch {
	t.Helper()
	s := newService(t)
	b := &batch{service: s, records: map[string]string{}, bad: map[string]func() error{}}
	s.notify = func(m Message) {
		key, _ := TriggerKey(nil, m.Customer, m.ObjectID)
		b.records[m.Customer] = s3Record("ObjectCreated:Put", "prod/"+key, strings.Trim(m.TriggerETag, `"`))
	}
	work := func(ctx context.Context, job Job) (archive.Edit, error) {
		if bad := b.bad[job.Customer]; bad != nil {
			if err := bad(); err != nil {
				return archive.Edit{}, err
			}
		}
		return s.survey(ctx, job)
	}
	var err error
	b.back, err = NewBackend(BackendOptions{
		Core: s.archive, Store: s, Source: prod, Work: work, Clock: s.clock,
		Failed: func(_ context.Context, m Message, err error) {
			s.failures = append(s.failures, m.Customer+": "+err.Error())
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.upload(customers...)
	return b
}

// handle handles one batch of such bodies, whose ids are m0, m1, …, and returns which
// of them are to come again. It goes the way that Lambda goes, through JSON.
func (b *batch) handle(ctx context.Context, bodies ...string) string {
	b.t.Helper()
	records := make([]string, len(bodies))
	for i, body := range bodies {
		records[i] = fmt.Sprintf(`{"messageId":"m%d","receiptHandle":"r","body":%q,"attributes":{"ApproximateReceiveCount":"1"},"eventSource":"aws:sqs"}`, i, body)
	}
	var event SQSEvent
	if err := json.Unmarshal([]byte(s3Records(records...)), &event); err != nil {
		b.t.Fatalf("%v", err)
	}
	response, err := b.back.HandleSQS(ctx, event)
	if err != nil {
		b.t.Fatalf("%v", err)
	}
	text, err := json.Marshal(response)
	if err != nil {
		b.t.Fatalf("%v", err)
	}
	return string(text)
}

const allDone = `{"batchItemFailures":[]}`

func again(ids ...string) string {
	items := make([]string, len(ids))
	for i, id := range ids {
		items[i] = fmt.Sprintf(`{"itemIdentifier":%q}`, id)
	}
	return `{"batchItemFailures":[` + strings.Join(items, ",") + `]}`
}

func (b *batch) wants(got, want string) {
	b.t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		b.t.Fatalf("%s\n%s", d, strings.Join(b.failures, "\n"))
	}
}

func TestHandleSQS(t *testing.T) {
	b := newBatch(t, "bat", "hts", "icx")
	good := b.records["hts"]
	b.wants(b.handle(t.Context(), s3Records(b.records["bat"]), s3Records(good, b.records["icx"]), s3Records(good), s3TestBody), allDone)
	b.check("bat", "hts", "icx")
	if len(b.failures) > 0 || len(b.triggers()) > 0 {
		t.Errorf("%q, %v", b.failures, b.triggers())
	}
}

// A message that fails comes again, and whatever it fails by, no other does.
func TestHandleSQSOneFails(t *testing.T) {
	poison := map[string]struct {
		body string // "": that of bat
		bad  func() error
		told string
	}{
		"no JSON":          {"{", nil, ": SQS message m1: invalid S3 event: line 1"},
		"no records":       {s3Records(), nil, "no Records"},
		"by SNS":           {`{"Type":"Notification","Message":"{}"}`, nil, "raw message delivery"},
		"another prefix":   {s3Records(s3Record("ObjectCreated:Put", "test/"+htsKey, "e")), nil, "not of this archive"},
		"another bucket":   {strings.ReplaceAll(s3Records(s3Record("ObjectCreated:Put", "prod/"+htsKey, "e")), "changes", "staging"), nil, "not of this archive"},
		"no such change":   {s3Records(s3Record("ObjectCreated:Put", "prod/customers/hts/CHG-0.json", "e")), nil, "object not found"},
		"failing work":     {"", func() error { return errors.New("the calendar is down") }, "bat: SQS message m1: process CHG-1 for bat: the calendar is down"},
		"work that panics": {"", func() error { panic("no calendar") }, "process CHG-1 for bat: panic: a value of type string\ngoroutine"},
	}
	for name, p := range poison {
		t.Run(name, func(t *testing.T) {
			b := newBatch(t, "bat", "hts", "icx")
			b.bad["bat"] = p.bad
			body := p.body
			if body == "" {
				body = s3Records(b.records["bat"])
			}
			b.wants(b.handle(t.Context(), s3Records(b.records["hts"]), body, s3Records(b.records["icx"])), again("m1"))
			b.check("hts", "icx")
			if len(b.failures) != 1 || !strings.Contains(b.failures[0], p.told) {
				t.Errorf("told: %q, want %q", b.failures, p.told)
			}
		})
	}
}

// Several records in one message: it is acknowledged only with the last of them, and
// then each was processed once.
func TestHandleSQSSeveralRecords(t *testing.T) {
	b := newBatch(t, "bat", "hts", "icx")
	down := errors.New("the calendar is down")
	b.bad["hts"] = func() error { return down }
	body := s3Records(b.records["bat"], b.records["hts"], b.records["icx"])
	b.wants(b.handle(t.Context(), body), again("m0"))
	b.check("bat", "icx")
	b.bad["hts"] = nil
	b.wants(b.handle(t.Context(), body), allDone)
	b.check("bat", "hts", "icx")
}

// A record that can't be read, or is of others, keeps its message from being
// acknowledged; what else the message tells of is processed.
func TestHandleSQSSomeRecordsAreBad(t *testing.T) {
	for name, record := range map[string]string{
		"malformed":      "{}",
		"another prefix": s3Record("ObjectCreated:Put", htsKey, "e"),
	} {
		b := newBatch(t, "hts")
		b.wants(b.handle(t.Context(), s3Records(s3Record("ObjectRemoved:Delete", "x", ""), record, b.records["hts"])), again("m0"))
		b.check("hts")
		if len(b.failures) != 1 || !strings.Contains(b.failures[0], "Records[1]") {
			t.Errorf("%s: %q", name, b.failures)
		}
	}
	b := newBatch(t, "hts")
	b.wants(b.handle(t.Context(), s3Records(s3Record("ObjectRemoved:Delete", "prod/"+htsKey, ""), b.records["hts"])), allDone)
	b.check("hts")
}

// When the function's time is up, what was not reached comes again, and what is done by then
// is stored.
func TestHandleSQSOutOfTime(t *testing.T) {
	b := newBatch(t, "bat", "hts", "icx")
	ctx, cancel := b.clock.WithTimeout(t.Context(), 28*time.Second)
	defer cancel()
	b.bad["hts"] = func() error { b.clock.Pass(26 * time.Second); return context.DeadlineExceeded }
	b.wants(b.handle(ctx, s3Records(b.records["bat"]), s3Records(b.records["hts"]), s3Records(b.records["icx"])), again("m1", "m2"))
	b.check("bat")
}

// TestHandleSQSOfAnotherSource: Lambda takes no failures and a failure without a name for
// answers about the whole batch, so neither is given for what is no batch.
func TestHandleSQSOfAnotherSource(t *testing.T) {
	b := newBatch(t, "hts")
	for _, text := range []string{`{}`, `{"Records":[]}`, s3Records(b.records["hts"]), `{"Records":[{"messageId":"m0","body":"{}"},{"body":"{}"}]}`} {
		var event SQSEvent
		if err := json.Unmarshal([]byte(text), &event); err != nil {
			t.Fatal(err)
		}
		response, err := b.back.HandleSQS(t.Context(), event)
		if !errors.Is(err, archive.ErrInvalid) || !strings.Contains(err.Error(), "is a queue the function's event source?") || response.BatchItemFailures != nil {
			t.Errorf("%s: %+v, %v", text, response, err)
		}
	}
	b.check()
}

// slowly is a store whose reads take 50 ms.
type slowly struct {
	*bucket
	clock *testclock.Clock
}

func (s slowly) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	s.clock.Pass(50 * time.Millisecond)
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
