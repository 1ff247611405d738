package changes

import (
	"context"
	"encoding/json"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// Update is the body of a message. Whoever sends it makes the id of the modification, so
// that a message which comes twice is stored once. Of a FIFO queue its group
// (MessageGroupId) is the id of the object.
type Update struct {
	Object string       `json:"object"`
	Edit   archive.Edit `json:"edit"`
}

// NewConsumer is for the start of the process. Only where one consumer at a time
// writes an object does delivery.NewWriteThrough spare the read before each write.
func NewConsumer(store archive.Store, policy archive.Policy, fifo bool) (*Consumer, error) {
	if fifo {
		store = delivery.NewWriteThrough(store)
	}
	core, err := archive.New(archive.Options{Store: store, Policy: policy})
	return &Consumer{core, fifo}, err
}

// Consumer stores what a queue's messages ask for.
type Consumer struct {
	core *archive.Archive
	fifo bool
}

// Handle is the Lambda function of the queue, which needs ReportBatchItemFailures: it stores
// what a batch asks for by one write for each object. A message that fails comes again and,
// of a FIFO queue, with it those that follow for its object.
func (c *Consumer) Handle(ctx context.Context, event delivery.SQSEvent) (delivery.SQSResponse, error) {
	response := delivery.SQSResponse{BatchItemFailures: []delivery.SQSItemFailure{}}
	again := func(message int) {
		id := event.Records[message].MessageID
		response.BatchItemFailures = append(response.BatchItemFailures, delivery.SQSItemFailure{ItemIdentifier: id})
	}
	var objects []string // in the order of their first messages
	edits, messages := map[string][]archive.Edit{}, map[string][]int{}
	for i, m := range event.Records {
		var u Update
		if json.Unmarshal([]byte(m.Body), &u) != nil {
			again(i) // until it is a dead letter
			continue
		}
		if edits[u.Object] == nil {
			objects = append(objects, u.Object)
		}
		edits[u.Object], messages[u.Object] = append(edits[u.Object], u.Edit), append(messages[u.Object], i)
	}
	for _, object := range objects {
		_, errs := c.core.AppendAll(ctx, object, edits[object])
		failed := false
		for i, err := range errs {
			if failed = failed || err != nil; err != nil || failed && c.fifo {
				again(messages[object][i])
			}
		}
	}
	return response, nil
}
