package delivery

import (
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdfast/archive"
)

const (
	ms      = time.Millisecond
	testID  = "CHG-1"
	testKey = "archive/CHG-1.json"
	testDoc = `{"changeId":"CHG-1","title":"a","plan":"p","modifications":[]}`
)

var (
	errLost      = fmt.Errorf("connection reset: %w", archive.ErrOutcomeUnknown)
	errForbidden = errors.New("403 AccessDenied")
)

func etagOf(body []byte) string { return fmt.Sprintf(`"%x"`, md5.Sum(body)) }

// failer is what testing.T and rapid.T have in common here.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func fields(pairs ...string) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return m
}

func mustParse(t failer, body string) *archive.Change {
	t.Helper()
	c, err := archive.ParseChange([]byte(body))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return c
}
