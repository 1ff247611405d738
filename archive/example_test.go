package archive_test

import (
	"fmt"

	"holdfast/archive"
)

// What S3 sends to the queue when a trigger is written.
func ExampleParseS3Event() {
	body := []byte(`{"Records": [{
		"eventVersion": "2.5", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
		"s3": {"bucket": {"name": "changes"}, "object": {
			"key": "prod/customers/hts/CHG-12345.json", "size": 81,
			"eTag": "9b2cf535f27731c974343645a3985328", "sequencer": "0055AED6DCD90281E5"
		}}
	}]}`)
	messages, err := archive.ParseS3Event(archive.S3Source{Bucket: "changes", Prefix: "prod"}, body)
	if err != nil {
		panic(err)
	}
	for _, m := range messages {
		fmt.Println(m.Customer, m.ObjectID, m.TriggerETag)
	}
	// Output: hts CHG-12345 "9b2cf535f27731c974343645a3985328"
}
