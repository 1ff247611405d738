package archive

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// SQSEvent is what AWS Lambda hands to a function whose event source is an SQS queue:
// a batch of messages. As JSON it has the names that Lambda gives them, and whatever
// else Lambda sends is passed over.
type SQSEvent struct {
	Records []SQSMessage `json:"Records"`
}

// SQSMessage is a message of the batch, whose body is the text of an S3 event.
type SQSMessage struct {
	MessageID string `json:"messageId"`
	Body      string `json:"body"`
}

// SQSResponse is what Lambda wants to know: which messages are to come again. All
// others are deleted from the queue.
type SQSResponse struct {
	BatchItemFailures []SQSItemFailure `json:"batchItemFailures"`
}

// SQSItemFailure names a message by its MessageID.
type SQSItemFailure struct {
	ItemIdentifier string `json:"itemIdentifier"`
}

// HandleSQS processes a batch of messages, each the text of an S3 event, one after the
// other. It is what a Lambda function does that an SQS queue triggers; Queue is not
// used. A message comes again unless all of its records were processed, or tell of
// nothing that was written ([ErrNothingWritten]); which others are in its batch makes
// no difference, also if its work panics. Why a message comes again is told to
// BackendOptions.Failed.
//
// An event of another bucket or prefix comes again as well, and ends as a dead
// letter: if acknowledged, the triggers of a back end whose [S3Source] is wrong would
// be lost without a word.
//
// The function's event source must have ReportBatchItemFailures among its
// FunctionResponseTypes: without it Lambda does not read the response and deletes the
// whole batch. The queue must be no FIFO queue, which S3 does not notify anyway: after a
// failure there, what follows would have to wait. If ctx ends, the messages that are
// left come again; a deadline a little before Lambda's own leaves time to say so.
//
// The error says that the event is none of an SQS queue; Lambda then delivers all of it
// again.
func (b *Backend) HandleSQS(ctx context.Context, event SQSEvent) (SQSResponse, error) {
	if len(event.Records) == 0 {
		return SQSResponse{}, fmt.Errorf("%w SQS event: it has no Records: is a queue the function's event source?", ErrInvalid)
	}
	for i, m := range event.Records {
		if m.MessageID == "" { // as a failure it would stand for the whole batch
			return SQSResponse{}, fmt.Errorf("%w SQS event: Records[%d] has no messageId: is a queue the function's event source?", ErrInvalid, i)
		}
	}
	response := SQSResponse{BatchItemFailures: []SQSItemFailure{}}
	for _, m := range event.Records {
		if !b.processEvent(ctx, m) {
			response.BatchItemFailures = append(response.BatchItemFailures, SQSItemFailure{m.MessageID})
		}
	}
	return response, nil
}

// processEvent processes what a message tells of, and reports whether nothing is left
// to be done.
func (b *Backend) processEvent(ctx context.Context, m SQSMessage) (done bool) {
	messages, err := ParseS3Event(b.o.Source, []byte(m.Body))
	done = !leavesWork(err)
	if !done {
		b.failed(ctx, Message{}, fmt.Errorf("SQS message %s: %w", m.MessageID, err))
	}
	for _, each := range messages {
		if err := b.outlive(ctx, each); err != nil {
			b.failed(ctx, each, fmt.Errorf("SQS message %s: %w", m.MessageID, err))
			done = false
		}
	}
	return done
}

// leavesWork reports whether an error of ParseS3Event may hide a trigger.
func leavesWork(err error) bool {
	var event *S3EventError
	if !errors.As(err, &event) {
		return err != nil && !errors.Is(err, ErrNothingWritten)
	}
	for _, r := range event.Records {
		if !errors.Is(r, ErrNothingWritten) {
			return true
		}
	}
	return false
}

// outlive processes a message and makes an error of a panic, which would end the
// function and let the whole batch come again, and with it what had panicked.
func (b *Backend) outlive(ctx context.Context, m Message) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("process %s for %s: panic: %v\n%s", m.ObjectID, m.Customer, p, debug.Stack())
		}
	}()
	return b.Process(ctx, m)
}
