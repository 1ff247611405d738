package cores

import (
	"context"

	"holdfast/archive/delivery"
)

// The bugs of a back end's batch handler.

const serviceBatches = "service-batches"

var plantedHandlers = []Bug{
	handler("handler-drops-one", "the last message of a batch is acknowledged with the others, and was not in the batch that was processed",
		func(ctx context.Context, b *batchHandler, batch []delivery.Delivery) {
			last := len(batch) - 1
			b.Backend.HandleBatch(ctx, batch[:last])
			b.acknowledge(ctx, batch[last])
		}),
	handler("handler-doubles-one", "the last message of a batch is worked on once more, and its entry then has an id of its own",
		func(ctx context.Context, b *batchHandler, batch []delivery.Delivery) {
			b.Backend.HandleBatch(ctx, batch)
			again := worker{b.o, workerFlaw{id: idOfDelivery}}
			again.Handle(ctx, batch[len(batch)-1])
		}),
	handler("handler-answers-all-for-one", "where one message of a batch fails, the batch is acknowledged as a whole",
		func(ctx context.Context, b *batchHandler, batch []delivery.Delivery) {
			b.ProcessAll(ctx, messagesOf(batch))
			for _, d := range batch {
				b.acknowledge(ctx, d)
			}
		}),
	handler("handler-mixes-objects", "a batch is taken for one of the object of its first message",
		func(ctx context.Context, b *batchHandler, batch []delivery.Delivery) {
			mixed := messagesOf(batch)
			for i := range mixed {
				mixed[i].ObjectID = mixed[0].ObjectID
			}
			b.answer(ctx, batch, b.ProcessAll(ctx, mixed))
		}),
}

// handler is a bug in how batches of several messages are handled.
func handler(name, fault string, handle func(context.Context, *batchHandler, []delivery.Delivery)) Bug {
	return Bug{Spec{Name: name, Fault: fault, New: production, Backend: func(o delivery.BackendOptions) (Handler, error) {
		b, err := delivery.NewBackend(o)
		return &batchHandler{b, o, handle}, err
	}}, "I9", serviceBatches, 0, true}
}

// batchHandler is a back end that handles batches of several in a way of its own.
type batchHandler struct {
	*delivery.Backend
	o      delivery.BackendOptions
	handle func(context.Context, *batchHandler, []delivery.Delivery)
}

func (b *batchHandler) HandleBatch(ctx context.Context, batch []delivery.Delivery) {
	if len(batch) < 2 {
		b.Backend.HandleBatch(ctx, batch)
		return
	}
	b.handle(ctx, b, batch)
}

// answer acknowledges what has no error.
func (b *batchHandler) answer(ctx context.Context, batch []delivery.Delivery, errs []error) {
	for i, d := range batch {
		if errs[i] != nil {
			b.o.Failed(ctx, d.Message, errs[i])
		} else {
			b.acknowledge(ctx, d)
		}
	}
}

func (b *batchHandler) acknowledge(ctx context.Context, d delivery.Delivery) {
	if err := b.o.Queue.Acknowledge(ctx, d); err != nil {
		b.o.Failed(ctx, d.Message, err)
	}
}

func messagesOf(batch []delivery.Delivery) []delivery.Message {
	all := make([]delivery.Message, len(batch))
	for i, d := range batch {
		all[i] = d.Message
	}
	return all
}
