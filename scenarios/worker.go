package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// backend is a worker around the performer's core.
func (f *performer) backend(work delivery.Work) (cores.Handler, error) {
	return f.repetition.Core.NewBackend(delivery.BackendOptions{
		Core: recorded{f}, Store: &f.store, Queue: inbox{f.service.queue, f},
		UserID: f.name,
		Work: func(ctx context.Context, job delivery.Job) (archive.Edit, error) {
			f.api.worked = job.Archived.ETag
			return work(ctx, job)
		},
		Failed: func(_ context.Context, m delivery.Message, err error) {
			f.api.failed, f.api.told = append(f.api.failed, failure{m, err}), append(f.api.told, m)
		},
	})
}

// work handles messages until none can come any more.
func (f *performer) work(ctx context.Context) {
	defer f.leaveBarrier()
	work := func(ctx context.Context, job delivery.Job) (archive.Edit, error) {
		switch err := f.takeTime(ctx); {
		case err != nil:
			return archive.Edit{}, err
		case f.service.isPoisoned(job.Message):
			return archive.Edit{}, errPoisoned
		case !f.repetition.Scenario.Queue.Results:
			return archive.Edit{}, nil
		}
		return f.result(job)
	}
	for {
		err := f.workOnce(ctx, work)
		if errors.Is(err, delivery.ErrQueueClosed) || errors.Is(err, errDied) || ctx.Err() != nil {
			return
		}
	}
}

// workOnce handles a batch when its turn has come.
func (f *performer) workOnce(ctx context.Context, work delivery.Work) error {
	if s := f.service; s.turns.most > 0 {
		s.turns.lock(s.world)
		defer s.turns.unlock()
	}
	batch, err := f.receive(ctx)
	if err != nil {
		return err
	}
	return f.handle(ctx, batch, work)
}

// receive waits for messages, and then, for as long as the window, for a full batch.
func (f *performer) receive(ctx context.Context) ([]delivery.Delivery, error) {
	s := f.service
	most, window := s.mostInBatch(), time.Duration(s.Scenario.Queue.Window)
	batch, err := s.queue.ReceiveBatch(ctx, most)
	f.delivered(batch)
	if err != nil || window == 0 {
		return batch, err
	}
	waiting, stop := s.world.WithTimeout(ctx, window)
	defer stop()
	for len(batch) < most {
		more, err := s.queue.ReceiveBatch(waiting, most-len(batch))
		if err != nil {
			break // what it has is to be worked on all the same
		}
		f.delivered(more)
		batch = append(batch, more...)
	}
	return batch, nil
}

func (f *performer) delivered(batch []delivery.Delivery) {
	for _, d := range batch {
		f.service.log.Delivered(f.name, d)
	}
}

// result is what the work on a message comes to, another each time: a meeting, say,
// which the calendar gives a new id whenever it is asked for one.
func (f *performer) result(job delivery.Job) (archive.Edit, error) {
	m := f.modifications([]string{archive.MeetingScheduled}, "")[0]
	m.CustomerCode = job.Customer
	meeting, err := json.Marshal(map[string]string{"meeting_id": m.ID})
	return archive.Edit{
		Fields: fields{"x_meeting_" + job.Customer: meeting}, Modifications: []archive.Modification{m},
	}, err
}

// takeTime takes as long as the work on a message does.
func (f *performer) takeTime(ctx context.Context) error {
	mean := float64(f.repetition.Scenario.Queue.Work)
	if mean == 0 {
		return nil
	}
	return f.repetition.world.Sleep(ctx, time.Duration(min(f.rng.ExpFloat64()*mean, longestPause)))
}

// errNoMessage: a step of a timeline found nothing to do.
var errNoMessage = errors.New("there is no message in the queue")

// handleNext handles the next message, or batch of a queue with a kind, as a step of a
// timeline, which says what the work results in.
func (f *performer) handleNext(ctx context.Context, set fields, kind string) error {
	batch, err := f.service.queue.TryReceiveBatch(ctx, f.service.mostInBatch())
	if err != nil {
		return err
	}
	if len(batch) == 0 {
		return errNoMessage
	}
	f.delivered(batch)
	return f.handle(ctx, batch, func(_ context.Context, job delivery.Job) (archive.Edit, error) {
		edit := set.withEntries(nil)
		if kind != "" {
			edit.Modifications = []archive.Modification{{ID: job.ModificationID(kind), UserID: f.name, Type: kind}}
		}
		return edit, nil
	})
}

// handle handles what was delivered at once, and returns why a message will come again. A
// worker that dies leaves the messages to the queue.
func (f *performer) handle(ctx context.Context, batch []delivery.Delivery, work delivery.Work) error {
	backend, err := f.backend(work)
	if err != nil {
		return err
	}
	a := f.api
	a.messages, a.failed, a.stays, a.told, a.worked = nil, nil, nil, nil, ""
	for _, d := range batch {
		a.messages = append(a.messages, d.Message)
	}
	crash := catchCrash(func() {
		if f.repetition.Scenario.Queue.Kind != "" {
			backend.HandleBatch(ctx, batch)
		} else {
			backend.Handle(ctx, batch[0])
		}
	})
	if crash != nil {
		if err := f.restart(ctx, crash); err != nil {
			return err
		}
		return errRestarted
	}
	if a.silent() && ctx.Err() == nil {
		f.repetition.failed(StepResult{f.name + " can't delete a trigger", "that to be told", "silence", false})
	}
	if len(a.failed) > 0 {
		return a.failed[0].err
	}
	return nil
}

// recorded is a worker's core, whose operations are in the history.
type recorded struct{ f *performer }

func (r recorded) Layout() *archive.Layout { return r.f.repetition.Layout.Archive() }

func (r recorded) record(ctx context.Context, op history.Operation, do func() (archive.Snapshot, error)) (archive.Snapshot, error) {
	op.Step = r.f.step
	r.f.client.Begin(op)
	done, err := do()
	r.f.finish(ctx, done, err)
	return done, err
}

// update is the operation of an edit on behalf of the message. What the entry of the
// message is to be, and that it is what the message is known by, follows from the
// message, not from what the worker made of it.
func (r recorded) update(ctx context.Context, do, id string, edit *archive.Edit, base archive.Snapshot) history.Operation {
	edit.Modifications = r.f.stamped(ctx, edit.Modifications)
	wanted := *edit
	wanted.Modifications = slices.Clone(edit.Modifications)
	covers := ""
	message := r.f.api.messageOf(id, edit)
	for i := range wanted.Modifications {
		m := &wanted.Modifications[i]
		if message != nil && m.ID == message.ModificationID(archive.Processed) {
			*m = archive.Modification{
				ID: m.ID, Timestamp: m.Timestamp, UserID: r.f.name, Type: archive.Processed, CustomerCode: message.Customer,
				Covers: m.Covers, // the judge knows whether that is true
			}
			if covers = m.Covers; covers == m.ID {
				covers = "" // it says that it had read no upload
			}
			wanted.Once = m.ID
		}
	}
	op := history.Operation{Do: do, ID: id, Message: message, Base: base.ETag, Worked: r.f.api.worked, Covers: covers}
	op.Wants(r.Layout(), wanted, base.Document)
	return op
}

func (r recorded) Load(ctx context.Context, id string) (archive.Snapshot, error) {
	loaded, err := r.record(ctx, history.Operation{Do: "load", ID: id}, func() (archive.Snapshot, error) { return r.f.core.Load(ctx, id) })
	r.f.api.loaded, r.f.api.loadedAt = loaded, r.f.repetition.rec.Now()
	return loaded, err
}

func (r recorded) Create(ctx context.Context, id string, doc archive.Document, mods ...archive.Modification) (archive.Snapshot, error) {
	edit := archive.Edit{Modifications: mods}
	return r.record(ctx, r.update(ctx, "create", id, &edit, archive.Snapshot{}), func() (archive.Snapshot, error) {
		return r.f.core.Create(ctx, id, doc, edit.Modifications...)
	})
}

func (r recorded) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	return r.record(ctx, r.update(ctx, "append", id, &edit, archive.Snapshot{}), func() (archive.Snapshot, error) { return r.f.core.Append(ctx, id, edit) })
}

// AppendAll is an operation for each message, and a batch that stores them all. A core that
// makes a call for each is one that appends them one after the other.
func (r recorded) AppendAll(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
	f := r.f
	if _, alone := f.core.(cores.OneByOne); alone {
		return archive.AppendEach(ctx, r, id, edits)
	}
	f.batches++ // a name for each: what an earlier one wanted, of the same messages, this one does not write
	batches := f.repetition.rec.Batches(fmt.Sprintf("%s/%d", f.name, f.batches), f.repetition.prefix)
	edits = slices.Clone(edits)
	all := make([]history.Batched, len(edits))
	for i := range edits {
		all[i] = batches.Begin(f.name, r.update(ctx, "append", id, &edits[i], archive.Snapshot{}))
	}
	f.client.Serve(batches)
	defer f.client.Serve(nil)
	var done archive.Snapshot
	var errs []error
	crash := catchCrash(func() { done, errs = f.appendAll(ctx, ctx, id, edits) })
	if crash != nil {
		f.client.Crash()
		for _, each := range all {
			batches.Crash(each)
		}
		panic(crashed{crash})
	}
	for i, each := range all {
		if errs[i] == nil {
			batches.Finish(each, done, nil, ctx.Err() != nil)
		} else {
			batches.Finish(each, archive.Snapshot{}, errs[i], ctx.Err() != nil)
		}
	}
	return done, errs
}

func (r recorded) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	return r.record(ctx, r.update(ctx, "save", id, &edit, base), func() (archive.Snapshot, error) { return r.f.core.Save(ctx, id, base, edit) })
}

// inbox is the queue as a worker sees it.
type inbox struct {
	delivery.Queue
	f *performer
}

func (q inbox) Acknowledge(ctx context.Context, d delivery.Delivery) error {
	q.f.service.log.Acknowledged(q.f.name, d)
	a := q.f.api // whatever was told before, such as of a trigger that stays
	a.failed = slices.DeleteFunc(a.failed, func(failed failure) bool { return failed.message == d.Message })
	return q.Queue.Acknowledge(ctx, d)
}
