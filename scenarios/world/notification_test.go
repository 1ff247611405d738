package world

import (
	"testing"

	"holdfast/archive"
)

// What the parser makes of a notification is the write that it tells of.
func TestNotification(t *testing.T) {
	source := archive.S3Source{Bucket: "b", Prefix: "a b+c/ü%/"}
	key, err := archive.TriggerKey("hts", "CHG-1.x_y")
	if err != nil {
		t.Fatal(err)
	}
	got, err := archive.ParseS3Event(source, Notification(source, key, `"e1"`))
	want := archive.Message{Customer: "hts", ObjectID: "CHG-1.x_y", TriggerETag: `"e1"`}
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%v, %v", got, err)
	}
	for _, other := range []archive.S3Source{{Bucket: "c", Prefix: source.Prefix}, {Bucket: "b"}} {
		if got, err := archive.ParseS3Event(other, Notification(source, key, `"e1"`)); err == nil {
			t.Errorf("%+v takes it for its own: %v", other, got)
		}
	}
}
