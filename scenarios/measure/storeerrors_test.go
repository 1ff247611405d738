package measure

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

func storeCall(kind history.Kind, answer, text string) *history.Event {
	return &history.Event{Kind: kind, Actor: "a", Op: 1, Key: "archive/CHG-1.json", Answer: answer, Text: text}
}

func errorsOf(events ...*history.Event) []StoreError {
	c := NewCollector()
	for _, e := range events {
		c.Add(e)
	}
	r := &Measurement{}
	c.Fill(r, check.Counts{})
	return r.StoreErrors
}

// TestStoreErrorsAreToldApartByWhatWentWrong, the commonest first; what the protocol is
// made of is none, nor is a call that was cut short with the run.
func TestStoreErrorsAreToldApartByWhatWentWrong(t *testing.T) {
	var events []*history.Event
	for n := range 3 {
		events = append(events,
			storeCall(history.Put, history.UnknownAnswer, fmt.Sprintf("put archive/CHG-%d.json: 507 XMinioStorageFull: outcome unknown", n)),
			storeCall(history.Get, history.Throttled, ""),
		)
	}
	events = append(events,
		storeCall(history.Get, history.Throttled, ""),
		storeCall(history.Delete, history.OtherError, "delete archive/CHG-1.json: 403 AccessDenied: no"),
		storeCall(history.Put, history.OK, ""), storeCall(history.Put, history.PreconditionFailed, ""),
		storeCall(history.Put, history.Conflict, ""), storeCall(history.Get, history.NotFound, ""),
		storeCall(history.Put, history.UnknownAnswer, "put archive/CHG-1.json: context canceled: outcome unknown"),
	)
	want := []StoreError{
		{"get", "503 or 429: the store is too busy", 4}, {"put", "507 XMinioStorageFull: outcome unknown", 3}, {"delete", "403 AccessDenied: no", 1},
	}
	if diff := gocmp.Diff(want, errorsOf(events...)); diff != "" {
		t.Error(diff)
	}
	if none := errorsOf(storeCall(history.Put, history.PreconditionFailed, "")); none != nil {
		t.Errorf("%v", none)
	}
}

// TestStoreErrorsHoldNoParticulars: neither ids, which would make each another, nor
// anything that may be a secret or of a document.
func TestStoreErrorsHoldNoParticulars(t *testing.T) {
	for text, want := range map[string]string{
		"get archive/CHG-1.json: 500 InternalError: the store is not available":   "500 InternalError: the store is not available",
		"put k: no answer within 1.5s: outcome unknown":                           "no answer within 1.5s: outcome unknown",
		"put k: read tcp 127.0.0.1:43210->127.0.0.1:9000: read: connection reset": "read tcp … read: connection reset",
		"put k: read tcp [::1]:43210->[::1]:9000: read: connection reset":         "read tcp …",
		`put k: 400 Odd: the ETag "d41d8cd98f00b204e9800998ecf8427e" is odd`:      "400 Odd: the ETag …",
		"put k: 403 Odd: request 4442587FB7D0A2F9 failed":                         "403 Odd: request … failed",
		"put k: 403 SignatureDoesNotMatch: AKIAIOSFODNN7EXAMPLE":                  "403 SignatureDoesNotMatch: …",
		"put k: 403 AccessDenied: arn:aws:iam::123456789012:user/bob is not to":   "403 AccessDenied: … is not to",
		"put k: 403 AccessDenied: not authorized to perform: s3:PutObject on it":  "403 AccessDenied: not authorized to perform: s3:PutObject on it",
		"put k: the path /var/lib/data is full":                                   "the path … is full",
		`put k: 400 Odd: {"changeTitle": "Rotate the certificates"}`:              "400 Odd …",
		"put k: 400 Odd: <Title>Rotate the certificates</Title>":                  "400 Odd …",
		"put k: net/http: broken: malformed MIME header line: Rotate the keys":    "… broken …",
		"put k: 400 Odd: 'Rotate the certificates'":                               "400 Odd …",
		"put k: 400 Odd: token " + strings.Repeat("abcd", 20):                     "400 Odd: token …",
		`"Rotate the certificates"`:                                               "an error without words of its own",
		"":                                                                        "an error without words of its own",
		"put k: 400 Odd: it  goes\non and on" + strings.Repeat(" and on", 100):    "400 Odd: it goes on and on" + strings.Repeat(" and on", 13) + " an…",
	} {
		got := withoutParticulars(text)
		if got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
		if strings.Contains(got, "Rotate") || strings.Contains(got, "AKIA") {
			t.Errorf("%q", got)
		}
	}
}

// TestStoreErrorsAreBounded, and pooled repetition by repetition they are the same
// whatever order their kinds are held in.
func TestStoreErrorsAreBounded(t *testing.T) {
	word := func(n int) string { return strings.Repeat(string(rune('a'+n%26)), 1+n/26) }
	first := []StoreError(nil)
	for range 20 {
		total := NewCollector()
		for repetition := range 3 {
			c := NewCollector()
			for n := range 3 * mostErrors {
				if n%3 == repetition {
					c.Add(storeCall(history.Put, history.OtherError, "put k: "+word(n)))
				}
			}
			total.Merge(c)
		}
		if len(total.errors.kinds) > mostErrors+1 {
			t.Fatalf("%d kinds are told apart", len(total.errors.kinds))
		}
		shown := total.errors.commonest()
		if len(shown) != errorsShown || shown[0].Error != otherErrors || shown[0].Count != 2*mostErrors {
			t.Fatalf("%v", shown)
		}
		if first == nil {
			first = shown
		}
		if diff := gocmp.Diff(first, shown); diff != "" {
			t.Fatal(diff)
		}
	}
}
