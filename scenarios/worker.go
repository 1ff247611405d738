package scenarios

import (
	"context"
	"encoding/json"
	"errors"
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
		Failed: func(_ context.Context, _ delivery.Message, err error) { f.api.outcome, f.api.told = err, true },
	})
}

// work handles messages until none can come any more.
func (f *performer) work(ctx context.Context) {
	defer f.leaveBarrier()
	work := func(ctx context.Context, job delivery.Job) (archive.Edit, error) {
		if err := f.takeTime(ctx); err != nil || !f.repetition.Scenario.Queue.Results {
			return archive.Edit{}, err
		}
		return f.result(job)
	}
	for {
		d, err := f.service.queue.Receive(ctx)
		if err != nil {
			return
		}
		if err := f.handle(ctx, d, work); errors.Is(err, errDied) || ctx.Err() != nil {
			return
		}
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

// handleNext handles the next message as a step of a timeline, which says what the
// work results in.
func (f *performer) handleNext(ctx context.Context, set fields, kind string) error {
	d, ok := f.service.queue.TryReceive()
	if !ok {
		return errNoMessage
	}
	return f.handle(ctx, d, func(_ context.Context, job delivery.Job) (archive.Edit, error) {
		edit := set.withEntries(nil)
		if kind != "" {
			edit.Modifications = []archive.Modification{{ID: job.ModificationID(kind), UserID: f.name, Type: kind}}
		}
		return edit, nil
	})
}

// handle handles a delivery. A worker that dies leaves the message to the queue.
func (f *performer) handle(ctx context.Context, d delivery.Delivery, work delivery.Work) error {
	backend, err := f.backend(work)
	if err != nil {
		return err
	}
	f.service.log.Delivered(f.name, d)
	f.api.message, f.api.outcome, f.api.stays, f.api.told = &d.Message, nil, nil, false
	f.api.worked = ""
	crash := catchCrash(func() { backend.Handle(ctx, d) })
	if crash == nil {
		if f.api.stays != nil && !f.api.told && ctx.Err() == nil {
			f.repetition.failed(StepResult{f.name + " can't delete a trigger", "that to be told", "silence", false})
		}
		return f.api.outcome
	}
	if err := f.restart(ctx, crash); err != nil {
		return err
	}
	return errRestarted
}

// recorded is a worker's core, whose operations are in the history.
type recorded struct{ f *performer }

func (r recorded) Layout() *archive.Layout { return r.f.repetition.Layout.Archive() }

func (r recorded) record(ctx context.Context, op history.Operation, do func() (archive.Snapshot, error)) (archive.Snapshot, error) {
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
	for i := range wanted.Modifications {
		m := &wanted.Modifications[i]
		if message := r.f.api.message; message != nil && m.ID == message.ModificationID(archive.Processed) {
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
	op := history.Operation{Do: do, ID: id, Message: r.f.api.message, Base: base.ETag, Worked: r.f.api.worked, Covers: covers}
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

// AppendAll appends one after the other: each is an operation by itself.
func (r recorded) AppendAll(ctx context.Context, id string, edits []archive.Edit) (archive.Snapshot, []error) {
	return archive.AppendEach(ctx, r, id, edits)
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
	q.f.api.outcome = nil // whatever was told before, such as of a trigger that stays
	return q.Queue.Acknowledge(ctx, d)
}
