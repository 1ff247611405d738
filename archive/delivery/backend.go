package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/archive"
)

// Work is what a back end does for a customer when a change was uploaded. It gets
// the archived version and returns what is to be stored together with the
// "processed" entry, which may be nothing: fields that the back end owns, and
// modifications with ids of [Job.ModificationID].
//
// It may be called more than once for one message, also at the same time by two
// workers, and need not return the same each time: what one call returned is stored,
// all of it and once. A panic is caught by [Backend.HandleSQS] only; the message comes
// again.
type Work func(ctx context.Context, job Job) (archive.Edit, error)

// Job is a message with the version of its object that was there when it came.
type Job struct {
	Message
	Archived archive.Snapshot
}

// Covers is what the job's "processed" entry covers: see [archive.Modification.Covers]. It is
// about the version that the work gets, and not about later ones.
func (j Job) Covers() string {
	if archived := j.Archived.Change(); archived != nil {
		if last := LastUpload(archived); last != "" {
			return last
		}
	}
	return j.ModificationID(archive.Processed) // not nothing, which would be taken for all
}

// Backend processes the messages of a queue. Each makes exactly one "processed"
// modification, however often it is delivered and at whatever step a worker dies:
// the entry's id is made of the message, and a message is acknowledged only when
// the archive holds it. A message that fails as often as the queue delivers it ends
// as a dead letter, its trigger still there.
type Backend struct {
	o BackendOptions
}

// BackendOptions configure a [Backend].
type BackendOptions struct {
	Core  archive.Core  // required: what the archive object is written by
	Store archive.Store // required: where the triggers are
	// Queue, required by Run and Handle, should hide a message for longer than the work
	// and the deadline take together. Otherwise it is worked on by several, and may end
	// as a dead letter although it was processed.
	Queue Queue
	// Source is where the S3 events of HandleSQS come from, which must be where Store is.
	Source S3Source
	// Deadline bounds what a message, or those of one object in a batch, take of the store,
	// load and append together; the work between them has its own time. 0: that of archive.DefaultPolicy, which
	// leaves 5 s of a queue's default visibility timeout for the work.
	Deadline time.Duration
	Clock    archive.Clock // nil: archive.WallClock
	// Work is what is done for each message. Nil: nothing but the "processed" entry.
	Work Work
	// UserID stands in the entries. Empty: "backend".
	UserID string
	// Failed, which may be nil, is told why a message was not processed (it will come
	// again), not acknowledged (likewise), or its trigger not deleted (it stays; that
	// does no harm). The message is zero if HandleSQS could not read it. It must not block.
	Failed func(ctx context.Context, m Message, err error)
	// Observer sees the end of every message's processing. The archive's calls are seen
	// by that of its [archive.Options].
	Observer Observer
}

// NewBackend checks the options and returns a Backend.
func NewBackend(o BackendOptions) (*Backend, error) {
	if o.Core == nil || o.Store == nil {
		return nil, errors.New("delivery: BackendOptions.Core and Store are required")
	}
	e := &o.Core.Layout().Resolved().Entry
	if err := satisfied(e, "a Backend", e.ID, e.Timestamp, e.User, e.Type, e.Customer); err != nil {
		return nil, err
	}
	if o.UserID == "" {
		o.UserID = "backend"
	}
	if o.Deadline <= 0 {
		o.Deadline = archive.DefaultPolicy().Deadline
	}
	if o.Clock == nil {
		o.Clock = archive.WallClock{}
	}
	return &Backend{o}, nil
}

var errNoQueue = errors.New("delivery: BackendOptions.Queue is required to receive and to acknowledge messages")

// Run handles messages until ctx ends, whose error it returns, or the queue is
// closed, which is no error. Call it once for each worker.
func (b *Backend) Run(ctx context.Context) error {
	if b.o.Queue == nil {
		return errNoQueue
	}
	for {
		d, err := b.o.Queue.Receive(ctx)
		if errors.Is(err, ErrQueueClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		b.Handle(ctx, d)
	}
}

// Handle processes a delivery and acknowledges it if that succeeded. Otherwise the
// queue delivers it again.
func (b *Backend) Handle(ctx context.Context, d Delivery) {
	b.conclude(ctx, d, b.Process(ctx, d.Message))
}

// conclude acknowledges a delivery that was processed without an error.
func (b *Backend) conclude(ctx context.Context, d Delivery, err error) {
	switch {
	case err != nil:
	case b.o.Queue == nil:
		err = errNoQueue
	default:
		err = b.o.Queue.Acknowledge(ctx, d)
	}
	if err != nil {
		b.failed(ctx, d.Message, err)
	}
}

// Process does what a message asks for, unless it was done: it stores the result
// and deletes the trigger. Whether the trigger is still there says nothing: another
// worker may be between its write and its deletion, and a newer trigger may have
// taken its place, which is why only this message's own is deleted.
//
// Some servers ignore If-Match on DELETE, MinIO among them. There a newer trigger may
// be deleted with the old one. Nothing is lost: a trigger's message comes, and is
// processed, whether the trigger is still there or not.
//
// The error says why the archive may not hold the result; it wraps [archive.ErrInvalid] if
// the message names no trigger and [archive.ErrNotFound] if there is no such object.
func (b *Backend) Process(ctx context.Context, m Message) error {
	return b.ProcessAll(ctx, []Message{m})[0]
}

// triggerKey is the key of a message's trigger. Its error says why the message is none.
func (b *Backend) triggerKey(m Message) (string, error) {
	key, err := TriggerKey(b.o.Core.Layout(), m.Customer, m.ObjectID)
	if err == nil && m.TriggerETag == "" {
		err = errNoTriggerETag(key)
	}
	if err != nil {
		return "", fmt.Errorf("process message: %w", err)
	}
	return key, nil
}

// errNoTriggerETag: any such message would pass for any other, and delete whatever trigger
// is there.
func errNoTriggerETag(key string) error {
	return fmt.Errorf("%w trigger %s: its ETag is missing", archive.ErrInvalid, key)
}

// processed reports whether a version has the entry of a message.
func processed(m Message, archived archive.Snapshot) bool {
	return archived.Document.HasModification(m.ModificationID(archive.Processed))
}

// deleteTrigger deletes a message's trigger, and only this one.
func (b *Backend) deleteTrigger(ctx context.Context, m Message) {
	key, err := b.triggerKey(m)
	if err == nil {
		err = b.o.Store.Delete(ctx, key, archive.IfMatch(m.TriggerETag))
	}
	if err != nil && !errors.Is(err, archive.ErrNotFound) && !errors.Is(err, archive.ErrPreconditionFailed) {
		b.failed(ctx, m, fmt.Errorf("delete trigger %s: %w", key, err))
	}
}

// load reads the archived version, and tells how much of the deadline is left.
func (b *Backend) load(ctx context.Context, m Message) (archived archive.Snapshot, left time.Duration, err error) {
	start := b.o.Clock.Now()
	ctx, cancel := b.o.Clock.WithTimeout(ctx, b.o.Deadline)
	defer cancel()
	archived, err = b.o.Core.Load(ctx, m.ObjectID)
	return archived, b.o.Deadline - b.o.Clock.Now().Sub(start), err
}

// edit does the work and returns what is to be stored.
func (b *Backend) edit(ctx context.Context, job Job) (archive.Edit, error) {
	var edit archive.Edit
	if b.o.Work != nil {
		var err error
		if edit, err = b.o.Work(ctx, job); err != nil {
			return edit, fmt.Errorf("process %s for %s: %w", job.ObjectID, job.Customer, err)
		}
	}
	edit.Modifications = append(slices.Clip(edit.Modifications), archive.Modification{
		ID: job.ModificationID(archive.Processed), UserID: b.o.UserID, Type: archive.Processed, CustomerCode: job.Customer,
		Covers: job.Covers(),
	})
	edit.Once = job.ModificationID(archive.Processed)
	return edit, nil
}

func (b *Backend) failed(ctx context.Context, m Message, err error) {
	if b.o.Failed != nil {
		b.o.Failed(ctx, m, err)
	}
}

const meetingField = "meeting_metadata"

// ScheduleMeeting is the edit that sets a change's meeting and says so in its
// history, in one write: neither is ever there without the other. It is for
// layouts with a name for [archive.Modification].MeetingMetadata.
func ScheduleMeeting(id, userID string, meeting json.RawMessage) archive.Edit {
	return archive.Edit{
		Fields:        map[string]json.RawMessage{meetingField: meeting},
		Modifications: []archive.Modification{{ID: id, UserID: userID, Type: archive.MeetingScheduled, MeetingMetadata: meeting}},
	}
}

// CancelMeeting is the edit that takes a change's meeting away and says so in its
// history, in one write. The field stays, as null.
func CancelMeeting(id, userID string) archive.Edit {
	return archive.Edit{
		Fields:        map[string]json.RawMessage{meetingField: json.RawMessage("null")},
		Modifications: []archive.Modification{{ID: id, UserID: userID, Type: archive.MeetingCancelled}},
	}
}
