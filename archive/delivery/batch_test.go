package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/archive"
)

// deliveries are all messages of the queue that are visible.
func (s *service) deliveries() []Delivery {
	_ = s.clock.Sleep(context.Background(), testVisibility)
	batch, _ := s.queue.TryReceiveBatch(context.Background(), 1000)
	return batch
}

// uploadAs stores another change than CHG-1.
func (s *service) uploadAs(id string, customers ...string) {
	s.t.Helper()
	list, _ := json.Marshal(customers)
	s.mustUpload(Upload{Document: mustParse(s.t, fmt.Sprintf(`{"changeId":%q,"title":"a","customers":%s}`, id, list)), UserID: "alice"})
}

// TestHandleBatch: messages of one object are one read and one write, the triggers go, and
// each message is acknowledged. What was done is not done again.
func TestHandleBatch(t *testing.T) {
	s := newService(t)
	s.upload("bat", "hts", "icx")
	s.uploadAs("CHG-2", "hts")
	batch := s.deliveries()
	batch = append(batch, batch[0]) // the same, twice
	for _, want := range [][]string{
		{
			"get " + archiveKey, "work", "work", "work", "get " + archiveKey, "put " + archiveKey,
			"delete customers/bat/CHG-1.json", "delete customers/hts/CHG-1.json", "delete customers/icx/CHG-1.json",
			"get archive/CHG-2.json", "work", "get archive/CHG-2.json", "put archive/CHG-2.json", "delete customers/hts/CHG-2.json",
			"acknowledge", "acknowledge", "acknowledge", "acknowledge", "acknowledge",
		}, {
			"get " + archiveKey, "delete customers/bat/CHG-1.json", "delete customers/hts/CHG-1.json", "delete customers/icx/CHG-1.json",
			"get archive/CHG-2.json", "delete customers/hts/CHG-2.json",
			"acknowledge", "acknowledge", "acknowledge", "acknowledge", "acknowledge",
		},
	} {
		s.calls = nil
		s.back.HandleBatch(t.Context(), batch)
		if d := cmp.Diff(want, s.calls); d != "" {
			t.Error(d)
		}
	}
	if len(s.failures) > 0 || len(s.triggers()) > 0 || len(s.queue.Left()) > 0 {
		t.Errorf("%q, %v, %v", s.failures, s.triggers(), s.queue.Left())
	}
	c := mustParse(t, string(s.objects[archiveKey]))
	mods, err := c.Modifications()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mods {
		if m.Type == archive.Processed && m.Covers != LastUpload(c) {
			t.Errorf("the entry of %s covers %s", m.CustomerCode, m.Covers)
		}
	}
}

// TestProcessAllOneFails: whatever fails one of them, the rest are one write, its trigger stays
// and observers are told of each.
func TestProcessAllOneFails(t *testing.T) {
	bad := func(edit archive.Edit, err error) func(s *service, job Job) (archive.Edit, error) {
		return func(*service, Job) (archive.Edit, error) { return edit, err }
	}
	for _, tt := range []struct {
		name string
		work func(s *service, job Job) (archive.Edit, error)
		want string
	}{
		{"the work", bad(archive.Edit{}, errors.New("no meeting room")), "no meeting room"},
		{"an edit that is none", bad(archive.Edit{Fields: fields("title", `{`)}, nil), "not JSON"},
		{"an edit of another object", bad(archive.Edit{Fields: fields("changeId", `"CHG-2"`)}, nil), "can't be changed"},
		{"an edit that is too large", bad(archive.Edit{Fields: fields("plan", fmt.Sprintf("%q", strings.Repeat("x", archive.DefaultMaxBytes)))}, nil), "at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			s.upload("bat", "hts", "icx")
			var told []string
			b, err := NewBackend(BackendOptions{
				Core: s.archive, Store: s,
				Work: func(ctx context.Context, job Job) (archive.Edit, error) {
					if job.Customer == "hts" {
						return tt.work(s, job)
					}
					return s.survey(ctx, job)
				},
				Observer: Observer{Message: func(_ context.Context, i MessageInfo) {
					told = append(told, fmt.Sprintf("%s %v", i.Message.Customer, i.Err == nil))
				}},
			})
			if err != nil {
				t.Fatal(err)
			}
			messages := s.queue.Left()
			puts := s.puts()
			errs := b.ProcessAll(t.Context(), append(messages, Message{"hts", "CHG-1", ""}, Message{"hts", "CHG-0", `"e"`}, messages[1]))
			if errs[0] != nil || errs[2] != nil || errs[1] == nil || !strings.Contains(errs[1].Error(), tt.want) {
				t.Errorf("%v", errs)
			}
			if errs[5] == nil || !errors.Is(errs[3], archive.ErrInvalid) || !errors.Is(errs[4], archive.ErrNotFound) {
				t.Errorf("%v", errs)
			}
			s.check("bat", "icx")
			if got := s.triggers(); !slices.Equal(got, []string{"hts"}) || s.puts() != puts+1 {
				t.Errorf("triggers %v after %d writes", got, s.puts()-puts)
			}
			if d := cmp.Diff([]string{"bat true", "hts false", "icx true", "hts false", "hts false", "hts false"}, told); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestHandleBatchOfAFIFOQueue: what follows a message that failed comes again with it.
func TestHandleBatchOfAFIFOQueue(t *testing.T) {
	s := newService(t)
	s.queue.o.Group = Message.GroupID
	s.upload("bat", "hts", "icx")
	s.uploadAs("CHG-2", "hts")
	works := 0
	s.on = func(_ context.Context, call string, do func() error) error {
		if call == "work" {
			if works++; works == 2 {
				return errors.New("no meeting room")
			}
		}
		return do()
	}
	s.back.HandleBatch(t.Context(), s.deliveries())
	if left := s.queue.Left(); len(left) != 2 || left[0].Customer != "hts" || left[1].Customer != "icx" || works != 3 {
		t.Errorf("left %v after %d works", left, works)
	}
	s.back.HandleBatch(t.Context(), s.deliveries())
	if left := s.queue.Left(); len(left) > 0 || works != 5 {
		t.Errorf("left %v after %d works", left, works)
	}
}

// refusing is a core that refuses, or panics on, an edit that is there with others.
type refusing struct {
	*archive.Archive
	all func()
}

func (r refusing) AppendAll(_ context.Context, _ string, edits []archive.Edit) (archive.Snapshot, []error) {
	r.all()
	return archive.Snapshot{}, slices.Repeat([]error{errForbidden}, len(edits))
}

// TestProcessAllRefusedAsAWhole: for a reason that is not told, or by a panic in a Lambda
// function, each message is stored by itself.
func TestProcessAllRefusedAsAWhole(t *testing.T) {
	for name, all := range map[string]func(){"refused": func() {}, "panics": func() { panic("all of them") }} {
		b := newBatch(t, "bat", "hts", "icx")
		b.back.o.Core = refusing{b.archive, all}
		b.bad["hts"] = func() error { return errors.New("no meeting room") }
		b.wants(b.handle(t.Context(), s3Records(b.records["bat"]), s3Records(b.records["hts"]), s3Records(b.records["icx"])), again("m1"))
		if b.check("bat", "icx"); len(b.failures) != 1 {
			t.Errorf("%s: %q", name, b.failures)
		}
	}
	s := newService(t)
	s.upload("bat", "hts")
	s.on = func(_ context.Context, call string, do func() error) error {
		if strings.HasPrefix(call, "put archive/") {
			return archive.ErrThrottled
		}
		return do()
	}
	puts := s.puts()
	for _, err := range s.back.ProcessAll(t.Context(), s.queue.Left()) {
		if archive.OutcomeOf(err) != archive.Unavailable {
			t.Errorf("%v", err)
		}
	}
	if s.puts() != puts+4 { // those of one call
		t.Errorf("a store that does not serve is sent %d writes", s.puts()-puts)
	}
}

// fifo makes HandleSQS take the batch for one of a FIFO queue, or, if not, of a standard one
// whose messages have groups.
func (b *batch) handleFIFO(isFIFO bool, groups []string, bodies ...string) string {
	b.t.Helper()
	event := SQSEvent{}
	for i, body := range bodies {
		m := SQSMessage{MessageID: fmt.Sprint("m", i), Body: body, EventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:triggers"}
		m.Attributes.MessageGroupID = groups[i]
		if isFIFO {
			m.EventSourceARN += ".fifo"
		}
		event.Records = append(event.Records, m)
	}
	text, err := json.Marshal(event)
	if err != nil {
		b.t.Fatalf("%v", err)
	}
	event = SQSEvent{}
	if err := json.Unmarshal(text, &event); err != nil {
		b.t.Fatalf("%v", err)
	}
	response, err := b.back.HandleSQS(context.Background(), event)
	if err != nil {
		b.t.Fatalf("%v", err)
	}
	text, err = json.Marshal(response)
	if err != nil {
		b.t.Fatalf("%v", err)
	}
	return string(text)
}

// TestHandleSQSOfAFIFOQueue: what follows a message that failed in its group comes again too, and is
// not worked on; other groups are processed, as is everything of a standard queue.
func TestHandleSQSOfAFIFOQueue(t *testing.T) {
	g := []string{"g", "g", "g", "g"}
	for _, tt := range []struct {
		name      string
		isFIFO    bool
		groups    []string
		bad       string // body of m1, instead of one whose work fails
		want      string
		processed []string
	}{
		{"the work", true, g, "", again("m1", "m2", "m3"), []string{"bat"}},
		{"no S3 event", true, g, "{", again("m1", "m2", "m3"), []string{"bat"}},
		{"one that names no trigger", true, g, s3Records(s3Record("ObjectCreated:Put", "prod/x", "e")), again("m1", "m2", "m3"), []string{"bat"}},
		{"an object that is not there", true, g, s3Records(s3Record("ObjectCreated:Put", "prod/customers/x/CHG-0.json", "e")), again("m1", "m2", "m3"), []string{"bat"}},
		{"a deletion is no failure", true, g, s3Records(s3Record("ObjectRemoved:Delete", "prod/x", "")), allDone, []string{"bat", "icx", "zzz"}},
		{"of another group", true, []string{"g", "h", "g", "h"}, "", again("m1", "m3"), []string{"bat", "icx"}},
		{"a standard queue", false, g, "", again("m1"), []string{"bat", "icx", "zzz"}},
		{"a standard queue, and no S3 event", false, g, "{", again("m1"), []string{"bat", "icx", "zzz"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBatch(t, "bat", "hts", "icx", "zzz")
			b.bad["hts"] = func() error { return errors.New("no meeting room") }
			body := tt.bad
			if body == "" {
				body = s3Records(b.records["hts"])
			}
			puts := b.puts()
			b.wants(b.handleFIFO(tt.isFIFO, tt.groups, s3Records(b.records["bat"]), body, s3Records(b.records["icx"]), s3Records(b.records["zzz"])), tt.want)
			b.check(tt.processed...)
			for _, c := range []string{"icx", "zzz"} {
				if done := slices.Contains(tt.processed, c); done == slices.Contains(b.triggers(), c) {
					t.Errorf("%s: processed %v, triggers %v", c, done, b.triggers())
				}
			}
			if n := b.puts() - puts; n > 2 || n > 1 && tt.groups[1] == "g" {
				t.Errorf("%d writes", n)
			}
			if strings.Contains(tt.want, "m3") == (!strings.Contains(strings.Join(b.failures, "\n"), "SQS message m3: "+errBehind.Error())) {
				t.Errorf("told %q", b.failures)
			}
		})
	}
}

// TestFIFOStored: one that the core refuses holds up those that are stored with it; they come again,
// and are found. In a batch that is stored one by one, none is stored after one that failed.
func TestFIFOStored(t *testing.T) {
	for name, core := range map[string]func(a *archive.Archive) archive.Core{
		"together": func(a *archive.Archive) archive.Core { return a },
		"by one":   func(a *archive.Archive) archive.Core { return refusing{a, func() {}} },
	} {
		b := newBatch(t, "bat", "hts", "icx")
		work := b.back.o.Work
		b.back.o.Core = core(b.archive)
		b.back.o.Work = func(ctx context.Context, job Job) (archive.Edit, error) {
			if job.Customer == "hts" && len(b.bad) > 0 {
				return archive.Edit{Fields: fields("changeId", `"CHG-2"`)}, nil
			}
			return work(ctx, job)
		}
		b.bad["x"] = nil
		bodies := []string{s3Records(b.records["bat"]), s3Records(b.records["hts"]), s3Records(b.records["icx"])}
		b.wants(b.handleFIFO(true, []string{"g", "g", "g"}, bodies...), again("m1", "m2"))
		if name == "by one" {
			b.check("bat")
		}
		clear(b.bad)
		b.wants(b.handleFIFO(true, []string{"g", "g"}, bodies[1:]...), allDone)
		b.check("bat", "hts", "icx")
	}
}

// TestRunsKeepFIFOOrder: messages of one group that are of several objects are stored in their order.
func TestRunsKeepFIFOOrder(t *testing.T) {
	for _, tt := range []struct{ items, want string }{
		{"a b a c b", "a a|b b|c"},
		{"g:a g:a g:b g:a", "g:a g:a|g:b|g:a"},
		{"g:a h:b g:a h:b", "g:a g:a|h:b h:b"},
		{"g:a h:a g:b h:a g:a", "g:a|h:a h:a|g:b|g:a"},
		{"g:a a g:a a", "g:a g:a|a a"},
	} {
		var items []item
		for text := range strings.FieldsSeq(tt.items) {
			group, object, grouped := strings.Cut(text, ":")
			if !grouped {
				group, object = "", text
			}
			items = append(items, item{group: group, message: Message{ObjectID: object}})
		}
		var got []string
		for _, run := range runs(items) {
			var texts []string
			for _, it := range run {
				texts = append(texts, strings.TrimPrefix(it.group+":"+it.message.ObjectID, ":"))
			}
			got = append(got, strings.Join(texts, " "))
		}
		if text := strings.Join(got, "|"); text != tt.want {
			t.Errorf("%s: %s, want %s", tt.items, text, tt.want)
		}
	}
}

// TestHandleBatchAtRandom: whatever fails and whenever a worker stops, each message that is
// acknowledged was processed once, and with a store that serves again all are.
func TestHandleBatchAtRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newService(t)
		if rapid.Bool().Draw(t, "fifo") {
			s.queue.o.Group = Message.GroupID
		}
		s.queue.o.MaxReceives = 1000
		s.upload(customersNamed(rapid.IntRange(1, 5).Draw(t, "customers"))...)
		other := customersNamed(rapid.IntRange(1, 3).Draw(t, "others"))
		s.uploadAs("CHG-2", other...)
		answers := []error{nil, nil, nil, archive.ErrThrottled, archive.ErrConflict, archive.ErrUnavailable, errForbidden, errLost, errLost}
		s.on = func(_ context.Context, call string, do func() error) error {
			err := rapid.SampledFrom(answers).Draw(t, call)
			if err == nil || errors.Is(err, errLost) && rapid.Bool().Draw(t, "applied") {
				if failed := do(); failed != nil {
					return failed
				}
			}
			return err
		}
		for range 3 {
			batch := s.deliveries()
			n := rapid.IntRange(0, len(batch)).Draw(t, "taken")
			s.back.HandleBatch(context.Background(), batch[:n])
		}
		s.on = nil
		s.back.HandleBatch(context.Background(), s.deliveries())
		if left := s.queue.Left(); len(left) > 0 {
			t.Fatalf("left %v\n%s", left, strings.Join(s.failures, "\n"))
		}
		for _, w := range s.wrong {
			t.Fatalf("%s", w)
		}
		for key, customers := range map[string][]string{"archive/CHG-2.json": other, archiveKey: nil} {
			body := string(s.objects[key])
			for _, c := range customers {
				if n := strings.Count(body, fmt.Sprintf(`"modification_type":"processed","customer_code":%q`, c)); n != 1 {
					t.Fatalf("%s has processed %s %d times", c, key, n)
				}
			}
			if surveys, done := strings.Count(body, `"surveyed"`), strings.Count(body, `"processed"`); surveys != done {
				t.Fatalf("%d results of %d messages in %s", surveys, done, body)
			}
		}
	})
}
