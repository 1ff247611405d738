package scenarios

import (
	"context"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// Consumer is the name of the actor that consumes a queue with via: core, the first of
// several consumer-1.
const Consumer = "consumer"

// startQueuedLoads lets the actors act and the consumers store what they send. When nobody is
// left who could send anything, the consumers work until the queue is empty.
func startQueuedLoads(ctx context.Context, q *sendQueue, actors []performer) {
	senders := world.NewGroup(q.world)
	for i := range actors {
		f := &actors[i]
		switch {
		case f.actor.Kind == consumes:
			q.tasks.Go(func() { f.consume(ctx) })
		case f.actor.Load != nil:
			senders.Go(func() { f.runLoad(ctx) })
		}
	}
	q.tasks.Go(func() {
		senders.Wait()
		q.close()
	})
}

// consume takes messages and stores what they ask for, until none can come any more. A
// consumer that dies leaves its messages to the queue.
func (f *performer) consume(ctx context.Context) {
	q := f.repetition.sendQueue
	defer q.leave(ctx)
	for {
		batch, err := q.receive(ctx)
		if err != nil {
			return
		}
		crash := catchCrash(func() { f.storeAll(ctx, batch) })
		if crash != nil {
			for _, d := range batch {
				q.note(d.Message, archive.ErrOutcomeUnknown)
			}
		}
		if q.AnyOrder {
			q.giveUp(ctx, batch)
		}
		if crash != nil && f.restart(ctx, crash) != nil {
			return
		}
	}
}

// storeAll stores a batch by one write for each object. Each message is acknowledged for
// itself; of a FIFO queue those that follow one which failed come again with it.
func (f *performer) storeAll(ctx context.Context, batch []delivery.Delivery) {
	q := f.repetition.sendQueue
	acknowledged := 0
	for len(batch) > 0 {
		id := batch[0].Message.ObjectID
		var of, others []delivery.Delivery
		for _, d := range batch {
			if d.Message.ObjectID == id {
				of = append(of, d)
			} else {
				others = append(others, d)
			}
		}
		acknowledged += f.storeOne(ctx, id, of)
		batch = others
	}
	q.count(func(r *history.QueueRequests) { r.Deletes += (acknowledged + mostInRequest - 1) / mostInRequest })
}

// storeOne stores the messages of one object, and returns how many it has acknowledged.
func (f *performer) storeOne(ctx context.Context, id string, batch []delivery.Delivery) (acknowledged int) {
	q := f.repetition.sendQueue
	var edits []archive.Edit
	var of []delivery.Delivery
	for _, d := range batch {
		if s := q.of(d.Message); s != nil {
			edits, of = append(edits, s.edit), append(of, d)
		} else if q.messages.Acknowledge(ctx, d) == nil {
			acknowledged++
		}
	}
	if len(edits) == 0 {
		return acknowledged
	}
	done, errs := f.appendAll(ctx, ctx, id, edits)
	failed := false
	for i, d := range of {
		q.note(d.Message, errs[i])
		if failed = failed || errs[i] != nil; errs[i] != nil || failed && q.Scenario.Queue.Kind == FIFO {
			continue
		}
		q.end(ctx, d.Message, done)
		if q.messages.Acknowledge(ctx, d) == nil {
			acknowledged++
		}
	}
	q.tell()
	return acknowledged
}

// appendAll has the core store many edits, and records it as a batch: one that is stored if
// any of them is, and else what ended all those that had nothing wrong with them. The run
// may go on when the context has ended.
func (f *performer) appendAll(ctx, run context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
	if _, alone := f.core.(cores.OneByOne); alone && len(edits) > 1 {
		return archive.AppendEach(ctx, oneByOne{f, run}, id, edits)
	}
	f.client.Begin(history.Operation{Do: history.DoBatch, ID: id})
	done, errs := f.core.AppendAll(ctx, id, edits)
	outcome := errs[0]
	for _, err := range errs[1:] {
		if err == nil || archive.OutcomeOf(outcome) == archive.Failed {
			outcome = err
		}
		if err == nil {
			break
		}
	}
	if done.ETag != "" {
		outcome = nil
	}
	f.finish(run, done, outcome)
	return done, errs
}

// oneByOne has each edit stored by a batch of its own.
type oneByOne struct {
	f   *performer
	run context.Context
}

func (o oneByOne) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	done, errs := o.f.appendAll(ctx, o.run, id, []archive.Edit{edit})
	return done, errs[0]
}
