package s3store_test

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/archive/s3store"
)

// TestBreakEndpointPassword: an endpoint's password is in the error of Check, which
// is printed, and in the settings, which results record.
func TestBreakEndpointPassword(t *testing.T) {
	l := listen(t)
	address := l.Addr().String()
	l.Close()
	s := open(t, s3store.Config{Endpoint: "http://user:sekret@" + address})
	if text := fmt.Sprintf("%v %+v", s.Check(t.Context()), s.Settings()); strings.Contains(text, "sekret") {
		t.Error(text)
	}
}
