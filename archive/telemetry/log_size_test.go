package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/archive/telemetry"
)

// oneObject is a store that holds one object.
type oneObject struct{ body []byte }

func (o oneObject) Get(context.Context, string) ([]byte, string, error) { return o.body, `"e"`, nil }
func (o oneObject) Head(context.Context, string) (string, error)        { return `"e"`, nil }
func (o oneObject) Put(context.Context, string, []byte, archive.Condition) (string, error) {
	return `"f"`, nil
}
func (o oneObject) Delete(context.Context, string, archive.Condition) error { return nil }

// TestConflictLogIsBounded: one upload of 1 MiB, with a base that is invented, must not
// make a log line of half a megabyte, of names that its sender chose.
func TestConflictLogIsBounded(t *testing.T) {
	var log bytes.Buffer
	a, err := archive.New(archive.Options{
		Store: oneObject{[]byte(`{"changeId":"C"}`)}, Observer: telemetry.Logs(slog.New(slog.NewTextHandler(&log, nil))),
	})
	if err != nil {
		t.Fatal(err)
	}
	base := &strings.Builder{}
	base.WriteString(`{"changeId":"C"`)
	fields := map[string]json.RawMessage{}
	for i := range 1900 {
		name := fmt.Sprintf("%04d%s", i, strings.Repeat("n", 240))
		fields[name] = json.RawMessage("1")
		fmt.Fprintf(base, `,%q:0`, name)
	}
	base.WriteByte('}')
	doc, err := archive.ParseChange([]byte(base.String()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Save(t.Context(), "C", archive.Snapshot{Document: doc, ETag: `"x"`}, archive.Edit{
		Fields: fields, Modifications: []archive.Modification{{ID: "m", UserID: "u", Type: archive.Updated}},
	})
	if archive.OutcomeOf(err) != archive.Conflict {
		t.Fatal(err)
	}
	if log.Len() > 5_000 {
		t.Errorf("one save wrote %d bytes of log", log.Len())
	}
	if !strings.Contains(log.String(), "more_fields=1890") {
		t.Errorf("it is not told how many fields there are: %s", &log)
	}
	if n := len(err.Error()); n > 5_000 {
		t.Errorf("the error has %d bytes", n)
	}
}

// TestUnreadableLogIsBounded: a document that can't be read must not be quoted in full in
// the log, again for each load.
func TestUnreadableLogIsBounded(t *testing.T) {
	var log bytes.Buffer
	name := strings.Repeat(`\u0001`, 300_000)
	a, err := archive.New(archive.Options{
		Store:    oneObject{[]byte(`{"changeId":"C","` + name + `":1,"` + name + `":2}`)},
		Observer: telemetry.Logs(slog.New(slog.NewTextHandler(&log, nil))),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = a.Load(t.Context(), "C"); err == nil {
		t.Fatal("it can be read")
	}
	if log.Len() > 5_000 || !strings.Contains(log.String(), "appears twice") {
		t.Errorf("one load wrote %d bytes of log: %.1000s", log.Len(), &log)
	}
}
