package reports

import (
	"strings"
	"testing"

	"holdfast/scenarios/history"
)

// TestUnreadableBodiesAreToldAsThat, with the reason that the history holds.
func TestUnreadableBodiesAreToldAsThat(t *testing.T) {
	bad := &history.Doc{Bad: "line 1, column 1: not JSON"}
	for want, e := range map[string]*history.Event{
		"reads version e1, whose body is no document (line 1, column 1: not JSON)":                                             {Kind: history.Get, Answer: history.OK, ETag: "e1", Doc: bad},
		"writes version e2: something that is no document (line 1, column 1: not JSON)":                                        {Kind: history.Put, Answer: history.OK, ETag: "e2", If: history.IfAbsent, Doc: bad},
		"is refused a write (503: the store is too busy): something that is no document (line 1, column 1: not JSON), without": {Kind: history.Put, Answer: history.Throttled, If: history.IfNone, Doc: bad},
		"reads version e1, which has 0 modifications":                                                                          {Kind: history.Get, Answer: history.OK, ETag: "e1", Doc: &history.Doc{}},
		"looks at version e1, whose customers are a, b, and tells b of m-1":                                                    {Kind: history.Tell, ETag: "e1", Customers: []string{"a", "b"}, Told: []string{"b"}, IDs: []string{"m-1"}},
		"writes the trigger for hts":                                   {Kind: history.Put, Answer: history.OK, ETag: "e1", Key: "r00001/customers/hts/CHG-1.json", If: history.IfNone},
		"deletes the trigger for hts: there is none":                   {Kind: history.Delete, Answer: history.NotFound, Key: "customers/hts/CHG-1.json"},
		"looks for the trigger for hts in vain (an error)":             {Kind: history.Head, Answer: history.OtherError, Key: "customers/hts/CHG-1.json"},
		"waits 50 ms before attempt 2":                                 {Kind: history.Wait, Wait: 5e7, Attempt: 2},
		"looks at version e1, whose customers are a, and tells nobody": {Kind: history.Tell, ETag: "e1", Customers: []string{"a"}},
	} {
		if got := tell(e); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
