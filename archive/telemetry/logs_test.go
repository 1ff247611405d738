package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive"
)

// record is a log record as its reader finds it.
type record map[string]any

// logged runs calls with an observer and returns what was logged.
func logged(t *testing.T, level slog.Level, run func(o archive.Observer)) []record {
	t.Helper()
	return written(t, level, func(l *slog.Logger) { run(Logs(l)) })
}

// written returns what was written to a logger.
func written(t *testing.T, level slog.Level, run func(*slog.Logger)) []record {
	t.Helper()
	var out bytes.Buffer
	run(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level})))
	var records []record
	for line := range strings.Lines(out.String()) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		delete(r, "time")
		records = append(records, r)
	}
	return records
}

func refusals(n int) []error {
	all := make([]error, n)
	for i := range all {
		all[i] = archive.ErrPreconditionFailed
	}
	return all
}

// lines are the records' levels and messages.
func lines(records []record) []string {
	var all []string
	for _, r := range records {
		all = append(all, fmt.Sprint(r["level"], " ", r["msg"]))
	}
	return all
}

// matching counts the records that a text search finds, in whatever part of them.
func matching(t *testing.T, records []record, text string) int {
	t.Helper()
	n := 0
	for _, r := range records {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(line), text) {
			n++
		}
	}
	return n
}

func TestDocumentedSearchesFindASaveThatGivesUp(t *testing.T) {
	records := logged(t, slog.LevelDebug, func(o archive.Observer) {
		a := open(t, archive.DocumentedPolicy(), &refusing{refuse: refusals(4)}, o)
		base, err := a.Load(t.Context(), "CHG-1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Save(t.Context(), "CHG-1", base, edit("m1", `"new"`)); archive.OutcomeOf(err) != archive.Exhausted {
			t.Fatal(err)
		}
	})
	want := []string{
		"DEBUG loaded",
		"INFO ETag mismatch detected: the object was modified concurrently",
		"INFO retrying after 100ms (attempt 2/4)",
		"INFO ETag mismatch detected: the object was modified concurrently",
		"INFO retrying after 200ms (attempt 3/4)",
		"INFO ETag mismatch detected: the object was modified concurrently",
		"INFO retrying after 400ms (attempt 4/4)",
		"INFO ETag mismatch detected: the object was modified concurrently",
		"ERROR Unable to save after 4 attempts",
	}
	if d := cmp.Diff(want, lines(records)); d != "" {
		t.Fatal(d)
	}
	for text, n := range map[string]int{"ETag mismatch detected": 4, "attempt 2/4": 1, "Unable to save after 4 attempts": 1} {
		if got := matching(t, records, text); got != n {
			t.Errorf("%d records have %q, want %d", got, text, n)
		}
	}
	for i, r := range map[int]record{
		1: {"level": "INFO", "msg": want[1][5:], "op": "save", "key": "archive/CHG-1.json", "attempt": 1.0, "max_attempts": 4.0,
			"etag": `"e0"`, "cause": "precondition failed"},
		2: {"level": "INFO", "msg": want[2][5:], "op": "save", "key": "archive/CHG-1.json", "attempt": 2.0, "max_attempts": 4.0,
			"wait_ms": 100.0, "cause": "precondition failed"},
		8: {"level": "ERROR", "msg": want[8][6:], "op": "save", "key": "archive/CHG-1.json", "attempt": 4.0, "max_attempts": 4.0,
			"outcome": "exhausted", "elapsed_ms": 700.0, "cause": "precondition failed"},
	} {
		if d := cmp.Diff(r, records[i]); d != "" {
			t.Error(d)
		}
	}
}

// TestBackendsAreNoUsers: the search for what users were told does not find them.
func TestBackendsAreNoUsers(t *testing.T) {
	records := logged(t, slog.LevelDebug, func(o archive.Observer) {
		a := open(t, archive.DocumentedPolicy(), &refusing{refuse: refusals(4)}, o)
		_, _ = a.Append(t.Context(), "CHG-1", edit("m1", ""))
	})
	if got := lines(records); got[len(got)-1] != "WARN Unable to append after 4 attempts" {
		t.Error(got)
	}
	if n := matching(t, records, "Unable to save"); n != 0 {
		t.Errorf("%d records speak to users", n)
	}
}

func TestUnlimitedAttemptsHaveNoNumber(t *testing.T) {
	records := logged(t, slog.LevelInfo, func(o archive.Observer) {
		p := archive.Policy{Kind: archive.Constant, Base: time.Second, Cap: time.Second, Retries: archive.Unlimited}
		a := open(t, p, &refusing{refuse: []error{archive.ErrConflict, archive.ErrThrottled}}, o)
		if _, err := a.Append(t.Context(), "CHG-1", edit("m1", "")); err != nil {
			t.Fatal(err)
		}
	})
	want := []string{
		"INFO ETag mismatch detected: the object was modified concurrently", // the 409
		"INFO retrying after 1s (attempt 2)",
		"INFO retrying after 1s (attempt 3)", // the 503
		"INFO append committed",
	}
	if d := cmp.Diff(want, lines(records)); d != "" {
		t.Error(d)
	}
	for _, r := range records {
		if _, there := r["max_attempts"]; there {
			t.Errorf("max_attempts in %v", r)
		}
	}
}

// TestFieldValuesAreNotLogged: a conflict names fields, and not what is in them.
func TestFieldValuesAreNotLogged(t *testing.T) {
	records := logged(t, slog.LevelDebug, func(o archive.Observer) {
		a := open(t, archive.DocumentedPolicy(), &refusing{}, o)
		base, err := a.Load(t.Context(), "CHG-1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Save(t.Context(), "CHG-1", base, edit("m1", `"secret of A"`)); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Save(t.Context(), "CHG-1", base, edit("m2", `"secret of B"`)); archive.OutcomeOf(err) != archive.Conflict {
			t.Fatal(err)
		}
	})
	want := []string{
		"DEBUG loaded", "DEBUG save committed",
		"INFO ETag mismatch detected: the object was modified concurrently",
		"WARN save in conflict: another user's version is stored",
	}
	if d := cmp.Diff(want, lines(records)); d != "" {
		t.Error(d)
	}
	if n := matching(t, records, "secret"); n > 0 {
		t.Errorf("%d records have a field's value", n)
	}
	last := records[len(records)-1]
	if fmt.Sprintln(last["fields"], last["expected_etag"], last["etag"]) != "[changeTitle] \"e0\" \"e1\"\n" {
		t.Errorf("%v", last)
	}
}

func TestLevels(t *testing.T) {
	secretive := &archive.OutcomeUnknownError{Last: &archive.ETagMismatchError{
		Fields: []archive.FieldConflict{{Field: "f", Theirs: json.RawMessage(`"secret"`)}},
	}}
	for _, tt := range []struct {
		info archive.DoneInfo
		want string
	}{
		{done("load", 1, 0, nil), "DEBUG loaded"},
		{done("load", 2, 0, nil), "INFO loaded"},
		{done("load", 1, 0, archive.ErrNotFound), "INFO load found no such object"},
		{done("load", 4, 0, archive.ErrThrottled), "ERROR load failed"},
		{done("create", 1, 0, nil), "DEBUG create committed"},
		{done("create", 4, 4, errExhausted), "ERROR Unable to save after 4 attempts"},
		{done("save", 3, 2, nil), "INFO save committed"},
		{done("save", 1, 0, archive.ErrNotFound), "WARN save found no such object"},
		{done("save", 2, 0, secretive), "ERROR save ended with an unknown outcome"},
		{done("save", 1, 0, fmt.Errorf("save: %w", context.Canceled)), "WARN save was cancelled by its caller"},
		{done("save", 1, 0, fmt.Errorf("save: %w", context.DeadlineExceeded)), "WARN save was cancelled by its caller"},
		{done("save", 2, 0, &archive.OutcomeUnknownError{Last: context.DeadlineExceeded}), "ERROR save ended with an unknown outcome"},
		{done("append", 4, 0, &archive.UnavailableError{Last: archive.ErrThrottled}), "ERROR append found the store unavailable"},
		{done("save", 2, 2, &archive.ContradictionError{}), "ERROR save met a store that contradicts itself"},
		{done("append", 1, 0, errors.New("403 AccessDenied")), "ERROR append failed"},
	} {
		records := logged(t, slog.LevelDebug, func(o archive.Observer) { o.Done(t.Context(), tt.info) })
		if got := lines(records); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%v, want %s", got, tt.want)
		}
		if matching(t, records, "secret") > 0 {
			t.Errorf("a field's value: %v", records)
		}
	}
}
