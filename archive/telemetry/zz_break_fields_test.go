package telemetry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"context"
	"holdfast/archive"
	"holdfast/archive/telemetry"
)

// one is a store that holds one object.
type oneObject struct{ body []byte }

func (o oneObject) Get(context.Context, string) ([]byte, string, error) { return o.body, `"e"`, nil }
func (o oneObject) Head(context.Context, string) (string, error)        { return `"e"`, nil }
func (o oneObject) Put(context.Context, string, []byte, archive.Condition) (string, error) {
	return `"f"`, nil
}
func (o oneObject) Delete(context.Context, string, archive.Condition) error { return nil }

// TestBreakConflictLog: one upload of 1 MiB, with a base that is invented, makes a log
// line of half a megabyte, of names that its sender chose.
func TestBreakConflictLog(t *testing.T) {
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
	if log.Len() > 20_000 {
		t.Errorf("one save wrote %d bytes of log", log.Len())
	}
}
