package archive

import (
	"strings"
	"testing"
)

// A trigger whose answers are lost is there, and will be processed: the result says that
// writing it failed, and the API that "the customer could not be told".
func TestBreakTriggerInDoubtIsNoFailure(t *testing.T) {
	r := newRig(t, 2)
	r.store.everyPut = replyLost
	u, err := NewUploader(UploaderOptions{Core: r.Archive, Store: r.store, Clock: r.clock, Parallel: Goroutines(1)})
	if err != nil {
		t.Fatal(err)
	}
	done, err := u.Upload(t.Context(), Upload{Document: mustParse(t, `{"changeId":"CHG-9","customers":["hts"]}`), UserID: "u"})
	if err != nil {
		t.Fatal(err)
	}
	if got := done.Results[1]; !got.Success && strings.Contains(r.store.body("customers/hts/CHG-9.json"), done.ModificationID) {
		t.Errorf("the trigger is stored, and the result is %+v", got)
	}
}
