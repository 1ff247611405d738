package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
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
		Core: s.archive, Store: s, Source: prod, Work: work,
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

// When the function's time is up, what was not reached comes again.
func TestHandleSQSOutOfTime(t *testing.T) {
	b := newBatch(t, "bat", "hts", "icx")
	ctx, cancel := context.WithCancel(t.Context())
	b.bad["hts"] = func() error { cancel(); return ctx.Err() }
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
