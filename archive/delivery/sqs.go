package delivery

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"holdfast/archive"
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

// HandleSQS processes a batch of messages, each the text of an S3 event, one record of
// each in turn. It is what a Lambda function does that an SQS queue triggers; Queue is not
// used. A message comes again unless all of its records were processed, or tell of
// nothing that was written ([ErrNothingWritten]); what is wrong with others in its batch
// makes no difference, also if the work panics, nor how many records they have. Why a
// message comes again is told to BackendOptions.Failed.
//
// An event of another bucket or prefix comes again as well, and ends as a dead
// letter: if acknowledged, the triggers of a back end whose [S3Source] is wrong would
// be lost without a word.
//
// The function's event source must have ReportBatchItemFailures among its
// FunctionResponseTypes: without it Lambda does not read the response and deletes the
// whole batch. The queue must be no FIFO queue, which S3 does not notify anyway: after a
// failure there, what follows would have to wait. What was not reached when ctx ended
// comes again. Of the time until a deadline of ctx, as Lambda sets one, the last second, or
// tenth if that is less, is left for the response.
//
// The error says that the event is none of an SQS queue; Lambda then delivers all of it
// again.
func (b *Backend) HandleSQS(ctx context.Context, event SQSEvent) (SQSResponse, error) {
	if len(event.Records) == 0 {
		return SQSResponse{}, fmt.Errorf("%w SQS event: it has no Records: is a queue the function's event source?", archive.ErrInvalid)
	}
	for i, m := range event.Records {
		if m.MessageID == "" { // as a failure it would stand for the whole batch
			return SQSResponse{}, fmt.Errorf("%w SQS event: Records[%d] has no messageId: is a queue the function's event source?", archive.ErrInvalid, i)
		}
	}
	events := make([]sqsEvent, len(event.Records))
	for i, m := range event.Records {
		events[i] = b.openEvent(ctx, m)
	}
	b.processInTurn(ctx, events)
	response := SQSResponse{BatchItemFailures: []SQSItemFailure{}}
	for _, e := range events {
		if e.again {
			response.BatchItemFailures = append(response.BatchItemFailures, SQSItemFailure{e.id})
		}
	}
	return response, nil
}

// sqsEvent is what is left of a message of the batch.
type sqsEvent struct {
	id    string
	left  []Message // its records that were not reached yet
	again bool      // something failed
}

func (b *Backend) openEvent(ctx context.Context, m SQSMessage) sqsEvent {
	messages, err := ParseS3Event(b.o.Core.Layout(), b.o.Source, []byte(m.Body))
	again := leavesWork(err)
	if again {
		b.failed(ctx, Message{}, fmt.Errorf("SQS message %s: %w", m.MessageID, err))
	}
	return sqsEvent{m.MessageID, messages, again}
}

// processInTurn processes the first record of each message, then the second of each: one
// with many, or with records that take long, must not use up the time of the others.
func (b *Backend) processInTurn(ctx context.Context, events []sqsEvent) {
	working, stop := b.leavingTime(ctx)
	defer stop()
	for left := true; left; {
		left = false
		for i := range events {
			e := &events[i]
			if len(e.left) == 0 {
				continue
			}
			m, err := e.left[0], working.Err()
			if err != nil {
				err = fmt.Errorf("the time was up before %d of its records: %w", len(e.left), err)
				e.left = nil
			} else {
				err = b.outlive(working, m)
				e.left = e.left[1:]
			}
			if err != nil {
				b.failed(ctx, m, fmt.Errorf("SQS message %s: %w", e.id, err))
				e.again = true
			}
			left = left || len(e.left) > 0
		}
	}
}

// leavingTime is ctx with a deadline that leaves time to answer before its own.
func (b *Backend) leavingTime(ctx context.Context) (context.Context, context.CancelFunc) {
	due, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	left := due.Sub(b.o.Clock.Now())
	return b.o.Clock.WithTimeout(ctx, left-min(left/10, time.Second))
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
			err = fmt.Errorf("process %s for %s: panic: %s\n%s", m.ObjectID, m.Customer, panicText(p), debug.Stack())
		}
	}()
	return b.Process(ctx, m)
}

// panicText says what a panic was about. A value of the work's own may hold what users
// wrote, which is not for logs, at any length; the runtime's say what is wrong.
func panicText(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("a value of type %T", p)
}
