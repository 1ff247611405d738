package doctor

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/archive/storetest/broken"
	"holdfast/archive/wire"
)

// front answers raw requests with one status, after a right store's other calls.
type front struct {
	*broken.Memory
	status int
	code   string
	date   time.Time
}

func (f front) Send(context.Context, wire.Request) (wire.Answer, error) {
	h := http.Header{"Etag": {`"1"`}}
	if !f.date.IsZero() {
		h.Set("Date", f.date.UTC().Format(http.TimeFormat))
	}
	var body []byte
	if f.code != "" {
		body = []byte("<Error><Code>" + f.code + "</Code></Error>")
	}
	return wire.Answer{Status: f.status, Header: h, Body: body}, nil
}

func tryRow(t *testing.T, name string, f front) Row {
	t.Helper()
	e := &examination{Config: Config{Fronts: []Front{{Store: f, Raw: f}}}.withDefaults()}
	for _, r := range rows {
		if r.name == name {
			tried, _ := e.try(t.Context(), r)
			return tried
		}
	}
	t.Fatal("no row", name)
	return Row{}
}

// TestRefusalForAnotherReason: a server in trouble, or one that does not let us, has said
// nothing about a condition.
func TestRefusalForAnotherReason(t *testing.T) {
	for _, name := range []string{
		"create with the ETag of what is there", "update of any version (If-Match: *)", "update of any version, of nothing",
		"both conditions", "status of a refusal", "ETag is strong", "wrong Content-MD5",
	} {
		synctest.Test(t, func(t *testing.T) {
			for status, code := range map[int]string{500: "InternalError", 502: "", 503: "SlowDown", 403: "AccessDenied"} {
				if r := tryRow(t, name, front{Memory: broken.NewMemory(), status: status, code: code}); !r.Inconclusive || r.OK || !strings.Contains(r.Here, http.StatusText(status)) && !strings.Contains(r.Here, code) {
					t.Errorf("%s, %d: %+v", name, status, r)
				}
			}
			if name == "ETag is strong" {
				return
			}
			if r := tryRow(t, name, front{Memory: broken.NewMemory(), status: 412, code: "PreconditionFailed"}); !r.OK {
				t.Errorf("%s, refused: %+v", name, r)
			}
		})
	}
	if r := tryRow(t, "create with the ETag of what is there", front{Memory: broken.NewMemory(), status: 501, code: "NotImplemented"}); !r.OK {
		t.Errorf("as S3 answers: %+v", r)
	}
}

// TestClock: S3 bears a quarter of an hour.
func TestClock(t *testing.T) {
	for off, ok := range map[time.Duration]bool{0: true, 14 * time.Minute: true, -14 * time.Minute: true, 16 * time.Minute: false, -16 * time.Minute: false} {
		if r := tryRow(t, "clock", front{Memory: broken.NewMemory(), status: 404, date: time.Now().Add(off)}); r.OK != ok {
			t.Errorf("%v off: %+v", off, r)
		}
	}
}
