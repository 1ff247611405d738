package telemetry_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/archive/telemetry"
)

// oneObject is in zz_break_fields_test.go.

// TestBreakUnreadableLog: a document that can't be read is quoted in the log, again for each load.
func TestBreakUnreadableLog(t *testing.T) {
	var log bytes.Buffer
	name := strings.Repeat(`\u0001`, 300_000)
	a, err := archive.New(archive.Options{
		Store: oneObject{[]byte(`{"changeId":"C","` + name + `":1,"` + name + `":2}`)}, Observer: telemetry.Logs(slog.New(slog.NewTextHandler(&log, nil))),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = a.Load(t.Context(), "C"); err == nil {
		t.Fatal("it can be read")
	}
	if log.Len() > 20_000 {
		t.Errorf("one load wrote %d bytes of log", log.Len())
	}
}
