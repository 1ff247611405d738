package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	// EventSourceARN is the queue's. That of a FIFO queue ends in ".fifo".
	EventSourceARN string        `json:"eventSourceARN"`
	Attributes     SQSAttributes `json:"attributes"`
}

// SQSAttributes are what SQS says of a message.
type SQSAttributes struct {
	// MessageGroupID is the message's group. A standard queue's may have one too, for fair
	// queues, and there it says nothing of order.
	MessageGroupID string `json:"MessageGroupId"`
	// ApproximateReceiveCount is how often the message was delivered, this time included, as a
	// decimal number.
	ApproximateReceiveCount string `json:"ApproximateReceiveCount"`
}

// group is that of a FIFO queue, of whose messages each has one.
func (m *SQSMessage) group() string {
	if !strings.HasSuffix(m.EventSourceARN, ".fifo") {
		return ""
	}
	return m.Attributes.MessageGroupID
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

// HandleSQS processes a batch of messages, each the text of an S3 event, as
// [Backend.ProcessAll] does: what those of one object come to is one write. It is what a
// Lambda function does that an SQS queue triggers; Queue is not
// used. A message comes again unless all of its records were processed, or tell of
// nothing that was written ([ErrNothingWritten]); what is wrong with others in its batch
// makes no difference, also if the work panics, nor how many records they have: each
// message's first record is processed before the second of any. Why a
// message comes again is told to BackendOptions.Failed.
//
// Of a FIFO queue, after a message that failed all that follow in its group are not processed
// and come again, as SQS wants it, so that none overtakes it; other groups go on. All records
// of a message are then processed before the next message. S3 does not notify
// FIFO queues; [S3Source.Event] and [Message.GroupID] are for who forwards to one.
//
// An event of another bucket or prefix comes again as well, and ends as a dead
// letter: if acknowledged, the triggers of a back end whose [S3Source] is wrong would
// be lost without a word.
//
// The function's event source must have ReportBatchItemFailures among its
// FunctionResponseTypes: without it Lambda does not read the response and deletes the
// whole batch. What was not reached when ctx ended
// comes again. Of the time until a deadline of ctx, as Lambda sets one, the last second, or
// tenth if that is less, is left for the response, and as much before it for storing what is
// done by then.
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
	stopped := map[string]bool{} // FIFO groups with a message that can't be read
	for i, m := range event.Records {
		e := b.openEvent(ctx, m)
		if stopped[e.group] {
			e.left = nil
			b.fail(ctx, &e, Message{}, errBehind)
		}
		stopped[e.group] = e.group != "" && e.again
		events[i] = e
	}
	b.processEvents(ctx, events)
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
	group string    // of a FIFO queue
	left  []Message // its records that were not reached yet
	again bool      // something failed
}

func (b *Backend) openEvent(ctx context.Context, m SQSMessage) sqsEvent {
	messages, err := ParseS3Event(b.o.Core.Layout(), b.o.Source, []byte(m.Body))
	e := sqsEvent{id: m.MessageID, group: m.group(), left: messages}
	if leavesWork(err) {
		b.fail(ctx, &e, Message{}, err)
	}
	return e
}

// fail notes that a message comes again, and tells why.
func (b *Backend) fail(ctx context.Context, e *sqsEvent, m Message, err error) {
	b.failed(ctx, m, fmt.Errorf("SQS message %s: %w", e.id, err))
	e.again = true
}

// processEvents processes the first record of each message, then the second of each: one
// with many, or with records that take long, must not use up the time of the others. Of a
// FIFO queue it processes them as they come.
func (b *Backend) processEvents(ctx context.Context, events []sqsEvent) {
	batch := b.newProcessing(ctx)
	batch.catches = true
	var stop context.CancelFunc
	batch.storing, stop = b.leavingTime(ctx, 1)
	defer stop()
	batch.working, stop = b.leavingTime(ctx, 2)
	defer stop()
	for {
		err := batch.working.Err()
		var items []item
		var of []*sqsEvent
		for i := range events {
			e := &events[i]
			switch n := len(e.left); {
			case n == 0:
				continue
			case err != nil:
				b.fail(ctx, e, e.left[0], fmt.Errorf("the time was up before %d of its records: %w", n, err))
				e.left = nil
			case e.group == "":
				items, of = append(items, item{message: e.left[0]}), append(of, e)
				e.left = e.left[1:]
			default:
				for _, m := range e.left {
					items, of = append(items, item{message: m, group: e.group}), append(of, e)
				}
				e.left = nil
			}
		}
		if len(items) == 0 {
			return
		}
		batch.process(items)
		for i, e := range of {
			if items[i].err != nil {
				b.fail(ctx, e, items[i].message, items[i].err)
			}
		}
	}
}

// leavingTime is ctx with a deadline that leaves so many times what an answer needs before
// its own.
func (b *Backend) leavingTime(ctx context.Context, times int) (context.Context, context.CancelFunc) {
	due, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	left := due.Sub(b.o.Clock.Now())
	return b.o.Clock.WithTimeout(ctx, left-time.Duration(times)*min(left/10, time.Second))
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
