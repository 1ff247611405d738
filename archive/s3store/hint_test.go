package s3store_test

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

// TestRetryAfter: what the server says of when to come again reaches the caller, in every
// form in which servers say it.
func TestRetryAfter(t *testing.T) {
	const now = "Mon, 30 Nov 2026 10:00:00 GMT"
	for _, c := range []struct {
		name   string
		header [][2]string
		want   time.Duration
	}{
		{"nothing", nil, 0},
		{"seconds", [][2]string{{"Retry-After", "3"}}, 3 * time.Second},
		{"zero", [][2]string{{"Retry-After", "0"}}, 0},
		{"milliseconds", [][2]string{{"x-amz-retry-after", "250"}}, 250 * time.Millisecond},
		{"both: S3's own", [][2]string{{"Retry-After", "3"}, {"x-amz-retry-after", "250"}}, 250 * time.Millisecond},
		{"a date", [][2]string{{"Retry-After", "Mon, 30 Nov 2026 10:00:07 GMT"}, {"Date", now}}, 7 * time.Second},
		{"a date that has passed", [][2]string{{"Retry-After", "Mon, 30 Nov 2026 09:59:59 GMT"}, {"Date", now}}, 0},
		{"nonsense", [][2]string{{"Retry-After", "soon"}, {"Date", now}}, 0},
		{"negative", [][2]string{{"Retry-After", "-3"}}, 0},
		{"more than a number", [][2]string{{"x-amz-retry-after", "1e3"}}, 0},
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			for _, h := range c.header {
				w.Header().Set(h[0], h[1])
			}
			s3Error(503, "SlowDown", "Please reduce your request rate.")(w, r)
		})
		for _, op := range ops {
			err := do(t.Context(), s, op)
			var hint interface{ RetryAfter() time.Duration }
			if !errors.As(err, &hint) || hint.RetryAfter() != c.want {
				t.Errorf("%s: the answer to %s says %v, want %v", c.name, op, hint, c.want)
			}
		}
	}
}
