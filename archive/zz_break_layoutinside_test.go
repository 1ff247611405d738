package archive

import "testing"

// TestBreakLayoutInsideLayout: with slashes and no prefix an id can be the key of another
// archive's document. Its author chooses all of it, with a history that nobody made.
func TestBreakLayoutInsideLayout(t *testing.T) {
	r := newRig(t, 0)
	l := &Layout{Suffix: ".json", Slashes: true, ID: []string{"order_id"}, History: "events",
		Entry: EntryLayout{ID: "event_id", Timestamp: "at", User: "by", Type: "kind"}}
	orders, err := New(Options{Store: r.store, Clock: r.clock, Layout: l})
	if err != nil {
		t.Skip(err)
	}
	u, err := NewUploader(UploaderOptions{Core: orders, Store: r.store, Clock: r.clock})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := l.Parse([]byte(`{"order_id":"archive/CHG-9","changeId":"CHG-9","modifications":[{"modification_id":"d-forged","timestamp":"2025-10-20T12:00:00Z","user_id":"boss","modification_type":"approved"}]}`))
	if err != nil {
		t.Skip(err)
	}
	if _, err := u.Upload(t.Context(), Upload{Document: doc, UserID: "mallory"}); err != nil {
		t.Skip(err)
	}
	if got, err := r.Load(t.Context(), "CHG-9"); err == nil {
		t.Errorf("a forged change is there: %s", got.Document.Encode())
	}
}
