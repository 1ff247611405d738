package archive

import (
	"context"
	"strings"
	"testing"
)

// TestBreakS3EventError: one message of 256 KB, the most that SQS took for years, must not
// become a line of many megabytes in the log, each time that it is delivered.
func TestBreakS3EventError(t *testing.T) {
	r := newRig(t, 0)
	longest := 0
	b, err := NewBackend(BackendOptions{Core: r.Archive, Store: r.store, Failed: func(_ context.Context, _ Message, err error) {
		longest = max(longest, len(err.Error()))
	}})
	if err != nil {
		t.Fatal(err)
	}
	body := `{"Records":[0` + strings.Repeat(",0", 128<<10-10) + `]}`
	if _, err := b.HandleSQS(t.Context(), SQSEvent{Records: []SQSMessage{{MessageID: "1", Body: body}}}); err != nil {
		t.Fatal(err)
	}
	if longest > len(body) {
		t.Errorf("a message of %d bytes made an error of %d bytes", len(body), longest)
	}
}
