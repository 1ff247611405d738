package delivery_test

import (
	"context"
	"encoding/json"
	"fmt"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/archive/s3store/fakes3"
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
	messages, err := delivery.ParseS3Event(nil, delivery.S3Source{Bucket: "changes", Prefix: "prod"}, body)
	if err != nil {
		panic(err)
	}
	for _, m := range messages {
		fmt.Println(m.Customer, m.ObjectID, m.TriggerETag)
	}
	// Output: hts CHG-12345 "9b2cf535f27731c974343645a3985328"
}

// A Lambda function behind an SQS queue that the bucket notifies of prod/customers/. All
// of it is lambda.Start(backend.HandleSQS), with github.com/aws/aws-lambda-go/lambda.
func ExampleBackend_HandleSQS() {
	server, err := fakes3.Start() // in production s3store.Open
	if err != nil {
		panic(err)
	}
	defer server.Close()
	store, ctx := server.Store().WithPrefix("prod"), context.Background()
	core, err := archive.New(archive.Options{Store: store})
	if err != nil {
		panic(err)
	}
	backend, err := delivery.NewBackend(delivery.BackendOptions{
		Core: core, Store: store, Source: store.EventSource(),
		Work: func(_ context.Context, job delivery.Job) (archive.Edit, error) {
			fmt.Println("working on", job.ObjectID, "for", job.Customer)
			return archive.Edit{}, nil
		},
		Failed: func(_ context.Context, _ delivery.Message, err error) { fmt.Println("again:", err) },
	})
	if err != nil {
		panic(err)
	}
	doc, err := archive.ParseChange([]byte(`{"changeId": "CHG-12345", "customers": ["hts"]}`))
	if err != nil {
		panic(err)
	}
	if _, err := core.Create(ctx, "CHG-12345", doc, archive.Modification{ID: "m-1", UserID: "alice", Type: archive.Created}); err != nil {
		panic(err)
	}

	// What Lambda hands to the function: a message that is no event, and one that is.
	event := delivery.SQSEvent{Records: []delivery.SQSMessage{
		{MessageID: "059f36b4", Body: "hello"},
		{MessageID: "2e1424d4", Body: `{"Records": [{"eventName": "ObjectCreated:Put", "s3": {
			"bucket": {"name": "` + store.Bucket() + `"},
			"object": {"key": "prod/customers/hts/CHG-12345.json", "eTag": "9b2cf535f27731c974343645a3985328"}
		}}]}`},
	}}
	response, err := backend.HandleSQS(ctx, event)
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(response)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
	// Output:
	// again: SQS message 059f36b4: invalid S3 event: line 1, column 1: invalid character 'h' looking for beginning of value
	// working on CHG-12345 for hts
	// {"batchItemFailures":[{"itemIdentifier":"059f36b4"}]}
}
