package world

import (
	"testing"

	"holdfast/archive/delivery"
)

// What the parser makes of a notification is the write that it tells of.
func TestNotification(t *testing.T) {
	source := delivery.S3Source{Bucket: "b", Prefix: "a b+c/ü%/"}
	key, err := delivery.TriggerKey(nil, "hts", "CHG-1.x_y")
	if err != nil {
		t.Fatal(err)
	}
	got, err := delivery.ParseS3Event(nil, source, Notification(source, key, `"e1"`))
	want := delivery.Message{Customer: "hts", ObjectID: "CHG-1.x_y", TriggerETag: `"e1"`}
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%v, %v", got, err)
	}
	for _, other := range []delivery.S3Source{{Bucket: "c", Prefix: source.Prefix}, {Bucket: "b"}} {
		if got, err := delivery.ParseS3Event(nil, other, Notification(source, key, `"e1"`)); err == nil {
			t.Errorf("%+v takes it for its own: %v", other, got)
		}
	}
}
