package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
)

// total adds up what a sink is told, by the names of the counters.
type total map[string]int64

func (t total) Record(_ context.Context, u Update) {
	for _, c := range countersOf(u.Service) {
		if n := c.of(u); n > 0 {
			t[c.name] += n
		}
	}
}

// done is a call that ended.
func done(op string, attempts, mismatches int, err error) archive.DoneInfo {
	return archive.DoneInfo{
		CallInfo: archive.CallInfo{Op: op, Key: "archive/CHG-1.json", MaxAttempts: 4},
		Attempts: attempts, Mismatches: mismatches, Elapsed: 12345 * time.Microsecond, Err: err,
	}
}

var (
	errMismatch  = &archive.ETagMismatchError{Key: "archive/CHG-1.json", Expected: "e1", Found: "e2"}
	errExhausted = &archive.ExhaustedError{Attempts: 4, Last: archive.ErrPreconditionFailed}
	errUnknown   = &archive.OutcomeUnknownError{Attempts: 2, Last: archive.ErrPreconditionFailed}
)

func TestWhatAnUpdateCountsAs(t *testing.T) {
	type want = total
	for _, tt := range []struct {
		name string
		info archive.DoneInfo
		want want
	}{
		{"a load is nothing", done("load", 3, 0, nil), want{}},
		{"a save at once", done("save", 1, 0, nil), want{"FrontendSaveCount": 1}},
		{"a create at once", done("create", 1, 0, nil), want{"FrontendSaveCount": 1}},
		{"a save after a 503", done("save", 2, 0, nil), want{"FrontendSaveCount": 1}},
		{"a save after three refusals is one mismatch", done("save", 4, 3, nil), want{
			"FrontendSaveCount": 1, "FrontendETagMismatchCount": 1, "FrontendRetrySuccessCount": 1, "FrontendWriteConflictCount": 3,
		}},
		{"a conflict on a stale base, no write sent", done("save", 1, 0, errMismatch), want{
			"FrontendSaveCount": 1, "FrontendETagMismatchCount": 1, "ConcurrentModificationErrorCount": 1,
		}},
		{"a conflict after a refusal", done("save", 2, 1, errMismatch), want{
			"FrontendSaveCount": 1, "FrontendETagMismatchCount": 1, "ConcurrentModificationErrorCount": 1, "FrontendWriteConflictCount": 1,
		}},
		{"a create of what exists", done("create", 2, 1, errMismatch), want{
			"FrontendSaveCount": 1, "FrontendETagMismatchCount": 1, "ConcurrentModificationErrorCount": 1, "FrontendWriteConflictCount": 1,
		}},
		{"a save that gives up", done("save", 4, 4, errExhausted), want{
			"FrontendSaveCount": 1, "FrontendETagMismatchCount": 1, "ConcurrentModificationErrorCount": 1, "FrontendWriteConflictCount": 4,
		}},
		{"a save that gives up for 503s", done("save", 4, 0, &archive.UnavailableError{Last: archive.ErrThrottled}), want{
			"FrontendSaveCount": 1, "FrontendUnavailableCount": 1,
		}},
		{"a save of unknown outcome", done("save", 2, 1, errUnknown), want{
			"FrontendSaveCount": 1, "FrontendETagMismatchCount": 1, "FrontendWriteConflictCount": 1,
		}},
		{"a save of what is gone", done("save", 1, 0, archive.ErrNotFound), want{"FrontendSaveCount": 1}},
		{"an append at once", done("append", 1, 0, nil), want{"ArchiveUpdateCount": 1}},
		{"an append after two refusals", done("append", 3, 2, nil), want{
			"ArchiveUpdateCount": 1, "ETagMismatchCount": 1, "RetrySuccessCount": 1, "WriteConflictCount": 2,
		}},
		{"an append that gives up", done("append", 4, 4, errExhausted), want{
			"ArchiveUpdateCount": 1, "ETagMismatchCount": 1, "ArchiveUpdateExhaustedCount": 1, "WriteConflictCount": 4,
		}},
		{"an append that was cancelled", done("append", 2, 1, context.Canceled), want{
			"ArchiveUpdateCount": 1, "CancelledCount": 1, "ETagMismatchCount": 1, "WriteConflictCount": 1,
		}},
		{"a save that is cancelled", done("save", 1, 0, &archive.CancelledError{Last: context.Canceled}), want{"FrontendSaveCount": 1, "FrontendCancelledCount": 1}},
		{"an append in an outage", done("append", 4, 0, &archive.UnavailableError{Last: archive.ErrThrottled}), want{"ArchiveUpdateCount": 1, "UnavailableCount": 1}},
		{"a store that contradicts itself", done("append", 2, 2, &archive.ContradictionError{}), want{
			"ArchiveUpdateCount": 1, "ContradictionCount": 1, "ETagMismatchCount": 1, "WriteConflictCount": 2,
		}},
	} {
		got := total{}
		Metrics(got).Done(t.Context(), tt.info)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

func TestEverySinkIsTold(t *testing.T) {
	a, b := total{}, total{}
	Metrics(a, b).Done(t.Context(), done("save", 1, 0, nil))
	if a["FrontendSaveCount"] != 1 || b["FrontendSaveCount"] != 1 {
		t.Errorf("%v, %v", a, b)
	}
}

// TestCounterNamesAreUnique: two of a name would be one metric.
func TestCounterNamesAreUnique(t *testing.T) {
	seen := map[string]bool{durationName: true, durationInstrument: true}
	for _, s := range services {
		for _, c := range countersOf(s) {
			for _, name := range []string{c.name, c.instrument} {
				if seen[name] {
					t.Errorf("%s is there twice", name)
				}
				seen[name] = true
			}
		}
	}
}

// refusing is a store of one object that refuses the first writes, as if another
// had been in time each time.
type refusing struct {
	body   string
	tag    int
	writes int
	refuse []error // of the writes, in order; nil or none: it is stored
}

func (s *refusing) Get(context.Context, string) ([]byte, string, error) {
	if s.body == "" {
		return nil, "", archive.ErrNotFound
	}
	return []byte(s.body), fmt.Sprintf(`"e%d"`, s.tag), nil
}

func (s *refusing) Head(ctx context.Context, key string) (string, error) {
	_, etag, err := s.Get(ctx, key)
	return etag, err
}

func (s *refusing) Put(ctx context.Context, key string, body []byte, _ archive.Condition) (string, error) {
	s.writes++
	s.tag++
	if s.writes <= len(s.refuse) && s.refuse[s.writes-1] != nil {
		return "", s.refuse[s.writes-1]
	}
	s.body = string(body)
	return s.Head(ctx, key)
}

func (s *refusing) Delete(context.Context, string, archive.Condition) error { return nil }

// still is a clock on which nobody waits.
type still struct{ now time.Time }

func (c *still) Now() time.Time { return c.now }

func (c *still) Sleep(ctx context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return ctx.Err()
}

func (c *still) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}

func newStill() *still { return &still{time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)} }

// open returns an archive with a stored object and an observer.
func open(t *testing.T, p archive.Policy, s *refusing, o archive.Observer) *archive.Archive {
	t.Helper()
	s.body = `{"changeId":"CHG-1","changeTitle":"old","modifications":[]}`
	a, err := archive.New(archive.Options{Store: s, Policy: p, Clock: newStill(), Observer: o})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func edit(id, title string) archive.Edit {
	e := archive.Edit{Modifications: []archive.Modification{{ID: id, UserID: "u", Type: archive.Updated}}}
	if title != "" {
		e.Fields = map[string]json.RawMessage{"changeTitle": json.RawMessage(title)}
	}
	return e
}
