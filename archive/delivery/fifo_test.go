package delivery

import (
	"errors"
	"strings"
	"testing"

	"holdfast/archive"
)

// TestEventOfAMessage: it is read back as the message, by the same source and no other.
func TestEventOfAMessage(t *testing.T) {
	slashes := &archive.Layout{Prefix: "orders/", Slashes: true, ID: []string{"order_id"}, History: "events", Entry: archive.EntryLayout{ID: "event_id"}}
	for _, tt := range []struct {
		layout *archive.Layout
		source S3Source
		m      Message
		group  string
	}{
		{nil, S3Source{}, Message{"hts", "CHG-1", `"e1"`}, "CHG-1"},
		{nil, prod, Message{"hts", "CHG-1", `"e1"`}, "CHG-1"},
		{nil, S3Source{Bucket: "b", Prefix: "/a b/ö&=+%"}, Message{"hts", "CHG-1", `"<e1>&"`}, "CHG-1"},
		{slashes, prod, Message{"hts", "2026/11/O-77", `"e1"`}, "2026/11/O-77"},
		{slashes, prod, Message{"hts", strings.Repeat("a/", 100) + "b", `"e1"`}, "d-dt3pazrs5agx2f1e9hxj5jp5"},
	} {
		event, err := tt.source.Event(tt.layout, tt.m)
		if err != nil {
			t.Errorf("%+v: %v", tt.m, err)
			continue
		}
		if got, err := ParseS3Event(tt.layout, tt.source, []byte(event)); err != nil || len(got) != 1 || got[0] != tt.m {
			t.Errorf("%s is read as %v, %v", event, got, err)
		}
		if _, err := ParseS3Event(tt.layout, S3Source{Bucket: "other"}, []byte(event)); !errors.Is(err, ErrForeign) && tt.source.Bucket != "" {
			t.Errorf("%s is another's too: %v", event, err)
		}
		if group := tt.m.GroupID(); len(group) > 128 || group != tt.group {
			t.Errorf("group %s, want %s", group, tt.group)
		}
	}
	for _, m := range []Message{{"../x", "CHG-1", `"e"`}, {"hts", "a b", `"e"`}, {"hts", "CHG-1", ""}} {
		if event, err := prod.Event(nil, m); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("%+v: %s, %v", m, event, err)
		}
	}
}

// TestDeduplicationID: of the message, and of no other.
func TestDeduplicationID(t *testing.T) {
	m := Message{"hts", "CHG-1", `"e1"`}
	seen := map[string]bool{m.ModificationID(archive.Processed): true}
	for _, other := range []Message{m, {"bat", "CHG-1", `"e1"`}, {"hts", "CHG-2", `"e1"`}, {"hts", "CHG-1", `"e2"`}} {
		id := other.DeduplicationID()
		if seen[id] || id != other.DeduplicationID() || len(id) > 128 {
			t.Errorf("%+v: %s", other, id)
		}
		seen[id] = true
	}
}
